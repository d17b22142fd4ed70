/*
 * The watcher's parts without any process: a capture laid out in memory, and
 * time that the test makes pass.
 */
#include "cli/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TICKS = 64, MOMENTS = 8, LARGE = 8, SITES = 1000 };

static const uint64_t MS = 1000000;
static const uint64_t START = 5000000000;

struct capture {
	struct weigh_header header;
	struct weigh_tick ticks[TICKS] __attribute__((aligned(64)));
	struct weigh_moment moments[MOMENTS] __attribute__((aligned(64)));
	struct weigh_share shares[MOMENTS * WEIGH_MOMENT_SHARES] __attribute__((aligned(64)));
	struct weigh_site sites[SITES] __attribute__((aligned(64)));
	struct weigh_large large[LARGE] __attribute__((aligned(64)));
};

static void set_section(struct capture *c, enum weigh_section_id id, const void *at, uint32_t entry_size,
			uint32_t capacity)
{
	c->header.sections[id] = (struct weigh_section){
		.offset = (uint64_t)((const char *)at - (const char *)c),
		.entry_size = entry_size,
		.capacity = capacity,
	};
}

static int make_capture(void **state)
{
	struct capture *c = aligned_alloc(64, (sizeof(*c) + 63) / 64 * 64);
	memset(c, 0, sizeof(*c));
	memcpy(c->header.magic, WEIGH_MAGIC, sizeof(c->header.magic));
	c->header.version = WEIGH_FORMAT_VERSION;
	c->header.byte_order = WEIGH_BYTE_ORDER;
	c->header.header_size = sizeof(c->header);
	c->header.started_ns = START;
	set_section(c, WEIGH_SECTION_TIMELINE, c->ticks, sizeof(c->ticks[0]), TICKS);
	set_section(c, WEIGH_SECTION_MOMENTS, c->moments, sizeof(c->moments[0]), MOMENTS);
	set_section(c, WEIGH_SECTION_SHARES, c->shares, sizeof(c->shares[0]), MOMENTS * WEIGH_MOMENT_SHARES);
	set_section(c, WEIGH_SECTION_SITES, c->sites, sizeof(c->sites[0]), SITES);
	set_section(c, WEIGH_SECTION_LARGE, c->large, sizeof(c->large[0]), LARGE);
	*state = c;
	return 0;
}

static int free_capture(void **state)
{
	free(*state);
	return 0;
}

static void watch_from(struct weigh_watch *w, struct capture *c)
{
	weigh_watch_init(w, c, sizeof(*c));
	assert_true(weigh_watch_ready(w));
}

static void tick_at(struct weigh_watch *w, uint64_t ms, uint64_t rss)
{
	struct weigh_proc_memory memory = {.resident = rss, .shared = rss / 4, .shmem = rss / 16};
	weigh_watch_tick(w, START + ms * MS, &memory);
}

static void put_site(struct capture *c, uint32_t index, double bytes)
{
	struct weigh_tally tally = {.bytes = bytes, .footprint = 2 * bytes, .blocks = 1, .samples = 1};
	c->sites[index].key = 7000 + index;
	c->sites[index].flags |= WEIGH_SITE_USED;
	c->sites[index].live = tally;
	if (c->header.sections[WEIGH_SECTION_SITES].used <= index)
		c->header.sections[WEIGH_SECTION_SITES].used = index + 1;
}

static void not_ready_before_the_magic(void **state)
{
	struct capture *c = *state;
	struct weigh_watch w;
	c->header.magic[0] = '\0';
	weigh_watch_init(&w, c, sizeof(*c));
	assert_false(weigh_watch_ready(&w));
	tick_at(&w, 10, 1000);
	assert_int_equal(c->header.sections[WEIGH_SECTION_TIMELINE].used, 0);
	assert_int_equal(c->header.seen_ns, 0);
	c->header.magic[0] = 'W';
	assert_true(weigh_watch_ready(&w));
}

static void not_ready_for_another_layout(void **state)
{
	struct capture *c = *state;
	struct weigh_watch w;
	c->header.version++;
	weigh_watch_init(&w, c, sizeof(*c));
	assert_false(weigh_watch_ready(&w));
}

static void not_ready_when_a_section_leaves_the_file(void **state)
{
	struct capture *c = *state;
	struct weigh_section *s = &c->header.sections[WEIGH_SECTION_SITES];
	const struct weigh_section good = *s;
	const struct weigh_section bad[] = {
		{.offset = good.offset, .entry_size = good.entry_size, .capacity = UINT32_MAX},
		{.offset = UINT64_MAX - 63, .entry_size = good.entry_size, .capacity = 1},
		{.offset = 64, .entry_size = good.entry_size, .capacity = 1},
		{.offset = good.offset + 1, .entry_size = good.entry_size, .capacity = 1},
		{.offset = good.offset, .entry_size = good.entry_size - 8, .capacity = 1},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct weigh_watch w;
		*s = bad[i];
		weigh_watch_init(&w, c, sizeof(*c));
		assert_false(weigh_watch_ready(&w));
	}
}

static void too_small_a_map_is_never_ready(void **state)
{
	struct weigh_watch w;
	weigh_watch_init(&w, *state, sizeof(struct weigh_header) - 1);
	assert_false(weigh_watch_ready(&w));
}

static void each_tick_is_kept_while_there_is_room(void **state)
{
	struct capture *c = *state;
	struct weigh_watch w;
	watch_from(&w, c);
	/* Wake-ups are late by up to half a millisecond. */
	for (uint64_t i = 0; i < TICKS; i++) {
		struct weigh_tick tick = {.time_ns = i * 10 * MS + i * 7919 % 500 * 1000, .rss = i};
		weigh_timeline_push(&w.timeline, &tick);
	}
	assert_int_equal(c->header.sections[WEIGH_SECTION_TIMELINE].used, TICKS);
	assert_int_equal(c->header.timeline_step_ns, 10 * MS);
}

static void a_full_timeline_keeps_the_larger_neighbours(void **state)
{
	struct capture *c = *state;
	struct weigh_watch w;
	watch_from(&w, c);
	for (uint64_t i = 0; i <= TICKS; i++)
		tick_at(&w, i * 10, i % 2 ? 1000 + i : 10);
	const struct weigh_section *s = &c->header.sections[WEIGH_SECTION_TIMELINE];
	assert_int_equal(s->used, TICKS / 2 + 1);
	assert_int_equal(c->header.timeline_step_ns, 20 * MS);
	for (uint32_t i = 0; i < TICKS / 2; i++)
		assert_int_equal(c->ticks[i].rss, 1000 + 2 * i + 1);
}

static void no_spike_is_lost_however_long_the_run(void **state)
{
	struct capture *c = *state;
	struct weigh_watch w;
	watch_from(&w, c);
	uint64_t highest = 0, last = 0, last_spike = 0;
	for (uint64_t i = 0; i < 100000; i++) {
		bool spike = i % 977 == 400;
		if (spike)
			last_spike = 500000 + i;
		tick_at(&w, i * 10, spike ? last_spike : 1000);
	}
	weigh_watch_end(&w, START + 1000000 * MS, WEIGH_EXIT_STATUS, 3);
	const struct weigh_section *s = &c->header.sections[WEIGH_SECTION_TIMELINE];
	assert_in_range(s->used, TICKS / 2, TICKS);
	for (uint32_t i = 0; i < s->used; i++) {
		assert_true(i == 0 || c->ticks[i].time_ns > last);
		last = c->ticks[i].time_ns;
		if (c->ticks[i].rss > highest)
			highest = c->ticks[i].rss;
	}
	assert_int_equal(highest, last_spike);
	assert_in_range(c->header.timeline_step_ns, 100000 * 10 * MS / TICKS, 4 * 100000 * 10 * MS / TICKS);
	assert_int_equal(c->header.exit, WEIGH_EXIT_STATUS);
	assert_int_equal(c->header.exit_value, 3);
}

static void the_peak_is_noted_when_live_is_highest(void **state)
{
	struct capture *c = *state;
	struct weigh_counters *counters = &c->header.counters;
	struct weigh_watch w;
	watch_from(&w, c);
	counters->small_allocated = 5000;
	counters->small_freed = 1000;
	counters->other_live = 6000;
	counters->mapped_live = 2500;
	counters->arenas = 1 << 20;
	tick_at(&w, 10, 64000);
	counters->small_freed = 4000;
	tick_at(&w, 20, 128000);
	const struct weigh_resident *peak = &c->header.at_peak;
	assert_int_equal(peak->time_ns, 10 * MS);
	assert_int_equal(peak->live, 10000);
	assert_int_equal(peak->small_live, 4000);
	assert_int_equal(peak->mapped_live, 2500);
	assert_int_equal(peak->arenas, 1 << 20);
	assert_int_equal(peak->anonymous, 48000);
	assert_int_equal(peak->file, 12000);
	assert_int_equal(peak->shared, 4000);
	assert_int_equal(c->header.rss_peak, 128000);
	assert_int_equal(c->header.seen_ns, START + 20 * MS);
}

static bool wants_touch_at(const struct weigh_watch *w, uint64_t ms)
{
	uint32_t count;
	return weigh_watch_wants_touch(w, START + ms * MS, &count) != NULL;
}

static void touch_at(struct weigh_watch *w, uint64_t ms, uint64_t untouched, uint64_t cost_ns)
{
	struct weigh_proc_memory memory = {.resident = 64000, .untouched = untouched};
	weigh_watch_touched(w, START + ms * MS, cost_ns);
	weigh_watch_tick(w, START + ms * MS, &memory);
}

/* A peak that came before it was time to ask again is mended while it lasts. */
static void touched_pages_of_the_peak_are_asked_for_late_rather_than_never(void **state)
{
	struct capture *c = *state;
	const struct weigh_resident *peak = &c->header.at_peak;
	struct weigh_watch w;
	watch_from(&w, c);
	c->header.counters.other_live = 50000;
	assert_true(wants_touch_at(&w, 10));
	touch_at(&w, 10, 40000, MS);
	assert_int_equal(peak->untouched, 40000);
	c->header.counters.other_live = 60000;
	assert_false(wants_touch_at(&w, 20));
	tick_at(&w, 20, 64000);
	assert_true(wants_touch_at(&w, 61));
	touch_at(&w, 61, 3000, MS);
	assert_int_equal(peak->untouched, 3000);
	assert_int_equal(peak->live, 60000);
	assert_int_equal(peak->time_ns, 20 * MS);
	assert_false(wants_touch_at(&w, 200));
}

/* What is asked after some of it was freed would not fit the peak. */
static void touched_pages_after_the_peak_are_not_those_of_the_peak(void **state)
{
	struct capture *c = *state;
	struct weigh_watch w;
	watch_from(&w, c);
	c->header.counters.other_live = 60000;
	tick_at(&w, 10, 64000);
	c->header.counters.other_live = 50000;
	assert_false(wants_touch_at(&w, 20));
	touch_at(&w, 20, 3000, MS);
	assert_int_equal(c->header.at_peak.untouched, 0);
}

static uint64_t reusable_at(struct weigh_watch *w, struct capture *c, uint64_t ms, uint64_t rss,
			    uint64_t live)
{
	c->header.counters.other_live = (int64_t)live;
	tick_at(w, ms, rss);
	return c->ticks[c->header.sections[WEIGH_SECTION_TIMELINE].used - 1].reusable;
}

/* Three quarters of what is resident here is private: see tick_at. */
static void what_was_freed_and_kept_is_no_live_memory(void **state)
{
	struct capture *c = *state;
	struct weigh_watch w;
	watch_from(&w, c);
	assert_int_equal(reusable_at(&w, c, 10, 40000, 1000), 0);
	assert_int_equal(reusable_at(&w, c, 20, 80000, 31000), 0);
	assert_int_equal(reusable_at(&w, c, 30, 80000, 1000), 30000);
	c->header.counters.recorder = 5000;
	assert_int_equal(reusable_at(&w, c, 40, 80000, 21000), 5000);
	/* Live blocks whose pages were never touched. */
	assert_int_equal(reusable_at(&w, c, 50, 80000, 60000), 0);
	assert_int_equal(reusable_at(&w, c, 60, 80000, 1000), 25000);
	c->header.state = WEIGH_STATE_ENDED;
	assert_int_equal(reusable_at(&w, c, 70, 40000, 1000), 25000);
}

/* A program that begins with an array of which it has touched nothing has not freed that much later. */
static void untouched_memory_at_the_start_is_no_gain_later(void **state)
{
	struct capture *c = *state;
	struct weigh_watch w;
	c->header.at_start.anonymous = 20000;
	watch_from(&w, c);
	assert_int_equal(reusable_at(&w, c, 10, 40000, 900000), 0);
	assert_int_equal(reusable_at(&w, c, 20, 40000, 0), 10000);
}

static void the_recorders_last_look_may_be_the_peak(void **state)
{
	struct capture *c = *state;
	struct weigh_watch w;
	watch_from(&w, c);
	c->header.counters.other_live = 100;
	tick_at(&w, 10, 64000);
	c->header.at_end = (struct weigh_resident){.time_ns = 12 * MS, .anonymous = 90000, .live = 200};
	c->header.state = WEIGH_STATE_ENDED;
	weigh_watch_end(&w, START + 20 * MS, WEIGH_EXIT_SIGNAL, 9);
	assert_int_equal(c->header.at_peak.live, 200);
	assert_int_equal(c->header.rss_peak, 90000);
	assert_int_equal(c->header.exit, WEIGH_EXIT_SIGNAL);
}

static void a_moment_holds_the_largest_and_the_rest(void **state)
{
	struct capture *c = *state;
	struct weigh_watch w;
	double rest = 0;
	watch_from(&w, c);
	for (uint32_t i = 0; i < SITES; i++)
		put_site(c, i, (i * 7919) % SITES); /* each of 0..999 once */
	c->header.counters.other_live = 12345;
	weigh_moments_take(&w.moments, 100 * MS);
	assert_int_equal(c->header.sections[WEIGH_SECTION_MOMENTS].used, 1);
	assert_int_equal(c->moments[0].live, 12345);
	assert_int_equal(c->moments[0].shares, WEIGH_MOMENT_SHARES);
	assert_int_equal(c->moments[0].sites, SITES);
	for (uint32_t i = 0; i < WEIGH_MOMENT_SHARES; i++) {
		const struct weigh_share *share = &c->shares[i];
		assert_true(share->live.bytes >= SITES - WEIGH_MOMENT_SHARES);
		assert_int_equal(share->key, 7000 + share->site);
		assert_true(c->sites[share->site].flags & WEIGH_SITE_PINNED);
	}
	for (uint32_t i = 0; i < SITES - WEIGH_MOMENT_SHARES; i++)
		rest += i;
	assert_true(c->moments[0].rest.bytes == rest);
	assert_true(c->moments[0].rest.footprint == 2 * rest);
	assert_int_equal(c->moments[0].rest.samples, SITES - WEIGH_MOMENT_SHARES);
}

static void moments_thin_out_and_unpin(void **state)
{
	struct capture *c = *state;
	struct weigh_watch w;
	watch_from(&w, c);
	/* Each moment sees one site that no other does. */
	for (uint32_t i = 0; i <= MOMENTS; i++) {
		put_site(c, i, 100);
		weigh_moments_take(&w.moments, (i + 1) * 100 * MS);
		c->sites[i].live = (struct weigh_tally){0};
	}
	assert_int_equal(c->header.sections[WEIGH_SECTION_MOMENTS].used, MOMENTS / 2 + 1);
	assert_int_equal(c->header.sections[WEIGH_SECTION_SHARES].used,
			 (MOMENTS / 2 + 1) * WEIGH_MOMENT_SHARES);
	assert_int_equal(c->header.moment_step_ns, 200 * MS);
	for (uint32_t i = 0; i < MOMENTS / 2; i++) {
		assert_int_equal(c->moments[i].time_ns, (i + 1) * 200 * MS);
		assert_int_equal(c->shares[i * WEIGH_MOMENT_SHARES].site, 2 * i + 1);
	}
	for (uint32_t i = 0; i < MOMENTS; i++)
		assert_int_equal(c->sites[i].flags, WEIGH_SITE_USED | (i % 2 ? WEIGH_SITE_PINNED : 0));
}

static void sums_that_cannot_be_are_mended(void **state)
{
	struct capture *c = *state;
	struct weigh_watch w;
	watch_from(&w, c);
	put_site(c, 0, 10);
	put_site(c, 1, 30);
	c->sites[1].live.samples = 0;
	put_site(c, 2, -5);
	put_site(c, 4, __builtin_nan(""));
	put_site(c, 3, 20);
	c->sites[3].flags = 0;
	c->header.sections[WEIGH_SECTION_SITES].used = UINT32_MAX;
	weigh_moments_take(&w.moments, 100 * MS);
	assert_int_equal(c->moments[0].shares, 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(c->shares[i].site, 2 * i);
		assert_true(c->shares[i].live.bytes == (i == 0 ? 10 : 0));
	}
}

static void our_own_memory_reads_as_something(void **state)
{
	struct weigh_proc proc;
	(void)state;
	weigh_proc_init(&proc, getpid());
	weigh_proc_read(&proc, true);
	assert_in_range(proc.memory.resident, 100 << 10, 1 << 30);
	assert_in_range(proc.memory.shared, 1, proc.memory.resident);
	assert_true(proc.memory.highest >= 100 << 10);
	weigh_proc_deinit(&proc);
	assert_true(weigh_proc_descends(getpid(), getppid()));
	assert_false(weigh_proc_descends(getppid(), getpid()));
}

static void a_process_that_is_gone_reads_as_nothing(void **state)
{
	struct weigh_proc proc;
	(void)state;
	weigh_proc_init(&proc, 1 << 30);
	weigh_proc_read(&proc, true);
	assert_int_equal(proc.memory.resident, 0);
	weigh_proc_deinit(&proc);
}

int main(void)
{
#define WITH_CAPTURE(name) cmocka_unit_test_setup_teardown(name, make_capture, free_capture)
	const struct CMUnitTest tests[] = {
		WITH_CAPTURE(not_ready_before_the_magic),
		WITH_CAPTURE(not_ready_for_another_layout),
		WITH_CAPTURE(not_ready_when_a_section_leaves_the_file),
		WITH_CAPTURE(too_small_a_map_is_never_ready),
		WITH_CAPTURE(each_tick_is_kept_while_there_is_room),
		WITH_CAPTURE(a_full_timeline_keeps_the_larger_neighbours),
		WITH_CAPTURE(no_spike_is_lost_however_long_the_run),
		WITH_CAPTURE(the_peak_is_noted_when_live_is_highest),
		WITH_CAPTURE(touched_pages_of_the_peak_are_asked_for_late_rather_than_never),
		WITH_CAPTURE(touched_pages_after_the_peak_are_not_those_of_the_peak),
		WITH_CAPTURE(what_was_freed_and_kept_is_no_live_memory),
		WITH_CAPTURE(untouched_memory_at_the_start_is_no_gain_later),
		WITH_CAPTURE(the_recorders_last_look_may_be_the_peak),
		WITH_CAPTURE(a_moment_holds_the_largest_and_the_rest),
		WITH_CAPTURE(moments_thin_out_and_unpin),
		WITH_CAPTURE(sums_that_cannot_be_are_mended),
		cmocka_unit_test(our_own_memory_reads_as_something),
		cmocka_unit_test(a_process_that_is_gone_reads_as_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
