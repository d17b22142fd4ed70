/*
 * Where blocks lie and what they occupy: pools of the small-object allocator,
 * malloc, or a library's own data, which costs nothing.
 *
 * One of these serves one look at objects: it holds a set of addresses, in
 * which the caller marks what it has seen, and what was found out about the
 * places these lie in. With the GIL; all memory comes from the kernel.
 */
#ifndef WEIGH_CPYTHON_OBJECTS_HEAP_H
#define WEIGH_CPYTHON_OBJECTS_HEAP_H

#include "base/marks.h"
#include "recorder/pools.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum weigh_place {
	WEIGH_PLACE_UNKNOWN,
	WEIGH_PLACE_POOL,   /* a pool of the small-object allocator */
	WEIGH_PLACE_OTHER,  /* malloc's, or nobody's we know */
	WEIGH_PLACE_MIXED,  /* a loaded file has data here: look at the address itself */
	WEIGH_PLACE_STATIC, /* in a loaded file */
};

struct weigh_range {
	uintptr_t first;
	uintptr_t end;
};

struct weigh_heap {
	struct weigh_marks seen;
	struct weigh_marks data; /* memory that several objects may show, when there is such; zeros before */
	struct weigh_range *ranges; /* data of loaded files, ascending */
	size_t range_count;
	int pagemap; /* -1 until it is asked for */
	bool resident; /* whether to look for pages of data that nobody has touched */
};

/* Finds out which allocator Python uses. Once, early; allocates and frees a few blocks. */
void weigh_heap_probe(void);

/* False without memory. */
bool weigh_heap_init(struct weigh_heap *heap);

/*
 * Whether data that begins at an address is met for the first time. Arrow's
 * buffers and NumPy's arrays can lie over the same.
 */
bool weigh_heap_claim(struct weigh_heap *heap, uintptr_t address);

/* Whether somebody has claimed an address. */
static inline bool weigh_heap_is_claimed(const struct weigh_heap *heap, uintptr_t address)
{
	return heap->data.root && weigh_marks_has(&heap->data, address);
}

/* Forgets all claims. */
void weigh_heap_forget(struct weigh_heap *heap);

/* Gives everything back; also right on a structure of zeros with pagemap -1. */
void weigh_heap_deinit(struct weigh_heap *heap);

/* Out of line: a place not asked for before, or a mixed one. */
enum weigh_place weigh_heap_look(struct weigh_heap *heap, struct weigh_marks_leaf *leaf, uintptr_t address);

/* What an address is part of: never UNKNOWN nor MIXED. */
static inline enum weigh_place weigh_heap_place(struct weigh_heap *heap, struct weigh_marks_leaf *leaf,
						uintptr_t address)
{
	enum weigh_place place = *weigh_marks_tag(leaf, address);
	if (__builtin_expect(place == WEIGH_PLACE_POOL || place == WEIGH_PLACE_OTHER, 1))
		return place;
	return weigh_heap_look(heap, leaf, address);
}

/* What a block of so many requested bytes occupies when nobody can be asked. */
uint64_t weigh_heap_rounded(uint64_t requested);

/* What a block of malloc's occupies; rounded arithmetic when the block does not look like one. */
uint64_t weigh_heap_native(uintptr_t block, uint64_t requested);

/* What a block of Python's allocators occupies; 0 for static data. `*pooled`: in a pool. */
static inline uint64_t weigh_heap_footprint_of(struct weigh_heap *heap, uintptr_t block, uint64_t requested,
					       bool *pooled)
{
	struct weigh_marks_leaf *leaf = weigh_marks_leaf(&heap->seen, block);
	*pooled = false;
	if (__builtin_expect(!leaf, 0))
		return weigh_heap_rounded(requested);
	enum weigh_place place = weigh_heap_place(heap, leaf, block);
	if (__builtin_expect(place == WEIGH_PLACE_POOL, 1)) {
		uint64_t footprint = weigh_pool_footprint(block);
		*pooled = true;
		return footprint >= requested ? footprint : weigh_heap_rounded(requested);
	}
	return place == WEIGH_PLACE_STATIC ? 0 : weigh_heap_native(block, requested);
}

static inline uint64_t weigh_heap_footprint(struct weigh_heap *heap, uintptr_t block, uint64_t requested)
{
	bool pooled;
	return weigh_heap_footprint_of(heap, block, requested, &pooled);
}

/*
 * Bytes of the whole pages between two addresses that no memory backs: nobody
 * has touched them yet. Does I/O when there are 64 KiB or more; smaller parts
 * count as touched.
 */
uint64_t weigh_heap_absent(struct weigh_heap *heap, uintptr_t first, uintptr_t end);

#endif
