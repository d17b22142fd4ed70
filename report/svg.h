/*
 * Pieces of an SVG picture of memory over time: a frame with axes, and texts
 * made fit for XML.
 *
 * One thread; allocates nothing.
 */
#ifndef WEIGH_REPORT_SVG_H
#define WEIGH_REPORT_SVG_H

#include "report/scale.h"

#include <stdio.h>

/* Where the plot lies in the picture, in pixels, and what it shows. */
struct weigh_svg_frame {
	double left, top, width, height;
	double from, to; /* seconds at the left and right edge */
	double most;     /* MiB at the upper edge; 0 at the lower */
};

double weigh_svg_x(const struct weigh_svg_frame *frame, double seconds);
double weigh_svg_y(const struct weigh_svg_frame *frame, double mib);

/* Raises `most` to a round number with some room above it. */
void weigh_svg_round(struct weigh_svg_frame *frame);

/* Lines, numbers and units of both axes. */
void weigh_svg_axes(const struct weigh_svg_frame *frame, FILE *out);

/* Valid UTF-8 without control characters, escaped; no more than so many columns of it (0: all). */
void weigh_svg_text(const char *text, int columns, FILE *out);

#endif
