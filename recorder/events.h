/*
 * An allocation or a free arrives: the way in for every hook.
 *
 * A hook calls weigh_event_enter, forwards the request, and hands the result
 * to weigh_event_small or weigh_event_native; before a free it calls
 * weigh_event_free; around a realloc weigh_event_remove and, when that failed,
 * weigh_event_put_back. A small block in a known pool that is not sampled needs
 * no event: see weigh_event_small_passes and its kin. A native one that is not
 * sampled is counted in a few instructions too: see native.h.
 *
 * Counters: while the process has one thread every count is exact at every
 * event. After that native blocks are counted in the thread's own record and
 * added to the shared counters whenever they come to WEIGH_PENDING bytes, so
 * that the live footprint is exact to within that for each thread.
 */
#ifndef WEIGH_RECORDER_EVENTS_H
#define WEIGH_RECORDER_EVENTS_H

#include "recorder/pools.h"
#include "recorder/profile.h"
#include "recorder/thread.h"
#include "weigh/format_math.h"

enum { WEIGH_PENDING = 16384 };

#define weigh_likely(x) __builtin_expect(!!(x), 1)
#define weigh_unlikely(x) __builtin_expect(!!(x), 0)

/*
 * The thread's record with `depth` set, so that nested allocator calls pass
 * through; NULL when the event is to be passed through. Ends with
 * weigh_event_leave. The gate is looked at again once `depth` shows that this
 * thread is inside: see weigh_recorder_stop.
 */
static inline struct weigh_thread *weigh_event_enter(void)
{
	struct weigh_thread *thread = weigh_self;
	if (weigh_unlikely(!weigh_gate.on))
		return NULL;
	if (weigh_unlikely(!thread) && !(thread = weigh_thread_attach()))
		return NULL;
	if (weigh_unlikely(thread->depth))
		return NULL;
	thread->depth = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (weigh_unlikely(!*(volatile uint32_t *)&weigh_gate.on)) {
		thread->depth = 0;
		return NULL;
	}
	thread->natives = 0;
	return thread;
}

/*
 * As weigh_event_enter, for a thread that has a record. The gate is looked at
 * only once: where it is shut nothing but the thread's own record is written.
 */
static inline struct weigh_thread *weigh_event_enter_soon(void)
{
	struct weigh_thread *thread = weigh_self;
	if (weigh_unlikely(!thread) || weigh_unlikely(thread->depth))
		return NULL;
	thread->depth = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (weigh_likely(*(volatile uint32_t *)&weigh_gate.on))
		return thread;
	thread->depth = 0;
	return NULL;
}

static inline void weigh_event_leave(struct weigh_thread *thread)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	thread->depth = 0;
}

/*
 * Tells the hook outside this one what malloc returned: when that is what the
 * outer request returns, its block is malloc's. (The small-object allocator,
 * and other tools between it and us, also call malloc for their own tables, so
 * the first few are kept.) Returns the block.
 */
static inline void *weigh_event_note_native(void *block)
{
	struct weigh_thread *thread = weigh_self;
	if (!thread || thread->gone || thread->natives == WEIGH_THREAD_NATIVES)
		return block;
	if (!thread->natives || thread->native[thread->natives - 1] != block)
		thread->native[thread->natives++] = block;
	return block;
}

/* Whether malloc returned this block to a call within the present event. */
static inline bool weigh_event_is_native(const struct weigh_thread *thread, const void *block)
{
	for (uint32_t i = 0; i < thread->natives; i++)
		if (thread->native[i] == block)
			return true;
	return false;
}

/* Whether the map has a block as malloc's, counted and not sampled. */
static inline bool weigh_event_is_native_counted(const void *block)
{
	const struct weigh_granule *granule = weigh_granule_near((uintptr_t)block);
	return granule && weigh_state_get(granule, (uintptr_t)block) == WEIGH_BLOCK_NATIVE;
}

/* In whose name malloc was called. */
static inline enum weigh_domain weigh_event_native_domain(const struct weigh_thread *thread)
{
	return weigh_unlikely(thread->request) ? (enum weigh_domain)(thread->request - 1)
					       : WEIGH_DOMAIN_MALLOC;
}

/* A block of a known kind that is sampled; slow path of the two below. */
void weigh_event_sampled(struct weigh_thread *thread, void *block, size_t bytes, uint64_t footprint,
			 enum weigh_domain domain, enum weigh_block_kind kind);

/* Records a block that came from malloc. */
void weigh_event_native(struct weigh_thread *thread, void *block, size_t bytes, enum weigh_domain domain);

/* Records a block whose footprint nobody can tell. */
void weigh_event_opaque(struct weigh_thread *thread, void *block, size_t bytes, enum weigh_domain domain);

static inline void weigh_event_count_small(uint64_t footprint)
{
	struct weigh_counters *counters = &weigh_recorder.header->counters;
	counters->small_allocated += footprint;
	counters->small_blocks_allocated++;
}

static inline void weigh_event_count_small_freed(uint64_t footprint)
{
	struct weigh_counters *counters = &weigh_recorder.header->counters;
	counters->small_freed += footprint;
	counters->small_blocks_freed++;
}

/* Takes back the count of a small block that could not be recorded. */
static inline void weigh_event_uncount_small(uint64_t footprint)
{
	struct weigh_counters *counters = &weigh_recorder.header->counters;
	counters->small_allocated -= footprint;
	counters->small_blocks_allocated--;
	weigh_profile_note_allocated(-(int64_t)footprint);
}

/* What the two below ask of a request and of its thread. */
static inline bool weigh_event_is_unsampled(const struct weigh_thread *thread, size_t bytes)
{
	return weigh_likely(thread != NULL) && weigh_likely(bytes - 1 < WEIGH_POOL_SMALL_MAX) &&
	       weigh_likely(thread->countdown >= (int64_t)bytes);
}

static inline void weigh_event_pass_small(struct weigh_thread *thread, size_t bytes)
{
	thread->countdown -= (int64_t)bytes;
	thread->allocations++;
	weigh_event_count_small(weigh_pool_rounded(bytes));
}

/*
 * Counts a small block that is about to be allocated and will not be sampled.
 * False when it is to be recorded by an event: it is sampled, or not small, or
 * its pool may be one that is not known. Under the GIL. 21 instructions: the
 * request need not come back to us, because a known pool's blocks are counted
 * unless the map says otherwise. One that the allocator then refuses stays
 * counted.
 */
static inline bool weigh_event_small_passes(size_t bytes)
{
	struct weigh_thread *thread = weigh_self;
	if (weigh_unlikely(weigh_gate.on != WEIGH_GATE_KNOWN) || !weigh_event_is_unsampled(thread, bytes))
		return false;
	weigh_event_pass_small(thread, bytes);
	return true;
}

/* The same while a profiled function runs: the line it is on is charged. */
static inline bool weigh_event_small_passes_watched(size_t bytes)
{
	struct weigh_thread *thread = weigh_self;
	if (weigh_gate.on != WEIGH_GATE_WATCHED || !weigh_event_is_unsampled(thread, bytes))
		return false;
	weigh_event_pass_small(thread, bytes);
	weigh_profile_note_allocated((int64_t)weigh_pool_rounded(bytes));
	return true;
}

/*
 * Records a block of the small-object allocator and what it occupies: for a
 * fresh block its bytes rounded up to 16, for a reallocated one, which may
 * have been left in a larger place, what its pool says. Under the GIL.
 */
static inline void weigh_event_small(struct weigh_thread *thread, void *block, size_t bytes,
				     uint64_t footprint, enum weigh_domain domain)
{
	thread->allocations++;
	thread->countdown -= (int64_t)bytes;
	if (weigh_likely(!weigh_recorder.fileless))
		weigh_event_count_small(footprint);
	weigh_profile_note_allocated((int64_t)footprint);
	if (weigh_unlikely(thread->countdown < 0)) {
		weigh_event_sampled(thread, block, bytes, footprint, domain, WEIGH_KIND_SMALL);
		return;
	}
	struct weigh_granule *granule = weigh_granule_find((uintptr_t)block);
	if (weigh_unlikely(!granule) && !(granule = weigh_granule_make((uintptr_t)block))) {
		weigh_recorder_lose(WEIGH_LOSS_MEMORY, bytes);
		weigh_event_uncount_small(footprint);
		return;
	}
	weigh_state_set(granule, (uintptr_t)block, WEIGH_BLOCK_SMALL, false);
}

/* A block taken out of the map: enough to put it back. */
struct weigh_taken {
	struct weigh_granule *granule; /* NULL: the block was not recorded */
	uintptr_t address;
	uint64_t footprint;
	enum weigh_block_state state;
	struct weigh_entry entry; /* for state SAMPLED */
};

enum weigh_removal {
	WEIGH_REMOVE_FREE,    /* the block ends */
	WEIGH_REMOVE_REALLOC, /* it moves */
	WEIGH_REMOVE_RETRACT, /* its record is replaced by another of the same block */
};

/* Takes a block out, inside an event; `taken->granule` is NULL when it was not recorded. */
void weigh_event_remove(uintptr_t address, enum weigh_removal why, struct weigh_taken *taken);

/* Notes a new peak when live bytes are above the last one; called before they fall. */
void weigh_event_new_peak(uint64_t live);

/* Footprint of all that is live in the process, less what other threads have not added yet. */
static inline int64_t weigh_event_live(void)
{
	const struct weigh_thread *thread = weigh_self;
	return (int64_t)weigh_counters_live(&weigh_recorder.header->counters) +
	       (thread ? weigh_pending_live(thread) : 0);
}

static inline void weigh_event_check_peak(void)
{
	struct weigh_header *header = weigh_recorder.header;
	int64_t live = weigh_event_live();
	if (weigh_unlikely(live > (int64_t)header->peak.footprint))
		weigh_event_new_peak((uint64_t)live);
	weigh_recorder.small_room =
		weigh_counters_small_live(&header->counters) + ((int64_t)header->peak.footprint - live);
}

/* Records the end of a block that is more than a small one counted. On any thread, inside an event or not. */
void weigh_event_end(uintptr_t address);

/* Whether a block of this thread, or another's, that ends now was temporary. */
static inline bool weigh_event_is_brief(const struct weigh_thread *thread, uint32_t site, uint64_t birth)
{
	return thread && weigh_recorder.sites[site].thread == thread->index &&
	       thread->allocations - birth < WEIGH_TEMPORARY;
}

/* A small block in a known pool whose end is all there is to count; the gate says that pools are known. */
static inline bool weigh_event_is_plain(uintptr_t address)
{
	const struct weigh_granule *granule = weigh_granule_near(address);
	return weigh_likely(granule) &&
	       weigh_likely(weigh_state_get(granule, address) == WEIGH_BLOCK_SMALL) &&
	       weigh_likely(weigh_counters_small_live(&weigh_recorder.header->counters) <=
			    weigh_recorder.small_room);
}

/* Counts a small block that is about to be freed; false when weigh_event_free is to look at it. Under the GIL. */
static inline bool weigh_event_small_free_passes(const void *block)
{
	uintptr_t address = (uintptr_t)block;
	if (weigh_unlikely(weigh_gate.on != WEIGH_GATE_KNOWN) ||
	    weigh_unlikely(!weigh_event_is_plain(address)))
		return false;
	weigh_event_count_small_freed(weigh_pool_footprint(address));
	return true;
}

/* The same while a profiled function runs. */
static inline bool weigh_event_small_free_passes_watched(const void *block)
{
	uintptr_t address = (uintptr_t)block;
	if (weigh_gate.on != WEIGH_GATE_WATCHED || !weigh_event_is_plain(address))
		return false;
	uint64_t footprint = weigh_pool_footprint(address);
	weigh_event_count_small_freed(footprint);
	weigh_profile_note_freed((int64_t)footprint);
	return true;
}

/*
 * Whether a small block may be reallocated without an event: neither it nor
 * what replaces it is sampled. Then, when the request was granted,
 * weigh_event_small_moved counts it. Under the GIL.
 */
static inline bool weigh_event_small_realloc_passes(const void *block, size_t bytes)
{
	const struct weigh_thread *thread = weigh_self;
	return weigh_likely(weigh_gate.on == WEIGH_GATE_KNOWN) && weigh_likely(thread != NULL) &&
	       bytes - 1 < WEIGH_POOL_SMALL_MAX && weigh_likely(thread->countdown >= (int64_t)bytes) &&
	       weigh_event_is_plain((uintptr_t)block);
}

static inline void weigh_event_small_moved(uint64_t footprint_before, const void *block, size_t bytes)
{
	weigh_self->countdown -= (int64_t)bytes;
	weigh_self->allocations++;
	weigh_event_count_small(weigh_pool_footprint((uintptr_t)block));
	weigh_event_count_small_freed(footprint_before);
}

/* Records that a block is about to be freed. A block not recorded is silent. */
static inline void weigh_event_free(void *block)
{
	uintptr_t address = (uintptr_t)block;
	if (weigh_unlikely(!weigh_gate.on))
		return;
	struct weigh_granule *granule = weigh_granule_find(address);
	if (weigh_unlikely(!granule))
		return;
	switch (weigh_state_get(granule, address)) {
	case WEIGH_BLOCK_NONE:
		if ((granule->pools | granule->unsure_pools) & weigh_pool_bit(address))
			weigh_event_end(address);
		return;
	case WEIGH_BLOCK_SMALL:
		weigh_event_check_peak();
		weigh_event_count_small_freed(weigh_pool_footprint(address));
		weigh_profile_note_freed((int64_t)weigh_pool_footprint(address));
		weigh_state_clear(granule, address, false);
		return;
	default:
		weigh_event_end(address);
	}
}

/* Puts back what was taken out for a reallocation that failed. */
void weigh_event_put_back(const struct weigh_taken *taken);

/*
 * An extension says that it handed out (PyTraceMalloc_Track) or took back a
 * block of its own. A malloc'd block at that address was the same block: its
 * record is retracted.
 */
void weigh_event_track(struct weigh_thread *thread, uintptr_t address, size_t bytes);

#endif
