/*
 * What the parts of weigh._weigh share: the exception that users catch.
 */
#ifndef WEIGH_MODULE_MODULE_H
#define WEIGH_MODULE_MODULE_H

#include <Python.h>

#include "base/error.h"

/* Raises weigh.WeighError. NULL. */
PyObject *weigh_module_raise(const char *message);

/* The same with the message of an error, which it destroys. */
PyObject *weigh_module_raise_error(struct weigh_error *error);

#endif
