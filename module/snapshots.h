/*
 * The functions of weigh._weigh that take snapshots.
 */
#ifndef WEIGH_MODULE_SNAPSHOTS_H
#define WEIGH_MODULE_SNAPSHOTS_H

#include <Python.h>

#include <stdbool.h>

/* False with an exception set. */
bool weigh_snapshots_add(PyObject *module);

#endif
