/*
 * The tree of measure() for weigh._weigh.
 */
#ifndef WEIGH_MODULE_MEASURE_H
#define WEIGH_MODULE_MEASURE_H

#include "cpython/objects/groups.h"

/* How a tree is made. */
struct weigh_measure {
	PyObject *root;
	int depth;
	size_t limit; /* of children with names of their own */
	unsigned follow;
	bool deaf;
	void (*progress)(const struct weigh_sizer *sizer);
	enum weigh_sizer_status status; /* after a failure */
};

/*
 * The tree as nested tuples (name, type or None, note, edges, flat, figures,
 * exclusive, children), figures as weigh._weigh.size gives them. With the GIL,
 * while garbage is not collected. NULL on failure: with an exception set, or
 * with the reason in `status`.
 */
PyObject *weigh_measure_tree(struct weigh_measure *measure);

#endif
