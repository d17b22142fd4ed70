/*
 * What an object refers to: the targets of its slots, then those of its tail.
 * Together these are the references that it counts, each once, without the one
 * to its type.
 *
 * Both passes go by this: what is not told here is not found. Exact lists,
 * tuples and dicts are left to the callers, who are faster at them.
 */
#ifndef WEIGH_CPYTHON_SNAPSHOT_REFERENCES_H
#define WEIGH_CPYTHON_SNAPSHOT_REFERENCES_H

#include "cpython/snapshot/frames.h"
#include "cpython/snapshot/scan.h"

struct weigh_references {
	struct weigh_frame_view frame; /* of WEIGH_WAY_FRAME */
	Py_ssize_t named_locals;       /* those of the frame that are among the slots */
	uint32_t count;
	PyObject *slots[WEIGH_SLOTS_MAX]; /* NULL: empty */
};

/* Adds the parts and locals of a frame to the slots. */
void weigh_frame_gather(const struct weigh_frame_view *view, struct weigh_references *references);

/* Visits what a frame holds beside its slots. Other than 0 stops, and is returned. */
int weigh_frame_tail_visit(struct weigh_scan *scan, const struct weigh_references *references,
			   visitproc visit, void *arg);

/* The slots of an object; `count` is the same for all objects of its shape. */
void weigh_slots_gather(const struct weigh_plan *plan, PyObject *object, struct weigh_references *references);

/* Visits what is not in the slots. Other than 0 stops, and is returned. */
int weigh_tail_visit(struct weigh_scan *scan, const struct weigh_plan *plan, PyObject *object,
		     const struct weigh_references *references, visitproc visit, void *arg);

#endif
