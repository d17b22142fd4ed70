/*
 * What was seen in single large objects when the snapshot was taken: how a
 * cache was used, which numbers an array holds, what some of the texts in a
 * set are, and how many bytes wide text takes as UTF-8.
 *
 * One thread per graph; all belongs to the graph.
 */
#ifndef WEIGH_HEAP_FACTS_H
#define WEIGH_HEAP_FACTS_H

#include "heap/graph.h"

struct weigh_heap_cache {
	uint64_t hits, misses;
	uint64_t most; /* answers plus 1; 0: no bound */
};

struct weigh_heap_numbers {
	uint64_t items, filled; /* filled: that are not zero */
	uint8_t class; /* WEIGH_VALUE_INTEGER, WEIGH_VALUE_WHOLE, WEIGH_VALUE_REAL */
	uint8_t bits;  /* as of a value */
	uint8_t flags; /* enum weigh_snapshot_numbers */
	uint32_t low, high; /* texts; empty when they were not looked for */
};

struct weigh_heap_texts {
	uint32_t stretches;
	uint32_t count;          /* texts in all of them */
	const uint32_t *lengths; /* texts of each stretch */
	const uint32_t *texts;   /* those of the first, then of the next */
};

struct weigh_heap_fact {
	uint32_t object;
	enum weigh_snapshot_fact kind;
	union {
		struct weigh_heap_cache cache;
		struct weigh_heap_numbers numbers;
		struct weigh_heap_texts texts;
	};
};

/* The fact of this kind about an object; NULL: nothing is known. */
const struct weigh_heap_fact *weigh_heap_fact_of(const struct weigh_heap_graph *graph, uint32_t object,
						 enum weigh_snapshot_fact kind);

/* Bytes that a value takes as UTF-8, when it is text with characters of more than 8 bits; 0: it is not. */
uint64_t weigh_heap_wide(const struct weigh_heap_graph *graph, uint32_t value);

/* Whether there is any such text. */
bool weigh_heap_has_wide(const struct weigh_heap_graph *graph);

#endif
