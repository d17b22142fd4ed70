/*
 * The timeline of a capture: resident and live bytes every few milliseconds,
 * in a section of fixed size whose step widens as a run goes on.
 */
#ifndef WEIGH_CLI_TIMELINE_H
#define WEIGH_CLI_TIMELINE_H

#include "weigh/format.h"

#include <stdbool.h>

enum {
	WEIGH_TIMELINE_STEP_NS = 10000000, /* the first step, and how often ticks come */
};

/* Borrows everything it points to: parts of one mapped capture. */
struct weigh_timeline {
	struct weigh_section *section;
	struct weigh_tick *ticks;
	uint32_t capacity; /* checked by the caller: section->capacity may change under us */
	uint32_t used;
	uint64_t *step_ns;
	uint64_t due_ns;
	struct weigh_tick pending; /* highest since the last entry; time_ns counts only if held */
	bool held;
};

/* Starts an empty timeline in `section`, whose entries lie at `ticks`. */
void weigh_timeline_init(struct weigh_timeline *t, struct weigh_section *section, struct weigh_tick *ticks,
			 uint32_t capacity, uint64_t *step_ns);

/*
 * Takes in one reading; call it about every WEIGH_TIMELINE_STEP_NS, with
 * times that rise. While the step is wider, the reading with the largest rss
 * of each step is the one kept.
 */
void weigh_timeline_push(struct weigh_timeline *t, const struct weigh_tick *tick);

/* Writes the reading that still waits for its step to end. */
void weigh_timeline_flush(struct weigh_timeline *t);

#endif
