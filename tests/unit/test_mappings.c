/*
 * The table of anonymous mappings: cuts at the ends and in the middle, ranges
 * laid over others. One thread; addresses are made up, nothing lies there.
 */
#include "recorder/mappings.h"
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <sys/mman.h>

enum { PAGE = 4096 };

#define BASE ((uintptr_t)0x500000000000)

/* Maps pages [first, first + count) from the line of a code. */
static void map(unsigned code, unsigned first, size_t bytes)
{
	stage_stack(4, 1, code);
	struct weigh_thread *thread = weigh_event_enter();
	weigh_mapping_add(thread, BASE + (uintptr_t)first * PAGE, bytes);
	weigh_event_leave(thread);
}

static void unmap(unsigned first, size_t bytes)
{
	struct weigh_thread *thread = weigh_event_enter();
	weigh_mapping_cut(BASE + (uintptr_t)first * PAGE, bytes);
	weigh_event_leave(thread);
}

static void assert_live(unsigned code, uint64_t bytes, uint64_t footprint, unsigned blocks)
{
	const struct weigh_tally *live = &stage_site(code, WEIGH_DOMAIN_MMAP)->live;
	assert_int_equal((uint64_t)live->bytes, bytes);
	assert_int_equal((uint64_t)live->footprint, footprint);
	assert_int_equal((uint64_t)live->blocks, blocks);
	assert_int_equal(live->samples, blocks);
}

static void assert_total(unsigned code, uint64_t bytes, unsigned blocks)
{
	const struct weigh_tally *total = &stage_site(code, WEIGH_DOMAIN_MMAP)->total;
	assert_int_equal((uint64_t)total->bytes, bytes);
	assert_int_equal((uint64_t)total->blocks, blocks);
}

static void assert_counters(uint64_t footprint, unsigned blocks)
{
	assert_int_equal(stage_capture->counters.other_live, footprint);
	assert_int_equal(stage_capture->counters.mapped_live, footprint);
	assert_int_equal(stage_capture->counters.other_blocks_live, blocks);
}

static void test_whole(void **state)
{
	(void)state;
	map(1, 0, 10000);
	assert_live(1, 10000, 3 * PAGE, 1);
	assert_counters(3 * PAGE, 1);
	unmap(0, 10000);
	assert_live(1, 0, 0, 0);
	assert_total(1, 10000, 1);
	assert_counters(0, 0);
	assert_int_equal(stage_capture->peak.footprint, 3 * PAGE);
	assert_int_equal((uint64_t)stage_at_peak(stage_site(1, WEIGH_DOMAIN_MMAP))->bytes, 10000);
}

static void test_cut_at_the_start(void **state)
{
	(void)state;
	map(1, 0, 10 * PAGE);
	unmap(0, 3 * PAGE);
	assert_live(1, 7 * PAGE, 7 * PAGE, 1);
	assert_counters(7 * PAGE, 1);
	assert_false(weigh_mapping_known(BASE));
	assert_true(weigh_mapping_known(BASE + 3 * PAGE));
	assert_total(1, 10 * PAGE, 1);
}

static void test_cut_at_the_end(void **state)
{
	(void)state;
	map(1, 0, 10 * PAGE - 5);
	unmap(8, 2 * PAGE);
	assert_live(1, 8 * PAGE, 8 * PAGE, 1);
	assert_counters(8 * PAGE, 1);
	assert_true(weigh_mapping_known(BASE));
}

static void test_cut_in_the_middle(void **state)
{
	(void)state;
	map(1, 0, 10 * PAGE);
	unmap(4, PAGE);
	assert_live(1, 9 * PAGE, 9 * PAGE, 2);
	assert_counters(9 * PAGE, 2);
	assert_true(weigh_mapping_known(BASE));
	assert_true(weigh_mapping_known(BASE + 5 * PAGE));
	unmap(0, 4 * PAGE);
	assert_live(1, 5 * PAGE, 5 * PAGE, 1);
	unmap(0, 10 * PAGE);
	assert_live(1, 0, 0, 0);
	assert_counters(0, 0);
	assert_total(1, 10 * PAGE, 1);
}

static void test_cut_of_less_than_a_page_takes_the_page(void **state)
{
	(void)state;
	map(1, 0, 2 * PAGE);
	unmap(1, 1);
	assert_live(1, PAGE, PAGE, 1);
}

static void test_cut_beside(void **state)
{
	(void)state;
	map(1, 10, PAGE);
	unmap(9, PAGE);
	unmap(11, PAGE);
	unmap(0, 10 * PAGE);
	assert_live(1, PAGE, PAGE, 1);
	assert_counters(PAGE, 1);
}

static void test_cut_across_several(void **state)
{
	(void)state;
	map(1, 0, 4 * PAGE);
	map(2, 4, 4 * PAGE);
	map(3, 10, 4 * PAGE);
	unmap(2, 10 * PAGE);
	assert_live(1, 2 * PAGE, 2 * PAGE, 1);
	assert_live(2, 0, 0, 0);
	assert_live(3, 2 * PAGE, 2 * PAGE, 1);
	assert_counters(4 * PAGE, 2);
	assert_int_equal(stage_capture->peak.footprint, 12 * PAGE);
}

static void test_laid_over_another(void **state)
{
	(void)state;
	map(1, 0, 10 * PAGE);
	map(2, 3, 4 * PAGE);
	assert_live(1, 6 * PAGE, 6 * PAGE, 2);
	assert_live(2, 4 * PAGE, 4 * PAGE, 1);
	assert_counters(10 * PAGE, 3);
	map(3, 0, 10 * PAGE);
	assert_live(1, 0, 0, 0);
	assert_live(2, 0, 0, 0);
	assert_live(3, 10 * PAGE, 10 * PAGE, 1);
	assert_counters(10 * PAGE, 1);
	assert_total(1, 10 * PAGE, 1);
	assert_total(2, 4 * PAGE, 1);
	assert_int_equal(stage_capture->peak.footprint, 10 * PAGE);
}

static void test_neighbours_stay_apart(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++)
		map(1, (i * 37) % 100, PAGE);
	assert_live(1, 100 * PAGE, 100 * PAGE, 100);
	for (unsigned i = 0; i < 100; i += 2)
		unmap(i, PAGE);
	assert_live(1, 50 * PAGE, 50 * PAGE, 50);
	assert_counters(50 * PAGE, 50);
}

static void test_what_counts(void **state)
{
	(void)state;
	assert_true(weigh_mapping_counts(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS));
	assert_true(weigh_mapping_counts(PROT_READ, MAP_SHARED | MAP_ANONYMOUS));
	assert_false(weigh_mapping_counts(PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS));
	assert_false(weigh_mapping_counts(PROT_READ | PROT_WRITE, MAP_PRIVATE));
}

static void test_full_table(void **state)
{
	enum { CAPACITY = 1 << 16 };
	(void)state;
	for (unsigned i = 0; i < CAPACITY; i++)
		map(1, i * 2, PAGE);
	assert_int_equal(stage_lost_blocks(), 0);
	map(2, CAPACITY * 2, PAGE);
	assert_int_equal(stage_capture->lost[WEIGH_LOSS_MEMORY].blocks, 1);
	assert_int_equal(stage_capture->lost[WEIGH_LOSS_MEMORY].bytes, PAGE);
	assert_counters((uint64_t)CAPACITY * PAGE, CAPACITY);
	for (unsigned i = CAPACITY; i-- > 0;)
		unmap(i * 2, PAGE);
	assert_counters(0, 0);
	assert_live(1, 0, 0, 0);
}

/* A cut that would need one place more than there is keeps the counters and the sites in step. */
static void test_split_in_a_full_table(void **state)
{
	enum { CAPACITY = 1 << 16 };
	(void)state;
	map(1, 0, 3 * PAGE);
	for (unsigned i = 0; i < CAPACITY - 1; i++)
		map(2, 10 + i * 2, PAGE);
	unmap(1, PAGE);
	const struct weigh_tally *split = &stage_site(1, WEIGH_DOMAIN_MMAP)->live;
	const struct weigh_tally *rest = &stage_site(2, WEIGH_DOMAIN_MMAP)->live;
	assert_int_equal((uint64_t)(split->footprint + rest->footprint), stage_capture->counters.mapped_live);
	assert_int_equal(split->samples + rest->samples, stage_capture->counters.other_blocks_live);
	assert_int_equal(stage_capture->lost[WEIGH_LOSS_MEMORY].blocks, 1);
	for (unsigned i = CAPACITY; i-- > 0;)
		unmap(10 + i * 2, PAGE);
	unmap(0, 10 * PAGE);
	assert_counters(0, 0);
}

#define MAPPINGS(test) cmocka_unit_test_setup_teardown(test, stage_set_up_exact, stage_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MAPPINGS(test_whole),
		MAPPINGS(test_cut_at_the_start),
		MAPPINGS(test_cut_at_the_end),
		MAPPINGS(test_cut_in_the_middle),
		MAPPINGS(test_cut_of_less_than_a_page_takes_the_page),
		MAPPINGS(test_cut_beside),
		MAPPINGS(test_cut_across_several),
		MAPPINGS(test_laid_over_another),
		MAPPINGS(test_neighbours_stay_apart),
		MAPPINGS(test_what_counts),
		MAPPINGS(test_full_table),
		MAPPINGS(test_split_in_a_full_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
