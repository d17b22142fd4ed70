/*
 * Common ancestors in a tree whose nodes come after their parents: each node
 * also knows one ancestor far above, chosen so that any way up takes about
 * log n steps. A linked list of a million nodes makes a tree that deep.
 *
 * One thread; allocates with malloc, 8 bytes for each node.
 */
#ifndef WEIGH_HEAP_ANCESTORS_H
#define WEIGH_HEAP_ANCESTORS_H

#include <stdbool.h>
#include <stdint.h>

struct weigh_heap_ancestors {
	const uint32_t *parent; /* of the caller; node 0 is the top and its own parent */
	uint32_t *jump;
	uint32_t *depth;
};

/* False without memory. `parent` must outlive it. Either way weigh_heap_ancestors_deinit() ends it. */
bool weigh_heap_ancestors_init(struct weigh_heap_ancestors *ancestors, const uint32_t *parent,
			       uint32_t count);
void weigh_heap_ancestors_deinit(struct weigh_heap_ancestors *ancestors);

/* The nearest node that is above both, or one of them. */
uint32_t weigh_heap_ancestors_far(const struct weigh_heap_ancestors *ancestors, uint32_t a, uint32_t b);

static inline uint32_t weigh_heap_ancestors_common(const struct weigh_heap_ancestors *ancestors, uint32_t a,
						   uint32_t b)
{
	/* What is shared is most often shared by the children of one node. */
	if (a == b || ancestors->parent[b] == a)
		return a;
	if (ancestors->parent[a] == ancestors->parent[b])
		return ancestors->parent[a];
	return weigh_heap_ancestors_far(ancestors, a, b);
}

#endif
