/*
 * The part of weigh._weigh that tells sizes of objects.
 */
#ifndef WEIGH_MODULE_SIZES_H
#define WEIGH_MODULE_SIZES_H

#include <Python.h>

#include <stdbool.h>

/* Adds the functions and constants to the module. False with an exception set. */
bool weigh_sizes_add(PyObject *module);

#endif
