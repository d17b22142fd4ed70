/*
 * Native blocks: those of malloc, and those of allocators that cannot say what
 * a block occupies. Any thread, inside an event, without the GIL.
 *
 * A block that is not sampled costs some 100 instructions for its allocation
 * and as many for its free, and once the process has threads an atomic each.
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

/* malloc's chunk: what the program may use and the header before it. */
static inline uint64_t weigh_native_footprint(uintptr_t address)
{
	enum { MAPPED = 2, FLAGS = 7 };
	if (weigh_unlikely(!weigh_native_chunks))
		return weigh_native_ask(address);
	/* The compiler knows malloc, and is not to know that this lies before the block. */
	__asm__("" : "+r"(address));
	uint64_t word = ((const uint64_t *)address)[-1];
	/* A chunk of its own mapping has a header of two words. */
	return (word & ~(uint64_t)FLAGS) - (word & MAPPED) * 4;
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

/* The same for a block that is sampled or large, fills up what is pending, or is the first of its granule. */
void weigh_native_born_slowly(struct weigh_thread *thread, void *block, size_t bytes, uint64_t footprint,
			      enum weigh_domain domain);

/* weigh_event_native, inline. */
static inline void weigh_native_born(struct weigh_thread *thread, void *block, size_t bytes,
				     enum weigh_domain domain)
{
	uintptr_t address = (uintptr_t)block;
	uint64_t footprint = weigh_native_footprint(address);
	struct weigh_granule *granule = weigh_granule_find(address);
	thread->allocations++;
	thread->countdown -= (int64_t)(bytes + !bytes);
	if (weigh_unlikely(thread->countdown < 0 || footprint >= WEIGH_PENDING || !granule)) {
		weigh_native_born_slowly(thread, block, bytes, footprint, domain);
	} else if (weigh_alone()) {
		struct weigh_counters *counters = &weigh_recorder.header->counters;
		weigh_recorder.small_room = -1;
		counters->other_live += (int64_t)footprint;
		counters->other_blocks_live++;
		counters->other_allocated += footprint;
		counters->other_blocks_allocated++;
		weigh_state_set(granule, address, WEIGH_BLOCK_NATIVE, false);
	} else {
		thread->pending.allocated += footprint;
		thread->pending.blocks_allocated++;
		weigh_state_set(granule, address, WEIGH_BLOCK_NATIVE, true);
		if (weigh_unlikely(weigh_pending_live(thread) >= WEIGH_PENDING))
			weigh_thread_flush(thread);
	}
}

/* The end of a counted block that is large, fills up what is pending, or falls from what may be a peak. */
void weigh_native_gone_slowly(struct weigh_granule *granule, uintptr_t address, uint64_t footprint);

/* The end of a counted block, inside an event of this thread. */
static inline void weigh_native_gone(struct weigh_thread *thread, struct weigh_granule *granule,
				     uintptr_t address)
{
	uint64_t footprint = weigh_native_footprint(address);
	if (weigh_alone()) {
		struct weigh_header *header = weigh_recorder.header;
		struct weigh_counters *counters = &header->counters;
		if (weigh_unlikely(footprint >= WEIGH_LARGE_BYTES ||
				   weigh_counters_live(counters) > header->peak.footprint)) {
			weigh_native_gone_slowly(granule, address, footprint);
			return;
		}
		counters->other_live -= (int64_t)footprint;
		counters->other_blocks_live--;
		weigh_state_clear(granule, address, false);
	} else {
		int64_t live = weigh_pending_live(thread);
		if (weigh_unlikely(live > thread->pending.room ||
				   live < (int64_t)footprint - WEIGH_PENDING)) {
			weigh_native_gone_slowly(granule, address, footprint);
			return;
		}
		thread->pending.freed += footprint;
		thread->pending.blocks_freed++;
		weigh_state_clear(granule, address, true);
	}
}

/*
 * Records that malloc's block is about to be freed, on any thread, inside an
 * event or not. A block not recorded is silent. The map is looked at only once
 * `depth` shows that this thread is inside: see weigh_recorder_stop.
 */
static inline void weigh_native_free(uintptr_t address)
{
	struct weigh_thread *thread = weigh_self;
	if (weigh_unlikely(!thread || thread->depth)) {
		weigh_event_end(address);
		return;
	}
	thread->depth = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	struct weigh_granule *granule;
	if (weigh_likely(*(volatile uint32_t *)&weigh_gate.on) && (granule = weigh_granule_find(address))) {
		enum weigh_block_state state = weigh_state_get(granule, address);
		if (weigh_likely(state == WEIGH_BLOCK_NATIVE))
			weigh_native_gone(thread, granule, address);
		else if (state != WEIGH_BLOCK_NONE)
			weigh_event_end(address);
	}
	weigh_event_leave(thread);
}

#endif
