/*
 * From the sums of sampled blocks to a number with its 95 % interval: see
 * capture/estimate.h.
 *
 * A value is what was seen of it, which is certain, and what was not, which is
 * estimated: sum((1-p)/p * x) with the variance sum((1-p)/p^2 * x^2). The
 * interval is about the latter; variance over unseen is what one sample stands
 * for, x/p, as a mean weighted by itself.
 *
 * Any thread; allocates nothing.
 */
#include "capture/estimate.h"

#include <math.h>

static const double z95 = 1.959964;

/* One quantity of a tally. */
struct quantity {
	double value, variance;
	double seen, unseen; /* value is their sum */
	double size;         /* of a block */
	double usual;        /* what a sample of a small block stands for in the view */
	double each;         /* what a sample stands for here; 0: none was left to chance */
	double p;            /* of those that were left to chance, about */
	bool by_chance;      /* none of the samples was certain, so chance decided whether there is a row */
};

/* Quantile of the gamma distribution at z standard deviations (Wilson and Hilferty). */
static double gamma_quantile(double mean, double variance, double z)
{
	if (!(variance > 0) || !(mean > 0))
		return fmax(mean, 0);
	double shape = mean * mean / variance;
	double root = 1 - 1 / (9 * shape) + z / (3 * sqrt(shape));

	return root > 0 ? mean * root * root * root : 0;
}

/* What rounding leaves of sums that came back to zero is none. */
static void find_each(struct quantity *q)
{
	q->unseen = fmin(q->unseen, q->value);
	q->each = 0;
	if (!(q->variance > 0) || sqrt(q->variance) < 1e-9 * q->value || !(q->unseen > 0))
		q->unseen = 0;
	else
		q->each = fmin(q->variance / q->unseen, q->value);
	q->seen = q->value - q->unseen;
}

static double size_of(const struct weigh_tally *tally, double value)
{
	return tally->blocks > 0 ? value / tally->blocks : 0;
}

static struct quantity bytes_of(const struct weigh_tally *tally)
{
	struct quantity q = {
		.value = tally->bytes,
		.variance = tally->bytes_variance,
		.unseen = tally->unseen,
		.size = size_of(tally, tally->bytes),
	};

	find_each(&q);
	return q;
}

/* Of the footprint the same part is unseen as of the bytes. */
static struct quantity footprint_of(const struct weigh_tally *tally)
{
	struct quantity q = {
		.value = tally->footprint,
		.variance = tally->footprint_variance,
		.unseen = tally->bytes > 0 ? tally->unseen / tally->bytes * tally->footprint : 0,
		.size = size_of(tally, tally->footprint),
	};

	find_each(&q);
	return q;
}

static struct quantity blocks_of(const struct weigh_tally *tally)
{
	struct quantity q = {
		.value = tally->blocks,
		.variance = tally->blocks_variance,
		.unseen = fmax(tally->blocks - (double)tally->samples, 0),
		.size = 1,
	};

	find_each(&q);
	return q;
}

void weigh_chance_add(struct weigh_chance *chance, const struct weigh_tally *tally)
{
	struct quantity bytes = bytes_of(tally);

	chance->variance += bytes.each * bytes.unseen;
	chance->unseen += bytes.unseen;
	chance->footprint += bytes.value > 0 ? bytes.unseen / bytes.value * tally->footprint : 0;
}

/* Where no sample tells how much one stands for it is at most a period, and no more than is missing. */
void weigh_chance_settle(struct weigh_chance *chance, double period, double missing)
{
	bool known = chance->unseen > 0;

	chance->each = fmin(known ? chance->variance / chance->unseen : missing, period);
	if (chance->each < 1)
		chance->each = 0;
	chance->footprint_each = known ? chance->each / chance->unseen * chance->footprint : chance->each;
}

double weigh_chance_unseen(const struct weigh_chance *chance)
{
	return 3 * chance->each; /* exp(-3) = 0.05 */
}

/* Of how many equal samples the part left to chance might be the sum. */
static double count_of(const struct quantity *q)
{
	return q->each > 0 ? q->unseen / (q->each * (1 - q->p)) : 0;
}

static double low_limit(const struct quantity *q)
{
	double count = count_of(q);

	/*
	 * That there is nothing but what was seen is likely enough when p is
	 * large. And rows exist only when they have samples: of those by chance
	 * alone, one sample says nothing about how few there may be.
	 */
	if (pow(q->p, count) > 0.05 || (q->by_chance && count < 1.5))
		return q->seen;
	double event = q->each / 2 * (1 - q->p);

	return q->seen + gamma_quantile(q->unseen + event, q->variance + q->each * event, -z95);
}

static double high_limit(const struct quantity *q)
{
	enum { WORTH = 4 }; /* samples' worth of faith in the view's weights over the row's own */
	double count = count_of(q), weight = q->each, missed = 1 - q->p;
	double at_usual = q->usual > 0 ? -expm1(-q->size / q->usual) : 1;

	if (at_usual > 0 && q->size / at_usual > weight) {
		weight = q->size / at_usual;
		missed = 1 - at_usual;
	}
	double event = weight / 2 * missed;
	double variance = (count * q->variance + WORTH * q->unseen * q->usual) / (count + WORTH);

	return q->seen + gamma_quantile(q->unseen + event, fmax(variance, q->variance) + weight * event, z95);
}

static struct weigh_estimate estimate(struct quantity q, const struct weigh_tally *tally, double usual)
{
	struct weigh_estimate e = {q.value, q.value, q.value};
	struct quantity blocks = blocks_of(tally);

	q.usual = usual;
	q.p = blocks.each > 1 ? 1 / blocks.each : 0.5;
	q.by_chance = (double)tally->samples < 1.5 * count_of(&blocks) + 0.5;
	if (q.each > 0) {
		e.low = fmin(fmax(low_limit(&q), 0), q.value);
		e.high = fmax(high_limit(&q), q.value);
	}
	e.high = fmax(e.high, q.seen + gamma_quantile(usual / 2, usual * usual / 2, z95));
	return e;
}

struct weigh_estimate weigh_estimate_bytes(const struct weigh_tally *tally, const struct weigh_chance *chance)
{
	return estimate(bytes_of(tally), tally, chance->each);
}

struct weigh_estimate weigh_estimate_footprint(const struct weigh_tally *tally,
					       const struct weigh_chance *chance)
{
	return estimate(footprint_of(tally), tally, chance->footprint_each);
}

struct weigh_estimate weigh_estimate_blocks(const struct weigh_tally *tally,
					    const struct weigh_chance *chance)
{
	double size = fmax(size_of(tally, tally->bytes), 1);
	struct weigh_estimate e = estimate(blocks_of(tally), tally, chance->each / size);

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
