/*
 * The objects of a snapshot by the lines that made them.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_HEAP_SITES_H
#define WEIGH_HEAP_SITES_H

#include "base/error.h"
#include "capture/estimate.h"
#include "heap/frames.h"
#include "heap/graph.h"

#include <stdint.h>

enum { WEIGH_HEAP_SITE_TYPES = 3 };

struct weigh_heap_site_row {
	uint32_t line; /* index into the lines */
	/*
	 * bytes and footprint are both what the objects occupy; blocks are
	 * objects. In sampled mode each sampled one stands for 1/p of its kind.
	 */
	struct weigh_tally tally;
	struct weigh_heap_site_type {
		uint32_t type;
		double objects, gross;
	} types[WEIGH_HEAP_SITE_TYPES]; /* those of most bytes, the largest first; objects 0: no more */
};

struct weigh_heap_sites {
	struct weigh_heap_site_row *rows; /* by bytes, largest first */
	uint32_t count;
	struct weigh_tally sum;
	struct weigh_chance chance; /* for estimates of the rows */
	/* Objects of which no site is known: made before the recording, or not sampled. */
	uint64_t unknown, unknown_gross;
};

/* End with weigh_heap_sites_deinit(). */
struct weigh_error *weigh_heap_sites_init(struct weigh_heap_sites *sites,
					  const struct weigh_heap_graph *graph,
					  const struct weigh_heap_lines *lines);
void weigh_heap_sites_deinit(struct weigh_heap_sites *sites);

/* The line at which an object was made; WEIGH_NO_OBJECT when it is not known. */
static inline uint32_t weigh_heap_line_of(const struct weigh_heap_graph *graph,
					  const struct weigh_heap_lines *lines, uint32_t object)
{
	uint32_t site = graph->site ? graph->site[object] : WEIGH_NO_OBJECT;

	return site == WEIGH_NO_OBJECT ? WEIGH_NO_OBJECT : lines->of_site[site];
}

/* For how many objects of its kind a sited object stands. */
static inline double weigh_heap_weight(const struct weigh_heap_graph *graph, uint32_t object)
{
	return graph->weight ? (double)graph->weight[object] : 1;
}

#endif
