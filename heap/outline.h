/*
 * The part of the tree of holders that fits on a screen: those that retain
 * most, from the top down, and for each the rest of its children in one row,
 * so that sums hold.
 *
 * Owners (packages, frames) are no rows of their own at first: what they hold
 * stands in their place under its full name, "__main__.rows"; what is left of
 * them follows as a row of the owner, "__main__", with what was not named.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_HEAP_OUTLINE_H
#define WEIGH_HEAP_OUTLINE_H

#include "heap/holders.h"

struct weigh_outline_row {
	uint64_t count, gross; /* its own objects; of what was left out: theirs */
	uint64_t retained;     /* gross and the rows one deeper below this one, together */
	uint32_t holder;       /* WEIGH_NO_OBJECT: what was left out of the row above it */
	uint32_t depth;        /* 0: right below the top */
	uint32_t left_out;     /* of owners and of what was left out: holders that have no row */
};

struct weigh_outline {
	struct weigh_outline_row *rows; /* each before what is below it */
	uint32_t count;
};

/*
 * At most `limit` rows for holders (0: all of them), none that retains less
 * than `least` bytes. Rows of depth 0 add up to all of the heap. End with
 * weigh_outline_deinit(), also after an error.
 */
struct weigh_error *weigh_outline_init(struct weigh_outline *outline,
				       const struct weigh_heap_holders *holders, uint32_t limit,
				       uint64_t least);
void weigh_outline_deinit(struct weigh_outline *outline);

#endif
