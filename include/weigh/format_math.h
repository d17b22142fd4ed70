/*
 * Arithmetic on the capture's layout that both halves must do alike.
 */
#ifndef WEIGH_FORMAT_MATH_H
#define WEIGH_FORMAT_MATH_H

#include "weigh/format.h"

#include <stdint.h>

/*
 * Bucket of the size histogram: 0 for size 0, then sizes 1..4 one bucket each,
 * then four to each doubling. The last bucket takes all that is larger.
 */
static inline uint32_t weigh_size_bucket_index(uint64_t size)
{
	if (size <= 4)
		return (uint32_t)size;
	uint32_t top = 63 - (uint32_t)__builtin_clzll(size - 1);
	uint32_t quarter = (uint32_t)((size - 1) >> (top - 2)) & 3;
	uint32_t index = 5 + (top - 2) * 4 + quarter;
	return index < WEIGH_SIZE_BUCKETS ? index : WEIGH_SIZE_BUCKETS - 1;
}

/* The largest size that falls into a bucket. */
static inline uint64_t weigh_size_bucket_limit(uint32_t index)
{
	if (index <= 4)
		return index;
	uint32_t top = 2 + (index - 5) / 4;
	uint64_t quarter = (index - 5) % 4;
	return (1ull << top) + ((quarter + 1) << (top - 2));
}

/* Footprint of live blocks of the small-object allocator. */
static inline int64_t weigh_counters_small_live(const struct weigh_counters *c)
{
	return (int64_t)(c->small_allocated - c->small_freed);
}

/* Footprint of all live recorded blocks. */
static inline uint64_t weigh_counters_live(const struct weigh_counters *c)
{
	int64_t live = weigh_counters_small_live(c) + c->other_live;
	return live > 0 ? (uint64_t)live : 0;
}

/* Number of live recorded blocks. */
static inline uint64_t weigh_counters_blocks(const struct weigh_counters *c)
{
	int64_t blocks =
		(int64_t)(c->small_blocks_allocated - c->small_blocks_freed + (uint64_t)c->other_blocks_live);
	return blocks > 0 ? (uint64_t)blocks : 0;
}

#endif
