/*
 * The sums of traces, and their lists. Sums: any thread, inside an event.
 * Lists: one thread with the GIL; what others do meanwhile without it, with
 * native blocks, is seen or not. Nothing here allocates.
 */
#include "recorder/traces.h"

#include "recorder/blocks.h"

struct weigh_traces weigh_traces;

void weigh_traces_raise(int64_t live)
{
	int64_t peak = __atomic_load_n(&weigh_traces.peak, __ATOMIC_RELAXED);
	while (live > peak && !__atomic_compare_exchange_n(&weigh_traces.peak, &peak, live, true,
							   __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/* What a block counted is taken back block by block: other threads go on adding. */
static void forget(struct weigh_entry *entry, void *unused)
{
	(void)unused;
	if (!entry->traced)
		return;
	entry->traced = 0;
	weigh_trace_born((enum weigh_domain)weigh_recorder.sites[entry->site].domain, -(uint64_t)entry->size);
}

void weigh_traces_forget(void)
{
	weigh_blocks_each(forget, NULL);
	weigh_traces_reset_peak();
}

void weigh_traces_begin(uint32_t domains)
{
	weigh_traces = (struct weigh_traces){.domains = domains};
}

void weigh_traces_end(void)
{
	weigh_traces.domains = 0;
	if (weigh_recorder_running())
		weigh_traces_forget();
	weigh_traces = (struct weigh_traces){0};
}

void weigh_traces_read(uint64_t *live, uint64_t *peak)
{
	int64_t now = weigh_traces_live();
	weigh_traces_raise(now);
	*live = now > 0 ? (uint64_t)now : 0;
	*peak = (uint64_t)__atomic_load_n(&weigh_traces.peak, __ATOMIC_RELAXED);
}

void weigh_traces_reset_peak(void)
{
	int64_t live = weigh_traces_live();
	__atomic_store_n(&weigh_traces.peak, live > 0 ? live : 0, __ATOMIC_RELAXED);
}

static void count(struct weigh_entry *entry, void *sum)
{
	*(uint64_t *)sum += entry->traced;
}

uint64_t weigh_traces_count(void)
{
	uint64_t traced = 0;
	weigh_blocks_each(count, &traced);
	return traced;
}

struct listing {
	struct weigh_trace *next;
	uint64_t left;
};

static void put(struct weigh_entry *entry, void *arg)
{
	struct listing *listing = arg;
	if (!entry->traced || !listing->left)
		return;
	listing->left--;
	*listing->next++ = (struct weigh_trace){.site = (uint32_t)entry->site, .bytes = entry->size};
}

uint64_t weigh_traces_list(struct weigh_trace *traces, uint64_t capacity)
{
	struct listing listing = {traces, capacity};
	weigh_blocks_each(put, &listing);
	return capacity - listing.left;
}
