/*
 * Files of memory over time in the form of memory_profiler's mprof: text, one
 * reading a line.
 *
 *     CMDLINE command          what ran
 *     MEM MIB TIME             memory of the program at a time (seconds since 1970)
 *     CHLD PID MIB TIME        of one of its descendants
 *     FUNC NAME MIB TIME MIB TIME [LEVEL]
 *                              a call: memory and time as it began and as it ended, and
 *                              how many other such calls it lies within
 *
 * Words in capitals that are none of these begin lines that are passed over,
 * and so is a last line that was cut off.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_CAPTURE_MPROF_H
#define WEIGH_CAPTURE_MPROF_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct weigh_mprof_point {
	double time; /* seconds since 1970 */
	double mib;
};

/* Points in the order of time. */
struct weigh_mprof_series {
	char *name; /* owned; of a child its number, NULL for the program */
	struct weigh_mprof_point *points;
	uint32_t count, room;
};

struct weigh_mprof_call {
	double start, end; /* seconds since 1970; start <= end */
	double start_mib, end_mib;
	uint32_t function; /* of `functions` */
	uint32_t level;
};

struct weigh_mprof {
	char *path;
	char *command; /* "" when the file does not say */
	struct weigh_mprof_series memory;
	struct weigh_mprof_series *children;
	uint32_t child_count, child_room;
	char **functions; /* in the order of their first calls */
	uint32_t function_count, function_room;
	struct weigh_mprof_call *calls; /* in the order of their start */
	uint32_t call_count, call_room;
};

/*
 * Reads a file, or text that is already there (`path` is what errors call it).
 * What cannot be read is an error that names the line. `*profile` is the
 * caller's, to be ended with weigh_mprof_destroy().
 */
struct weigh_error *weigh_mprof_open(const char *path, struct weigh_mprof **profile);
struct weigh_error *weigh_mprof_parse(const char *text, size_t length, const char *path,
				      struct weigh_mprof **profile);
void weigh_mprof_destroy(struct weigh_mprof *profile); /* takes NULL */

/* Puts points into the order of time. */
void weigh_mprof_sort(struct weigh_mprof_point *points, size_t count);

/* The highest of a series; 0 when it is empty. */
double weigh_mprof_peak(const struct weigh_mprof_series *series);

#endif
