/*
 * Readings of a process's memory, written to an mprof file.
 */
#ifndef WEIGH_CLI_MPROF_SAMPLE_H
#define WEIGH_CLI_MPROF_SAMPLE_H

#include "base/procfs.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	WEIGH_PROBE_TICK_NS = 10000000, /* how often to look for peaks between readings */
};

struct weigh_probe {
	/* Filled in by the caller. */
	pid_t pid;
	int file; /* open for appending */
	enum weigh_memory_kind kind;
	bool sum;  /* descendants count for the program */
	bool each; /* and have lines of their own */

	/* Private. */
	bool exact;      /* the kernel tells of peaks between readings */
	uint64_t highest; /* as the kernel said last */
	uint64_t written; /* bytes of the last line */
	uint64_t between, between_ns; /* the highest since then, and when it was seen */
	uint64_t latest, latest_ns;   /* what was read last */
	int error;       /* errno of what could not be written or read */
	double most_mib; /* highest written */
};

/* Begins with the caller's fields filled in and zeros in the others. */
void weigh_probe_init(struct weigh_probe *probe);

/* Looks for a peak. False when the process has ended or may not be looked at. */
bool weigh_probe_tick(struct weigh_probe *probe);

/*
 * Looks, and writes one reading, in front of it the peak since the one before
 * where that was higher than both. False likewise, and when it cannot be
 * written.
 */
bool weigh_probe_write(struct weigh_probe *probe);

/* The process has ended: writes what was seen since the last line. */
void weigh_probe_end(struct weigh_probe *probe);

#endif
