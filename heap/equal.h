/*
 * Which objects are equal: strings, bytes, ints and floats by their values,
 * exact tuples when their items are equal or the same objects.
 *
 * One thread; allocates with malloc, 4 bytes for each object and about 30 for
 * each distinct tuple.
 */
#ifndef WEIGH_HEAP_EQUAL_H
#define WEIGH_HEAP_EQUAL_H

#include "base/error.h"
#include "heap/graph.h"

#include <stdint.h>

struct weigh_heap_equal {
	uint32_t *of;   /* for each object: the same number as its equals; WEIGH_NO_OBJECT: not compared */
	uint32_t count; /* numbers; those of tuples follow those of values */
};

struct weigh_error *weigh_heap_equal_create(const struct weigh_heap_graph *graph,
					    struct weigh_heap_equal **equal);

/* Takes NULL. */
void weigh_heap_equal_destroy(struct weigh_heap_equal *equal);

/* Writes what an object looks like: "'Blue line'", "(4, 'W')"; empty when not known. Returns `text`. */
char *weigh_heap_show(const struct weigh_heap_graph *graph, uint32_t object, char text[WEIGH_HEAP_NAME]);

#endif
