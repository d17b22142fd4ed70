/*
 * The recorder without memory: its n-th request for pages, and every later
 * one, fails, for every n there is. A start says so and leaves nothing behind;
 * a recording goes on, counts what it could not keep, and never comes to
 * figures that cannot be.
 */
#include "base/arena.h"
#include "base/pages.h"
#include "recorder/mappings.h"
#include "recorder/recorder.h"
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	HELD = 400,
	LARGE = 300000, /* a few of these to a granule of the map */
};

#define MAPPED ((uintptr_t)0x520000000000)

static uint64_t made; /* allocations that the recorder was told of */

static void *hold(void **held, unsigned i)
{
	stage_stack((int32_t)i * 2, 3, 1, i % 50, 50 + i % 100);
	made++;
	switch (i % 4) {
	case 0:
		return held[i] = stage_small(i % STAGE_SMALL_MAX + 1, WEIGH_DOMAIN_OBJECT);
	case 1:
		return held[i] = stage_malloc(i, WEIGH_DOMAIN_RAW);
	default:
		return held[i] = stage_malloc(LARGE + i, WEIGH_DOMAIN_MALLOC);
	}
}

static void let_go(void **held, unsigned i)
{
	if (i % 4 == 0)
		stage_small_free(held[i]);
	else
		stage_free(held[i]);
}

static void track(void *block, size_t bytes)
{
	struct weigh_thread *thread = weigh_event_enter();
	if (!thread)
		return;
	weigh_event_track(thread, (uintptr_t)block, bytes);
	weigh_event_leave(thread);
}

/* Blocks of every kind are made, moved, kept and let go. */
static void work(void)
{
	static void *held[HELD];
	static char cache[HELD][64] __attribute__((aligned(64)));
	for (unsigned i = 0; i < HELD; i++)
		hold(held, i);
	for (unsigned i = 2; i < HELD; i += 4) {
		if (i % 8 == 2) {
			held[i] = stage_realloc(held[i], LARGE * 2, WEIGH_DOMAIN_MALLOC, false);
			made++;
		} else {
			stage_realloc(held[i], LARGE * 3, WEIGH_DOMAIN_MALLOC, true);
		}
	}
	for (unsigned i = 0; i < HELD; i++) {
		track(cache[i], 50);
		made++;
	}
	struct weigh_thread *thread = weigh_event_enter();
	for (unsigned i = 0; i < 50; i++) {
		weigh_mapping_add(thread, MAPPED + (uintptr_t)i * 8192, 8192);
		made++;
		weigh_mapping_cut(MAPPED + (uintptr_t)i * 8192, 4096);
	}
	weigh_mapping_cut(MAPPED, 50 * 8192);
	weigh_event_leave(thread);
	for (unsigned i = 0; i < HELD; i++) {
		weigh_event_free(cache[i]);
		let_go(held, i);
	}
}

static void assert_tally_is_possible(const struct weigh_tally *tally)
{
	assert_true(tally->samples >= 0);
	assert_true(tally->bytes >= 0 && tally->footprint >= 0 && tally->blocks >= 0);
	assert_true(tally->samples > 0 || (tally->bytes == 0 && tally->footprint == 0 && tally->blocks == 0));
}

/* Nothing is live now; what was kept and what was lost is all there was. */
static void assert_sound(void)
{
	const struct weigh_site *sites = stage_entries(WEIGH_SECTION_SITES);
	const struct weigh_counters *counters = &stage_capture->counters;
	double total = 0;
	if (weigh_recorder_running())
		weigh_thread_flush(weigh_self);
	for (uint32_t i = 0; i < stage_used(WEIGH_SECTION_SITES); i++) {
		assert_tally_is_possible(&sites[i].live);
		assert_tally_is_possible(&sites[i].total);
		assert_tally_is_possible(&sites[i].temporary);
		assert_tally_is_possible(&sites[i].at_peak);
		assert_int_equal(sites[i].live.samples, 0);
		total += sites[i].total.blocks;
	}
	assert_int_equal((int64_t)(counters->small_allocated - counters->small_freed), 0);
	assert_int_equal((int64_t)(counters->small_blocks_allocated - counters->small_blocks_freed), 0);
	assert_int_equal(counters->other_live, 0);
	assert_int_equal(counters->other_blocks_live, 0);
	assert_int_equal(counters->mapped_live, 0);
	assert_true((uint64_t)total <= made);
	assert_true((uint64_t)total + stage_lost_blocks() >= made);
	assert_true(stage_capture->peak.footprint < 1u << 30);
}

static void test_start(void **state)
{
	uint64_t failures = 0;
	(void)state;
	stage_begin(true);
	stage_end();
	size_t before = weigh_pages_held();
	for (;; failures++) {
		weigh_pages_fail_from(failures + 1);
		struct weigh_error *error = stage_try_begin(true, WEIGH_FILE_SIZE_SAMPLED);
		weigh_pages_fail_from(0);
		if (!error)
			break;
		assert_int_equal(error->code, WEIGH_ERROR_MEMORY);
		assert_non_null(strstr(error->message, "no memory"));
		assert_null(strchr(error->message, '\n'));
		weigh_error_destroy(error);
		assert_false(weigh_recorder_running());
		assert_memory_not_equal(stage_capture->magic, WEIGH_MAGIC, sizeof(stage_capture->magic));
		stage_end();
		assert_int_equal(weigh_pages_held(), before);
	}
	assert_true(failures > 3);
	assert_memory_equal(stage_capture->magic, WEIGH_MAGIC, sizeof(stage_capture->magic));
	stage_end();
	assert_int_equal(weigh_pages_held(), before);
}

static void test_start_in_too_small_a_file(void **state)
{
	(void)state;
	struct weigh_error *error = stage_try_begin(true, 1 << 20);
	assert_non_null(error);
	assert_non_null(strstr(error->message, "too small"));
	weigh_error_destroy(error);
	assert_false(weigh_recorder_running());
	stage_end();
}

static void test_events(void **state)
{
	uint64_t lost;
	unsigned failures = 0;
	(void)state;
	for (uint64_t n = 1;; n++) {
		made = 0;
		weigh_arena_release();
		stage_begin(true);
		weigh_pages_fail_from(n);
		work();
		lost = stage_lost_blocks();
		assert_sound();
		weigh_pages_fail_from(0);
		work();
		assert_sound();
		stage_stop();
		assert_sound();
		stage_end();
		if (!lost)
			break;
		failures++;
		assert_true(n < 100);
	}
	assert_true(failures >= 3);
}

static void test_sampled_events(void **state)
{
	uint64_t lost = 1;
	(void)state;
	for (uint64_t n = 1; lost; n++) {
		made = 0;
		weigh_arena_release();
		stage_begin(false);
		weigh_pages_fail_from(n);
		work();
		lost = stage_lost_blocks();
		weigh_pages_fail_from(0);
		work();
		stage_stop();
		assert_int_equal(weigh_counters_live(&stage_capture->counters), 0);
		assert_int_equal(stage_capture->counters.live_samples, 0);
		stage_end();
		assert_true(n < 100);
	}
}

static void *work_elsewhere(void *unused)
{
	stage_stack(2, 1, 200);
	stage_free(stage_malloc(100, WEIGH_DOMAIN_MALLOC));
	stage_free(stage_malloc(200, WEIGH_DOMAIN_MALLOC));
	return unused;
}

static void test_thread_without_a_record(void **state)
{
	pthread_t thread;
	(void)state;
	stage_begin(true);
	weigh_pages_fail_from(1);
	assert_int_equal(pthread_create(&thread, NULL, work_elsewhere, NULL), 0);
	pthread_join(thread, NULL);
	assert_true(stage_capture->lost[WEIGH_LOSS_MEMORY].blocks >= 1);
	assert_int_equal(weigh_counters_live(&stage_capture->counters), 0);
	assert_null(stage_site(200, WEIGH_DOMAIN_MALLOC));
	weigh_pages_fail_from(0);
	assert_int_equal(pthread_create(&thread, NULL, work_elsewhere, NULL), 0);
	pthread_join(thread, NULL);
	assert_true(stage_site(200, WEIGH_DOMAIN_MALLOC)->total.bytes == 300);
	stage_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thread_without_a_record),
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_start_in_too_small_a_file),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_sampled_events),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
