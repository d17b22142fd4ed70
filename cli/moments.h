/*
 * The moments of a capture: which sites were largest at chosen times, for
 * `weigh report --at SECONDS`.
 */
#ifndef WEIGH_CLI_MOMENTS_H
#define WEIGH_CLI_MOMENTS_H

#include "weigh/format.h"

#include <stdbool.h>

enum { WEIGH_MOMENT_STEP_NS = 100000000 }; /* the first step */

struct weigh_moments_candidate {
	uint64_t key;
	uint32_t site;
	struct weigh_tally live;
};

/* Borrows everything it points to: parts of one mapped capture. */
struct weigh_moments {
	struct weigh_section *section;
	struct weigh_section *share_section;
	const struct weigh_section *site_section;
	const struct weigh_counters *counters;
	struct weigh_moment *moments;
	struct weigh_share *shares;
	struct weigh_site *sites;
	uint32_t capacity; /* moments that also have room for their shares */
	uint32_t site_capacity;
	uint32_t used;
	uint64_t *step_ns;
	/* A heap, smallest on top: the largest sites met in the scan under way. */
	struct weigh_moments_candidate heap[WEIGH_MOMENT_SHARES];
	uint32_t heaped;
};

/*
 * Starts with no moments. The caller has set the sections, arrays and
 * capacities, and checked that they lie inside the mapping; everything else
 * is set here.
 */
void weigh_moments_init(struct weigh_moments *m);

/*
 * Takes a moment: scans all sites (about 25 ns each), writes the largest and
 * pins them. When there is no room left, every second moment goes first, its
 * pins with it, and the step doubles. A large block that comes or goes during
 * the scan would be in the sum alone, or in the sites alone: then it scans
 * again, a few times.
 */
void weigh_moments_take(struct weigh_moments *m, uint64_t time_ns);

#endif
