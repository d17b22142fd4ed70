/*
 * Memory over time, of mprof files, drawn: in characters, as SVG, or as a page
 * of HTML with the SVG in it.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_REPORT_MPROF_H
#define WEIGH_REPORT_MPROF_H

#include "base/error.h"
#include "capture/mprof.h"
#include "report/style.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What is to be drawn; everything is borrowed. */
struct weigh_mprof_plot {
	const struct weigh_mprof *const *profiles;
	size_t count;
	const char *title;  /* NULL: the command, of a single file */
	bool windowed;
	double from, to;    /* seconds since the start of each file */
	bool functions;     /* draw calls; of a single file */
	bool flame;         /* as bars stacked by level instead of brackets */
	bool slope;         /* draw the straight line nearest to all readings */
};

/* Each fails with WEIGH_ERROR_FORMAT when a file has no reading to draw. */
struct weigh_error *weigh_mprof_print_text(const struct weigh_mprof_plot *plot,
					   const struct weigh_style *style, FILE *out);
struct weigh_error *weigh_mprof_print_svg(const struct weigh_mprof_plot *plot, FILE *out);
struct weigh_error *weigh_mprof_print_html(const struct weigh_mprof_plot *plot, FILE *out);

#endif
