/*
 * The pools of the small-object allocator: which 16 KiB of the address space
 * are one, and which blocks in them were born before the recording.
 *
 * In a known pool a block that nobody marked is counted: its state is SMALL
 * from the start, so that an allocation leaves the map alone and a free only
 * reads it. NONE there means born before the recording; such a block becomes
 * SMALL when it ends. A place that may become a pool without our being told
 * (an arena that was there before us is cut as it goes) is looked at when the
 * first block in it ends.
 *
 * The header of a pool is CPython's struct pool_header (Objects/obmalloc.c,
 * the same in 3.10 to 3.15). All under the GIL; the survey does I/O, all else
 * runs on the recording path.
 */
#ifndef WEIGH_RECORDER_POOLS_H
#define WEIGH_RECORDER_POOLS_H

#include "recorder/blocks.h"

enum {
	WEIGH_POOL_BYTES = 1 << WEIGH_POOL_SHIFT,
	WEIGH_POOL_FIRST = 48,      /* offset of the first block */
	WEIGH_POOL_SMALL_MAX = 512, /* bytes that fit; larger and empty requests go to malloc */
	WEIGH_POOL_ARENA = 1 << 20, /* an arena is cut into pools */
};

struct weigh_pool {
	uint64_t live; /* blocks; the upper half is padding */
	uintptr_t free_block;
	uintptr_t next;
	uintptr_t previous;
	uint32_t arena;
	uint32_t size_class; /* blocks of (class + 1) * 16 bytes */
	uint32_t cut;        /* offset of what was never a block */
	uint32_t last;       /* the largest offset at which a block fits */
};

/* What the allocator keeps for a fresh block: the smallest that its bytes fit. */
static inline uint64_t weigh_pool_rounded(size_t bytes)
{
	return ((uint64_t)bytes + 15) & ~(uint64_t)15;
}

/* Bytes of each block of a pool. */
static inline uint32_t weigh_pool_block_bytes(const struct weigh_pool *pool)
{
	return (pool->size_class + 1) << 4;
}

static inline uintptr_t weigh_pool_of(uintptr_t address)
{
	return address & ~(uintptr_t)(WEIGH_POOL_BYTES - 1);
}

/* What the allocator keeps for a block. */
static inline uint64_t weigh_pool_footprint(uintptr_t block)
{
	return weigh_pool_block_bytes((const struct weigh_pool *)weigh_pool_of(block));
}

/* Whether the figures in a header fit each other as those of a pool do. */
bool weigh_pool_is_sound(const struct weigh_pool *pool);

/* How many blocks have been cut from a sound pool. */
uint32_t weigh_pool_capacity(const struct weigh_pool *pool);

/* From now on blocks in the pool are counted; those that have a state keep it. */
void weigh_pools_make_known(struct weigh_granule *granule, uintptr_t pool);

/* A new arena: all pools that it will hold are known. False when there was no memory to note that. */
bool weigh_pools_add(uintptr_t arena);

/* An arena is given back to the system. */
void weigh_pools_remove(uintptr_t arena);

/*
 * The state of a block about to end that nobody marked: SMALL when it lies in
 * a pool cut since the recording began, else NONE.
 */
enum weigh_block_state weigh_pools_settle(struct weigh_granule *granule, uintptr_t address);

/*
 * Finds all pools of the process and marks their live blocks as born before
 * the recording. `blocks` is how many the allocator says there are, in pools or
 * passed to malloc. False when what was found does not agree with itself and
 * with that, or is more than can be looked through quickly: then no pool is
 * known.
 */
bool weigh_pools_survey(uint64_t blocks);

#endif
