/*
 * What an object refers to, without names: each reference that the object
 * counts is visited once.
 *
 * With the GIL. Runs no Python code, makes no object, no dict of an instance:
 * where Python's own traverse function leaves something out (str keys of
 * dicts, types that the garbage collector does not know), it is added here.
 */
#ifndef WEIGH_CPYTHON_OBJECTS_EDGES_H
#define WEIGH_CPYTHON_OBJECTS_EDGES_H

#include "cpython/objects/kinds.h"

/*
 * Visits what the object refers to and `follow` (enum weigh_follow) allows for
 * its kind; types, modules and code are visited and left to the caller to
 * leave out. Stops when a visit returns other than 0, and returns that.
 */
int weigh_edges_visit(const struct weigh_kind *kind, PyObject *object, unsigned follow, visitproc visit,
		      void *arg);

/* Whether a frame runs now, so that its locals are not its data. */
bool weigh_frame_runs(PyObject *frame);

/*
 * The locals of a frame object, or of a generator's frame: the first slot (to
 * be read with weigh_frame_slot), how many are valid, and the code they belong
 * to (borrowed; NULL: none).
 */
struct weigh_locals {
	PyObject **slots;
	Py_ssize_t count;
	PyCodeObject *code;
	PyObject *names;    /* dict of locals, of code that keeps them so; NULL */
	PyObject *function; /* that runs; NULL */
};

struct weigh_locals weigh_locals_of(const struct weigh_kind *kind, PyObject *object);

#endif
