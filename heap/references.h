/*
 * All that an object refers to: what stands in the graph and what its shape
 * implies, its class and the keys it shares with others of its shape.
 *
 * Any thread; allocates nothing.
 */
#ifndef WEIGH_HEAP_REFERENCES_H
#define WEIGH_HEAP_REFERENCES_H

#include "heap/graph.h"

/* Places of references that are implied; smaller ones count from first[object]. */
enum {
	WEIGH_PLACE_KEYS = 0x80000000u, /* plus the slot: the key of a shape with KEYS */
	WEIGH_PLACE_CLASS = 0xffffffffu,
};

typedef void weigh_reference_visit(void *arg, uint32_t target, uint32_t place);

/* Call `visit` for each reference; inlined, so that a visitor known here costs no call. */
static inline __attribute__((always_inline)) void weigh_references_each(const struct weigh_heap_graph *graph,
									uint32_t object,
									weigh_reference_visit *visit,
									void *arg)
{
	const struct weigh_heap_shape *shape = weigh_heap_shape(graph, object);
	const struct weigh_heap_type *type = &graph->types[shape->type];
	uint32_t first = graph->first[object], count = graph->first[object + 1] - first;

	for (uint32_t place = 0; place < count; place++) {
		uint32_t target = graph->targets[first + place];
		if (target != WEIGH_NO_OBJECT)
			visit(arg, target, place);
	}
	if (shape->flags & WEIGH_SHAPE_KEYS) {
		for (uint32_t slot = 0; slot < shape->slot_count; slot++) {
			if (shape->slots[slot].key != WEIGH_NO_OBJECT)
				visit(arg, shape->slots[slot].key, WEIGH_PLACE_KEYS + slot);
		}
	}
	if ((type->flags & WEIGH_TYPE_HEAP) && type->object != WEIGH_NO_OBJECT)
		visit(arg, type->object, WEIGH_PLACE_CLASS);
}

#endif
