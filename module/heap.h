/*
 * Snapshots for the extension module: see module/heap.c.
 */
#ifndef WEIGH_MODULE_HEAP_H
#define WEIGH_MODULE_HEAP_H

#include <Python.h>

#include <stdbool.h>

/* Adds the functions to the module; false with an exception set. */
bool weigh_heap_add(PyObject *module);

#endif
