/*
 * The blocks that one object consists of: its own with the bytes before it,
 * and the tables, buffers and values that belong to it alone.
 *
 * Of each block three figures are told. Requested: what the object asked its
 * allocator for. Footprint: what the allocator keeps for it (in a pool the
 * size class, else malloc's chunk). Net: bytes of data, that is characters of
 * text, bytes of buffers, digits of numbers; everything else, pointers and
 * tables that hold the data together included, is packaging.
 *
 * With the GIL, without running Python code or making an object that stays.
 */
#ifndef WEIGH_CPYTHON_OBJECTS_BLOCKS_H
#define WEIGH_CPYTHON_OBJECTS_BLOCKS_H

#include "cpython/objects/heap.h"
#include "cpython/objects/kinds.h"

struct weigh_block {
	const char *what; /* constant text */
	uintptr_t address; /* 0: not known */
	uint64_t requested;
	uint64_t footprint;
	uint64_t net;
	uint64_t untouched;
};

/* Where blocks are told: sums, and a function when each is wanted. */
struct weigh_sink {
	struct weigh_heap *heap;
	bool quiet; /* no object may be asked: an answer takes memory */
	void (*each)(struct weigh_sink *sink, const struct weigh_block *block);
	uint64_t gross;
	uint64_t requested;
	uint64_t net;
	uint64_t untouched;
	uint64_t pooled; /* of gross, what blocks in pools occupy */
};

/* Tells the blocks of an object that is not static. */
void weigh_blocks_tell(struct weigh_sink *sink, const struct weigh_kind *kind, PyObject *object);

/* Bytes requested for the object's own block, the bytes before it included. */
size_t weigh_blocks_own(const struct weigh_kind *kind, PyObject *object);

#endif
