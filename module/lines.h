/*
 * The functions of weigh._weigh that profile lines.
 */
#ifndef WEIGH_MODULE_LINES_H
#define WEIGH_MODULE_LINES_H

#include <Python.h>

#include <stdbool.h>

/* False with an exception set. */
bool weigh_lines_add(PyObject *module);

#endif
