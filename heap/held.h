/*
 * What holds objects beside the references in EDGES: the references that
 * shapes imply, and what reference counts tell of holders outside the graph.
 *
 * One thread; allocates with malloc, 5 bytes for each object (4 of them only
 * while it is made).
 */
#ifndef WEIGH_HEAP_HELD_H
#define WEIGH_HEAP_HELD_H

#include "heap/graph.h"

/* How an object is held from outside the graph. */
enum weigh_heap_held_by {
	WEIGH_HELD_NAMED = 1,     /* it is in ROOTS */
	WEIGH_HELD_ELSEWHERE = 2, /* its count says more references than were found */
	WEIGH_HELD_IMMORTAL = 4,
};

struct weigh_heap_held {
	/*
	 * Each object of shape s also refers to implied[first[s]] up to
	 * implied[first[s + 1]]: its type, then the keys.
	 */
	uint32_t *first;
	uint32_t *implied;
	uint8_t *by; /* for each object: enum weigh_heap_held_by */
};

/* On an error `held` is empty; either way weigh_heap_held_deinit() ends it. */
struct weigh_error *weigh_heap_held_init(struct weigh_heap_held *held, const struct weigh_heap_graph *graph);
void weigh_heap_held_deinit(struct weigh_heap_held *held);

/* Whether the objects of a shape refer to their type by implication. */
static inline bool weigh_heap_implies_type(const struct weigh_heap_graph *graph,
					   const struct weigh_heap_shape *shape)
{
	const struct weigh_heap_type *type = &graph->types[shape->type];
	return type->flags & WEIGH_TYPE_HEAP && type->object != WEIGH_NO_OBJECT;
}

#endif
