/*
 * The tree of dominators from above: see heap/below.h.
 *
 * One thread; allocates with malloc. A chain of objects can be as deep as
 * there are objects, so nothing here recurses, and nothing keeps the way down:
 * the dominators lead back up.
 */
#include "heap/below.h"

#include <stdlib.h>
#include <string.h>

struct weigh_error *weigh_heap_below_create(const struct weigh_heap_graph *graph,
					    const struct weigh_heap_dominators *dominators,
					    struct weigh_heap_below **result)
{
	struct weigh_heap_below *below = calloc(1, sizeof(*below));
	size_t count = (size_t)graph->object_count + WEIGH_OWNERS;

	if (!below)
		return weigh_error_create_memory();
	below->graph = graph;
	below->dominators = dominators;
	below->first = malloc(count * sizeof(*below->first));
	below->next = malloc(count * sizeof(*below->next));
	if (!below->first || !below->next) {
		weigh_heap_below_destroy(below);
		return weigh_error_create_memory();
	}
	memset(below->first, 0xff, count * sizeof(*below->first));
	memset(below->next, 0xff, count * sizeof(*below->next));
	for (uint32_t i = graph->object_count; i-- > 0;) {
		uint32_t above = dominators->idom[i];
		below->next[i] = below->first[above];
		below->first[above] = i;
	}
	*result = below;
	return NULL;
}

void weigh_heap_below_destroy(struct weigh_heap_below *below)
{
	if (!below)
		return;
	free(below->first);
	free(below->next);
	free(below);
}

uint64_t weigh_heap_below_count(const struct weigh_heap_below *below, uint32_t top)
{
	uint64_t count = 0;

	for (uint32_t at = top; at != WEIGH_NO_OBJECT; at = weigh_heap_below_next(below, top, at))
		count++;
	return count;
}

bool weigh_heap_below_number(const struct weigh_heap_below *below, uint32_t *positions, uint32_t *counts)
{
	uint32_t objects = below->graph->object_count, filled = 0;
	uint32_t *order = malloc(((size_t)objects + 1) * sizeof(*order));

	if (!order)
		return false;
	for (uint32_t owner = 0; owner < WEIGH_OWNERS; owner++) {
		uint32_t top = objects + owner;
		for (uint32_t at = top; at != WEIGH_NO_OBJECT; at = weigh_heap_below_next(below, top, at)) {
			if (at == top)
				continue;
			positions[at] = filled;
			counts[at] = 1;
			order[filled++] = at;
		}
	}
	/* Added up from the leaves: dominators come before what they dominate. */
	while (filled-- > 0) {
		uint32_t above = below->dominators->idom[order[filled]];
		if (above < objects)
			counts[above] += counts[order[filled]];
	}
	free(order);
	return true;
}

struct opening {
	const struct weigh_heap_below *below;
	const uint32_t *group_of;
	uint32_t *open; /* by group: its objects on the way down to here */
	uint64_t *retained;
	uint8_t *outermost;
};

static void enter(struct opening *o, uint32_t at)
{
	uint32_t group = o->group_of[at];
	bool first = group != WEIGH_NO_OBJECT && !o->open[group]++;

	if (first)
		o->retained[group] += o->below->dominators->retained[at];
	if (o->outermost)
		o->outermost[at] = first;
}

static void leave(struct opening *o, uint32_t at)
{
	if (o->group_of[at] != WEIGH_NO_OBJECT)
		o->open[o->group_of[at]]--;
}

static void walk(struct opening *o, uint32_t owner)
{
	const struct weigh_heap_below *below = o->below;
	uint32_t objects = below->graph->object_count, at = below->first[owner];

	while (at != WEIGH_NO_OBJECT) {
		enter(o, at);
		if (below->first[at] != WEIGH_NO_OBJECT) {
			at = below->first[at];
			continue;
		}
		for (;;) {
			uint32_t above = below->dominators->idom[at];
			leave(o, at);
			at = below->next[at];
			if (at != WEIGH_NO_OBJECT || above >= objects)
				break;
			at = above;
		}
	}
}

bool weigh_heap_below_groups(const struct weigh_heap_below *below, const uint32_t *group_of, uint32_t groups,
			     uint64_t *retained, uint8_t *outermost)
{
	struct opening o = {.below = below,
			    .group_of = group_of,
			    .open = calloc((size_t)groups + 1, sizeof(*o.open)),
			    .retained = retained,
			    .outermost = outermost};

	if (!o.open)
		return false;
	memset(retained, 0, (size_t)groups * sizeof(*retained));
	for (uint32_t owner = 0; owner < WEIGH_OWNERS; owner++)
		walk(&o, below->graph->object_count + owner);
	free(o.open);
	return true;
}
