/*
 * A walk through all objects that refer to something, deep first, from what
 * holds them: the named roots, what is held elsewhere, what is immortal, and
 * then garbage, from as few of its objects as lead to all of it. It numbers
 * what it meets as it meets it, which is the order that dominators are worked
 * out in.
 *
 * Objects that refer to nothing, most of any heap, are left out: their numbers
 * are WEIGH_WALK_LEAF.
 *
 * One thread; allocates with malloc, 4 bytes for each object and 8 for each
 * one that is walked.
 */
#ifndef WEIGH_HEAP_WALK_H
#define WEIGH_HEAP_WALK_H

#include "heap/dominators.h"
#include "heap/held.h"

enum {
	WEIGH_WALK_UNSEEN = 0xffffffff,
	WEIGH_WALK_LEAF = 0xfffffffe,
};

struct weigh_heap_walk {
	uint32_t *number; /* for each object and each owner; ROOTS is number 0 */
	uint32_t *vertex; /* for each number: object, or object_count + owner */
	uint32_t *parent; /* for each number: that from which it was met */
	uint32_t count;   /* numbers given */
	uint32_t named;   /* numbers below were met from named roots */
	uint32_t depth;   /* the longest way from ROOTS, in steps */
	/*
	 * For each shape: held->implied[first[s]] up to [split[s]] are walked,
	 * from there to first[s + 1] are leaves. (The walk puts them so.)
	 */
	uint32_t *split;
};

/* Either way weigh_heap_walk_deinit() ends it. */
struct weigh_error *weigh_heap_walk_init(struct weigh_heap_walk *walk, const struct weigh_heap_graph *graph,
					 struct weigh_heap_held *held);
void weigh_heap_walk_deinit(struct weigh_heap_walk *walk);

#endif
