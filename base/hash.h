/*
 * Mixing of words for the recorder's own tables. Any thread.
 */
#ifndef WEIGH_BASE_HASH_H
#define WEIGH_BASE_HASH_H

#include <stdint.h>

#define WEIGH_HASH_ODD 0x9E3779B97F4A7C15ull /* 2^64 / golden ratio, odd */

/*
 * One step of a running hash: the two halves of a 128-bit product folded
 * together. About 4 cycles; every input bit reaches every output bit.
 */
static inline uint64_t weigh_hash_step(uint64_t hash, uint64_t word)
{
	unsigned __int128 product = (unsigned __int128)(hash ^ word) * (WEIGH_HASH_ODD ^ (word << 1));
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#endif
