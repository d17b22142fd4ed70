/*
 * Equal objects that exist more than once, by type and by where they are
 * referred to from.
 *
 * One thread; allocates with malloc, about 12 bytes for each object while it
 * works.
 */
#ifndef WEIGH_HEAP_DUPLICATES_H
#define WEIGH_HEAP_DUPLICATES_H

#include "base/error.h"
#include "heap/equal.h"
#include "heap/graph.h"
#include "heap/places.h"

#include <stdint.h>

/* How often a value is there; `object` is one that has it. */
struct weigh_heap_often {
	uint32_t object, count;
};

enum { WEIGH_HEAP_OFTEN = 3 };

/* Put a value among the most frequent, which stand in falling order. */
void weigh_heap_often_add(struct weigh_heap_often often[WEIGH_HEAP_OFTEN], uint32_t object, uint32_t count);

struct weigh_heap_duplicate {
	uint32_t type;
	uint32_t place;
	uint64_t objects; /* all of the type here, those that are unique too */
	uint64_t values;  /* distinct ones among them */
	uint64_t gross;
	uint64_t saving; /* bytes that go if each value here existed once */
	struct weigh_heap_often often[WEIGH_HEAP_OFTEN]; /* count 0: no more */
};

struct weigh_heap_duplicates {
	struct weigh_heap_duplicate *rows; /* by saving, largest first; only those with one */
	uint32_t count;
	/* Of all places together: what equals something elsewhere counts too. No type, place or values often. */
	struct weigh_heap_duplicate sum;
};

/* End with weigh_heap_duplicates_deinit(). */
struct weigh_error *weigh_heap_duplicates_init(struct weigh_heap_duplicates *duplicates,
					       const struct weigh_heap_graph *graph,
					       const struct weigh_heap_places *places,
					       const struct weigh_heap_equal *equal);
void weigh_heap_duplicates_deinit(struct weigh_heap_duplicates *duplicates);

#endif
