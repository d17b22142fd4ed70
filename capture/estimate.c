/*
 * From the sums of sampled blocks to a number with its 95 % interval: see
 * capture/estimate.h.
 *
 * Few samples make a lopsided interval: one block seen of many like it says
 * "some, perhaps five times that", and never less than itself. So the sums are
 * split into the part that was certain to be seen and the part left to chance;
 * the latter is k blocks kept with one probability p, each standing for e
 * bytes. How many there really were has the gamma distribution with half an
 * event added (the posterior of a Poisson rate under Jeffreys' prior), whose
 * quantiles cover near their nominal rate down to k = 1. k and p follow from
 * the sums themselves: sum((1-p)/p) = blocks - samples, and
 * sum((1-p)/p^2) = the variance of blocks.
 *
 * Any thread; allocates nothing.
 */
#include "capture/estimate.h"

#include <math.h>

static const double z95 = 1.959964;

/* Quantile of the gamma distribution at z standard deviations (Wilson and Hilferty). */
static double gamma_quantile(double shape, double z)
{
	double root = 1 - 1 / (9 * shape) + z / (3 * sqrt(shape));

	return root > 0 ? shape * root * root * root : 0;
}

/* The blocks that were left to chance: about how many, kept how probably. */
static void chance_part(const struct weigh_tally *tally, double *k, double *p)
{
	double unseen = tally->blocks - (double)tally->samples;

	*k = (double)tally->samples;
	*p = 0;
	if (unseen <= 0 || tally->blocks_variance <= unseen)
		return;
	*p = unseen / tally->blocks_variance;
	double kept = unseen * *p / (1 - *p);
	if (kept < *k)
		*k = kept > 1 ? kept : 1;
}

static struct weigh_estimate estimate(const struct weigh_tally *tally, double value, double variance)
{
	struct weigh_estimate e = {value, value, value};
	double k, p;

	/* What rounding leaves of a variance that came back to zero. */
	if (!(variance > 0) || sqrt(variance) < 1e-9 * value)
		return e;
	chance_part(tally, &k, &p);
	double each = sqrt(variance / (k * (1 - p)));
	double chance = fmin(k * each, value);
	double certain = value - chance;

	double shifted = chance + each * (1 - p) / 2;
	double widened = variance + each * each * (1 - p) * (1 - p) / 2;
	double shape = shifted * shifted / widened;
	double scale = widened / shifted;
	e.low = certain + scale * gamma_quantile(shape, -z95);
	e.high = certain + scale * gamma_quantile(shape, z95);

	/*
	 * The blocks that were seen are there: their bytes are at least
	 * value - sqrt(samples * variance), by Cauchy and Schwarz.
	 */
	double seen = value - sqrt((double)tally->samples * variance);
	e.low = fmin(fmax(fmax(e.low, seen), 0), value);
	e.high = fmax(e.high, value);
	return e;
}

struct weigh_estimate weigh_estimate_bytes(const struct weigh_tally *tally)
{
	return estimate(tally, tally->bytes, tally->bytes_variance);
}

struct weigh_estimate weigh_estimate_footprint(const struct weigh_tally *tally)
{
	return estimate(tally, tally->footprint, tally->footprint_variance);
}

struct weigh_estimate weigh_estimate_blocks(const struct weigh_tally *tally)
{
	struct weigh_estimate e = estimate(tally, tally->blocks, tally->blocks_variance);

	e.low = fmin(fmax(e.low, (double)tally->samples), e.value);
	return e;
}

bool weigh_estimate_is_exact(struct weigh_estimate e)
{
	return e.low == e.value && e.high == e.value;
}

double weigh_estimate_spread(struct weigh_estimate e)
{
	return e.value > 0 ? fmax(e.value - e.low, e.high - e.value) / e.value : 0;
}

void weigh_tally_add(struct weigh_tally *to, const struct weigh_tally *from)
{
	to->bytes += from->bytes;
	to->footprint += from->footprint;
	to->blocks += from->blocks;
	to->bytes_variance += from->bytes_variance;
	to->footprint_variance += from->footprint_variance;
	to->blocks_variance += from->blocks_variance;
	to->unseen += from->unseen;
	to->samples += from->samples;
}
