/*
 * Traces: which blocks are traced, their sums and peak, and forgetting them.
 */
#include "recorder/mappings.h"
#include "recorder/traces.h"
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint32_t interpreters =
	1u << WEIGH_DOMAIN_RAW | 1u << WEIGH_DOMAIN_MEM | 1u << WEIGH_DOMAIN_OBJECT;

static int begin(void **unused)
{
	(void)unused;
	stage_begin(true);
	stage_stack(2, 2, 1u, 2u);
	return 0;
}

static void expect_sums(uint64_t wanted_live, uint64_t wanted_peak)
{
	uint64_t live, peak;
	weigh_traces_read(&live, &peak);
	assert_int_equal(live, wanted_live);
	assert_int_equal(peak, wanted_peak);
}

static void test_nothing_is_traced_at_first(void **unused)
{
	(void)unused;
	void *block = stage_small(100, WEIGH_DOMAIN_OBJECT);
	expect_sums(0, 0);
	assert_int_equal(weigh_traces_count(), 0);
	weigh_traces_begin(interpreters);
	stage_small_free(block);
	expect_sums(0, 0);
}

static void test_requested_bytes_now_and_at_most(void **unused)
{
	(void)unused;
	weigh_traces_begin(interpreters);
	void *small = stage_small(100, WEIGH_DOMAIN_OBJECT);
	void *large = stage_malloc(10000, WEIGH_DOMAIN_MEM);
	void *raw = stage_malloc(7, WEIGH_DOMAIN_RAW);
	expect_sums(10107, 10107);
	stage_free(large);
	expect_sums(107, 10107);
	weigh_traces_reset_peak();
	raw = stage_realloc(raw, 57, WEIGH_DOMAIN_RAW, false);
	expect_sums(157, 157);
	assert_null(stage_realloc(raw, 5000, WEIGH_DOMAIN_RAW, true));
	expect_sums(157, 157);
	stage_small_free(small);
	stage_free(raw);
	expect_sums(0, 157);
}

static void test_other_domains_and_hidden_blocks_are_not(void **unused)
{
	(void)unused;
	weigh_traces_begin(interpreters);
	void *native = stage_malloc(1000, WEIGH_DOMAIN_MALLOC);
	weigh_self->hidden = true;
	void *hidden = stage_small(100, WEIGH_DOMAIN_OBJECT);
	weigh_self->hidden = false;
	void *seen = stage_small(50, WEIGH_DOMAIN_OBJECT);
	expect_sums(50, 50);
	assert_int_equal(weigh_traces_count(), 1);
	stage_free(native);
	stage_small_free(hidden);
	expect_sums(50, 50);
	stage_small_free(seen);
	expect_sums(0, 50);
}

static void test_list(void **unused)
{
	struct weigh_trace traces[4];
	(void)unused;
	weigh_traces_begin(interpreters);
	void *one = stage_small(100, WEIGH_DOMAIN_OBJECT);
	stage_stack(2, 2, 1u, 3u);
	void *other = stage_malloc(2000, WEIGH_DOMAIN_MEM);
	assert_int_equal(weigh_traces_list(traces, 4), 2);
	bool first_is_one = traces[0].bytes == 100;
	const struct weigh_trace *of_one = &traces[!first_is_one];
	const struct weigh_trace *of_other = &traces[first_is_one];
	assert_int_equal(of_one->bytes, 100);
	assert_int_equal(of_other->bytes, 2000);
	assert_ptr_equal(&weigh_recorder.sites[of_one->site] - weigh_recorder.sites,
			 stage_site(2, WEIGH_DOMAIN_OBJECT) -
				 (const struct weigh_site *)stage_entries(WEIGH_SECTION_SITES));
	assert_int_not_equal(of_one->site, of_other->site);
	assert_int_equal(weigh_traces_list(traces, 1), 1);
	stage_small_free(one);
	stage_free(other);
	assert_int_equal(weigh_traces_list(traces, 4), 0);
}

static void test_forgotten_blocks_count_no_more(void **unused)
{
	(void)unused;
	weigh_traces_begin(interpreters);
	void *old = stage_small(100, WEIGH_DOMAIN_OBJECT);
	void *old_raw = stage_malloc(2000, WEIGH_DOMAIN_RAW);
	weigh_traces_forget();
	expect_sums(0, 0);
	void *young = stage_small(30, WEIGH_DOMAIN_OBJECT);
	stage_small_free(old);
	stage_free(old_raw);
	expect_sums(30, 30);
	weigh_traces_end();
	expect_sums(0, 0);
	stage_small_free(young);
	expect_sums(0, 0);
}

static void test_mappings(void **unused)
{
	enum { AT = 0x10000000, BYTES = 10 << 12 };
	(void)unused;
	weigh_traces_begin(1u << WEIGH_DOMAIN_MMAP);
	struct weigh_thread *thread = weigh_event_enter();
	weigh_mapping_add(thread, AT, BYTES - 5);
	weigh_event_leave(thread);
	expect_sums(BYTES - 5, BYTES - 5);
	assert_int_equal(weigh_traces_count(), 1);
	weigh_mapping_cut(AT + (2 << 12), 1 << 12);
	expect_sums(BYTES - (1 << 12), BYTES - 5);
	assert_int_equal(weigh_traces_count(), 2);
	weigh_traces_forget();
	expect_sums(0, 0);
	weigh_mapping_cut(AT, BYTES);
	expect_sums(0, 0);
}

#define TRACES(test) cmocka_unit_test_setup_teardown(test, begin, stage_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRACES(test_nothing_is_traced_at_first),
		TRACES(test_requested_bytes_now_and_at_most),
		TRACES(test_other_domains_and_hidden_blocks_are_not),
		TRACES(test_list),
		TRACES(test_forgotten_blocks_count_no_more),
		TRACES(test_mappings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
