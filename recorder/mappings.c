/*
 * The table of anonymous mappings. Any thread, under its own lock.
 */
#define _GNU_SOURCE
#include "recorder/mappings.h"

#include "base/pages.h"
#include "base/spin.h"
#include "recorder/events.h"
#include "recorder/large.h"
#include "recorder/sites.h"
#include "recorder/traces.h"

#include <string.h>
#include <sys/mman.h>

enum {
	CAPACITY = 1 << 16,
	PAGE = 4096,
};

struct mapping {
	uintptr_t start;
	size_t bytes;     /* whole pages */
	size_t requested; /* the same once a part was unmapped */
	uint32_t site;
	bool traced; /* see traces.h */
};

static struct mapping *table; /* sorted by start, disjoint */
static uint32_t count;
static struct weigh_spin lock;

bool weigh_mappings_init(void)
{
	count = 0;
	table = weigh_pages_take(CAPACITY * sizeof(*table));
	return table != NULL;
}

void weigh_mappings_deinit(void)
{
	weigh_pages_give(table, CAPACITY * sizeof(*table));
	table = NULL;
	count = 0;
}

bool weigh_mapping_counts(int protection, int flags)
{
	return (flags & MAP_ANONYMOUS) && !(flags & MAP_NORESERVE) && protection != PROT_NONE;
}

static size_t round_up(size_t bytes)
{
	return (bytes + PAGE - 1) & ~(size_t)(PAGE - 1);
}

/* The first mapping that ends after an address. */
static uint32_t position(uintptr_t address)
{
	uint32_t low = 0;
	uint32_t high = count;
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		if (table[middle].start + table[middle].bytes <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void count_bytes(int64_t bytes, int64_t blocks, bool allocated)
{
	struct weigh_counters *counters = &weigh_recorder.header->counters;
	weigh_shared_add(&counters->other_live, bytes);
	weigh_shared_add(&counters->other_blocks_live, blocks);
	weigh_shared_add(&counters->mapped_live, bytes);
	if (allocated) {
		weigh_shared_add(&counters->other_allocated, bytes);
		weigh_shared_add(&counters->other_blocks_allocated, blocks);
		weigh_profile_note_allocated(bytes);
	} else {
		weigh_profile_note_freed(-bytes);
	}
}

static void apply(const struct mapping *mapping, enum weigh_site_change change)
{
	struct weigh_weight weight = weigh_weight_of(mapping->requested, mapping->bytes, 1);
	if (!weigh_site_apply(mapping->site, &weight, change))
		weigh_recorder_lose(WEIGH_LOSS_BUSY, mapping->requested);
}

static bool insert(uint32_t at, struct mapping mapping)
{
	if (count == CAPACITY)
		return false;
	memmove(&table[at + 1], &table[at], (count - at) * sizeof(*table));
	table[at] = mapping;
	count++;
	if (mapping.traced)
		weigh_trace_born(WEIGH_DOMAIN_MMAP, mapping.requested);
	weigh_large_note(mapping.start, mapping.bytes, WEIGH_LARGE_BLOCK);
	return true;
}

static void erase(uint32_t at)
{
	weigh_large_forget(table[at].start, table[at].bytes);
	if (table[at].traced)
		weigh_trace_ended(WEIGH_DOMAIN_MMAP, table[at].requested);
	count--;
	memmove(&table[at], &table[at + 1], (count - at) * sizeof(*table));
}

/* Enters what a cut left of a mapping; false when there is nothing or no room for it. */
static bool keep(uint32_t at, struct mapping piece)
{
	if (!piece.bytes)
		return false;
	if (!insert(at, piece)) {
		weigh_recorder_lose(WEIGH_LOSS_MEMORY, piece.bytes);
		return false;
	}
	apply(&piece, WEIGH_SITE_BACK);
	return true;
}

/* Replaces a mapping by what a cut of [start, end) leaves of it. */
static void cut_one(uint32_t at, uintptr_t start, uintptr_t end)
{
	struct mapping old = table[at];
	uintptr_t old_end = old.start + old.bytes;
	size_t left = start > old.start ? start - old.start : 0;
	size_t right = old_end > end ? old_end - end : 0;

	apply(&old, left || right ? WEIGH_SITE_MOVED : WEIGH_SITE_FREED);
	erase(at);
	bool kept_right = keep(at, (struct mapping){end, right, right, old.site, old.traced});
	bool kept_left = keep(at, (struct mapping){old.start, left, left, old.site, old.traced});
	int64_t kept = (int64_t)(kept_left ? left : 0) + (int64_t)(kept_right ? right : 0);
	count_bytes(kept - (int64_t)old.bytes, kept_left + kept_right - 1, false);
}

static void cut_locked(uintptr_t start, uintptr_t end)
{
	uint32_t at = position(start);
	while (at < count && table[at].start < end) {
		weigh_event_check_peak();
		cut_one(at, start, end);
		at = position(start);
	}
}

void weigh_mapping_cut(uintptr_t start, size_t bytes)
{
	if (!count)
		return;
	if (!weigh_spin_take(&lock)) {
		weigh_recorder_lose(WEIGH_LOSS_BUSY, bytes);
		return;
	}
	cut_locked(start, start + round_up(bytes));
	weigh_spin_give(&lock);
}

bool weigh_mapping_known(uintptr_t start)
{
	if (!weigh_spin_take(&lock))
		return false;
	uint32_t at = position(start);
	bool known = at < count && table[at].start == start;
	weigh_spin_give(&lock);
	return known;
}

void weigh_mappings_traced(bool forget, void (*see)(uint32_t site, uint64_t bytes, void *arg), void *arg)
{
	if (!weigh_spin_take(&lock))
		return;
	for (uint32_t i = 0; i < count; i++) {
		if (table[i].traced)
			see(table[i].site, table[i].requested, arg);
		table[i].traced = table[i].traced && !forget;
	}
	weigh_spin_give(&lock);
}

void weigh_mapping_add(struct weigh_thread *thread, uintptr_t start, size_t bytes)
{
	struct mapping mapping = {
		.start = start,
		.bytes = round_up(bytes),
		.requested = bytes,
		.traced = weigh_trace_is_due(thread, WEIGH_DOMAIN_MMAP),
	};
	thread->allocations++;
	if (!weigh_site_here(thread, WEIGH_DOMAIN_MMAP, bytes >= WEIGH_SITE_LARGE, &mapping.site) ||
	    !weigh_spin_take(&lock)) {
		weigh_recorder_lose(WEIGH_LOSS_BUSY, bytes);
		return;
	}
	cut_locked(start, start + mapping.bytes);
	bool added = insert(position(start), mapping);
	weigh_spin_give(&lock);
	if (!added) {
		weigh_recorder_lose(WEIGH_LOSS_MEMORY, bytes);
		return;
	}
	count_bytes((int64_t)mapping.bytes, 1, true);
	apply(&mapping, WEIGH_SITE_BORN);
}
