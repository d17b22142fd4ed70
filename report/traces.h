/*
 * What is drawn of mprof files: one trace for each program and each child,
 * their scales, and the calls of functions put together.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_REPORT_TRACES_H
#define WEIGH_REPORT_TRACES_H

#include "report/mprof.h"

struct weigh_trace {
	const struct weigh_mprof *profile; /* borrowed */
	char *label; /* when it began and of which file, or which child */
	char *detail; /* the slope; "" when it is not asked for */
	bool child;
	struct weigh_mprof_point *points; /* times in seconds since the start of the file; at least one */
	size_t count;
	double peak, peak_time, last;
	double slope, base; /* MiB in a second, and MiB at the start, of the nearest line */
};

/* All calls of one function. */
struct weigh_traced_function {
	char *label; /* as short as tells it from the others */
	size_t calls;
	double seconds; /* in all calls */
	double change;  /* MiB, the same */
	double start, end; /* of the first and the last call, since the start of the file */
};

struct weigh_traces {
	struct weigh_trace *traces;
	uint32_t count, room;
	struct weigh_traced_function *functions; /* of a single file, in the order of its names */
	size_t function_count;
	double origin; /* start of the single file, seconds since 1970 */
	double from, to; /* seconds */
	double top;      /* highest MiB between them */
	uint32_t levels; /* of calls within calls */
	char *title;     /* fit for any page: valid UTF-8 without control characters */
};

/* End with weigh_traces_deinit() also after an error. */
struct weigh_error *weigh_traces_init(struct weigh_traces *traces, const struct weigh_mprof_plot *plot);
void weigh_traces_deinit(struct weigh_traces *traces);

#endif
