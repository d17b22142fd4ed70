/*
 * What holds objects beside the references in EDGES: see heap/held.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/held.h"

#include <stdlib.h>

static uint32_t implied_count(const struct weigh_heap_graph *graph, const struct weigh_heap_shape *shape)
{
	uint32_t count = weigh_heap_implies_type(graph, shape);
	return shape->flags & WEIGH_SHAPE_KEYS ? count + shape->slot_count : count;
}

static bool list_implied(struct weigh_heap_held *held, const struct weigh_heap_graph *graph)
{
	size_t total = 0;

	held->first = malloc(((size_t)graph->shape_count + 1) * sizeof(*held->first));
	if (!held->first)
		return false;
	for (uint32_t s = 0; s < graph->shape_count; s++) {
		held->first[s] = (uint32_t)total;
		total += implied_count(graph, &graph->shapes[s]);
	}
	held->first[graph->shape_count] = (uint32_t)total;
	/* Slots are bounded by the bytes they were read from; more than 32 bits of them find no memory. */
	held->implied = total < UINT32_MAX ? malloc((total ? total : 1) * sizeof(*held->implied)) : NULL;
	if (!held->implied)
		return false;
	uint32_t *at = held->implied;
	for (uint32_t s = 0; s < graph->shape_count; s++) {
		const struct weigh_heap_shape *shape = &graph->shapes[s];
		if (weigh_heap_implies_type(graph, shape))
			*at++ = graph->types[shape->type].object;
		for (uint32_t i = 0; shape->flags & WEIGH_SHAPE_KEYS && i < shape->slot_count; i++)
			*at++ = shape->slots[i].key;
	}
	return true;
}

/* Of frames that are no objects of their own there is no count. */
static bool is_immortal(const struct weigh_heap_graph *graph, uint32_t object)
{
	const struct weigh_heap_shape *shape = weigh_heap_shape(graph, object);

	if (shape->flags & WEIGH_SHAPE_STATIC)
		return true;
	return graph->counted[object] == UINT32_MAX && graph->types[shape->type].form != WEIGH_SNAPSHOT_FRAME;
}

/* References found to each object; `found` and `members` begin as zeros, the latter one for each shape. */
static void count_found(const struct weigh_heap_held *held, const struct weigh_heap_graph *graph,
			uint32_t *found, uint32_t *members)
{
	size_t references = graph->first[graph->object_count];

	for (size_t i = 0; i < references; i++) {
		if (graph->targets[i] != WEIGH_NO_OBJECT)
			found[graph->targets[i]]++;
	}
	for (uint32_t i = 0; i < graph->object_count; i++)
		members[graph->shape_of[i]]++;
	for (uint32_t s = 0; s < graph->shape_count; s++) {
		for (uint32_t i = held->first[s]; i < held->first[s + 1]; i++)
			found[held->implied[i]] += members[s];
	}
}

static void tell_holders(struct weigh_heap_held *held, const struct weigh_heap_graph *graph,
			 const uint32_t *found)
{
	for (uint32_t i = 0; i < graph->object_count; i++) {
		if (is_immortal(graph, i))
			held->by[i] = WEIGH_HELD_IMMORTAL;
		else if (graph->counted[i] != UINT32_MAX && graph->counted[i] > found[i])
			held->by[i] = WEIGH_HELD_ELSEWHERE;
		else
			held->by[i] = 0;
	}
	for (uint32_t i = 0; i < graph->root_count; i++)
		held->by[graph->roots[i].object] |= WEIGH_HELD_NAMED;
}

struct weigh_error *weigh_heap_held_init(struct weigh_heap_held *held, const struct weigh_heap_graph *graph)
{
	uint32_t *found = calloc((size_t)graph->object_count + 1, sizeof(*found));
	uint32_t *members = calloc((size_t)graph->shape_count + 1, sizeof(*members));

	*held = (struct weigh_heap_held){.by = malloc((size_t)graph->object_count + 1)};
	bool done = found && members && held->by && list_implied(held, graph);
	if (done) {
		count_found(held, graph, found, members);
		tell_holders(held, graph, found);
	}
	free(found);
	free(members);
	if (done)
		return NULL;
	weigh_heap_held_deinit(held);
	return weigh_error_create_memory();
}

void weigh_heap_held_deinit(struct weigh_heap_held *held)
{
	free(held->first);
	free(held->implied);
	free(held->by);
	*held = (struct weigh_heap_held){0};
}
