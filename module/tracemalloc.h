/*
 * The part of weigh._weigh that weigh.compat.tracemalloc stands on: a module
 * in it, whose functions have the names that the standard library's have.
 */
#ifndef WEIGH_MODULE_TRACEMALLOC_H
#define WEIGH_MODULE_TRACEMALLOC_H

#include <Python.h>

#include <stdbool.h>

/* Adds it to the module. False with an exception set. */
bool weigh_tracemalloc_add(PyObject *module);

#endif
