/*
 * Whether a row of measurements grows, and how fast: see advice/slope.h.
 *
 * Any thread; allocates with malloc.
 */
#include "advice/slope.h"

#include <stdlib.h>

enum {
	POINTS_LEAST = 6,
	POINTS_MOST = 256,
};

static const double rising_least = 0.8; /* of all pairs: the later one is higher */
static const double lasting_least = 0.5; /* the rate of the later half, as a part of the earlier's */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Slopes of all pairs whose points lie at least `apart` from each other in the row; returns their number. */
static size_t pair_slopes(const struct weigh_point *points, uint32_t count, uint32_t apart, double *slopes)
{
	size_t used = 0;

	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t j = i + apart; j < count; j++) {
			double seconds = points[j].seconds - points[i].seconds;
			if (seconds > 0)
				slopes[used++] = (points[j].bytes - points[i].bytes) / seconds;
		}
	}
	qsort(slopes, used, sizeof(*slopes), compare);
	return used;
}

static double median_slope(const struct weigh_point *points, uint32_t count, double *slopes)
{
	size_t used = pair_slopes(points, count, 1, slopes);

	return used ? slopes[used / 2] : 0;
}

static double mean_bytes(const struct weigh_point *points, uint32_t count)
{
	double sum = 0;

	for (uint32_t i = 0; i < count; i++)
		sum += points[i].bytes;
	return count ? sum / count : 0;
}

/* The part of all pairs of which the later point is higher. */
static double rising_share(const struct weigh_point *points, uint32_t count)
{
	uint32_t rising = 0, pairs = 0;

	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t j = i + 1; j < count; j++) {
			rising += points[j].bytes > points[i].bytes;
			pairs++;
		}
	}
	return pairs ? (double)rising / pairs : 0;
}

static struct weigh_slope measure(const struct weigh_point *points, uint32_t count, double *slopes)
{
	uint32_t third = count / 3, half = count / 2;
	struct weigh_slope slope = {.known = true, .seconds = points[count - 1].seconds - points[0].seconds};
	double early = median_slope(points, half + 1, slopes);
	double late = median_slope(points + half, count - half, slopes);
	size_t used = pair_slopes(points, count, third, slopes);

	slope.rate = used ? slopes[used / 2] : 0;
	slope.low = used ? slopes[used / 40] : 0;
	slope.high = used ? slopes[used - 1 - used / 40] : 0;
	slope.rise = mean_bytes(points + count - third, third) - mean_bytes(points, third);
	slope.growing = slope.rate > 0 && early > 0 && late >= lasting_least * early &&
			rising_share(points, count) >= rising_least;
	return slope;
}

struct weigh_slope weigh_slope_of(const struct weigh_point *points, uint32_t count)
{
	struct weigh_slope slope = {.known = false};
	uint32_t skip = count / 3, left = count - skip, step = (left + POINTS_MOST - 1) / POINTS_MOST,
		 used = 0;

	if (left < POINTS_LEAST)
		return slope;
	struct weigh_point *kept = malloc(left * sizeof(*kept));
	double *slopes = malloc((size_t)POINTS_MOST * POINTS_MOST * sizeof(*slopes));
	for (uint32_t i = skip; kept && i < count; i += step)
		kept[used++] = points[i];
	if (kept && slopes && used >= POINTS_LEAST && kept[used - 1].seconds > kept[0].seconds)
		slope = measure(kept, used, slopes);
	free(kept);
	free(slopes);
	return slope;
}
