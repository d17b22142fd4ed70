/*
 * Events: the paths of native and sampled blocks, of frees that are more than
 * a bit, and of a new peak. Any thread, inside an event.
 */
#include "recorder/events.h"

#include "base/clock.h"
#include "recorder/codes.h"
#include "recorder/large.h"
#include "recorder/sampler.h"
#include "recorder/sites.h"

#include <malloc.h>

static struct weigh_spin sizes_locks[WEIGH_SIZE_STRIPES];

void weigh_event_new_peak(uint64_t live)
{
	struct weigh_header *header = weigh_recorder.header;
	uint64_t now = weigh_clock_coarse(); /* may lie a tick before the start */
	header->peak.footprint = live;
	header->peak.blocks = weigh_counters_blocks(&header->counters);
	if (weigh_self)
		header->peak.blocks += (uint64_t)weigh_self->pending_blocks;
	header->peak.time_ns = now > weigh_recorder.started_ns ? now - weigh_recorder.started_ns : 0;
	header->peak.epoch++;
}

/* malloc's chunk: what the program may use and the header before it. */
static uint64_t native_footprint(uintptr_t address)
{
	return malloc_usable_size((void *)address) + sizeof(size_t);
}

/* What malloc would keep for a request: for blocks of allocators that cannot be asked. */
static uint64_t opaque_footprint(uint64_t bytes)
{
	uint64_t chunk = (bytes + sizeof(size_t) + 15) & ~(uint64_t)15;
	return chunk < 32 ? 32 : chunk;
}

/* Counts native bytes that came (1), went (-1), came back (1, not as an allocation) or never were. */
static void count_native(int64_t live, int64_t blocks, int64_t allocated, int64_t blocks_allocated)
{
	struct weigh_counters *counters = &weigh_recorder.header->counters;
	struct weigh_thread *thread = weigh_self;
	if (weigh_alone() || !thread || thread->gone) {
		weigh_recorder.small_room = -1;
		weigh_shared_add(&counters->other_live, live);
		weigh_shared_add(&counters->other_blocks_live, blocks);
		weigh_shared_add(&counters->other_allocated, allocated);
		weigh_shared_add(&counters->other_blocks_allocated, blocks_allocated);
		return;
	}
	thread->pending_live += live;
	thread->pending_blocks += blocks;
	thread->pending_allocated += allocated;
	thread->pending_blocks_allocated += blocks_allocated;
	if (thread->pending_live >= WEIGH_PENDING || thread->pending_live <= -WEIGH_PENDING)
		weigh_thread_flush(thread);
}

static void count_size(const struct weigh_thread *thread, uint64_t bytes, const struct weigh_weight *weight)
{
	unsigned stripe = (thread->index + WEIGH_SIZE_STRIPES - 1u) % WEIGH_SIZE_STRIPES;
	struct weigh_size_bucket *bucket =
		&weigh_recorder.sizes[stripe * WEIGH_SIZE_BUCKETS + weigh_size_bucket_index(bytes)];
	if (!weigh_spin_take(&sizes_locks[stripe]))
		return;
	bucket->blocks += weight->blocks;
	bucket->bytes += weight->bytes;
	weigh_spin_give(&sizes_locks[stripe]);
}

/* The sampler's measure of its load; in exact mode nobody asks. */
static void count_live_samples(int64_t change)
{
	if (!weigh_recorder.exact)
		weigh_shared_add(&weigh_recorder.header->counters.live_samples, change);
}

static struct weigh_weight entry_weight(const struct weigh_entry *entry, uint64_t footprint)
{
	return weigh_weight_of(entry->size, footprint, weigh_sampler_probability(entry->size, entry->period));
}

/* Marks a block that is counted but not sampled; false when its end would not be noticed. */
static bool mark_counted(void *block, enum weigh_block_kind kind)
{
	struct weigh_granule *granule = weigh_granule_make((uintptr_t)block);
	if (!granule || kind == WEIGH_KIND_OPAQUE)
		return false;
	weigh_state_set(granule, (uintptr_t)block,
			kind == WEIGH_KIND_SMALL ? WEIGH_BLOCK_SMALL : WEIGH_BLOCK_NATIVE,
			kind != WEIGH_KIND_SMALL);
	return true;
}

/* A block whose end will not be noticed must not stay among the live ones for ever. */
static void uncount(enum weigh_block_kind kind, uint64_t footprint)
{
	if (kind == WEIGH_KIND_SMALL)
		weigh_event_uncount_small(footprint);
	else
		count_native(-(int64_t)footprint, -1, -(int64_t)footprint, -1);
}

static bool store(struct weigh_thread *thread, void *block, struct weigh_entry entry, uint64_t footprint,
		  enum weigh_domain domain)
{
	uint32_t site;
	struct weigh_granule *granule = weigh_granule_make((uintptr_t)block);
	struct weigh_weight weight = entry_weight(&entry, footprint);
	if (!granule || !weigh_site_born(thread, domain, &weight, &site))
		return false;
	entry.site = site;
	if (!weigh_blocks_add(granule, (uintptr_t)block, entry)) {
		weigh_site_apply(site, &weight, WEIGH_SITE_RETRACT);
		return false;
	}
	weigh_state_set(granule, (uintptr_t)block, WEIGH_BLOCK_SAMPLED, entry.kind != WEIGH_KIND_SMALL);
	count_size(thread, entry.size, &weight);
	count_live_samples(1);
	return true;
}

void weigh_event_sampled(struct weigh_thread *thread, void *block, size_t bytes, uint64_t footprint,
			 enum weigh_domain domain, enum weigh_block_kind kind)
{
	const uint64_t largest = (1ull << WEIGH_ENTRY_SIZE_MAX_LOG) - 1;
	struct weigh_entry entry = {
		.kind = kind,
		.sampled = 1,
		.period = kind == WEIGH_KIND_OPAQUE ? 0 : weigh_sampler_draw(thread),
		.birth = thread->allocations,
		.size = bytes < largest ? bytes : largest,
	};
	if (weigh_unlikely(thread->name_at && weigh_domain_under_gil(domain) &&
			   thread->allocations >= thread->name_at))
		weigh_thread_find_name(thread);
	if (store(thread, block, entry, footprint, domain))
		return;
	weigh_recorder_lose(WEIGH_LOSS_BUSY, bytes);
	if (!mark_counted(block, kind))
		uncount(kind, footprint);
}

void weigh_event_native(struct weigh_thread *thread, void *block, size_t bytes, enum weigh_domain domain)
{
	uint64_t footprint = native_footprint((uintptr_t)block);
	thread->allocations++;
	thread->countdown -= (int64_t)(bytes ? bytes : 1);
	count_native((int64_t)footprint, 1, (int64_t)footprint, 1);
	weigh_large_note((uintptr_t)block, footprint, WEIGH_LARGE_BLOCK);
	if (thread->countdown < 0) {
		weigh_event_sampled(thread, block, bytes, footprint, domain, WEIGH_KIND_NATIVE);
	} else if (weigh_unlikely(!mark_counted(block, WEIGH_KIND_NATIVE))) {
		weigh_recorder_lose(WEIGH_LOSS_MEMORY, bytes);
		uncount(WEIGH_KIND_NATIVE, footprint);
	}
}

void weigh_event_opaque(struct weigh_thread *thread, void *block, size_t bytes, enum weigh_domain domain)
{
	uint64_t footprint = opaque_footprint(bytes);
	thread->allocations++;
	count_native((int64_t)footprint, 1, (int64_t)footprint, 1);
	weigh_event_sampled(thread, block, bytes, footprint, domain, WEIGH_KIND_OPAQUE);
}

/* Counts a block of a kind out of the live ones, and says what it occupied. */
static uint64_t count_out(uintptr_t address, enum weigh_block_kind kind, uint64_t bytes,
			  enum weigh_removal why)
{
	struct weigh_counters *counters = &weigh_recorder.header->counters;
	bool retract = why == WEIGH_REMOVE_RETRACT;
	uint64_t footprint = 0;
	switch (kind) {
	case WEIGH_KIND_SMALL:
		footprint = weigh_pool_footprint(address);
		counters->small_freed += footprint;
		counters->small_blocks_freed++;
		break;
	case WEIGH_KIND_NATIVE:
	case WEIGH_KIND_OPAQUE:
		footprint = kind == WEIGH_KIND_NATIVE ? native_footprint(address) : opaque_footprint(bytes);
		weigh_large_forget(address, footprint);
		count_native(-(int64_t)footprint, -1, retract ? -(int64_t)footprint : 0, retract ? -1 : 0);
		break;
	case WEIGH_KIND_UNCOUNTED:
		break;
	}
	return footprint;
}

static enum weigh_site_change change_of(const struct weigh_entry *entry, enum weigh_removal why)
{
	const struct weigh_thread *thread = weigh_self;
	const struct weigh_site *site = &weigh_recorder.sites[entry->site];
	if (why == WEIGH_REMOVE_RETRACT)
		return WEIGH_SITE_RETRACT;
	if (why == WEIGH_REMOVE_REALLOC)
		return WEIGH_SITE_MOVED;
	if (thread && site->thread == thread->index && thread->allocations - entry->birth < WEIGH_TEMPORARY)
		return WEIGH_SITE_BRIEF;
	return WEIGH_SITE_FREED;
}

static void remove_entry(struct weigh_taken *taken, enum weigh_removal why)
{
	struct weigh_entry *entry = &taken->entry;
	if (!weigh_blocks_remove(taken->granule, taken->address, entry)) {
		weigh_recorder_lose(WEIGH_LOSS_BUSY, 0);
		taken->granule = NULL;
		return;
	}
	weigh_state_clear(taken->granule, taken->address, entry->kind != WEIGH_KIND_SMALL);
	taken->footprint = count_out(taken->address, (enum weigh_block_kind)entry->kind, entry->size, why);
	if (entry->code)
		weigh_codes_forget((const void *)taken->address);
	if (!entry->sampled)
		return;
	struct weigh_weight weight = entry_weight(entry, taken->footprint);
	if (!weigh_site_apply((uint32_t)entry->site, &weight, change_of(entry, why)))
		weigh_recorder_lose(WEIGH_LOSS_BUSY, entry->size);
	count_live_samples(-1);
}

/* Born before the recording, or never recorded: in a known pool its place is for ours now. */
static void remove_stranger(struct weigh_taken *taken)
{
	if (taken->granule->pools & weigh_pool_bit(taken->address))
		weigh_state_clear(taken->granule, taken->address, false);
	else
		taken->granule = NULL;
}

void weigh_event_remove(uintptr_t address, enum weigh_removal why, struct weigh_taken *taken)
{
	*taken = (struct weigh_taken){.address = address, .granule = weigh_granule_find(address)};
	if (!taken->granule)
		return;
	taken->state = weigh_state_get(taken->granule, address);
	if (taken->state == WEIGH_BLOCK_NONE &&
	    (taken->state = weigh_pools_settle(taken->granule, address)) == WEIGH_BLOCK_NONE) {
		remove_stranger(taken);
		return;
	}
	weigh_event_check_peak();
	if (taken->state == WEIGH_BLOCK_SAMPLED) {
		remove_entry(taken, why);
	} else {
		bool small = taken->state == WEIGH_BLOCK_SMALL;
		taken->footprint = count_out(address, small ? WEIGH_KIND_SMALL : WEIGH_KIND_NATIVE, 0, why);
		weigh_state_clear(taken->granule, address, !small);
	}
}

static void end_stray(uintptr_t address)
{
	struct weigh_taken taken;
	if (weigh_stray_enter())
		weigh_event_remove(address, WEIGH_REMOVE_FREE, &taken);
	weigh_stray_leave();
}

void weigh_event_end(uintptr_t address)
{
	struct weigh_taken taken;
	struct weigh_thread *thread = weigh_self;
	if (!thread || thread->gone) {
		end_stray(address);
	} else if (thread->depth) {
		weigh_event_remove(address, WEIGH_REMOVE_FREE, &taken);
	} else if ((thread = weigh_event_enter())) {
		weigh_event_remove(address, WEIGH_REMOVE_FREE, &taken);
		weigh_event_leave(thread);
	}
}

static void count_back(uintptr_t address, enum weigh_block_kind kind, uint64_t footprint)
{
	struct weigh_counters *counters = &weigh_recorder.header->counters;
	if (kind == WEIGH_KIND_SMALL) {
		counters->small_freed -= footprint;
		counters->small_blocks_freed--;
	} else if (kind != WEIGH_KIND_UNCOUNTED) {
		count_native((int64_t)footprint, 1, 0, 0);
		weigh_large_note(address, footprint, WEIGH_LARGE_BLOCK);
	}
}

void weigh_event_put_back(const struct weigh_taken *taken)
{
	if (!taken->granule)
		return;
	if (taken->state == WEIGH_BLOCK_NONE) {
		weigh_state_erase(taken->granule, taken->address);
		return;
	}
	bool sampled = taken->state == WEIGH_BLOCK_SAMPLED;
	enum weigh_block_kind kind = taken->state == WEIGH_BLOCK_SMALL ? WEIGH_KIND_SMALL : WEIGH_KIND_NATIVE;
	if (sampled) {
		kind = (enum weigh_block_kind)taken->entry.kind;
		if (!weigh_blocks_add(taken->granule, taken->address, taken->entry)) {
			weigh_recorder_lose(WEIGH_LOSS_BUSY, taken->entry.size);
			return;
		}
	}
	count_back(taken->address, kind, taken->footprint);
	weigh_state_set(taken->granule, taken->address, taken->state, kind != WEIGH_KIND_SMALL);
	if (!sampled || !taken->entry.sampled)
		return;
	struct weigh_weight weight = entry_weight(&taken->entry, taken->footprint);
	if (!weigh_site_apply((uint32_t)taken->entry.site, &weight, WEIGH_SITE_BACK))
		weigh_recorder_lose(WEIGH_LOSS_BUSY, taken->entry.size);
	count_live_samples(1);
}

void weigh_event_track(struct weigh_thread *thread, uintptr_t address, size_t bytes)
{
	struct weigh_taken taken;
	weigh_event_remove(address, WEIGH_REMOVE_RETRACT, &taken);
	bool native = taken.granule &&
		      (taken.state == WEIGH_BLOCK_NATIVE ||
		       (taken.state == WEIGH_BLOCK_SAMPLED && taken.entry.kind == WEIGH_KIND_NATIVE));
	if (native)
		weigh_event_native(thread, (void *)address, bytes, WEIGH_DOMAIN_ARRAY);
	else
		weigh_event_opaque(thread, (void *)address, bytes, WEIGH_DOMAIN_ARRAY);
}
