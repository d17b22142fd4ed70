/*
 * Where the resident memory of a program was at the peak: see
 * capture/resident.h.
 *
 * All but the recorded blocks is counted as growth since the start: what was
 * resident before the first record stands as one part.
 *
 * Any thread; allocates nothing.
 */
#include "capture/resident.h"

static uint64_t resident_bytes(const struct weigh_resident *r)
{
	return r->anonymous + r->file + r->shared;
}

double weigh_resident_reusable(const struct weigh_capture *capture)
{
	const struct weigh_resident *start = &capture->header->at_start;
	const struct weigh_resident *end = &capture->header->at_end;
	uint64_t in_arenas = end->arenas > end->small_live ? end->arenas - end->small_live : 0;
	uint64_t in_malloc =
		end->malloc_free > start->malloc_free ? end->malloc_free - start->malloc_free : 0;

	return end->anonymous ? (double)in_arenas + (double)in_malloc : -1;
}

static void add_part(struct weigh_resident_sum *sum, const char *name, int64_t bytes)
{
	if (!bytes)
		return;
	sum->parts[sum->part_count++] = (struct weigh_resident_part){name, bytes};
	sum->unexplained -= bytes;
}

struct weigh_resident_sum weigh_resident_sum(const struct weigh_capture *capture)
{
	const struct weigh_resident *start = &capture->header->at_start;
	const struct weigh_resident *peak = &capture->header->at_peak;
	struct weigh_resident_sum sum = {
		.start = resident_bytes(start),
		.peak = resident_bytes(peak),
		.end = resident_bytes(&capture->header->at_end),
		.highest = capture->header->rss_peak,
	};

	sum.known = sum.start && sum.peak;
	if (!sum.known)
		return sum;
	sum.unexplained = (int64_t)sum.peak;
	add_part(&sum, "before recording", (int64_t)sum.start);
	add_part(&sum, "recorded blocks", (int64_t)peak->live - (int64_t)peak->mapped_live);
	add_part(&sum, "recorded mappings", (int64_t)peak->mapped_live);
	if (peak->arenas > peak->small_live)
		add_part(&sum, "small-object slack", (int64_t)(peak->arenas - peak->small_live));
	if (peak->malloc_free > start->malloc_free)
		add_part(&sum, "free in malloc", (int64_t)(peak->malloc_free - start->malloc_free));
	if (peak->untouched > start->untouched)
		add_part(&sum, "never touched", -(int64_t)(peak->untouched - start->untouched));
	add_part(&sum, "used of reservations", (int64_t)peak->reserved - (int64_t)start->reserved);
	add_part(&sum, "files",
		 (int64_t)(peak->file + peak->shared) - (int64_t)(start->file + start->shared));
	if (peak->recorder > start->recorder)
		add_part(&sum, "weigh itself", (int64_t)(peak->recorder - start->recorder));
	return sum;
}
