/*
 * How full containers are: lists, dicts, sets and others that have room for
 * more items than they hold, by type, and by type and place.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_HEAP_CONTAINERS_H
#define WEIGH_HEAP_CONTAINERS_H

#include "base/error.h"
#include "heap/graph.h"
#include "heap/places.h"

#include <stdint.h>

enum { WEIGH_HEAP_FEW = 4 }; /* items at most of a container that holds few */

struct weigh_heap_container {
	uint32_t type;
	uint32_t place; /* where they are referred to from; says nothing in rows by type */
	uint64_t count, gross;
	uint64_t empty, one, few; /* containers of no item, one, 2 to WEIGH_HEAP_FEW */
	uint64_t items, room;     /* fill is their ratio */
	uint64_t empty_gross;
	uint64_t slack; /* bytes taken for room that holds no item */
	uint64_t waste; /* slack, but of empty ones all their gross */
};

struct weigh_heap_containers {
	struct weigh_heap_container *types; /* by gross, largest first */
	uint32_t type_count;
	struct weigh_heap_container *places; /* by waste, largest first; only those with some */
	uint32_t place_count;
};

/* End with weigh_heap_containers_deinit(). */
struct weigh_error *weigh_heap_containers_init(struct weigh_heap_containers *containers,
					       const struct weigh_heap_graph *graph,
					       const struct weigh_heap_places *places);
void weigh_heap_containers_deinit(struct weigh_heap_containers *containers);

#endif
