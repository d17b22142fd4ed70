/*
 * The sampler. Runs on the recording path of any thread, for sampled blocks
 * only: about 40 ns, most of it the logarithm and the exponential.
 */
#include "recorder/sampler.h"

#include "base/clock.h"
#include "base/spin.h"
#include "recorder/resident.h"

#include <math.h>

enum {
	WINDOW_NS = 10000000,
	CHECK_EVERY = 64, /* samples between looks at the clock */
};

static struct {
	unsigned period_log;  /* now; 0: everything */
	unsigned floor_log;   /* not below this, for the live samples' sake */
	int64_t live_bound;
	uint64_t window_start;
	uint32_t window_samples;
	struct weigh_spin lock;
} state;

void weigh_sampler_init(void)
{
	state.period_log = 0;
	state.floor_log = 0;
	state.live_bound = WEIGH_SAMPLES_LIVE;
	state.window_start = weigh_clock_now();
	state.window_samples = 0;
}

static unsigned wider(unsigned period_log)
{
	if (!period_log)
		return WEIGH_PERIOD_FIRST_LOG;
	return period_log < WEIGH_PERIOD_LAST_LOG ? period_log + 1 : period_log;
}

static unsigned narrower(unsigned period_log)
{
	return period_log <= WEIGH_PERIOD_FIRST_LOG ? 0 : period_log - 1;
}

static void publish(void)
{
	struct weigh_header *header = weigh_recorder.header;
	uint64_t period = state.period_log ? 1ull << state.period_log : 0;
	header->sampling_period = period;
	if (period > header->sampling_period_max)
		header->sampling_period_max = period;
	header->counters.recorder = weigh_resident_own();
}

static void adapt_to_live(void)
{
	int64_t live = weigh_recorder.header->counters.live_samples;
	if (live > state.live_bound) {
		state.floor_log =
			wider(state.floor_log > state.period_log ? state.floor_log : state.period_log);
		state.live_bound += state.live_bound / 4;
	} else if (state.floor_log && live < state.live_bound / 8) {
		state.floor_log = narrower(state.floor_log);
		if (state.live_bound > WEIGH_SAMPLES_LIVE)
			state.live_bound = state.live_bound / 5 * 4;
	}
}

void weigh_sampler_crowded(void)
{
	if (weigh_recorder.exact || !weigh_spin_take(&state.lock))
		return;
	unsigned from = state.floor_log > state.period_log ? state.floor_log : state.period_log;
	if (from < WEIGH_PERIOD_CROWDED_LOG)
		state.floor_log = wider(from);
	weigh_spin_give(&state.lock);
}

/* Samples a second above which the period grows. */
static uint32_t limit(void)
{
	return weigh_recorder.header->counters.sampled_blocks < WEIGH_SAMPLES_EARLY
		       ? WEIGH_SAMPLES_PER_SECOND_EARLY
		       : WEIGH_SAMPLES_PER_SECOND;
}

static uint32_t window_samples(void)
{
	return (uint32_t)((uint64_t)limit() * WINDOW_NS / 1000000000);
}

static void adapt_to_rate(uint64_t elapsed)
{
	double rate = (double)state.window_samples * 1e9 / (double)(elapsed + 1);
	while (rate > limit()) {
		state.period_log = wider(state.period_log);
		rate /= 2;
	}
	if (rate < limit() / 4 && elapsed >= WINDOW_NS)
		state.period_log = narrower(state.period_log);
}

static void adapt(void)
{
	if (!weigh_spin_take(&state.lock))
		return;
	state.window_samples += CHECK_EVERY;
	uint64_t elapsed = weigh_clock_now() - state.window_start;
	adapt_to_live();
	if (elapsed >= WINDOW_NS || state.window_samples >= window_samples()) {
		if (state.period_log || weigh_recorder.header->counters.sampled_blocks > WEIGH_SAMPLES_FREE)
			adapt_to_rate(elapsed);
		state.window_start += elapsed;
		state.window_samples = 0;
	}
	if (state.period_log < state.floor_log)
		state.period_log = state.floor_log;
	publish();
	weigh_spin_give(&state.lock);
}

/* xorshift64*: 53 good bits, in (0, 1]. */
static double uniform(uint64_t *random)
{
	*random ^= *random >> 12;
	*random ^= *random << 25;
	*random ^= *random >> 27;
	return (double)((*random * 0x2545F4914F6CDD1Dull >> 11) + 1) * 0x1p-53;
}

static void redraw(struct weigh_thread *thread)
{
	thread->period_log = weigh_recorder.exact ? 0 : state.period_log;
	if (weigh_recorder.counting) {
		thread->countdown = INT64_MAX / 2;
		return;
	}
	if (!thread->period_log) {
		thread->countdown = INT64_MIN / 2;
		return;
	}
	double period = (double)(1ull << thread->period_log);
	thread->countdown = (int64_t)(-period * log(uniform(&thread->random)));
}

void weigh_sampler_begin(struct weigh_thread *thread)
{
	redraw(thread);
}

unsigned weigh_sampler_draw(struct weigh_thread *thread)
{
	unsigned period_log = thread->period_log;
	if (weigh_recorder.exact) {
		if (!weigh_sampler_idle(thread))
			publish();
		return 0;
	}
	if (++weigh_recorder.header->counters.sampled_blocks % CHECK_EVERY == 0)
		adapt();
	redraw(thread);
	return period_log;
}

double weigh_sampler_probability(uint64_t bytes, unsigned period_log)
{
	if (!period_log)
		return 1;
	return -expm1(-(double)(bytes ? bytes : 1) / (double)(1ull << period_log));
}
