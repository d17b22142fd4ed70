/*
 * Known pools, on the recording path: bits in the map of blocks.
 */
#include "recorder/pools.h"

#include <string.h>

enum { STATES_PER_WORD = 32, WORD_BYTES = STATES_PER_WORD * 16, POOL_WORDS = WEIGH_POOL_BYTES / WORD_BYTES };

static const uint64_t all_small = 0x5555555555555555;

static uintptr_t first_pool(uintptr_t arena)
{
	return weigh_pool_of(arena + WEIGH_POOL_BYTES - 1);
}

/* Sampled blocks keep their state. */
void weigh_pools_make_known(struct weigh_granule *granule, uintptr_t pool)
{
	uint64_t *words = weigh_state_word(granule, pool);
	for (unsigned i = 0; i < POOL_WORDS; i++)
		words[i] |= all_small;
	granule->pools |= weigh_pool_bit(pool);
	granule->unsure_pools &= ~weigh_pool_bit(pool);
}

bool weigh_pools_add(uintptr_t arena)
{
	for (uintptr_t pool = first_pool(arena); pool + WEIGH_POOL_BYTES <= arena + WEIGH_POOL_ARENA;
	     pool += WEIGH_POOL_BYTES) {
		struct weigh_granule *granule = weigh_granule_make(pool);
		if (!granule)
			return false;
		weigh_pools_make_known(granule, pool);
	}
	return true;
}

void weigh_pools_remove(uintptr_t arena)
{
	for (uintptr_t pool = first_pool(arena); pool < arena + WEIGH_POOL_ARENA; pool += WEIGH_POOL_BYTES) {
		struct weigh_granule *granule = weigh_granule_find(pool);
		if (!granule)
			continue;
		if (granule->pools & weigh_pool_bit(pool))
			memset(weigh_state_word(granule, pool), 0, POOL_WORDS * sizeof(uint64_t));
		granule->pools &= ~weigh_pool_bit(pool);
		granule->unsure_pools &= ~weigh_pool_bit(pool);
	}
}

uint32_t weigh_pool_capacity(const struct weigh_pool *pool)
{
	return (pool->cut - WEIGH_POOL_FIRST) / weigh_pool_block_bytes(pool);
}

bool weigh_pool_is_sound(const struct weigh_pool *pool)
{
	if (pool->size_class >= WEIGH_POOL_SMALL_MAX / 16)
		return false;
	uint32_t bytes = weigh_pool_block_bytes(pool);
	return pool->last == WEIGH_POOL_BYTES - bytes && pool->cut >= WEIGH_POOL_FIRST + bytes &&
	       pool->cut <= WEIGH_POOL_BYTES && (pool->cut - WEIGH_POOL_FIRST) % bytes == 0 &&
	       (uint32_t)pool->live <= weigh_pool_capacity(pool);
}

enum weigh_block_state weigh_pools_settle(struct weigh_granule *granule, uintptr_t address)
{
	uintptr_t pool = weigh_pool_of(address);
	if (!(granule->unsure_pools & weigh_pool_bit(pool)) ||
	    !weigh_pool_is_sound((const struct weigh_pool *)pool))
		return WEIGH_BLOCK_NONE;
	weigh_pools_make_known(granule, pool);
	return weigh_state_get(granule, address);
}
