/*
 * Whether a row of measurements grows, and how fast.
 *
 * The slope is the median of those of all pairs of points (Theil, 1950; Sen,
 * 1968): a few points that stand apart, a cache that was emptied once, do not
 * bend it. What a program takes while it warms up is no growth; so the first
 * third is left away, and growth must go on to the end.
 *
 * Pure functions but for malloc; any thread.
 */
#ifndef WEIGH_ADVICE_SLOPE_H
#define WEIGH_ADVICE_SLOPE_H

#include <stdbool.h>
#include <stdint.h>

struct weigh_point {
	double seconds, bytes;
};

struct weigh_slope {
	bool known;     /* there were points enough */
	bool growing;   /* steadily, to the end, and not ever slower */
	double rate;    /* bytes in a second, over what was looked at */
	double low, high; /* of the pairs' slopes, the middle 95 % of those far apart */
	double seconds; /* between the first and the last point looked at */
	double rise;    /* bytes by which the last third stands above the first of them */
};

/*
 * Of `count` points in order of time. Of more than a few hundred every k-th is
 * taken: the cost is the square of their number, some 10 ms at most.
 */
struct weigh_slope weigh_slope_of(const struct weigh_point *points, uint32_t count);

#endif
