/*
 * From the sums of sampled blocks to a number with its 95 % interval.
 *
 * The value is Horvitz and Thompson's: a block that was sampled with
 * probability p counts 1/p times, which is right on average whatever the
 * sizes and however p changes. The interval is that of a weighted Poisson sum,
 * a gamma distribution with the same mean and variance: Fay and Feuer,
 * "Confidence intervals for directly standardized rates: a method based on the
 * gamma distribution", Statistics in Medicine 16 (1997). Theirs adds one event
 * to the upper limit, of the largest weight there can be; here it is half an
 * event, the mid-p form (Rothman and Boice 1979; for weighted sums Fay and
 * Kim, Biometrical Journal 59 (2017)), which errs on neither side.
 *
 * What a row's own samples cannot tell is how much its next one would have
 * weighed: a line that was seen at first, when all blocks were, may have gone
 * on unseen. So the added event has the weight that is usual among all blocks
 * of the view: struct weigh_chance.
 *
 * Any thread; allocates nothing.
 */
#ifndef WEIGH_CAPTURE_ESTIMATE_H
#define WEIGH_CAPTURE_ESTIMATE_H

#include "weigh/format.h"

#include <stdbool.h>

/* low <= value <= high; all three equal only when every block was taken. */
struct weigh_estimate {
	double value;
	double low;
	double high;
};

/*
 * What sampling may have missed among a set of blocks. Zeroed, then every
 * tally is added, then it is settled; all zeros: nothing was missed.
 */
struct weigh_chance {
	double variance, unseen, footprint;
	/* The bytes behind a sample, on the average over all bytes; 0: every block was taken. */
	double each, footprint_each;
};

/* A tally of like blocks: one site's. */
void weigh_chance_add(struct weigh_chance *chance, const struct weigh_tally *tally);

/*
 * `period` is the longest there was, in bytes, 0 when all was taken; `missing`
 * what is known to have been there besides the sum of the values added, in
 * bytes of footprint, HUGE_VAL when it is not known.
 */
void weigh_chance_settle(struct weigh_chance *chance, double period, double missing);

/* With 95 % certainty a line of which nothing was seen holds less than this. */
double weigh_chance_unseen(const struct weigh_chance *chance);

/* `chance` is that of the view to which the tally belongs. */
struct weigh_estimate weigh_estimate_bytes(const struct weigh_tally *tally,
					   const struct weigh_chance *chance);
struct weigh_estimate weigh_estimate_footprint(const struct weigh_tally *tally,
					       const struct weigh_chance *chance);
struct weigh_estimate weigh_estimate_blocks(const struct weigh_tally *tally,
					    const struct weigh_chance *chance);

bool weigh_estimate_is_exact(struct weigh_estimate estimate);

/* Half the interval as a part of the value, by the wider side; 0 for exact. */
double weigh_estimate_spread(struct weigh_estimate estimate);

/* Add `from` to `to`; the sums of independent samples, so variances add too. */
void weigh_tally_add(struct weigh_tally *to, const struct weigh_tally *from);

#endif
