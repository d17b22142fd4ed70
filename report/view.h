/*
 * What a report looks at: the blocks of a capture at one instant (the peak,
 * the end, a moment), all ever allocated, or the temporary ones; each as a
 * stack with a tally.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_REPORT_VIEW_H
#define WEIGH_REPORT_VIEW_H

#include "base/error.h"
#include "capture/estimate.h"
#include "capture/open.h"

#include <stdbool.h>
#include <stdint.h>

enum weigh_at {
	WEIGH_AT_PEAK,
	WEIGH_AT_END,
	WEIGH_AT_TOTAL,
	WEIGH_AT_TEMPORARY,
	WEIGH_AT_MOMENT,
};

/* Blocks that share a stack, a thread and a domain. */
struct weigh_item {
	const struct weigh_tally *tally; /* in the capture */
	uint32_t node;
	uint32_t thread;
	uint32_t domain;
	bool rest; /* many sites in one: node, thread and domain say nothing */
};

struct weigh_view {
	enum weigh_at at;
	struct weigh_item *items; /* with samples only */
	uint32_t count;
	struct weigh_tally sum;
	struct weigh_chance chance; /* what sampling may have missed */
	/*
	 * The exact counters for the same blocks: footprint and number. Not
	 * known for temporary blocks; the number not for moments.
	 */
	bool footprint_known, blocks_known;
	uint64_t footprint, blocks;
	uint64_t time_ns; /* of the instant; the duration for totals */
};

/*
 * Collect a view; `moment_ns` is the time asked for with WEIGH_AT_MOMENT, and
 * the nearest moment in the capture is taken. End it with weigh_view_deinit();
 * `capture` must outlive it. Fails when the capture has no moments.
 */
struct weigh_error *weigh_view_init(struct weigh_view *view, const struct weigh_capture *capture,
				    enum weigh_at at, uint64_t moment_ns);
void weigh_view_deinit(struct weigh_view *view);

/* "peak", "end", "total", "temporary", "moment"; static. */
const char *weigh_at_name(enum weigh_at at);

#endif
