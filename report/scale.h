/*
 * Axes: round steps in units that people read. Pure functions; any thread.
 */
#ifndef WEIGH_REPORT_SCALE_H
#define WEIGH_REPORT_SCALE_H

#include <stddef.h>

struct weigh_scale {
	const char *unit;
	double factor; /* one of the unit in what the axis measures */
	double step;   /* between two marks, in what the axis measures */
	int decimals;  /* of the numbers at the marks */
};

/* For `span` MiB or seconds with about `marks` marks. */
struct weigh_scale weigh_scale_of_mib(double span, int marks);
struct weigh_scale weigh_scale_of_seconds(double span, int marks);

/* The number at a mark, without its unit. Returns `text`. */
char *weigh_scale_text(const struct weigh_scale *scale, double value, char *text, size_t size);

#endif
