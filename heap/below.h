/*
 * The tree of dominators from above: what each object keeps alive, and what
 * sets of objects keep alive together.
 *
 * One thread; allocates with malloc, 8 bytes for each object.
 */
#ifndef WEIGH_HEAP_BELOW_H
#define WEIGH_HEAP_BELOW_H

#include "base/error.h"
#include "heap/dominators.h"
#include "heap/graph.h"

#include <stdbool.h>
#include <stdint.h>

/* Objects and owners are numbered as in heap/dominators.h; WEIGH_NO_OBJECT ends a list. */
struct weigh_heap_below {
	const struct weigh_heap_graph *graph;
	const struct weigh_heap_dominators *dominators;
	uint32_t *first; /* for each object and owner: its first child, children by ascending number */
	uint32_t *next;  /* for each object: the next child of the same */
};

/* Graph and dominators must outlive it. */
struct weigh_error *weigh_heap_below_create(const struct weigh_heap_graph *graph,
					    const struct weigh_heap_dominators *dominators,
					    struct weigh_heap_below **below);

/* Takes NULL. */
void weigh_heap_below_destroy(struct weigh_heap_below *below);

/* What follows `at` among all below `top`, depth first; begins with top itself. */
static inline uint32_t weigh_heap_below_next(const struct weigh_heap_below *below, uint32_t top, uint32_t at)
{
	if (below->first[at] != WEIGH_NO_OBJECT)
		return below->first[at];
	for (; at != top; at = below->dominators->idom[at]) {
		if (below->next[at] != WEIGH_NO_OBJECT)
			return below->next[at];
	}
	return WEIGH_NO_OBJECT;
}

/* Objects below one, itself included; as many steps as it says. */
uint64_t weigh_heap_below_count(const struct weigh_heap_below *below, uint32_t top);

/*
 * Number all objects depth first: those below an object follow it, `counts` of
 * them with itself. For each object an entry in both; False without memory.
 */
bool weigh_heap_below_number(const struct weigh_heap_below *below, uint32_t *positions, uint32_t *counts);

/*
 * What groups of objects retain: `group_of` has a group below `groups` for each
 * object, or WEIGH_NO_OBJECT. `retained[group]` becomes the sum over its
 * outermost objects, those that no other object of the group keeps alive, so
 * that nothing counts twice in a group. With `outermost` (may be NULL) each
 * object gets 1 or 0. False without memory.
 */
bool weigh_heap_below_groups(const struct weigh_heap_below *below, const uint32_t *group_of, uint32_t groups,
			     uint64_t *retained, uint8_t *outermost);

#endif
