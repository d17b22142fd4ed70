/*
 * Intervals: how often they hold the truth, over many samples of known blocks
 * drawn as the recorder draws them, with a fixed seed.
 */
#include "capture/estimate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static uint64_t random_state = 88172645463325252u;

/* In [0, 1). */
static double next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (double)(random_state >> 11) * 0x1p-53;
}

static void see(struct weigh_tally *tally, double size, double p)
{
	double weight = (1 - p) / (p * p);

	tally->bytes += size / p;
	tally->footprint += (size + 8) / p;
	tally->blocks += 1 / p;
	tally->bytes_variance += weight * size * size;
	tally->footprint_variance += weight * (size + 8) * (size + 8);
	tally->blocks_variance += weight;
	tally->samples++;
}

/* What a line allocates: `blocks` of sizes between two bounds, and perhaps some large ones. */
struct line {
	int blocks;
	double smallest, largest;
	int large;
	double large_size;
};

static double draw(const struct line *line, double period, struct weigh_tally *tally)
{
	double truth = 0;

	*tally = (struct weigh_tally){0};
	for (int i = 0; i < line->blocks + line->large; i++) {
		double size =
			i < line->blocks
				? floor(line->smallest + next_random() * (line->largest - line->smallest + 1))
				: line->large_size;
		double p = -expm1(-size / period);

		truth += size;
		if (next_random() >= p)
			continue;
		see(tally, size, p);
	}
	return truth;
}

enum { PERIOD = 16384, RUNS = 2000 };

static void check_invariants(const struct weigh_tally *tally, struct weigh_estimate bytes)
{
	struct weigh_estimate blocks = weigh_estimate_blocks(tally);

	assert_true(bytes.low <= bytes.value && bytes.value <= bytes.high);
	assert_true(blocks.low <= blocks.value && blocks.value <= blocks.high);
	assert_true(blocks.low >= (double)tally->samples);
	assert_true(bytes.low >= 0 && isfinite(bytes.high));
}

/* Parts of the runs whose intervals hold the bytes and the blocks; runs that saw nothing have no row. */
static void measure(const struct line *line, double *bytes_held, double *blocks_held)
{
	int runs = 0, bytes_in = 0, blocks_in = 0;

	for (int i = 0; i < RUNS; i++) {
		struct weigh_tally tally;
		double truth = draw(line, PERIOD, &tally);

		if (!tally.samples)
			continue;
		struct weigh_estimate bytes = weigh_estimate_bytes(&tally),
				      blocks = weigh_estimate_blocks(&tally);
		double slack = truth * 1e-9;

		check_invariants(&tally, bytes);
		runs++;
		bytes_in += bytes.low - slack <= truth && truth <= bytes.high + slack;
		blocks_in += blocks.low - 1e-6 <= line->blocks + line->large &&
			     line->blocks + line->large <= blocks.high + 1e-6;
	}
	*bytes_held = (double)bytes_in / runs;
	*blocks_held = (double)blocks_in / runs;
}

static void test_coverage(void **state)
{
	static const struct line lines[] = {
		{700, 64, 64, 0, 0},         /* about 3 samples */
		{2000, 64, 64, 0, 0},        /* 8 */
		{5000, 56, 56, 0, 0},        /* 17 */
		{20000, 184, 184, 0, 0},     /* 220 */
		{3000, 16, 512, 0, 0},       /* 48, of many sizes */
		{5000, 32, 96, 3, 1 << 20},  /* 19, and some that are certain */
		{500, 1000, 9000, 0, 0},     /* 130, some likely */
		{40, 16384, 16384, 0, 0},    /* p = 0.63 */
		{30, 30000, 60000, 0, 0},    /* p near 1 */
		{10000, 24, 4000, 0, 0},     /* 1200, of many sizes */
	};
	enum { COUNT = sizeof(lines) / sizeof(lines[0]) };
	double bytes_sum = 0, blocks_sum = 0;

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		double bytes, blocks;

		measure(&lines[i], &bytes, &blocks);
		if (fabs(bytes - 0.95) > 0.035 || fabs(blocks - 0.95) > 0.035)
			fail_msg("%d blocks of %.0f to %.0f bytes: held %.3f of bytes, %.3f of blocks",
				 lines[i].blocks, lines[i].smallest, lines[i].largest, bytes, blocks);
		bytes_sum += bytes;
		blocks_sum += blocks;
	}
	assert_true(fabs(bytes_sum / COUNT - 0.95) < 0.01);
	assert_true(fabs(blocks_sum / COUNT - 0.95) < 0.015);
}

/* The rate widens while blocks are recorded: each keeps its own probability. */
static void test_changing_rate(void **state)
{
	int held = 0;

	(void)state;
	for (int run = 0; run < RUNS; run++) {
		struct weigh_tally sum = {0};
		double truth = 0;

		for (int i = 0; i < 6; i++) {
			const struct line line = {400, 40, 200, 0, 0};
			struct weigh_tally tally;

			truth += draw(&line, i ? 256 << i : 1e-9, &tally);
			weigh_tally_add(&sum, &tally);
		}
		struct weigh_estimate bytes = weigh_estimate_bytes(&sum);
		check_invariants(&sum, bytes);
		held += bytes.low <= truth && truth <= bytes.high;
	}
	assert_true(fabs((double)held / RUNS - 0.95) < 0.035);
}

static void test_exact(void **state)
{
	struct weigh_tally tally = {0};

	(void)state;
	assert_true(weigh_estimate_is_exact(weigh_estimate_bytes(&tally)));
	see(&tally, 1000, 1);
	see(&tally, 24, 1);
	struct weigh_estimate bytes = weigh_estimate_bytes(&tally);
	assert_true(weigh_estimate_is_exact(bytes));
	assert_true(bytes.value == 1024);
	assert_true(weigh_estimate_spread(bytes) == 0);
	/* What is left when all sampled blocks went again. */
	tally.bytes_variance = 1e-13;
	assert_true(weigh_estimate_is_exact(weigh_estimate_bytes(&tally)));
}

static void test_one_sample(void **state)
{
	struct weigh_tally tally = {0};

	(void)state;
	see(&tally, 64, 64.0 / 16384);
	struct weigh_estimate blocks = weigh_estimate_blocks(&tally);
	assert_true(blocks.low >= 1);
	assert_true(blocks.high > 4 * blocks.value && blocks.high < 6 * blocks.value);
}

/* Numbers that no recorder writes still make an interval. */
static void test_nonsense(void **state)
{
	static const double numbers[] = {0, 1e-300, 1, 1e18, 4e18, 1e37};

	(void)state;
	for (int i = 0; i < 6 * 6 * 6 * 6; i++) {
		struct weigh_tally tally = {
			.bytes = numbers[i % 6],
			.blocks = numbers[i / 6 % 6],
			.bytes_variance = numbers[i / 36 % 6],
			.blocks_variance = numbers[i / 216],
			.samples = i % 7 + 1,
		};
		struct weigh_estimate bytes = weigh_estimate_bytes(&tally);
		assert_true(bytes.low >= 0 && bytes.low <= bytes.value && bytes.value <= bytes.high);
		assert_true(isfinite(bytes.high));
		bytes = weigh_estimate_blocks(&tally);
		assert_true(bytes.low >= 0 && bytes.low <= bytes.value && bytes.value <= bytes.high);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),    cmocka_unit_test(test_one_sample),
		cmocka_unit_test(test_nonsense), cmocka_unit_test(test_changing_rate),
		cmocka_unit_test(test_coverage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
