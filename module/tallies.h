/*
 * The part of weigh._weigh that weigh.compat stands on.
 */
#ifndef WEIGH_MODULE_TALLIES_H
#define WEIGH_MODULE_TALLIES_H

#include <Python.h>

#include <stdbool.h>

/* Adds the functions to the module. False with an exception set. */
bool weigh_tallies_add(PyObject *module);

#endif
