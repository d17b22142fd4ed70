/*
 * The sampler: probabilities, estimates and their intervals, and how the
 * period follows the load. One thread.
 *
 * Time is ours: clock_gettime() is replaced and moves by `step` for each sample
 * that is taken, so the load is what a test wants it to be, and the start of a
 * recording seeds its random numbers. Nothing here is left to chance.
 */
#include "capture/estimate.h"
#include "recorder/sampler.h"
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t now_ns = 1000000000;
static uint64_t step_ns;

int clock_gettime(clockid_t id, struct timespec *time)
{
	(void)id;
	time->tv_sec = (time_t)(now_ns / 1000000000);
	time->tv_nsec = (long)(now_ns % 1000000000);
	return 0;
}

static void begin(uint64_t seed)
{
	now_ns = 1000000000 + seed * 7919;
	step_ns = 10000000; /* 100 samples a second: no load */
	stage_begin(false);
}

static uint64_t samples(void)
{
	return stage_capture->counters.sampled_blocks;
}

/* Lets time pass for the samples taken since `before`; whether there was one. */
static bool tick(uint64_t before)
{
	uint64_t taken = samples() - before;
	now_ns += taken * step_ns;
	return taken > 0;
}

static void *take(size_t bytes, bool *sampled)
{
	uint64_t before = samples();
	void *block = bytes && bytes <= STAGE_SMALL_MAX && bytes % 3
			      ? stage_small(bytes, WEIGH_DOMAIN_OBJECT)
			      : stage_malloc(bytes, WEIGH_DOMAIN_OBJECT);
	*sampled = tick(before);
	return block;
}

static void give(void *block, size_t bytes)
{
	if (bytes && bytes <= STAGE_SMALL_MAX && bytes % 3)
		stage_small_free(block);
	else
		stage_free(block);
}

/* Loads the sampler until its period is 2^log, and then just so that it stays. */
static void reach(unsigned log)
{
	bool sampled;
	double doublings = log - WEIGH_PERIOD_FIRST_LOG + 0.5;
	stage_stack(4, 1, 1);
	stage_capture->counters.sampled_blocks = WEIGH_SAMPLES_FREE; /* as if the first ones had been */
	step_ns = (uint64_t)(1e9 / (WEIGH_SAMPLES_PER_SECOND_EARLY * exp2(doublings)));
	while (stage_capture->sampling_period == 0)
		give(take(16, &sampled), 16);
	step_ns = 1000000000 / (WEIGH_SAMPLES_PER_SECOND_EARLY / 2);
	assert_int_equal(stage_capture->sampling_period, 1u << log);
	/* The thread still counts down what it drew before. */
	while (weigh_self->period_log != log)
		give(take(16, &sampled), 16);
	stage_stack(4, 1, 2);
}

/* As if the tally were all there is in the capture. */
static struct weigh_chance chance_of(const struct weigh_tally *tally)
{
	struct weigh_chance chance = {0};
	weigh_chance_add(&chance, tally);
	weigh_chance_settle(&chance, (double)stage_capture->sampling_period_max, HUGE_VAL);
	return chance;
}

static struct weigh_estimate bytes_of(const struct weigh_tally *tally)
{
	struct weigh_chance chance = chance_of(tally);
	return weigh_estimate_bytes(tally, &chance);
}

static struct weigh_estimate blocks_of(const struct weigh_tally *tally)
{
	struct weigh_chance chance = chance_of(tally);
	return weigh_estimate_blocks(tally, &chance);
}

static void test_everything_without_load(void **state)
{
	(void)state;
	begin(1);
	stage_stack(4, 1, 2);
	for (size_t bytes = 0; bytes < 2000; bytes++) {
		bool sampled;
		void *block = take(bytes, &sampled);
		assert_true(sampled);
		give(block, bytes);
	}
	const struct weigh_tally *total = &stage_site(2, WEIGH_DOMAIN_OBJECT)->total;
	assert_true(total->blocks == 2000 && total->bytes == 1999.0 * 2000 / 2);
	assert_true(weigh_estimate_is_exact(bytes_of(total)));
	assert_int_equal(stage_capture->sampling_period_max, 0);
	stage_end();
}

/* Each size is met as often as its probability says, whatever its neighbours are. */
static void test_probability_of_each_size(void **state)
{
	enum { ROUNDS = 20000, LOG = 12 };
	static const size_t sizes[] = {16, 0, 48, 500, 512, 1000, 4096, 9000, 100000};
	enum { COUNT = sizeof(sizes) / sizeof(sizes[0]) };
	unsigned seen[COUNT] = {0};
	(void)state;
	begin(7);
	reach(LOG);
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < COUNT; i++) {
			bool sampled;
			give(take(sizes[i], &sampled), sizes[i]);
			seen[i] += sampled;
		}
	}
	assert_int_equal(stage_capture->sampling_period, 1u << LOG);
	for (unsigned i = 0; i < COUNT; i++) {
		double p = 1 - exp(-(double)(sizes[i] ? sizes[i] : 1) / (1 << LOG));
		double expected = ROUNDS * p;
		double deviation = sqrt(ROUNDS * p * (1 - p)) + 0.5;
		assert_true(fabs(seen[i] - expected) < 4 * deviation);
		assert_true(fabs(weigh_sampler_probability(sizes[i], LOG) - p) < 1e-12);
	}
	assert_true(weigh_sampler_probability(100, 0) == 1);
	stage_end();
}

/* How estimates of one quantity fared over many recordings. */
struct score {
	unsigned count;
	unsigned covered;
	double error; /* sum of relative errors */
	double square;
};

static void note(struct score *score, struct weigh_estimate estimate, double truth)
{
	double error = estimate.value / truth - 1;
	score->count++;
	score->covered += estimate.low <= truth && truth <= estimate.high;
	score->error += error;
	score->square += error * error;
}

/* The mean error is nothing, within four of its standard deviations. */
static void assert_unbiased(const struct score *score)
{
	double mean = score->error / score->count;
	double deviation = sqrt(score->square / score->count / score->count);
	if (fabs(mean) > 4 * deviation)
		fail_msg("mean error %.5f, its standard deviation %.5f", mean, deviation);
}

static void assert_covered(const struct score *score)
{
	double part = (double)score->covered / score->count;
	if (part < 0.93 || part > 0.97)
		fail_msg("the interval holds the truth in %.1f %% of cases", 100 * part);
}

/* The i-th size of a kind of program. */
static size_t size_of(unsigned kind, unsigned i)
{
	uint32_t random = (i + 1) * 2654435761u;
	switch (kind) {
	case 0: /* one size */
		return 64;
	case 1: /* sizes of every magnitude */
		return (size_t)exp2(4 + (random >> 16) / 65536.0 * 9);
	case 2: /* a rare large one among small ones, in step with each other */
		return i % 50 == 0 ? 12000 : 40;
	default: /* in turn, aliasing with any fixed interval */
		return 128u << i % 6;
	}
}

static void play(uint64_t seed, unsigned kind, struct score *bytes, struct score *blocks, struct score *total)
{
	enum { BLOCKS = 4000, LOG = 10 };
	static void *kept[BLOCKS];
	double live_bytes = 0;
	double live_blocks = 0;
	double total_bytes = 0;
	bool sampled;
	begin(seed);
	reach(LOG);
	for (unsigned i = 0; i < BLOCKS; i++) {
		kept[i] = take(size_of(kind, i), &sampled);
		total_bytes += (double)size_of(kind, i);
	}
	for (unsigned i = 0; i < BLOCKS; i += 3)
		give(kept[i], size_of(kind, i));
	for (unsigned i = 0; i < BLOCKS; i++) {
		live_bytes += i % 3 ? (double)size_of(kind, i) : 0;
		live_blocks += i % 3 != 0;
	}
	const struct weigh_site *site = stage_site(2, WEIGH_DOMAIN_OBJECT);
	note(bytes, bytes_of(&site->live), live_bytes);
	note(blocks, blocks_of(&site->live), live_blocks);
	note(total, bytes_of(&site->total), total_bytes);
	for (unsigned i = 0; i < BLOCKS; i++)
		if (i % 3)
			give(kept[i], size_of(kind, i));
	assert_int_equal(site->live.samples, 0);
	assert_true(site->live.bytes == 0 && site->live.bytes_variance == 0);
	assert_int_equal(weigh_counters_live(&stage_capture->counters), 0);
	assert_int_equal(stage_lost_blocks(), 0);
	stage_end();
}

static void test_estimates(void **state)
{
	enum { SEEDS = 600 };
	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		struct score bytes = {0};
		struct score blocks = {0};
		struct score total = {0};
		for (uint64_t seed = 1; seed <= SEEDS; seed++)
			play(seed, kind, &bytes, &blocks, &total);
		assert_unbiased(&bytes);
		assert_unbiased(&blocks);
		assert_unbiased(&total);
		assert_covered(&bytes);
		assert_covered(&blocks);
		assert_covered(&total);
	}
}

/* The load rises and falls during the run: each sample counts with the period it was drawn with. */
static void test_estimates_while_the_period_moves(void **state)
{
	enum { SEEDS = 400, BLOCKS = 12000 };
	struct score bytes = {0};
	uint64_t widest = 0;
	bool sampled;
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		double truth = 0;
		begin(seed);
		stage_capture->counters.sampled_blocks = WEIGH_SAMPLES_FREE;
		stage_stack(4, 1, 2);
		for (unsigned i = 0; i < BLOCKS; i++) {
			size_t size = size_of(1, i);
			step_ns = i / 2000 % 2 ? 60000 : 1000;
			give(take(size, &sampled), size);
			truth += (double)size;
		}
		note(&bytes, bytes_of(&stage_site(2, WEIGH_DOMAIN_OBJECT)->total), truth);
		if (stage_capture->sampling_period_max > widest)
			widest = stage_capture->sampling_period_max;
		stage_end();
	}
	assert_true(widest >= 1024);
	assert_unbiased(&bytes);
	assert_covered(&bytes);
}

/* However fast they come; after them the period rises at once. */
static void test_the_first_blocks_are_certain(void **state)
{
	bool sampled = true;
	unsigned certain = 0;
	(void)state;
	begin(5);
	step_ns = 1;
	while (sampled && certain < 4 * WEIGH_SAMPLES_FREE) {
		give(take(40, &sampled), 40);
		certain += sampled;
	}
	assert_in_range(certain, WEIGH_SAMPLES_FREE, WEIGH_SAMPLES_FREE + 2000);
	stage_end();
}

static void test_large_blocks_are_certain(void **state)
{
	bool sampled;
	(void)state;
	begin(3);
	reach(12);
	for (unsigned i = 0; i < 2000; i++) {
		give(take(4096 * 40, &sampled), 4096 * 40);
		assert_true(sampled);
	}
	struct weigh_estimate e = bytes_of(&stage_site(2, WEIGH_DOMAIN_OBJECT)->total);
	assert_true(e.low == e.value && e.value == 2000.0 * 4096 * 40);
	/* Small ones may have gone unseen beside them. */
	assert_true(e.high > e.value && e.high <= e.value + 3 * 4096);
	stage_end();
}

static void test_period_falls_with_the_load(void **state)
{
	bool sampled;
	(void)state;
	begin(5);
	reach(14);
	step_ns = 1000000;
	for (unsigned i = 0; i < 4000000 && stage_capture->sampling_period; i++)
		give(take(512, &sampled), 512);
	assert_int_equal(stage_capture->sampling_period, 0);
	assert_int_equal(stage_capture->sampling_period_max, 1u << 14);
	stage_end();
}

static void test_live_samples_are_bounded(void **state)
{
	enum { BLOCKS = 400000 };
	void **kept = calloc(BLOCKS, sizeof(*kept));
	bool sampled;
	(void)state;
	begin(9);
	stage_stack(4, 1, 2);
	for (unsigned i = 0; i < BLOCKS; i++)
		kept[i] = take(16, &sampled);
	int64_t live = stage_capture->counters.live_samples;
	assert_true(stage_capture->sampling_period_max > 0);
	assert_true(live > WEIGH_SAMPLES_LIVE / 2);
	assert_true(live < WEIGH_SAMPLES_LIVE * 2);
	assert_int_equal(stage_site(2, WEIGH_DOMAIN_OBJECT)->live.samples, live);
	assert_int_equal(weigh_counters_live(&stage_capture->counters), BLOCKS * 16ull);
	struct weigh_estimate e = blocks_of(&stage_site(2, WEIGH_DOMAIN_OBJECT)->live);
	assert_true(e.low <= BLOCKS && BLOCKS <= e.high);
	for (unsigned i = 0; i < BLOCKS; i++)
		give(kept[i], 16);
	assert_int_equal(stage_capture->counters.live_samples, 0);
	assert_int_equal(weigh_counters_live(&stage_capture->counters), 0);
	free(kept);
	stage_end();
}

/* Live blocks of ever new stacks: their samples become rarer before there is no room for stacks. */
static void test_samples_of_many_stacks_become_rarer(void **state)
{
	bool sampled;
	(void)state;
	begin(3);
	const struct weigh_section *sites = &stage_capture->sections[WEIGH_SECTION_SITES];
	uint32_t stacks = 2 * sites->capacity;
	void **kept = calloc(stacks, sizeof(*kept));
	for (uint32_t i = 0; i < stacks; i++) {
		stage_stack(2 * (int32_t)i, 2, 1, 2);
		kept[i] = take(16, &sampled);
	}
	int64_t live = stage_capture->counters.live_samples;
	assert_true(live < WEIGH_SAMPLES_FREE);
	assert_true(live < sites->capacity);
	assert_true(sites->used < sites->capacity);
	assert_in_range(stage_capture->sampling_period, 1, 1u << WEIGH_PERIOD_CROWDED_LOG);
	for (uint32_t i = 0; i < stacks; i++)
		give(kept[i], 16);
	for (int i = 0; i < 4000; i++)
		give(take(512, &sampled), 512);
	assert_int_equal(stage_capture->sampling_period, 0);
	free(kept);
	stage_end();
}

/* Samples come at 50,000 a second: half of what is taken at first, twice what is taken later. */
static uint64_t period_at_half_load(uint64_t samples_before)
{
	enum { SAMPLES = 20000 };
	bool sampled;
	begin(5);
	stage_stack(4, 1, 1);
	stage_capture->counters.sampled_blocks = samples_before;
	step_ns = 20000;
	for (int i = 0; i < SAMPLES; i++)
		give(take(16, &sampled), 16);
	uint64_t period = stage_capture->sampling_period;
	stage_end();
	return period;
}

static void test_later_samples_are_fewer(void **state)
{
	(void)state;
	assert_int_equal(period_at_half_load(WEIGH_SAMPLES_FREE), 0);
	assert_true(period_at_half_load(WEIGH_SAMPLES_EARLY) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_later_samples_are_fewer),
		cmocka_unit_test(test_everything_without_load),
		cmocka_unit_test(test_probability_of_each_size),
		cmocka_unit_test(test_estimates),
		cmocka_unit_test(test_estimates_while_the_period_moves),
		cmocka_unit_test(test_the_first_blocks_are_certain),
		cmocka_unit_test(test_large_blocks_are_certain),
		cmocka_unit_test(test_period_falls_with_the_load),
		cmocka_unit_test(test_live_samples_are_bounded),
		cmocka_unit_test(test_samples_of_many_stacks_become_rarer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
