/*
 * Who keeps what alive. The immediate dominator of an object is the last thing
 * through which every way from the roots to it leads: when that goes, it goes.
 * What an object retains are the bytes that its subtree in the tree of
 * dominators occupies.
 *
 * What keeps an object alive beside the references in the graph is told by its
 * reference count: one with more references than were found is held from
 * elsewhere (C code, a value in the midst of a computation), and a root of its
 * own. What no root leads to is garbage that waits for its collection.
 *
 * One thread; allocates with malloc, about 32 bytes for each object and 4 for
 * each reference while it works, 12 for each object afterwards.
 */
#ifndef WEIGH_HEAP_DOMINATORS_H
#define WEIGH_HEAP_DOMINATORS_H

#include "heap/graph.h"

/*
 * Owners that are no objects, as dominators: numbers from object_count on, in
 * this order. ROOTS is above all and has no dominator.
 */
enum weigh_heap_owner {
	WEIGH_OWNER_ROOTS = 0,     /* named roots, and what several owners share */
	WEIGH_OWNER_ELSEWHERE = 1, /* more references than were found */
	WEIGH_OWNER_IMMORTAL = 2,  /* never freed: static objects, what the interpreter made immortal */
	WEIGH_OWNER_GARBAGE = 3,   /* no root leads there */
	WEIGH_OWNERS = 4,
};

struct weigh_heap_dominators {
	uint32_t *idom;     /* for each object: an object, or object_count + enum weigh_heap_owner */
	uint64_t *retained; /* bytes, for each object and each owner */
	uint64_t reached;   /* objects that named roots lead to */
};

struct weigh_error *weigh_heap_dominators_create(const struct weigh_heap_graph *graph,
						 struct weigh_heap_dominators **dominators);

/* Takes NULL. */
void weigh_heap_dominators_destroy(struct weigh_heap_dominators *dominators);

#endif
