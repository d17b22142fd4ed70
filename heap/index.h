/*
 * Numbers keys of two words densely, in the order in which they come: what
 * analyses add up by.
 *
 * One thread; allocates with malloc, 16 bytes for each key and up to 16 for its
 * place in the table.
 */
#ifndef WEIGH_HEAP_INDEX_H
#define WEIGH_HEAP_INDEX_H

#include "base/error.h"
#include "heap/graph.h"

#include <stdint.h>

struct weigh_heap_key {
	uint64_t a, b;
};

struct weigh_heap_index {
	struct weigh_heap_key *keys; /* `count` of them, in the order of their numbers */
	uint32_t count;
	uint32_t room, mask; /* private */
	uint32_t *slots;     /* private: numbers + 1; 0: free */
};

/* End with weigh_heap_index_deinit(), also after an error. */
struct weigh_error *weigh_heap_index_init(struct weigh_heap_index *index);
void weigh_heap_index_deinit(struct weigh_heap_index *index);

/*
 * The number of a key: the count there was before when it is new.
 * WEIGH_NO_OBJECT without memory; all else stays as it was.
 */
uint32_t weigh_heap_index_put(struct weigh_heap_index *index, uint64_t a, uint64_t b);

#endif
