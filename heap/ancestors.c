/*
 * Common ancestors in a tree: see heap/ancestors.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/ancestors.h"

#include <stddef.h>
#include <stdlib.h>

bool weigh_heap_ancestors_init(struct weigh_heap_ancestors *ancestors, const uint32_t *parent, uint32_t count)
{
	uint32_t *jump = malloc(((size_t)count + 1) * sizeof(*jump));
	uint32_t *depth = malloc(((size_t)count + 1) * sizeof(*depth));

	*ancestors = (struct weigh_heap_ancestors){parent, jump, depth};
	if (!jump || !depth)
		return false;
	jump[0] = 0;
	depth[0] = 0;
	for (uint32_t i = 1; i < count; i++) {
		uint32_t up = parent[i], far = jump[up];
		depth[i] = depth[up] + 1;
		/* Two jumps of the same length above become one of this node. */
		jump[i] = depth[up] - depth[far] == depth[far] - depth[jump[far]] ? jump[far] : up;
	}
	return true;
}

void weigh_heap_ancestors_deinit(struct weigh_heap_ancestors *ancestors)
{
	free(ancestors->jump);
	free(ancestors->depth);
	*ancestors = (struct weigh_heap_ancestors){0};
}

uint32_t weigh_heap_ancestors_far(const struct weigh_heap_ancestors *ancestors, uint32_t a, uint32_t b)
{
	const uint32_t *jump = ancestors->jump, *depth = ancestors->depth;

	if (depth[a] > depth[b]) {
		uint32_t deeper = a;
		a = b;
		b = deeper;
	}
	while (depth[b] > depth[a])
		b = depth[jump[b]] >= depth[a] ? jump[b] : ancestors->parent[b];
	/* Nodes of one depth have jumps of one length. */
	while (a != b) {
		bool near = jump[a] == jump[b];
		a = near ? ancestors->parent[a] : jump[a];
		b = near ? ancestors->parent[b] : jump[b];
	}
	return a;
}
