/*
 * Objects added up by type.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_HEAP_TYPES_H
#define WEIGH_HEAP_TYPES_H

#include "base/error.h"
#include "heap/dominators.h"
#include "heap/graph.h"

#include <stdint.h>

struct weigh_heap_type_row {
	uint32_t type;
	uint64_t count, gross, net;
	/*
	 * What the objects retain together: only those count that are not kept
	 * alive by another one of the type, so nothing counts twice.
	 */
	uint64_t retained;
};

struct weigh_heap_types {
	struct weigh_heap_type_row *rows; /* by gross, largest first; no empty ones */
	uint32_t count;
	struct weigh_heap_type_row sum; /* of all; its type and retained say nothing */
};

/* `dominators` NULL: retained stays 0. End with weigh_heap_types_deinit(). */
struct weigh_error *weigh_heap_types_init(struct weigh_heap_types *types,
					  const struct weigh_heap_graph *graph,
					  const struct weigh_heap_dominators *dominators);
void weigh_heap_types_deinit(struct weigh_heap_types *types);

/*
 * For each type the first one of the same full name: a class statement that
 * runs twice makes two types, which are one to people. The caller frees it;
 * NULL without memory.
 */
uint32_t *weigh_heap_types_alike(const struct weigh_heap_graph *graph);

#endif
