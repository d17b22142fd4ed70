/*
 * The functions of weigh._weigh that read the memory of processes.
 */
#ifndef WEIGH_MODULE_USAGE_H
#define WEIGH_MODULE_USAGE_H

#include <Python.h>

#include <stdbool.h>

/* False with an exception set. */
bool weigh_usage_add(PyObject *module);

#endif
