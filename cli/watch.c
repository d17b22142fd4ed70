/*
 * One look after the other at a program that records. One thread, the
 * launcher's; no allocation.
 *
 * The program can write anywhere in the mapping, also by mistake, so offsets
 * and capacities are checked and copied once, when the layout appears, and
 * never read again.
 */
#include "cli/watch.h"

#include "base/clock.h"
#include "cli/counters.h"
#include "weigh/format_math.h"

#include <string.h>

enum {
	CLOSE_LOOK_NS = 100000000, /* between readings that cost more */
	TOUCH_REST = 50,           /* asking for touched pages likewise */
	MOMENT_REST = 200,         /* taking moments may use 1 / this of the time */
};

void weigh_watch_init(struct weigh_watch *w, void *map, uint64_t size)
{
	memset(w, 0, sizeof(*w));
	w->header = map;
	w->size = size;
}

/* The entries of a section, or NULL when the header says something impossible. */
static void *section_entries(const struct weigh_watch *w, enum weigh_section_id id, uint32_t entry_size,
			     uint32_t *capacity)
{
	const struct weigh_section *s = &w->header->sections[id];
	uint64_t offset = s->offset, room = s->capacity;
	if (s->entry_size != entry_size || offset % 64 != 0 || offset < sizeof(struct weigh_header))
		return NULL;
	if (offset > w->size || room * entry_size > w->size - offset)
		return NULL;
	*capacity = (uint32_t)room;
	return (char *)w->header + offset;
}

static bool known_layout(const struct weigh_header *h)
{
	return h->version == WEIGH_FORMAT_VERSION && h->byte_order == WEIGH_BYTE_ORDER &&
	       h->header_size == sizeof(*h);
}

static bool bind_sections(struct weigh_watch *w)
{
	struct weigh_section *sections = w->header->sections;
	struct weigh_moments *m = &w->moments;
	uint32_t tick_room = 0, moment_room = 0, share_room = 0, site_room = 0;
	struct weigh_tick *ticks =
		section_entries(w, WEIGH_SECTION_TIMELINE, sizeof(struct weigh_tick), &tick_room);
	m->moments = section_entries(w, WEIGH_SECTION_MOMENTS, sizeof(struct weigh_moment), &moment_room);
	m->shares = section_entries(w, WEIGH_SECTION_SHARES, sizeof(struct weigh_share), &share_room);
	m->sites = section_entries(w, WEIGH_SECTION_SITES, sizeof(struct weigh_site), &site_room);
	w->large = section_entries(w, WEIGH_SECTION_LARGE, sizeof(struct weigh_large), &w->large_count);
	if (!w->large || !ticks || !m->moments || !m->shares || !m->sites)
		return false;

	m->section = &sections[WEIGH_SECTION_MOMENTS];
	m->share_section = &sections[WEIGH_SECTION_SHARES];
	m->site_section = &sections[WEIGH_SECTION_SITES];
	m->counters = &w->header->counters;
	m->capacity = share_room / WEIGH_MOMENT_SHARES < moment_room ? share_room / WEIGH_MOMENT_SHARES
								     : moment_room;
	m->site_capacity = site_room;
	m->step_ns = &w->header->moment_step_ns;
	weigh_moments_init(m);
	weigh_timeline_init(&w->timeline, &sections[WEIGH_SECTION_TIMELINE], ticks, tick_room,
			    &w->header->timeline_step_ns);
	return true;
}

bool weigh_watch_ready(struct weigh_watch *w)
{
	if (w->ready)
		return true;
	/* The recorder writes the magic last; one load must see all of it. */
	uint64_t magic, wanted;
	memcpy(&wanted, WEIGH_MAGIC, sizeof(wanted));
	if (w->size < sizeof(struct weigh_header))
		return false;
	magic = __atomic_load_n((const uint64_t *)w->header->magic, __ATOMIC_ACQUIRE);
	if (magic != wanted || !known_layout(w->header))
		return false;
	w->ready = bind_sections(w);
	w->moment_due_ns = WEIGH_MOMENT_STEP_NS;
	return w->ready;
}

static uint64_t at_least_zero(int64_t x)
{
	return x > 0 ? (uint64_t)x : 0;
}

static void note_peak(struct weigh_watch *w, uint64_t time_ns, const struct weigh_counters *c,
		      const struct weigh_proc_memory *memory)
{
	w->header->at_peak = (struct weigh_resident){
		.time_ns = time_ns,
		.anonymous = memory->resident - memory->shared,
		.file = memory->shared - memory->shmem,
		.shared = memory->shmem,
		.live = weigh_counters_live(c),
		.small_live = at_least_zero((int64_t)(c->small_allocated - c->small_freed)),
		.arenas = c->arenas,
		.mapped_live = at_least_zero(c->mapped_live),
		.untouched = memory->untouched,
		.reserved = memory->reserved,
		.recorder = c->recorder,
	};
}

/*
 * What is private to the program, in no live block and not the recorder's has
 * been freed and kept, but for what was so from the beginning. Pages of live
 * blocks that nobody has touched make it less, so it is a lower bound.
 */
static void note_reusable(struct weigh_watch *w, uint64_t live, const struct weigh_counters *c,
			  const struct weigh_proc_memory *memory)
{
	const struct weigh_resident *start = &w->header->at_start;
	int64_t besides = (int64_t)(memory->resident - memory->shared) - (int64_t)live - (int64_t)c->recorder;

	/* While the memory of a program that has ended is torn down, what was last true stands. */
	if (!memory->resident || w->header->state == WEIGH_STATE_ENDED)
		return;
	if (!w->begun) {
		int64_t before = (int64_t)start->anonymous - (int64_t)start->live - (int64_t)start->recorder;
		w->besides = besides > before ? besides : before;
		w->begun = true;
	}
	w->reusable = at_least_zero(besides - w->besides);
}

bool weigh_watch_wants_close_look(struct weigh_watch *w, uint64_t now_ns)
{
	if (now_ns < w->close_look_due_ns)
		return false;
	w->close_look_due_ns = now_ns + CLOSE_LOOK_NS;
	return true;
}

static bool still_at_a_rough_peak(const struct weigh_watch *w, uint64_t live)
{
	return w->peak_is_rough && live == w->live_highest;
}

const struct weigh_large *weigh_watch_wants_touch(const struct weigh_watch *w, uint64_t now_ns,
						  uint32_t *count)
{
	struct weigh_counters counters;
	if (!w->ready || now_ns < w->touch_due_ns)
		return NULL;
	weigh_counters_read(&w->header->counters, &counters);
	*count = w->large_count;
	uint64_t live = weigh_counters_live(&counters);
	return live > w->live_highest || still_at_a_rough_peak(w, live) ? w->large : NULL;
}

void weigh_watch_touched(struct weigh_watch *w, uint64_t now_ns, uint64_t cost_ns)
{
	w->touched_ns = now_ns;
	w->touch_due_ns = now_ns + cost_ns * TOUCH_REST;
}

static void take_moment(struct weigh_watch *w, uint64_t time_ns)
{
	uint64_t before = weigh_clock_now();
	weigh_moments_take(&w->moments, time_ns);
	uint64_t cost = weigh_clock_now() - before;
	uint64_t step = *w->moments.step_ns;
	/* Many sites take long to scan: rarer moments then, rather than a busier launcher. */
	if (step < cost * MOMENT_REST)
		step = cost * MOMENT_REST;
	w->moment_due_ns = time_ns + step - WEIGH_TIMELINE_STEP_NS / 2;
}

/* A peak is noted, or noted again when its touched pages have become known while it lasts. */
static void look_for_peak(struct weigh_watch *w, uint64_t now_ns, const struct weigh_counters *c,
			  const struct weigh_proc_memory *memory)
{
	uint64_t live = weigh_counters_live(c);
	bool just_touched = w->touched_ns == now_ns;

	/* Once the recorder has ended, its own reading counts: the program's memory is being torn down. */
	if (!memory->resident || w->header->state == WEIGH_STATE_ENDED)
		return;
	if (live > w->live_highest) {
		w->live_highest = live;
		w->peak_is_rough = !just_touched;
		note_peak(w, now_ns - w->header->started_ns, c, memory);
	} else if (just_touched && still_at_a_rough_peak(w, live)) {
		w->peak_is_rough = false;
		note_peak(w, w->header->at_peak.time_ns, c, memory);
	}
}

void weigh_watch_tick(struct weigh_watch *w, uint64_t now_ns, const struct weigh_proc_memory *memory)
{
	if (!weigh_watch_ready(w) || w->header->started_ns > now_ns)
		return;
	uint64_t time_ns = now_ns - w->header->started_ns;
	w->header->seen_ns = now_ns;

	struct weigh_counters counters;
	weigh_counters_read(&w->header->counters, &counters);
	uint64_t live = weigh_counters_live(&counters);
	note_reusable(w, live, &counters, memory);
	struct weigh_tick tick = {
		.time_ns = time_ns, .rss = memory->resident, .live = live, .reusable = w->reusable};
	weigh_timeline_push(&w->timeline, &tick);

	uint64_t highest = memory->highest > memory->resident ? memory->highest : memory->resident;
	if (highest > w->header->rss_peak)
		w->header->rss_peak = highest;
	w->untouched = memory->untouched;
	w->reserved = memory->reserved;
	look_for_peak(w, now_ns, &counters, memory);
	if (time_ns >= w->moment_due_ns)
		take_moment(w, time_ns);
}

/* The recorder's own last reading may have seen more than any tick did. */
static void adopt_end(struct weigh_watch *w)
{
	const struct weigh_resident *end = &w->header->at_end;
	if (w->header->state == WEIGH_STATE_ENDED && end->live > w->live_highest) {
		w->header->at_peak = *end;
		w->header->at_peak.untouched = w->untouched;
		w->header->at_peak.reserved = w->reserved;
	}
	uint64_t resident = end->anonymous + end->file + end->shared;
	if (resident > w->header->rss_peak)
		w->header->rss_peak = resident;
}

void weigh_watch_end(struct weigh_watch *w, uint64_t now_ns, enum weigh_exit exit, int value)
{
	if (!weigh_watch_ready(w))
		return;
	weigh_timeline_flush(&w->timeline);
	adopt_end(w);
	w->header->exit_value = value;
	w->header->exit = exit;
	if (w->header->state != WEIGH_STATE_ENDED)
		w->header->seen_ns = now_ns;
}
