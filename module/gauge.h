/*
 * A gauge: a thread that reads how much memory the process has while something
 * runs.
 */
#ifndef WEIGH_MODULE_GAUGE_H
#define WEIGH_MODULE_GAUGE_H

#include "base/procfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weigh_reading {
	uint64_t bytes;
	uint64_t time_ns; /* CLOCK_REALTIME */
};

struct weigh_gauge;

/*
 * Takes a first reading and starts the thread, which takes another every
 * `interval_ns`, more often at first. Resident memory of this process alone is
 * read together with the kernel's own count of the most there was, begun anew
 * here: a peak between two readings is known too. An errno when the thread
 * cannot be started; the gauge is the caller's, to be ended by
 * weigh_gauge_destroy().
 */
int weigh_gauge_create(uint64_t interval_ns, enum weigh_memory_kind kind, bool children,
		       struct weigh_gauge **gauge);

/*
 * Takes the last reading and ends the thread; waits for the reading it may be
 * at. After a fork the child finds no thread, and what it reads is its own
 * memory.
 */
void weigh_gauge_stop(struct weigh_gauge *gauge);

/*
 * Of a stopped gauge, the readings at equal distances: `interval_ns` where
 * more than four were taken at that distance, else the first tenth, hundredth
 * ... of it at which there are, in front of and behind them the first and last
 * one. What was higher between two of them than both, the later one says, and
 * a reading of its own in front of the last one. Their number; `readings` has
 * room for weigh_gauge_most().
 */
size_t weigh_gauge_readings(const struct weigh_gauge *gauge, struct weigh_reading *readings);
size_t weigh_gauge_most(const struct weigh_gauge *gauge);

/* Stops it when that was not done. Takes NULL. */
void weigh_gauge_destroy(struct weigh_gauge *gauge);

#endif
