/*
 * Many threads in the recorder at once: sums that come out even, and
 * recordings that start and stop while threads allocate.
 *
 * Run also under the thread-hostile load of one another: threads share lines,
 * domains and the blocks they free.
 */
#include "base/clock.h"
#include "recorder/recorder.h"
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	THREADS = 6,
	HELD = 64,
	SHARED = 128,
};

static atomic_bool stopping;
static _Atomic(void *) shared[SHARED]; /* blocks that one thread makes and another frees */
static atomic_ullong allocations;

static uint32_t draw(uint64_t *random, uint32_t below)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*random >> 33) % below;
}

/* One allocation and one free, or a realloc, or a block passed on. */
static void act(uint64_t *random, void **held)
{
	static const enum weigh_domain domains[] = {WEIGH_DOMAIN_RAW, WEIGH_DOMAIN_MALLOC,
						    WEIGH_DOMAIN_ARRAY};
	void **place = &held[draw(random, HELD)];
	stage_stack((int32_t)draw(random, 20) * 2, 2, draw(random, 10), 10 + draw(random, 10));
	switch (draw(random, 3)) {
	case 0:
		stage_free(*place);
		*place = stage_malloc(draw(random, 3000), domains[draw(random, 3)]);
		atomic_fetch_add(&allocations, 1);
		break;
	case 1:
		*place = atomic_exchange(&shared[draw(random, SHARED)], *place);
		break;
	default:
		stage_free(*place);
		*place = NULL;
	}
}

static void *run(void *seed)
{
	uint64_t random = (uintptr_t)seed;
	void *held[HELD] = {0};
	while (!atomic_load(&stopping))
		act(&random, held);
	for (unsigned i = 0; i < HELD; i++)
		stage_free(held[i]);
	return NULL;
}

static void start_threads(pthread_t *threads, unsigned seed)
{
	atomic_store(&stopping, false);
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run, (void *)(seed + i)), 0);
}

static void join_threads(pthread_t *threads)
{
	atomic_store(&stopping, true);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < SHARED; i++)
		stage_free(atomic_exchange(&shared[i], NULL));
}

static void test_sums_come_out_even(void **state)
{
	pthread_t threads[THREADS];
	double total = 0;
	(void)state;
	stage_begin(true);
	atomic_store(&allocations, 0);
	start_threads(threads, 1);
	usleep(400000);
	join_threads(threads);
	stage_stop();
	assert_true(atomic_load(&allocations) > 1000);
	assert_true(labs(stage_capture->counters.other_blocks_live) <= (long)stage_lost_blocks());
	if (stage_lost_blocks() == 0) {
		assert_int_equal(stage_capture->counters.other_live, 0);
		assert_int_equal(stage_capture->counters.other_blocks_allocated, atomic_load(&allocations));
	}
	const struct weigh_site *sites = stage_entries(WEIGH_SECTION_SITES);
	for (uint32_t i = 0; i < stage_used(WEIGH_SECTION_SITES); i++) {
		if (!(sites[i].flags & WEIGH_SITE_USED))
			continue;
		if (stage_lost_blocks() == 0) {
			assert_int_equal(sites[i].live.samples, 0);
			assert_true(sites[i].live.bytes == 0);
		}
		assert_true(sites[i].at_peak.bytes >= 0 && sites[i].live.bytes >= 0);
		total += sites[i].total.blocks;
	}
	assert_true(total <= (double)atomic_load(&allocations));
	assert_true(total + (double)stage_lost_blocks() >= (double)atomic_load(&allocations));
	assert_int_equal(stage_used(WEIGH_SECTION_THREADS), THREADS + 1);
	stage_end();
}

static void test_start_and_stop_among_running_threads(void **state)
{
	pthread_t threads[THREADS];
	(void)state;
	start_threads(threads, 100);
	uint64_t until = weigh_clock_now() + 1500000000;
	unsigned rounds = 0;
	for (; weigh_clock_now() < until; rounds++) {
		stage_begin(rounds % 2);
		usleep(rounds % 10 * 100);
		stage_stop();
		assert_int_equal(stage_capture->state, WEIGH_STATE_ENDED);
		assert_false(weigh_recorder_running());
		stage_end();
	}
	join_threads(threads);
	assert_true(rounds > 20);
}

static void *come_and_go(void *unused)
{
	stage_stack(4, 1, 30);
	stage_free(stage_malloc(100, WEIGH_DOMAIN_MALLOC));
	return unused;
}

/* Records of threads that have ended serve those that come. */
static void test_many_short_threads(void **state)
{
	enum { MANY = 3000 };
	(void)state;
	stage_begin(true);
	uint32_t capacity = stage_capture->sections[WEIGH_SECTION_THREADS].capacity;
	for (unsigned i = 0; i < MANY; i++) {
		pthread_t thread;
		assert_int_equal(pthread_create(&thread, NULL, come_and_go, NULL), 0);
		pthread_join(thread, NULL);
	}
	stage_stop();
	assert_int_equal(stage_used(WEIGH_SECTION_THREADS), capacity);
	assert_int_equal(stage_capture->sections[WEIGH_SECTION_THREADS].refused, MANY + 1 - capacity);
	assert_int_equal(stage_capture->counters.other_live, 0);
	assert_int_equal(stage_capture->counters.other_blocks_allocated, MANY);
	assert_int_equal(stage_lost_blocks(), 0);
	stage_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_short_threads),
		cmocka_unit_test(test_sums_come_out_even),
		cmocka_unit_test(test_start_and_stop_among_running_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
