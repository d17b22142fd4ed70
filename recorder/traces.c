/*
 * The sums of traces, and their lists. Sums: any thread, inside an event.
 * Lists: one thread with the GIL; what others do meanwhile without it, with
 * native blocks, is seen or not. Nothing here allocates.
 */
#include "recorder/traces.h"

#include "recorder/blocks.h"
#include "recorder/mappings.h"

struct weigh_traces weigh_traces;

void weigh_traces_raise(int64_t live)
{
	int64_t peak = __atomic_load_n(&weigh_traces.peak, __ATOMIC_RELAXED);
	while (live > peak && !__atomic_compare_exchange_n(&weigh_traces.peak, &peak, live, true,
							   __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/* One look at all that is traced: entries of blocks, then mappings. */
struct look {
	bool forget;
	void (*see)(uint32_t site, uint64_t bytes, void *arg);
	void *arg;
};

static void see_entry(struct weigh_entry *entry, void *arg)
{
	const struct look *look = arg;
	if (entry->traced)
		look->see((uint32_t)entry->site, entry->size, look->arg);
	if (look->forget)
		entry->traced = 0;
}

static void look_through(const struct look *look)
{
	weigh_blocks_each(see_entry, (void *)look);
	weigh_mappings_traced(look->forget, look->see, look->arg);
}

/* What a block counted is taken back block by block: other threads go on adding. */
static void take_back(uint32_t site, uint64_t bytes, void *unused)
{
	(void)unused;
	weigh_trace_born((enum weigh_domain)weigh_recorder.sites[site].domain, -bytes);
}

void weigh_traces_forget(void)
{
	look_through(&(struct look){.forget = true, .see = take_back});
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

static void count(uint32_t site, uint64_t bytes, void *sum)
{
	(void)site;
	(void)bytes;
	++*(uint64_t *)sum;
}

uint64_t weigh_traces_count(void)
{
	uint64_t traced = 0;
	look_through(&(struct look){.see = count, .arg = &traced});
	return traced;
}

struct listing {
	struct weigh_trace *next;
	uint64_t left;
};

static void put(uint32_t site, uint64_t bytes, void *arg)
{
	struct listing *listing = arg;
	if (!listing->left)
		return;
	listing->left--;
	*listing->next++ = (struct weigh_trace){site, bytes};
}

uint64_t weigh_traces_list(struct weigh_trace *traces, uint64_t capacity)
{
	struct listing listing = {traces, capacity};
	look_through(&(struct look){.see = put, .arg = &listing});
	return capacity - listing.left;
}
