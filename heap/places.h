/*
 * Where objects are referred to from, in general terms: "dict['route']",
 * "Trip.route", "list[*]". An object that several places refer to counts at
 * the first, by this order: fields of records, other objects, frames; among
 * equals the one at the lowest address.
 *
 * One thread; allocates with malloc, 4 bytes for each object.
 */
#ifndef WEIGH_HEAP_PLACES_H
#define WEIGH_HEAP_PLACES_H

#include "base/error.h"
#include "heap/graph.h"

#include <stdint.h>

struct weigh_heap_place {
	uint32_t type;  /* of what refers */
	uint32_t name;  /* text, of a slot */
	uint8_t naming; /* enum weigh_snapshot_naming, of a slot */
	uint8_t kind;   /* as in struct weigh_heap_edge */
};

struct weigh_heap_places {
	struct weigh_heap_place *places;
	uint32_t count;
	uint32_t *of; /* for each object: its place; WEIGH_NO_OBJECT when nothing in the graph refers to it */
};

struct weigh_error *weigh_heap_places_create(const struct weigh_heap_graph *graph,
					     struct weigh_heap_places **places);

/* Takes NULL. */
void weigh_heap_places_destroy(struct weigh_heap_places *places);

/* What people call a place; WEIGH_NO_OBJECT is "(roots)". Returns `name`. */
char *weigh_heap_place_name(const struct weigh_heap_graph *graph, const struct weigh_heap_places *places,
			    uint32_t place, char name[WEIGH_HEAP_NAME]);

#endif
