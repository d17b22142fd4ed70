/*
 * What a report looks at: see report/view.h.
 *
 * One thread; allocates with malloc.
 */
#include "report/view.h"

#include "weigh/format_math.h"

#include <math.h>
#include <stdlib.h>

static void add_item(struct weigh_view *view, struct weigh_item item)
{
	if (!item.tally->samples)
		return;
	view->items[view->count++] = item;
	weigh_tally_add(&view->sum, item.tally);
	weigh_chance_add(&view->chance, item.tally);
}

static const struct weigh_tally *site_tally(const struct weigh_capture *capture,
					    const struct weigh_site *site, enum weigh_at at)
{
	switch (at) {
	case WEIGH_AT_PEAK:
		return weigh_capture_at_peak(capture, site);
	case WEIGH_AT_END:
		return &site->live;
	case WEIGH_AT_TOTAL:
		return &site->total;
	default:
		return &site->temporary;
	}
}

static void collect_sites(struct weigh_view *view, const struct weigh_capture *capture)
{
	uint32_t count = weigh_capture_count(capture, WEIGH_SECTION_SITES);

	for (uint32_t i = 0; i < count; i++) {
		const struct weigh_site *site = &capture->sites[i];
		if (site->flags & WEIGH_SITE_USED)
			add_item(view, (struct weigh_item){.tally = site_tally(capture, site, view->at),
							   .node = site->node,
							   .thread = site->thread,
							   .domain = site->domain});
	}
}

static uint32_t nearest_moment(const struct weigh_capture *capture, uint64_t time_ns)
{
	uint32_t count = weigh_capture_count(capture, WEIGH_SECTION_MOMENTS), best = 0;
	uint64_t best_distance = UINT64_MAX;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t at = capture->moments[i].time_ns;
		uint64_t distance = at > time_ns ? at - time_ns : time_ns - at;
		if (distance < best_distance) {
			best = i;
			best_distance = distance;
		}
	}
	return best;
}

static void collect_moment(struct weigh_view *view, const struct weigh_capture *capture, uint32_t index)
{
	const struct weigh_moment *moment = &capture->moments[index];
	const struct weigh_share *shares = &capture->shares[(uint64_t)index * WEIGH_MOMENT_SHARES];

	for (uint32_t i = 0; i < moment->shares; i++) {
		const struct weigh_site *site = &capture->sites[shares[i].site];
		/* The entry may have been given to another site since. */
		if ((site->flags & WEIGH_SITE_USED) && site->key == shares[i].key)
			add_item(view, (struct weigh_item){.tally = &shares[i].live,
							   .node = site->node,
							   .thread = site->thread,
							   .domain = site->domain});
		else
			add_item(view, (struct weigh_item){.tally = &shares[i].live, .rest = true});
	}
	add_item(view, (struct weigh_item){.tally = &moment->rest, .rest = true});
	view->time_ns = moment->time_ns;
	view->footprint = moment->live;
	view->footprint_known = true;
}

static void set_counters(struct weigh_view *view, const struct weigh_capture *capture)
{
	const struct weigh_counters *counters = &capture->header->counters;
	struct weigh_peak peak = weigh_capture_peak(capture);

	view->time_ns = weigh_capture_duration(capture);
	view->footprint_known = view->blocks_known = view->at != WEIGH_AT_TEMPORARY;
	switch (view->at) {
	case WEIGH_AT_PEAK:
		view->footprint = peak.footprint;
		view->blocks = peak.blocks;
		view->time_ns = peak.time_ns;
		break;
	case WEIGH_AT_END:
		view->footprint = weigh_counters_live(counters);
		view->blocks = weigh_counters_blocks(counters);
		break;
	case WEIGH_AT_TOTAL:
		view->footprint = counters->small_allocated + counters->other_allocated;
		view->blocks = counters->small_blocks_allocated + counters->other_blocks_allocated;
		break;
	default:
		break;
	}
}

/* Blocks that were lost are said to be; all others are in the exact counter. */
static void settle_chance(struct weigh_view *view, const struct weigh_capture *capture)
{
	double period = (double)capture->header->sampling_period_max;
	double missing = view->footprint_known ? (double)view->footprint - view->sum.footprint : HUGE_VAL;

	weigh_chance_settle(&view->chance, period, missing);
}

struct weigh_error *weigh_view_init(struct weigh_view *view, const struct weigh_capture *capture,
				    enum weigh_at at, uint64_t moment_ns)
{
	size_t room = (size_t)weigh_capture_count(capture, WEIGH_SECTION_SITES) + WEIGH_MOMENT_SHARES + 1;

	*view = (struct weigh_view){.at = at};
	if (at == WEIGH_AT_MOMENT && !weigh_capture_count(capture, WEIGH_SECTION_MOMENTS))
		return weigh_error_create(
			WEIGH_ERROR_STATE,
			"%s: holds no moments, the program was too short: use --at peak or --at end",
			capture->path);
	view->items = malloc(room * sizeof(*view->items));
	if (!view->items)
		return weigh_error_create_memory();
	if (at == WEIGH_AT_MOMENT) {
		collect_moment(view, capture, nearest_moment(capture, moment_ns));
	} else {
		set_counters(view, capture);
		collect_sites(view, capture);
	}
	settle_chance(view, capture);
	return NULL;
}

void weigh_view_deinit(struct weigh_view *view)
{
	free(view->items);
	view->items = NULL;
}

const char *weigh_at_name(enum weigh_at at)
{
	static const char *const names[] = {
		[WEIGH_AT_PEAK] = "peak",           [WEIGH_AT_END] = "end",       [WEIGH_AT_TOTAL] = "total",
		[WEIGH_AT_TEMPORARY] = "temporary", [WEIGH_AT_MOMENT] = "moment",
	};

	return names[at];
}
