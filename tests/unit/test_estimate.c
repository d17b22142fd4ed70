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
	tally->unseen += size * (1 - p) / p;
	tally->samples++;
}

/* What a line allocates: `blocks` of sizes between two bounds, and perhaps some large ones. */
struct line {
	int blocks;
	double smallest, largest;
	int large;
	double large_size;
};

/* What there was, and what was seen of it. */
struct drawn {
	struct weigh_tally tally;
	double bytes, blocks;
};

/* With period 0 every block is taken. */
static void draw(struct drawn *drawn, const struct line *line, double period)
{
	for (int i = 0; i < line->blocks + line->large; i++) {
		double size =
			i < line->blocks
				? floor(line->smallest + next_random() * (line->largest - line->smallest + 1))
				: line->large_size;
		double p = period > 0 ? -expm1(-size / period) : 1;

		drawn->bytes += size;
		drawn->blocks++;
		if (p == 1 || next_random() < p)
			see(&drawn->tally, size, p);
	}
}

static struct weigh_chance chance_of(const struct weigh_tally *tally, double period)
{
	struct weigh_chance chance = {0};

	weigh_chance_add(&chance, tally);
	weigh_chance_settle(&chance, period, HUGE_VAL);
	return chance;
}

/* How many intervals held the truth. */
struct score {
	int cases;
	int bytes, blocks;
};

static double part(int held, const struct score *score)
{
	return score->cases ? (double)held / score->cases : 0;
}

static void judge(struct score *score, const struct drawn *drawn, const struct weigh_chance *chance)
{
	const struct weigh_tally *tally = &drawn->tally;
	struct weigh_estimate bytes = weigh_estimate_bytes(tally, chance),
			      blocks = weigh_estimate_blocks(tally, chance);
	double slack = drawn->bytes * 1e-9;

	assert_true(bytes.low <= bytes.value && bytes.value <= bytes.high);
	assert_true(blocks.low <= blocks.value && blocks.value <= blocks.high);
	assert_true(blocks.low >= (double)tally->samples);
	assert_true(bytes.low >= 0 && isfinite(bytes.high));
	assert_true(bytes.low < bytes.high);
	score->cases++;
	score->bytes += bytes.low - slack <= drawn->bytes && drawn->bytes <= bytes.high + slack;
	score->blocks += blocks.low - 1e-6 <= drawn->blocks && drawn->blocks <= blocks.high + 1e-6;
}

static void add(struct score *sum, const struct score *score)
{
	sum->cases += score->cases;
	sum->bytes += score->bytes;
	sum->blocks += score->blocks;
}

enum { PERIOD = 16384, RUNS = 2000 };

/* Lines by themselves, of three samples and more; runs that saw nothing have no row. */
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
	struct score sum = {0};

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		struct score score = {0};

		for (int run = 0; run < RUNS; run++) {
			struct drawn drawn = {0};
			draw(&drawn, &lines[i], PERIOD);
			struct weigh_chance chance = chance_of(&drawn.tally, PERIOD);
			if (drawn.tally.samples)
				judge(&score, &drawn, &chance);
		}
		if (fabs(part(score.bytes, &score) - 0.953) > 0.037 ||
		    fabs(part(score.blocks, &score) - 0.953) > 0.037)
			fail_msg("%d blocks of %.0f to %.0f bytes: held %.3f of bytes, %.3f of blocks",
				 lines[i].blocks, lines[i].smallest, lines[i].largest,
				 part(score.bytes, &score), part(score.blocks, &score));
		add(&sum, &score);
	}
	assert_true(fabs(part(sum.bytes, &sum) - 0.95) < 0.01);
	assert_true(fabs(part(sum.blocks, &sum) - 0.95) < 0.015);
}

/*
 * A program of many lines, by a power law, most of which are met once or twice
 * if at all; everything is taken at first, then the period widens step by
 * step. Each line's blocks come all the while.
 */
static void test_many_small_lines(void **state)
{
	enum { LINES = 400, STEPS = 6, PROGRAMS = 40 };
	static struct drawn lines[LINES];
	struct score seen = {0}, few = {0}, all_lines = {0};

	(void)state;
	for (int program = 0; program < PROGRAMS; program++) {
		struct weigh_chance chance = {0};
		for (int i = 0; i < LINES; i++) {
			const double size = 32 << i % 5;
			const struct line line = {4000 / (i + 1) + 8, size, size, 0, 0};
			lines[i] = (struct drawn){0};
			for (int step = 0; step < STEPS; step++)
				draw(&lines[i], &line, step ? 1024 << step : program % 2 * 1024);
			weigh_chance_add(&chance, &lines[i].tally);
		}
		weigh_chance_settle(&chance, 1024 << (STEPS - 1), HUGE_VAL);
		for (int i = 0; i < LINES; i++) {
			judge(&all_lines, &lines[i], &chance);
			if (lines[i].tally.samples)
				judge(&seen, &lines[i], &chance);
			if (lines[i].tally.samples == 1 || lines[i].tally.samples == 2)
				judge(&few, &lines[i], &chance);
		}
	}
	if (part(seen.bytes, &seen) < 0.93 || part(seen.bytes, &seen) > 0.98 ||
	    part(all_lines.bytes, &all_lines) < 0.93 || part(few.bytes, &few) < 0.92)
		fail_msg("held: lines seen %.3f, all %.3f, of one or two samples %.3f",
			 part(seen.bytes, &seen), part(all_lines.bytes, &all_lines), part(few.bytes, &few));
}

/* The rate widens while blocks are recorded: each keeps its own probability. */
static void test_changing_rate(void **state)
{
	struct score score = {0};

	(void)state;
	for (int run = 0; run < RUNS; run++) {
		const struct line line = {400, 40, 200, 0, 0};
		struct drawn drawn = {0};

		for (int i = 0; i < 6; i++)
			draw(&drawn, &line, i ? 256 << i : 0);
		struct weigh_chance chance = chance_of(&drawn.tally, 256 << 5);
		judge(&score, &drawn, &chance);
	}
	assert_true(fabs(part(score.bytes, &score) - 0.95) < 0.035);
}

static void test_exact(void **state)
{
	struct weigh_tally tally = {0};
	struct weigh_chance none = {0};

	(void)state;
	assert_true(weigh_estimate_is_exact(weigh_estimate_bytes(&tally, &none)));
	see(&tally, 1000, 1);
	see(&tally, 24, 1);
	struct weigh_chance chance = chance_of(&tally, 0);
	struct weigh_estimate bytes = weigh_estimate_bytes(&tally, &chance);
	assert_true(weigh_estimate_is_exact(bytes));
	assert_true(bytes.value == 1024);
	assert_true(weigh_estimate_spread(bytes) == 0);
	assert_true(weigh_chance_unseen(&chance) == 0);
	/* What is left when all sampled blocks went again. */
	tally.bytes_variance = 1e-13;
	chance = chance_of(&tally, 0);
	assert_true(weigh_estimate_is_exact(weigh_estimate_bytes(&tally, &chance)));
}

/* Blocks that were all taken, in a program of which not all were. */
static void test_certain_among_sampled(void **state)
{
	struct weigh_tally tally = {0}, other = {0};

	(void)state;
	for (int i = 0; i < 10; i++)
		see(&tally, 100, 1);
	for (int i = 0; i < 50; i++)
		see(&other, 64, 64.0 / PERIOD);
	struct weigh_chance chance = {0};
	weigh_chance_add(&chance, &tally);
	weigh_chance_add(&chance, &other);
	weigh_chance_settle(&chance, PERIOD * 16, HUGE_VAL);
	struct weigh_estimate bytes = weigh_estimate_bytes(&tally, &chance);
	assert_true(bytes.low == 1000 && bytes.value == 1000);
	assert_true(fabs(bytes.high - 1000 - 2.46 * PERIOD) < PERIOD / 100.0);
	assert_true(fabs(weigh_chance_unseen(&chance) - 3 * PERIOD) < PERIOD / 100.0);
	assert_false(weigh_estimate_is_exact(weigh_estimate_blocks(&tally, &chance)));

	/* No sample tells what one stands for: the longest period does, and what is missing. */
	chance = chance_of(&tally, PERIOD);
	assert_true(fabs(weigh_estimate_bytes(&tally, &chance).high - 1000 - 2.46 * PERIOD) < PERIOD / 100.0);
	chance = (struct weigh_chance){0};
	weigh_chance_add(&chance, &tally);
	weigh_chance_settle(&chance, PERIOD, 0);
	assert_true(weigh_estimate_is_exact(weigh_estimate_bytes(&tally, &chance)));
}

static void test_one_sample(void **state)
{
	struct weigh_tally tally = {0};

	(void)state;
	see(&tally, 64, 64.0 / 16384);
	struct weigh_chance chance = chance_of(&tally, 16384);
	struct weigh_estimate blocks = weigh_estimate_blocks(&tally, &chance);
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
			.unseen = numbers[i % 5],
			.samples = i % 7 + 1,
		};
		struct weigh_chance chance = chance_of(&tally, numbers[i % 5]);
		struct weigh_estimate bytes = weigh_estimate_bytes(&tally, &chance);
		assert_true(bytes.low >= 0 && bytes.low <= bytes.value && bytes.value <= bytes.high);
		assert_true(isfinite(bytes.high));
		bytes = weigh_estimate_blocks(&tally, &chance);
		assert_true(bytes.low >= 0 && bytes.low <= bytes.value && bytes.value <= bytes.high);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_certain_among_sampled),
		cmocka_unit_test(test_one_sample),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_changing_rate),
		cmocka_unit_test(test_coverage),
		cmocka_unit_test(test_many_small_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
