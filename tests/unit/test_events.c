/*
 * Events in exact mode: what allocations, frees and reallocations add up to,
 * per site and in all. One thread.
 */
#include "recorder/native.h"
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void assert_tally(const struct weigh_tally *tally, uint64_t bytes, uint64_t footprint, uint64_t blocks)
{
	assert_int_equal((uint64_t)tally->bytes, bytes);
	assert_int_equal((uint64_t)tally->footprint, footprint);
	assert_int_equal((uint64_t)tally->blocks, blocks);
	assert_int_equal(tally->samples, blocks);
	assert_true(tally->bytes_variance == 0);
}

static uint64_t live(void)
{
	return weigh_counters_live(&stage_capture->counters);
}

static void test_native_block(void **state)
{
	(void)state;
	stage_stack(4, 2, 1, 2);
	void *block = stage_malloc(1000, WEIGH_DOMAIN_MALLOC);
	uint64_t footprint = stage_footprint(block);
	assert_true(footprint >= 1008);
	assert_int_equal(live(), footprint);
	assert_int_equal(weigh_counters_blocks(&stage_capture->counters), 1);
	const struct weigh_site *site = stage_site(2, WEIGH_DOMAIN_MALLOC);
	assert_non_null(site);
	assert_tally(&site->live, 1000, footprint, 1);
	assert_tally(&site->total, 1000, footprint, 1);
	assert_int_equal(site->thread, 1);

	stage_free(block);
	assert_int_equal(live(), 0);
	assert_tally(&site->live, 0, 0, 0);
	assert_tally(&site->total, 1000, footprint, 1);
	assert_int_equal(stage_capture->peak.footprint, footprint);
	assert_int_equal(stage_capture->peak.blocks, 1);
	assert_tally(stage_at_peak(site), 1000, footprint, 1);
	assert_int_equal(stage_capture->counters.live_samples, 0);
}

static void test_small_block(void **state)
{
	(void)state;
	stage_stack(4, 1, 1);
	for (unsigned bytes = 1; bytes <= STAGE_SMALL_MAX; bytes++) {
		uint64_t footprint = (bytes + 15) / 16 * 16;
		void *block = stage_small(bytes, WEIGH_DOMAIN_OBJECT);
		assert_int_equal(live(), footprint);
		assert_tally(&stage_site(1, WEIGH_DOMAIN_OBJECT)->live, bytes, footprint, 1);
		stage_small_free(block);
		assert_int_equal(live(), 0);
	}
	assert_int_equal(stage_capture->counters.small_blocks_allocated, STAGE_SMALL_MAX);
	assert_int_equal(stage_capture->counters.small_blocks_freed, STAGE_SMALL_MAX);
	assert_tally(&stage_site(1, WEIGH_DOMAIN_OBJECT)->live, 0, 0, 0);
}

static void test_domains_and_stacks_are_apart(void **state)
{
	(void)state;
	stage_stack(4, 2, 1, 3);
	void *a = stage_malloc(100, WEIGH_DOMAIN_RAW);
	void *b = stage_malloc(200, WEIGH_DOMAIN_MALLOC);
	void *c = stage_small(30, WEIGH_DOMAIN_MEM);
	void *d = stage_small(40, WEIGH_DOMAIN_OBJECT);
	stage_stack(4, 2, 1, 4);
	void *e = stage_malloc(300, WEIGH_DOMAIN_RAW);
	assert_int_equal(stage_site(3, WEIGH_DOMAIN_RAW)->live.bytes, 100);
	assert_int_equal(stage_site(3, WEIGH_DOMAIN_MALLOC)->live.bytes, 200);
	assert_int_equal(stage_site(3, WEIGH_DOMAIN_MEM)->live.bytes, 30);
	assert_int_equal(stage_site(3, WEIGH_DOMAIN_OBJECT)->live.bytes, 40);
	assert_int_equal(stage_site(4, WEIGH_DOMAIN_RAW)->live.bytes, 300);
	assert_int_equal(live(), stage_footprint(a) + stage_footprint(b) + stage_footprint(e) + 32 + 48);
	stage_free(a);
	stage_free(b);
	stage_small_free(c);
	stage_small_free(d);
	stage_free(e);
	assert_int_equal(live(), 0);
}

static void test_realloc_moves_the_block(void **state)
{
	(void)state;
	stage_stack(4, 1, 1);
	void *block = stage_malloc(100, WEIGH_DOMAIN_MALLOC);
	uint64_t first = stage_footprint(block);
	stage_stack(4, 1, 2);
	block = stage_realloc(block, 100000, WEIGH_DOMAIN_MALLOC, false);
	uint64_t second = stage_footprint(block);
	assert_int_equal(live(), second);
	assert_tally(&stage_site(1, WEIGH_DOMAIN_MALLOC)->live, 0, 0, 0);
	assert_tally(&stage_site(1, WEIGH_DOMAIN_MALLOC)->total, 100, first, 1);
	assert_tally(&stage_site(1, WEIGH_DOMAIN_MALLOC)->temporary, 0, 0, 0);
	assert_tally(&stage_site(2, WEIGH_DOMAIN_MALLOC)->live, 100000, second, 1);
	assert_int_equal(stage_capture->counters.other_blocks_allocated, 2);
	stage_free(block);
	assert_int_equal(live(), 0);
	assert_int_equal(stage_capture->peak.footprint, second);
}

static void test_realloc_to_nothing_frees(void **state)
{
	(void)state;
	stage_stack(4, 1, 1);
	void *block = stage_malloc(100, WEIGH_DOMAIN_MALLOC);
	assert_null(stage_realloc(block, 0, WEIGH_DOMAIN_MALLOC, false));
	assert_int_equal(live(), 0);
	assert_int_equal(stage_site(1, WEIGH_DOMAIN_MALLOC)->live.samples, 0);
	assert_int_equal(stage_site(1, WEIGH_DOMAIN_MALLOC)->temporary.samples, 1);
}

static void test_realloc_of_nothing_allocates(void **state)
{
	(void)state;
	stage_stack(4, 1, 1);
	void *block = stage_realloc(NULL, 64, WEIGH_DOMAIN_MALLOC, false);
	assert_tally(&stage_site(1, WEIGH_DOMAIN_MALLOC)->live, 64, stage_footprint(block), 1);
	stage_free(block);
	assert_int_equal(stage_lost_blocks(), 0);
}

static void test_failed_realloc_keeps_the_block(void **state)
{
	(void)state;
	stage_stack(4, 1, 1);
	void *block = stage_malloc(5000, WEIGH_DOMAIN_MALLOC);
	void *other = stage_malloc(100, WEIGH_DOMAIN_MALLOC);
	uint64_t both = live();
	struct weigh_counters before = stage_capture->counters;
	struct weigh_site *site = (struct weigh_site *)stage_site(1, WEIGH_DOMAIN_MALLOC);
	struct weigh_site tallies = *site;
	stage_stack(4, 1, 2);
	assert_null(stage_realloc(block, 1u << 30, WEIGH_DOMAIN_MALLOC, true));
	assert_int_equal(live(), both);
	assert_memory_equal(&before, &stage_capture->counters, sizeof(before));
	assert_memory_equal(&tallies.live, &site->live, sizeof(tallies.live));
	assert_memory_equal(&tallies.total, &site->total, sizeof(tallies.total));
	assert_null(stage_site(2, WEIGH_DOMAIN_MALLOC));
	stage_free(block);
	stage_free(other);
	assert_int_equal(live(), 0);
	assert_tally(&site->live, 0, 0, 0);
	assert_int_equal(stage_capture->peak.footprint, both);
}

static void test_unknown_blocks_are_silent(void **state)
{
	struct weigh_counters nothing = {0};
	char array[64] __attribute__((aligned(16)));
	(void)state;
	void *born_before = malloc(100);
	weigh_event_free(born_before);
	weigh_event_free(array);
	weigh_event_free((void *)16);
	weigh_event_free((void *)(UINTPTR_MAX & ~15ull));
	assert_memory_equal(&nothing, &stage_capture->counters, sizeof(nothing));

	stage_stack(4, 1, 1);
	void *kept = stage_malloc(100, WEIGH_DOMAIN_MALLOC);
	weigh_event_free((char *)kept + 16);
	assert_int_equal(live(), stage_footprint(kept));
	stage_free(kept);
	void *moved = stage_realloc(born_before, 300, WEIGH_DOMAIN_MALLOC, false);
	assert_int_equal(live(), stage_footprint(moved));
	stage_free(moved);
	assert_int_equal(live(), 0);
	assert_int_equal(stage_lost_blocks(), 0);
}

static void test_second_free_is_silent(void **state)
{
	(void)state;
	stage_stack(4, 1, 1);
	void *block = stage_malloc(100, WEIGH_DOMAIN_MALLOC);
	weigh_event_free(block);
	weigh_event_free(block);
	free(block);
	assert_int_equal(live(), 0);
	assert_int_equal(stage_site(1, WEIGH_DOMAIN_MALLOC)->live.samples, 0);
	assert_int_equal(stage_lost_blocks(), 0);
}

/* Frees a block of site 1 after so many further allocations on its thread. */
static double temporaries_after(int further)
{
	void *later[WEIGH_TEMPORARY + 1];
	double before = 0;
	stage_stack(4, 1, 1);
	void *block = stage_malloc(48, WEIGH_DOMAIN_MALLOC);
	const struct weigh_site *site = stage_site(1, WEIGH_DOMAIN_MALLOC);
	before = site->temporary.blocks;
	stage_stack(4, 1, 2);
	for (int i = 0; i < further; i++)
		later[i] = stage_small(16, WEIGH_DOMAIN_OBJECT);
	stage_free(block);
	for (int i = 0; i < further; i++)
		stage_small_free(later[i]);
	return site->temporary.blocks - before;
}

static void test_temporaries(void **state)
{
	(void)state;
	assert_true(temporaries_after(0) == 1);
	assert_true(temporaries_after(1) == 1);
	assert_true(temporaries_after(WEIGH_TEMPORARY - 1) == 1);
	assert_true(temporaries_after(WEIGH_TEMPORARY) == 0);
	assert_true(temporaries_after(WEIGH_TEMPORARY + 1) == 0);
}

static void test_peak_and_its_composition(void **state)
{
	(void)state;
	stage_stack(4, 1, 1);
	void *a = stage_malloc(10000, WEIGH_DOMAIN_MALLOC);
	stage_stack(4, 1, 2);
	void *b = stage_malloc(20000, WEIGH_DOMAIN_MALLOC);
	uint64_t first_peak = live();
	uint64_t a_footprint = stage_footprint(a);
	uint64_t b_footprint = stage_footprint(b);
	stage_free(a);
	stage_stack(4, 1, 3);
	void *c = stage_malloc(5000, WEIGH_DOMAIN_MALLOC);
	assert_int_equal(stage_capture->peak.footprint, first_peak);
	assert_int_equal(stage_capture->peak.blocks, 2);
	assert_tally(stage_at_peak(stage_site(1, WEIGH_DOMAIN_MALLOC)), 10000, a_footprint, 1);
	assert_tally(stage_at_peak(stage_site(2, WEIGH_DOMAIN_MALLOC)), 20000, b_footprint, 1);
	assert_tally(stage_at_peak(stage_site(3, WEIGH_DOMAIN_MALLOC)), 0, 0, 0);

	void *d = stage_malloc(40000, WEIGH_DOMAIN_MALLOC);
	uint64_t second_peak = live();
	assert_true(second_peak > first_peak);
	stage_free(b);
	assert_int_equal(stage_capture->peak.footprint, second_peak);
	assert_tally(stage_at_peak(stage_site(1, WEIGH_DOMAIN_MALLOC)), 0, 0, 0);
	assert_tally(stage_at_peak(stage_site(2, WEIGH_DOMAIN_MALLOC)), 20000, b_footprint, 1);
	assert_int_equal(stage_at_peak(stage_site(3, WEIGH_DOMAIN_MALLOC))->bytes, 45000);
	stage_free(c);
	stage_free(d);
}

static void test_peak_that_is_now(void **state)
{
	(void)state;
	stage_stack(4, 1, 1);
	void *block = stage_malloc(777, WEIGH_DOMAIN_MALLOC);
	assert_int_equal(weigh_recorder_peak(), stage_footprint(block));
	assert_tally(stage_at_peak(stage_site(1, WEIGH_DOMAIN_MALLOC)), 777, stage_footprint(block), 1);
	stage_stop();
	assert_int_equal(stage_capture->peak.footprint, stage_footprint(block));
	assert_tally(stage_at_peak(stage_site(1, WEIGH_DOMAIN_MALLOC)), 777, stage_footprint(block), 1);
	stage_free(block);
	assert_int_equal(stage_capture->state, WEIGH_STATE_ENDED);
}

static void test_peak_reset(void **state)
{
	(void)state;
	stage_stack(4, 1, 1);
	void *large = stage_malloc(100000, WEIGH_DOMAIN_MALLOC);
	void *small = stage_malloc(100, WEIGH_DOMAIN_MALLOC);
	stage_free(large);
	assert_true(weigh_recorder_peak() > 100000);
	weigh_recorder_reset_peak();
	assert_int_equal(weigh_recorder_peak(), stage_footprint(small));
	const struct weigh_site *site = stage_site(1, WEIGH_DOMAIN_MALLOC);
	uint64_t footprint = stage_footprint(small);
	stage_free(small);
	assert_tally(stage_at_peak(site), 100, footprint, 1);
	assert_int_equal(stage_capture->peak.footprint, footprint);
}

static void test_tracked_block_replaces_its_malloc(void **state)
{
	(void)state;
	stage_stack(4, 1, 1);
	void *block = stage_malloc(4000, WEIGH_DOMAIN_MALLOC);
	struct weigh_thread *thread = weigh_event_enter();
	weigh_event_track(thread, (uintptr_t)block, 3900);
	weigh_event_leave(thread);
	assert_int_equal(live(), stage_footprint(block));
	assert_int_equal(stage_capture->counters.other_blocks_allocated, 1);
	assert_tally(&stage_site(1, WEIGH_DOMAIN_MALLOC)->total, 0, 0, 0);
	assert_tally(&stage_site(1, WEIGH_DOMAIN_ARRAY)->live, 3900, stage_footprint(block), 1);
	uint64_t footprint = stage_footprint(block);
	stage_free(block);
	assert_int_equal(live(), 0);
	assert_int_equal(stage_capture->peak.footprint, footprint);
	assert_tally(stage_at_peak(stage_site(1, WEIGH_DOMAIN_MALLOC)), 0, 0, 0);
	assert_tally(stage_at_peak(stage_site(1, WEIGH_DOMAIN_ARRAY)), 3900, footprint, 1);
	assert_tally(&stage_site(1, WEIGH_DOMAIN_ARRAY)->live, 0, 0, 0);
}

static void test_tracked_block_of_a_cache(void **state)
{
	(void)state;
	void *block = malloc(100);
	stage_stack(4, 1, 1);
	for (int round = 1; round <= 3; round++) {
		struct weigh_thread *thread = weigh_event_enter();
		weigh_event_track(thread, (uintptr_t)block, 100);
		weigh_event_leave(thread);
		assert_int_equal(live(), 112);
		assert_tally(&stage_site(1, WEIGH_DOMAIN_ARRAY)->live, 100, 112, 1);
		assert_true(stage_site(1, WEIGH_DOMAIN_ARRAY)->total.blocks == round);
		weigh_event_free(block);
		assert_int_equal(live(), 0);
	}
	stage_free(block);
	assert_int_equal(live(), 0);
}

static void test_nested_events_pass_through(void **state)
{
	(void)state;
	stage_stack(4, 1, 1);
	struct weigh_thread *outer = weigh_event_enter();
	assert_non_null(outer);
	assert_null(weigh_event_enter());
	void *inner = stage_malloc(100, WEIGH_DOMAIN_MALLOC);
	weigh_event_note_native(inner);
	assert_ptr_equal(outer->native[0], inner);
	assert_int_equal(live(), 0);
	weigh_event_leave(outer);
	stage_free(inner);
	assert_int_equal(live(), 0);
	assert_null(stage_site(1, WEIGH_DOMAIN_MALLOC));
}

static void test_sizes_are_counted(void **state)
{
	static const size_t sizes[] = {0, 1, 4, 5, 64, 65, 1000, 1000, 1u << 20};
	const struct weigh_size_bucket *buckets = stage_entries(WEIGH_SECTION_SIZES);
	double expected[WEIGH_SIZE_BUCKETS] = {0};
	(void)state;
	stage_stack(4, 1, 1);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		stage_free(stage_malloc(sizes[i], WEIGH_DOMAIN_MALLOC));
		expected[weigh_size_bucket_index(sizes[i])] += 1;
		assert_true(weigh_size_bucket_limit(weigh_size_bucket_index(sizes[i])) >= sizes[i]);
	}
	for (unsigned i = 0; i < WEIGH_SIZE_BUCKETS; i++) {
		double blocks = 0;
		for (unsigned stripe = 0; stripe < WEIGH_SIZE_STRIPES; stripe++)
			blocks += buckets[stripe * WEIGH_SIZE_BUCKETS + i].blocks;
		assert_true(blocks == expected[i]);
	}
}

/* Of all kinds of chunk: from a bin, from the top, aligned, with a mapping of its own. */
static void test_chunks_are_read_as_malloc_says(void **state)
{
	enum { LARGEST = 200 << 20 };
	(void)state;
	for (size_t bytes = 1; bytes < LARGEST; bytes += bytes / 3 + 1) {
		void *blocks[] = {malloc(bytes), aligned_alloc(64, (bytes + 63) & ~(size_t)63),
				  realloc(malloc(bytes / 2), bytes)};
		for (unsigned i = 0; i < 3; i++) {
			assert_non_null(blocks[i]);
			assert_int_equal(weigh_native_footprint((uintptr_t)blocks[i]),
					 stage_footprint(blocks[i]));
			free(blocks[i]);
		}
	}
}

static void test_after_the_end_nothing_is_recorded(void **state)
{
	(void)state;
	stage_stack(4, 1, 1);
	void *block = stage_malloc(100, WEIGH_DOMAIN_MALLOC);
	stage_stop();
	struct weigh_counters last = stage_capture->counters;
	void *later = stage_malloc(100, WEIGH_DOMAIN_MALLOC);
	stage_free(block);
	stage_free(later);
	assert_memory_equal(&last, &stage_capture->counters, sizeof(last));
	assert_int_equal(weigh_recorder_live(), 0);
	assert_false(weigh_recorder_running());
}

static void test_recordings_follow_each_other(void **state)
{
	(void)state;
	stage_stack(4, 1, 1);
	void *block = stage_malloc(100, WEIGH_DOMAIN_MALLOC);
	stage_end();
	stage_begin(true);
	assert_int_equal(live(), 0);
	stage_free(block);
	assert_int_equal(live(), 0);
	stage_stack(4, 1, 1);
	block = stage_malloc(200, WEIGH_DOMAIN_MALLOC);
	assert_true(stage_site(1, WEIGH_DOMAIN_MALLOC)->total.bytes == 200);
	stage_free(block);
	struct weigh_error *error = weigh_recorder_start(&(struct weigh_recording){.fd = -1});
	assert_non_null(error);
	assert_int_equal(error->code, WEIGH_ERROR_STATE);
	weigh_error_destroy(error);
	assert_true(weigh_recorder_running());
}

#define EXACT(test) cmocka_unit_test_setup_teardown(test, stage_set_up_exact, stage_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EXACT(test_native_block),
		EXACT(test_small_block),
		EXACT(test_domains_and_stacks_are_apart),
		EXACT(test_realloc_moves_the_block),
		EXACT(test_realloc_to_nothing_frees),
		EXACT(test_realloc_of_nothing_allocates),
		EXACT(test_failed_realloc_keeps_the_block),
		EXACT(test_unknown_blocks_are_silent),
		EXACT(test_second_free_is_silent),
		EXACT(test_temporaries),
		EXACT(test_peak_and_its_composition),
		EXACT(test_peak_that_is_now),
		EXACT(test_peak_reset),
		EXACT(test_tracked_block_replaces_its_malloc),
		EXACT(test_tracked_block_of_a_cache),
		EXACT(test_nested_events_pass_through),
		EXACT(test_sizes_are_counted),
		EXACT(test_chunks_are_read_as_malloc_says),
		EXACT(test_after_the_end_nothing_is_recorded),
		EXACT(test_recordings_follow_each_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
