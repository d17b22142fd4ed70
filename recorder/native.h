/*
 * Native blocks: those of malloc, and those of allocators that cannot say what
 * a block occupies. Any thread, inside an event, without the GIL.
 *
 * A block of malloc that is not sampled costs some 70 instructions for its
 * allocation and as many for its free, and once the process has threads an
 * atomic each.
 */
#ifndef WEIGH_RECORDER_NATIVE_H
#define WEIGH_RECORDER_NATIVE_H

#include "recorder/events.h"
#include "recorder/large.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether the word before a block of malloc is the chunk's size with flags, as glibc has it. */
extern bool weigh_native_chunks;

/* Finds out by blocks of all kinds, once for the life of the process; outside any event. */
void weigh_native_learn(void);

/* The footprint by malloc's own function, which reads the next chunk too. */
uint64_t weigh_native_ask(uintptr_t address);

/* The word before a block: its chunk's size and flags. */
static inline uint64_t weigh_native_chunk(uintptr_t address)
{
	/* The compiler knows malloc, and is not to know that this lies before the block. */
	__asm__("" : "+r"(address));
	return ((const uint64_t *)address)[-1];
}

enum {
	WEIGH_CHUNK_MAPPED = 2, /* it has a mapping of its own, and a header of two words */
	WEIGH_CHUNK_FLAGS = 7,
	WEIGH_CHUNK_SHORT = 1 << 16,
};

/* Whether a chunk is none of its own mapping and below WEIGH_CHUNK_SHORT bytes. */
static inline bool weigh_native_is_short(uint64_t chunk)
{
	return !(chunk & ~(uint64_t)(WEIGH_CHUNK_SHORT - 1 - WEIGH_CHUNK_MAPPED));
}

/* malloc's chunk: what the program may use and the header before it. */
static inline uint64_t weigh_native_footprint(uintptr_t address)
{
	if (weigh_unlikely(!weigh_native_chunks))
		return weigh_native_ask(address);
	uint64_t chunk = weigh_native_chunk(address);
	uint64_t bytes = chunk & ~(uint64_t)WEIGH_CHUNK_FLAGS;
	return chunk & WEIGH_CHUNK_MAPPED ? bytes - sizeof(uint64_t) : bytes;
}

/* What malloc would keep for a request: for blocks of allocators that cannot be asked. */
uint64_t weigh_opaque_footprint(uint64_t bytes);

/* Counts a block as allocated (1 block) or freed (-1), and one that was counted so in error back again. */
void weigh_native_count_allocated(int64_t footprint, int64_t blocks);
void weigh_native_count_freed(int64_t footprint, int64_t blocks);

/* Marks a block that is counted but not sampled; false when its end would not be noticed. */
bool weigh_native_mark(uintptr_t address);

/* Counts a block out of the live ones. */
void weigh_native_count_out(uintptr_t address, uint64_t footprint, enum weigh_removal why);

/* Counts back a block that was counted out for a reallocation that failed. */
void weigh_native_count_back(uintptr_t address, uint64_t footprint);

/*
 * Counts and marks a block and returns true, or leaves everything to
 * weigh_event_native: for a block that is sampled, not short or the first of
 * its granule, and when the thread has too much pending. Only when chunks can
 * be read.
 */
static inline bool weigh_native_born(struct weigh_thread *thread, uintptr_t address, size_t bytes)
{
	struct weigh_granule *granule = weigh_granule_find(address);
	int64_t countdown = thread->countdown - (int64_t)(bytes + !bytes);
	uint64_t chunk = weigh_native_chunk(address);
	if (weigh_unlikely(!granule || countdown < 0 || !weigh_native_is_short(chunk)))
		return false;
	uint64_t footprint = chunk & ~(uint64_t)WEIGH_CHUNK_FLAGS;
	if (weigh_alone()) {
		struct weigh_counters *counters = &weigh_recorder.header->counters;
		weigh_recorder.small_room = -1;
		counters->other_live += (int64_t)footprint;
		counters->other_blocks_live++;
		counters->other_allocated += footprint;
		counters->other_blocks_allocated++;
		weigh_state_set(granule, address, WEIGH_BLOCK_NATIVE, false);
	} else {
		struct weigh_pending *pending = &thread->pending;
		int64_t allocated = pending->allocated + (int64_t)footprint;
		if (weigh_unlikely(allocated - pending->freed >= WEIGH_PENDING))
			return false;
		pending->allocated = allocated;
		pending->blocks_allocated++;
		weigh_state_set(granule, address, WEIGH_BLOCK_NATIVE, true);
	}
	thread->allocations++;
	thread->countdown = countdown;
	if (weigh_unlikely(thread->profile))
		weigh_profile_charge_allocated(thread->profile, footprint);
	return true;
}

/*
 * Counts out and unmarks a counted block and returns true, or leaves
 * everything to weigh_native_end: for a block that is sampled or not short, and
 * when its end may be the fall from a peak or the thread has too much pending.
 * True also for a block that is not recorded. Only when chunks can be read.
 */
static inline bool weigh_native_gone(struct weigh_thread *thread, uintptr_t address)
{
	struct weigh_granule *granule = weigh_granule_find(address);
	if (weigh_unlikely(!granule))
		return true;
	enum weigh_block_state state = weigh_state_get(granule, address);
	if (weigh_unlikely(state != WEIGH_BLOCK_NATIVE))
		return state == WEIGH_BLOCK_NONE;
	uint64_t chunk = weigh_native_chunk(address);
	if (weigh_unlikely(!weigh_native_is_short(chunk)))
		return false;
	uint64_t footprint = chunk & ~(uint64_t)WEIGH_CHUNK_FLAGS;
	if (weigh_alone()) {
		struct weigh_header *header = weigh_recorder.header;
		if (weigh_unlikely(weigh_counters_live(&header->counters) > header->peak.footprint))
			return false;
		header->counters.other_live -= (int64_t)footprint;
		header->counters.other_blocks_live--;
		weigh_state_clear(granule, address, false);
	} else {
		struct weigh_pending *pending = &thread->pending;
		int64_t live = pending->allocated - pending->freed;
		if (weigh_unlikely(live > pending->room || live - (int64_t)footprint <= -WEIGH_PENDING))
			return false;
		pending->freed += (int64_t)footprint;
		pending->blocks_freed++;
		weigh_state_clear(granule, address, true);
	}
	if (weigh_unlikely(thread->profile))
		weigh_profile_charge_freed(thread->profile, footprint);
	return true;
}

/* The end of any recorded block, inside an event of this thread. */
void weigh_native_end(struct weigh_thread *thread, uintptr_t address);

#endif
