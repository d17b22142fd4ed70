/*
 * The attributes of an instance and the room in a container, looked at from
 * outside: no dict is made, no Python code runs.
 */
#ifndef WEIGH_CPYTHON_OBJECTS_ATTRIBUTES_H
#define WEIGH_CPYTHON_OBJECTS_ATTRIBUTES_H

#include <Python.h>

/*
 * The dict of an object that has one; a list of (name, value) for an instance
 * whose attributes lie elsewhere; None for anything without. New reference, NULL
 * with an exception.
 */
PyObject *weigh_attributes_tell(PyObject *object);

/* Items, entries or bytes that a container has memory for; -1 for what has no such thing. */
Py_ssize_t weigh_attributes_room(PyObject *object);

#endif
