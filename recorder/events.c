/*
 * Events: the paths of sampled blocks, of frees that are more than a bit, and
 * of a new peak. Any thread, inside an event. Native blocks: see native.c.
 */
#include "recorder/events.h"

#include "base/clock.h"
#include "recorder/codes.h"
#include "recorder/exact.h"
#include "recorder/native.h"

static struct weigh_spin sizes_locks[WEIGH_SIZE_STRIPES];

void weigh_event_new_peak(uint64_t live)
{
	struct weigh_header *header = weigh_recorder.header;
	uint64_t now = weigh_clock_coarse(); /* may lie a tick before the start */
	header->peak.footprint = live;
	header->peak.blocks = weigh_counters_blocks(&header->counters);
	if (weigh_self)
		header->peak.blocks += (uint64_t)weigh_pending_blocks(weigh_self);
	header->peak.time_ns = now > weigh_recorder.started_ns ? now - weigh_recorder.started_ns : 0;
	header->peak.epoch++;
}

/* Holders of the GIL share the first histogram and need no lock; others spread over the rest. */
static inline void count_size(const struct weigh_thread *thread, enum weigh_domain domain, uint64_t bytes,
			      const struct weigh_weight *weight)
{
	bool gil = weigh_domain_under_gil(domain);
	unsigned stripe = gil ? 0 : 1 + thread->index % (WEIGH_SIZE_STRIPES - 1);
	struct weigh_size_bucket *bucket =
		&weigh_recorder.sizes[stripe * WEIGH_SIZE_BUCKETS + weigh_size_bucket_index(bytes)];
	if (!gil && !weigh_spin_take(&sizes_locks[stripe]))
		return;
	bucket->blocks += weight->blocks;
	bucket->bytes += weight->bytes;
	if (!gil)
		weigh_spin_give(&sizes_locks[stripe]);
}

/* The sampler's measure of its load; in exact mode nobody asks. */
static void count_live_samples(int64_t change)
{
	if (!weigh_recorder.exact)
		weigh_shared_add(&weigh_recorder.header->counters.live_samples, change);
}

static inline struct weigh_weight entry_weight(const struct weigh_entry *entry, uint64_t footprint)
{
	double probability = 1;
	if (weigh_unlikely(entry->period))
		probability = weigh_sampler_probability(entry->size, entry->period);
	return weigh_weight_of(entry->size, footprint, probability);
}

/* Marks a block that is counted but not sampled; false when its end would not be noticed. */
static bool mark_counted(void *block, enum weigh_block_kind kind)
{
	struct weigh_granule *granule;
	if (kind == WEIGH_KIND_NATIVE)
		return weigh_native_mark((uintptr_t)block);
	if (kind == WEIGH_KIND_OPAQUE || !(granule = weigh_granule_make((uintptr_t)block)))
		return false;
	weigh_state_set(granule, (uintptr_t)block, WEIGH_BLOCK_SMALL, false);
	return true;
}

/* A block whose end will not be noticed must not stay among the live ones for ever. */
static void uncount(enum weigh_block_kind kind, uint64_t footprint)
{
	if (kind == WEIGH_KIND_SMALL)
		weigh_event_uncount_small(footprint);
	else
		weigh_native_count_allocated(-(int64_t)footprint, -1);
}

static __attribute__((noinline)) bool store(struct weigh_thread *thread, void *block,
					    struct weigh_entry entry, uint64_t footprint,
					    enum weigh_domain domain)
{
	uint32_t site;
	struct weigh_granule *granule = weigh_granule_find((uintptr_t)block);
	struct weigh_weight weight = entry_weight(&entry, footprint);
	if (weigh_unlikely(!granule))
		granule = weigh_granule_make((uintptr_t)block);
	if (!granule || !weigh_site_born(thread, domain, &weight, &site))
		return false;
	entry.site = site;
	if (!weigh_blocks_add(granule, (uintptr_t)block, entry)) {
		weigh_site_apply(site, &weight, WEIGH_SITE_RETRACT);
		return false;
	}
	weigh_state_set(granule, (uintptr_t)block, WEIGH_BLOCK_SAMPLED, entry.kind != WEIGH_KIND_SMALL);
	if (entry.traced)
		weigh_trace_born(domain, entry.size);
	count_size(thread, domain, entry.size, &weight);
	count_live_samples(1);
	return true;
}

static __attribute__((noinline)) void record_sampled(struct weigh_thread *thread, void *block, size_t bytes,
						     uint64_t footprint, enum weigh_domain domain,
						     enum weigh_block_kind kind)
{
	const uint64_t largest = (1ull << WEIGH_ENTRY_SIZE_MAX_LOG) - 1;
	struct weigh_entry entry = {
		.kind = kind,
		.sampled = 1,
		.period = kind == WEIGH_KIND_OPAQUE ? 0 : weigh_sampler_draw(thread),
		.traced = weigh_trace_is_due(thread, domain),
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

void weigh_event_sampled(struct weigh_thread *thread, void *block, size_t bytes, uint64_t footprint,
			 enum weigh_domain domain, enum weigh_block_kind kind)
{
	if (weigh_likely(weigh_recorder.exact && kind == WEIGH_KIND_SMALL) &&
	    weigh_exact_record(thread, (uintptr_t)block, bytes, footprint, domain))
		return;
	record_sampled(thread, block, bytes, footprint, domain, kind);
}

/* Counts a block of a kind out of the live ones, and says what it occupied. */
static uint64_t count_out(uintptr_t address, enum weigh_block_kind kind, uint64_t bytes,
			  enum weigh_removal why)
{
	uint64_t footprint = 0;
	switch (kind) {
	case WEIGH_KIND_SMALL:
		footprint = weigh_pool_footprint(address);
		weigh_event_count_small_freed(footprint);
		weigh_profile_note_freed((int64_t)footprint);
		break;
	case WEIGH_KIND_NATIVE:
	case WEIGH_KIND_OPAQUE:
		footprint = kind == WEIGH_KIND_NATIVE ? weigh_native_footprint(address)
						      : weigh_opaque_footprint(bytes);
		weigh_native_count_out(address, footprint, why);
		break;
	case WEIGH_KIND_UNCOUNTED:
		break;
	}
	return footprint;
}

static inline enum weigh_site_change change_of(const struct weigh_thread *thread,
					       const struct weigh_entry *entry, enum weigh_removal why)
{
	if (why == WEIGH_REMOVE_RETRACT)
		return WEIGH_SITE_RETRACT;
	if (why == WEIGH_REMOVE_REALLOC)
		return WEIGH_SITE_MOVED;
	if (weigh_event_is_brief(thread, (uint32_t)entry->site, entry->birth))
		return WEIGH_SITE_BRIEF;
	return WEIGH_SITE_FREED;
}

static inline enum weigh_domain domain_of(const struct weigh_entry *entry)
{
	return (enum weigh_domain)weigh_recorder.sites[entry->site].domain;
}

/* malloc's block that an extension reports is recorded anew at once: no fall, and at the peak what it becomes. */
static void note_peak(enum weigh_removal why, enum weigh_block_kind kind)
{
	if (why != WEIGH_REMOVE_RETRACT || kind != WEIGH_KIND_NATIVE)
		weigh_event_check_peak();
}

static void remove_entry(struct weigh_taken *taken, enum weigh_removal why)
{
	struct weigh_entry *entry = &taken->entry;
	if (!weigh_blocks_remove(taken->granule, taken->address, entry)) {
		weigh_recorder_lose(WEIGH_LOSS_BUSY, 0);
		taken->granule = NULL;
		return;
	}
	note_peak(why, (enum weigh_block_kind)entry->kind);
	weigh_state_clear(taken->granule, taken->address, entry->kind != WEIGH_KIND_SMALL);
	taken->footprint = count_out(taken->address, (enum weigh_block_kind)entry->kind, entry->size, why);
	if (entry->code)
		weigh_codes_forget((const void *)taken->address);
	if (!entry->sampled)
		return;
	if (entry->traced)
		weigh_trace_ended(domain_of(entry), entry->size);
	struct weigh_weight weight = entry_weight(entry, taken->footprint);
	if (!weigh_site_apply((uint32_t)entry->site, &weight, change_of(weigh_self, entry, why)))
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
	if (taken->state == WEIGH_BLOCK_SAMPLED) {
		remove_entry(taken, why);
	} else {
		bool small = taken->state == WEIGH_BLOCK_SMALL;
		note_peak(why, small ? WEIGH_KIND_SMALL : WEIGH_KIND_NATIVE);
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
		if (!weigh_recorder.exact || !weigh_exact_end(thread, address))
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
		weigh_profile_note_freed(-(int64_t)footprint);
	} else if (kind != WEIGH_KIND_UNCOUNTED) {
		weigh_native_count_back(address, footprint);
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
	if (taken->entry.traced)
		weigh_trace_born(domain_of(&taken->entry), taken->entry.size);
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
