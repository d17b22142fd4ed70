/*
 * From the sums of sampled blocks to a number with its 95 % interval.
 *
 * Any thread; allocates nothing.
 */
#ifndef WEIGH_CAPTURE_ESTIMATE_H
#define WEIGH_CAPTURE_ESTIMATE_H

#include "weigh/format.h"

#include <stdbool.h>

/* low <= value <= high; all three equal when nothing was left to chance. */
struct weigh_estimate {
	double value;
	double low;
	double high;
};

struct weigh_estimate weigh_estimate_bytes(const struct weigh_tally *tally);
struct weigh_estimate weigh_estimate_footprint(const struct weigh_tally *tally);
struct weigh_estimate weigh_estimate_blocks(const struct weigh_tally *tally);

bool weigh_estimate_is_exact(struct weigh_estimate estimate);

/* Half the interval as a part of the value, by the wider side; 0 for exact. */
double weigh_estimate_spread(struct weigh_estimate estimate);

/* Add `from` to `to`; the sums of independent samples, so variances add too. */
void weigh_tally_add(struct weigh_tally *to, const struct weigh_tally *from);

#endif
