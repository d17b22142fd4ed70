/*
 * Following references from some objects and summing what is reached, each
 * object once. The GIL is held throughout and no Python code runs, so that
 * what is seen is one instant. However deep the structure, the native stack
 * stays as it is: what is still to be looked at lies in memory of our own,
 * which together with the set of what was seen takes a few hundredths of what
 * is measured.
 */
#ifndef WEIGH_CPYTHON_OBJECTS_SIZER_H
#define WEIGH_CPYTHON_OBJECTS_SIZER_H

#include "base/pile.h"
#include "cpython/objects/blocks.h"
#include "cpython/objects/edges.h"

enum weigh_sizer_status {
	WEIGH_SIZER_GOES_ON,
	WEIGH_SIZER_NO_MEMORY,
	WEIGH_SIZER_INTERRUPTED, /* a signal waits for its handler */
};

struct weigh_sizer {
	struct weigh_heap heap;
	struct weigh_kinds kinds;
	struct weigh_pile pile;
	struct weigh_sink sink;
	uint64_t objects;
	enum weigh_sizer_status status;
	bool by_type; /* sums are kept for each kind too */
	uint64_t next_look; /* number of objects at which to look for signals and time */
	/* Called now and then, from within: may print, nothing else. NULL: none. */
	void (*progress)(const struct weigh_sizer *sizer);
	bool deaf;    /* does not look for signals */
	bool shallow; /* looks at nothing but what is added */
	/* References from these objects to those others are passed over; NULL: none. Borrowed. */
	const struct weigh_marks *cut_holders;
	const struct weigh_marks *cut_held;
};

/* False without memory; `follow` is a sum of enum weigh_follow. Deinit is due in any case. */
bool weigh_sizer_init(struct weigh_sizer *sizer, unsigned follow);

/* Gives all memory back. */
void weigh_sizer_deinit(struct weigh_sizer *sizer);

/*
 * Adds an object and all that it leads to, as far as not seen before. The
 * object itself is followed whatever it is. False when the status is no longer
 * GOES_ON: the sums are then of no use.
 */
bool weigh_sizer_add(struct weigh_sizer *sizer, PyObject *root);

#endif
