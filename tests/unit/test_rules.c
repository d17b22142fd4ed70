/*
 * The rules on stacks, source and time: small captures made by hand, and what
 * is advised for them or why not.
 */
#include "advice/stack_rules.h"
#include "capture/estimate.h"
#include "capture/open.h"
#include "fake_capture.h"
#include "weigh/format_math.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MB = 1000000, ROOM = 64, MOMENTS = 40 };

/* The program: line 1 is a module's, main() begins at 10, helper() at 30 with its decorator. */
struct stage {
	struct fake_capture fake;
	const char *source[ROOM]; /* by line */
	uint32_t module, main, helper; /* codes */
	char path[64];
	struct weigh_capture *capture;
	struct weigh_names *names;
	struct weigh_line_reader reader;
	struct weigh_stacks stacks;
	struct weigh_advice advice;
	struct weigh_collector collector;
};

static const char *read_line(void *arg, const char *file, uint32_t line)
{
	const struct stage *stage = arg;

	return !strcmp(file, "/app/run.py") && line < ROOM ? stage->source[line] : NULL;
}

static void set_up(struct stage *stage)
{
	memset(stage, 0, sizeof(*stage));
	fake_init(&stage->fake, WEIGH_MODE_EXACT);
	stage->module = fake_code(&stage->fake, "/app/run.py", "<module>", 1, 9);
	stage->main = fake_code(&stage->fake, "/app/run.py", "main", 10, 20);
	stage->helper = fake_code(&stage->fake, "/app/run.py", "helper", 30, 20);
	for (int i = 1; i < ROOM; i++)
		stage->source[i] = "";
	stage->source[1] = "main()";
	stage->source[10] = "def main():";
	stage->source[30] = "def helper():";
	stage->source[50] = "def other():";
}

/* Frames: line 1, then `line` of main, then `inner` of helper unless 0. */
static uint32_t node_at(struct stage *stage, uint32_t line, uint32_t inner)
{
	uint32_t node = fake_node(&stage->fake, 0, stage->module, 1);

	node = fake_node(&stage->fake, node, stage->main, line);
	return inner ? fake_node(&stage->fake, node, stage->helper, inner) : node;
}

/* Blocks of one size: at the peak, at the end, ever. Returns the site's number. */
static uint32_t put(struct stage *stage, uint32_t node, uint64_t size, uint64_t peak, uint64_t end,
		    uint64_t total)
{
	struct weigh_site *site = fake_site(&stage->fake, node, 0, WEIGH_DOMAIN_ARRAY);
	struct weigh_header *header = &stage->fake.header;

	site->peak_epoch = header->peak.epoch = 1;
	site->at_peak = fake_exact(peak, size);
	site->live = fake_exact(end, size);
	site->total = fake_exact(total, size);
	header->peak.footprint += (uint64_t)site->at_peak.footprint;
	header->counters.other_live += (int64_t)site->live.footprint;
	return stage->fake.sections[WEIGH_SECTION_SITES].used - 1;
}

/* A moment with the one site; all else that was live then is `beside`. */
static void put_moment(struct stage *stage, double seconds, uint32_t site, uint64_t bytes, uint64_t beside)
{
	struct weigh_moment moment = {
		.time_ns = (uint64_t)(seconds * 1e9), .live = bytes + beside, .shares = 1, .sites = 1};
	struct weigh_share none = {0};
	struct weigh_share share = {
		.key = ((struct weigh_site *)stage->fake.sections[WEIGH_SECTION_SITES].bytes)[site].key,
		.site = site,
		.live = fake_exact(1, bytes),
	};

	fake_entry(&stage->fake, WEIGH_SECTION_MOMENTS, &moment);
	fake_entry(&stage->fake, WEIGH_SECTION_SHARES, &share);
	for (int i = 1; i < WEIGH_MOMENT_SHARES; i++)
		fake_entry(&stage->fake, WEIGH_SECTION_SHARES, &none);
}

static void ask(struct stage *stage)
{
	size_t size;
	uint8_t *bytes = fake_layout(&stage->fake, 0, true, &size);

	snprintf(stage->path, sizeof(stage->path), "/tmp/weigh-rules-%ld.weigh", (long)getpid());
	fake_write(stage->path, bytes, size);
	free(bytes);
	assert_null(weigh_capture_open(stage->path, &stage->capture));
	unlink(stage->path);
	assert_null(weigh_names_create(stage->capture, &stage->names));
	stage->reader = (struct weigh_line_reader){read_line, stage};
	assert_null(weigh_stacks_init(&stage->stacks, stage->capture, stage->names, &stage->reader));
	stage->collector.advice = &stage->advice;
	assert_null(weigh_rules_lines(&stage->stacks, false, &stage->collector));
	assert_false(stage->collector.failed);
}

static void tear_down(struct stage *stage)
{
	for (uint32_t i = 0; i < stage->advice.finding_count; i++)
		weigh_finding_deinit(&stage->advice.findings[i]);
	for (uint32_t i = 0; i < stage->advice.rejected_count; i++)
		weigh_rejected_deinit(&stage->advice.rejected[i]);
	free(stage->advice.findings);
	free(stage->advice.rejected);
	weigh_stacks_deinit(&stage->stacks);
	weigh_names_destroy(stage->names);
	weigh_capture_close(stage->capture);
	fake_deinit(&stage->fake);
}

/* The only finding, of this id and at this line. */
static const struct weigh_finding *only(const struct stage *stage, const char *id, uint32_t line)
{
	assert_int_equal(stage->advice.finding_count, 1);
	assert_string_equal(stage->advice.findings[0].id, id);
	assert_int_equal(stage->advice.findings[0].line, line);
	return &stage->advice.findings[0];
}

static void nothing(struct stage *stage, uint32_t rejected)
{
	ask(stage);
	assert_int_equal(stage->advice.finding_count, 0);
	assert_int_equal(stage->advice.rejected_count, rejected);
	tear_down(stage);
}

static void test_rebound(void **state)
{
	struct stage stage;

	(void)state;
	set_up(&stage);
	stage.source[13] = "a_next = rng.permutation(a)";
	stage.source[14] = "a_diff = a_next - a";
	put(&stage, node_at(&stage, 13, 0), 8 * MB, 2, 0, 4);
	put(&stage, node_at(&stage, 14, 0), 8 * MB, 1, 0, 4);
	ask(&stage);
	const struct weigh_finding *finding = only(&stage, "W29-1", 13);
	assert_float_equal(finding->saving, 8 * MB, 0.5);
	assert_non_null(strstr(finding->change_after, "del a_next, a_diff"));
	assert_int_equal(finding->grade, WEIGH_GRADE_LIKELY);
	tear_down(&stage);
}

static void test_rebound_but_read_later(void **state)
{
	struct stage stage;

	(void)state;
	set_up(&stage);
	stage.source[13] = "y = f(x)";
	stage.source[15] = "print(y.sum())";
	put(&stage, node_at(&stage, 13, 0), 8 * MB, 2, 0, 4);
	ask(&stage);
	assert_int_equal(only(&stage, "W29-1", 13)->grade, WEIGH_GRADE_HYPOTHESIS);
	tear_down(&stage);
}

/* A function that returns what it makes: it is the caller's name that is bound anew. */
static void test_rebound_by_the_caller(void **state)
{
	struct stage stage;

	(void)state;
	set_up(&stage);
	stage.source[13] = "frame = helper()";
	stage.source[33] = "data = np.zeros(N)";
	stage.source[34] = "return data";
	put(&stage, node_at(&stage, 13, 33), 8 * MB, 2, 0, 5);
	ask(&stage);
	assert_non_null(strstr(only(&stage, "W29-1", 13)->change_after, "del frame"));
	tear_down(&stage);
}

static void test_not_rebound(void **state)
{
	static const struct {
		const char *text;
		uint64_t peak, total;
		uint32_t rejected;
	} cases[] = {
		{"y = f(x)", 2, 2, 0},            /* two calls, two that are kept */
		{"y = f(x)", 3, 9, 1},            /* three alive: kept elsewhere */
		{"y = f(y)", 2, 4, 0},            /* the new one is made of the old one */
		{"rows.append(f(x))", 2, 4, 0},   /* no name */
		{"y = f(x)", 1, 4, 0},            /* never two */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stage stage;
		set_up(&stage);
		stage.source[13] = cases[i].text;
		put(&stage, node_at(&stage, 13, 0), 8 * MB, cases[i].peak, 0, cases[i].total);
		nothing(&stage, cases[i].rejected);
	}
}

static void test_strides_are_no_arrays(void **state)
{
	struct stage stage;
	struct weigh_size_bucket buckets[WEIGH_SIZE_BUCKETS] = {{0}};

	(void)state;
	set_up(&stage);
	stage.source[13] = "y = f(x)";
	put(&stage, node_at(&stage, 13, 0), 8 * MB, 2, 0, 4);
	put(&stage, node_at(&stage, 13, 0), 8000, 0, 0, 0);
	/* One site for both: what sums alone cannot tell apart. */
	struct weigh_site *site = (struct weigh_site *)stage.fake.sections[WEIGH_SECTION_SITES].bytes;
	weigh_tally_add(&site->at_peak,
			&(struct weigh_tally){.bytes = 8000, .footprint = 8000, .blocks = 1, .samples = 1});
	weigh_tally_add(&site->total,
			&(struct weigh_tally){.bytes = 64000, .footprint = 64000, .blocks = 8, .samples = 8});
	buckets[weigh_size_bucket_index(8 * MB)] = (struct weigh_size_bucket){4, 32.0 * MB};
	buckets[weigh_size_bucket_index(8000)] = (struct weigh_size_bucket){8, 64000};
	for (int i = 0; i < WEIGH_SIZE_BUCKETS; i++)
		fake_entry(&stage.fake, WEIGH_SECTION_SIZES, &buckets[i]);
	ask(&stage);
	assert_float_equal(only(&stage, "W29-1", 13)->saving, 8 * MB, 8000);
	tear_down(&stage);
}

static void test_temporaries(void **state)
{
	struct stage stage;

	(void)state;
	set_up(&stage);
	stage.source[13] = "return np.exp(-(x - 1) ** 2)";
	put(&stage, node_at(&stage, 13, 0), 8 * MB, 2, 0, 3);
	ask(&stage);
	assert_float_equal(only(&stage, "W30-1", 13)->saving, 8 * MB, 0.5);
	tear_down(&stage);
}

/* NumPy reuses temporaries: two products need two arrays, in place or not. */
static void test_temporaries_that_are_needed(void **state)
{
	struct stage stage;

	(void)state;
	set_up(&stage);
	stage.source[13] = "return np.sqrt(x * x + y * y)";
	put(&stage, node_at(&stage, 13, 0), 8 * MB, 2, 0, 3);
	nothing(&stage, 1);
}

static void test_concatenation(void **state)
{
	struct stage stage;

	(void)state;
	set_up(&stage);
	stage.source[13] = "x = np.append(x, part)";
	put(&stage, node_at(&stage, 13, 0), 8 * MB, 2, 0, 20);
	ask(&stage);
	/* Of 20 steps the last two: 19 of 39 parts go. */
	assert_float_equal(only(&stage, "W32-1", 13)->saving, 16.0 * MB * 19 / 39, 0.5);
	tear_down(&stage);
}

static void test_used_once(void **state)
{
	struct stage stage;

	(void)state;
	set_up(&stage);
	stage.source[13] = "total = sum([n * n for n in ns])";
	put(&stage, node_at(&stage, 13, 0), 32, MB, 0, MB);
	ask(&stage);
	const struct weigh_finding *finding = only(&stage, "W28-1", 13);
	assert_float_equal(finding->saving, 32.0 * MB, 0.5);
	assert_string_equal(finding->change_after, "total = sum(n * n for n in ns)");
	tear_down(&stage);
}

/* Another peak, at another time, is in the way: only what stands above it can go. */
static void test_second_peak(void **state)
{
	struct stage stage;

	(void)state;
	set_up(&stage);
	stage.source[13] = "total = sum([n * n for n in ns])";
	uint32_t site = put(&stage, node_at(&stage, 13, 0), 32, MB, 0, MB);
	put_moment(&stage, 1, site, 0, 20 * MB);
	ask(&stage);
	assert_float_equal(only(&stage, "W28-1", 13)->saving, 12.0 * MB, 0.5);
	tear_down(&stage);
}

static void test_structure_of_a_function(void **state)
{
	struct stage stage;

	(void)state;
	set_up(&stage);
	stage.source[13] = "rows = helper()";
	stage.source[15] = "for row in rows:";
	stage.source[33] = "return [parse(line) for line in file]";
	put(&stage, node_at(&stage, 13, 33), 64, MB, 0, MB);
	ask(&stage);
	assert_float_equal(only(&stage, "W34-1", 33)->saving, 64.0 * MB, 0.5);
	tear_down(&stage);
}

static void test_structure_that_is_needed(void **state)
{
	static const char *const uses[] = {"print(len(rows))", "rows.sort()", "first = rows[0]",
					   "for row in rows: print(rows)"};

	(void)state;
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		struct stage stage;
		set_up(&stage);
		stage.source[13] = "rows = [f(n) for n in ns]";
		stage.source[14] = "for row in rows:";
		stage.source[16] = uses[i];
		put(&stage, node_at(&stage, 13, 0), 64, MB, 0, MB);
		nothing(&stage, 1);
	}
}

static void test_what_stays_is_not_used_once(void **state)
{
	struct stage stage;

	(void)state;
	set_up(&stage);
	stage.source[13] = "total = sum([n * n for n in ns])";
	put(&stage, node_at(&stage, 13, 0), 32, MB, MB, MB);
	nothing(&stage, 0);
	set_up(&stage);
	stage.source[13] = "best = sorted([f(n) for n in ns])";
	put(&stage, node_at(&stage, 13, 0), 32, MB, 0, MB);
	nothing(&stage, 1);
}

static void test_without_source_nothing_is_said(void **state)
{
	struct stage stage;

	(void)state;
	set_up(&stage);
	for (int i = 0; i < ROOM; i++)
		stage.source[i] = NULL;
	put(&stage, node_at(&stage, 13, 0), 8 * MB, 2, 0, 4);
	nothing(&stage, 0);
}

static void test_cache(void **state)
{
	struct stage stage;

	(void)state;
	set_up(&stage);
	stage.source[30] = "@lru_cache(maxsize=None)";
	stage.source[13] = "total += helper(n)";
	stage.source[33] = "return str(n)";
	put(&stage, node_at(&stage, 13, 33), 64, 102400, 102400, 102400);
	put(&stage, node_at(&stage, 13, 0), 64, 102400, 102400, 102400);
	ask(&stage);
	/* All but a hundredth of answers and entries. */
	assert_float_equal(only(&stage, "W24-1", 30)->saving, 0.99 * 2 * 64 * 102400, 0.5);
	tear_down(&stage);
}

static void test_cache_with_a_bound_or_few_entries(void **state)
{
	struct stage stage;

	(void)state;
	set_up(&stage);
	stage.source[30] = "@lru_cache(maxsize=500)";
	stage.source[33] = "return str(n)";
	put(&stage, node_at(&stage, 13, 33), 64, 102400, 102400, 102400);
	nothing(&stage, 0);
	set_up(&stage);
	stage.source[30] = "@cache";
	stage.source[33] = "return str(n)";
	put(&stage, node_at(&stage, 13, 33), 64, 1000, 1000, 1000);
	nothing(&stage, 0);
}

/* Moments of a site that holds `bytes(i)` in the i-th tenth of a second. */
static void put_moments(struct stage *stage, uint32_t site, uint64_t (*bytes)(int))
{
	for (int i = 0; i < MOMENTS; i++)
		put_moment(stage, i / 10.0, site, bytes(i), 0);
}

static uint64_t steady(int i)
{
	return (uint64_t)MB + (uint64_t)i * 50000;
}

static uint64_t filling(int i)
{
	return i < 12 ? (uint64_t)i * 250000 : 3 * MB;
}

static void test_growth(void **state)
{
	struct stage stage;

	(void)state;
	set_up(&stage);
	stage.source[13] = "helper(n)";
	stage.source[33] = "request = {'n': n}";
	uint32_t site = put(&stage, node_at(&stage, 13, 33), 50000, 59, 59, 59);
	put_moments(&stage, site, steady);
	ask(&stage);
	const struct weigh_finding *finding = only(&stage, "W25-1", 33);
	assert_int_equal(finding->quantity, WEIGH_QUANTITY_GROWTH);
	assert_float_equal(finding->saving, 500e3 * 3600, 1);
	assert_int_equal(finding->grade, WEIGH_GRADE_HYPOTHESIS);
	tear_down(&stage);
}

static void test_no_growth(void **state)
{
	struct stage stage;
	uint32_t site;

	(void)state;
	/* A cache that was filled. */
	set_up(&stage);
	stage.source[33] = "request = {'n': n}";
	site = put(&stage, node_at(&stage, 13, 33), 50000, 59, 59, 59);
	put_moments(&stage, site, filling);
	nothing(&stage, 0);
	/* Given back when the program's own code had ended. */
	set_up(&stage);
	stage.source[33] = "request = {'n': n}";
	site = put(&stage, node_at(&stage, 13, 33), 50000, 59, 0, 59);
	put_moments(&stage, site, steady);
	nothing(&stage, 0);
	/* What a script builds at its top. */
	set_up(&stage);
	stage.source[1] = "rows = main()";
	stage.source[13] = "return helper(n)";
	stage.source[33] = "return {'n': n}";
	site = put(&stage, node_at(&stage, 13, 33), 50000, 59, 59, 59);
	put_moments(&stage, site, steady);
	nothing(&stage, 1);
}

static void put_two_locals(struct stage *stage)
{
	set_up(stage);
	stage->source[12] = "text = load(path)";
	stage->source[13] = "words = count(text)";
	stage->source[15] = "table = build(words)";
	put(stage, node_at(stage, 12, 0), 8 * MB, 1, 0, 1);
	put(stage, node_at(stage, 15, 0), 5 * MB, 1, 0, 1);
}

/* The smaller of what is kept and what comes later: before that the first was there alone. */
static void test_local_past_its_last_use(void **state)
{
	struct stage stage;

	(void)state;
	put_two_locals(&stage);
	ask(&stage);
	const struct weigh_finding *finding = only(&stage, "W31-1", 12);
	assert_float_equal(finding->saving, 5 * MB, 0.5);
	assert_non_null(strstr(finding->change_after, "del text  # after line 13"));
	/* What was made of it, and bound, may hold it. */
	assert_int_equal(finding->grade, WEIGH_GRADE_HYPOTHESIS);
	tear_down(&stage);
	put_two_locals(&stage);
	stage.source[13] = "print(len(text))";
	ask(&stage);
	assert_int_equal(only(&stage, "W31-1", 12)->grade, WEIGH_GRADE_LIKELY);
	tear_down(&stage);
}

static void test_local_in_use(void **state)
{
	struct stage stage;

	(void)state;
	put_two_locals(&stage);
	stage.source[17] = "return text, table";
	nothing(&stage, 0);
	/* In a loop what stands above may run again. */
	put_two_locals(&stage);
	stage.source[11] = "for path in paths:";
	nothing(&stage, 0);
	/* Nothing of weight comes later. */
	put_two_locals(&stage);
	stage.source[15] = "";
	stage.source[16] = "x = build(text)";
	nothing(&stage, 0);
}

static void test_retained(void **state)
{
	struct stage stage;

	(void)state;
	set_up(&stage);
	put(&stage, node_at(&stage, 13, 0), 64, MB, 0, MB);
	stage.fake.header.at_end.arenas = 60 * MB;
	stage.fake.header.at_end.small_live = 2 * MB;
	ask(&stage);
	const struct weigh_finding *finding = only(&stage, "W40-1", 0);
	assert_float_equal(finding->saving, 58.0 * MB, 0.5);
	assert_int_equal(finding->quantity, WEIGH_QUANTITY_REUSABLE);
	tear_down(&stage);
	/* Little beside the peak. */
	set_up(&stage);
	put(&stage, node_at(&stage, 13, 0), 64, 10 * MB, 0, 10 * MB);
	stage.fake.header.at_end.arenas = 60 * MB;
	nothing(&stage, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rebound),
		cmocka_unit_test(test_rebound_but_read_later),
		cmocka_unit_test(test_rebound_by_the_caller),
		cmocka_unit_test(test_not_rebound),
		cmocka_unit_test(test_strides_are_no_arrays),
		cmocka_unit_test(test_temporaries),
		cmocka_unit_test(test_temporaries_that_are_needed),
		cmocka_unit_test(test_concatenation),
		cmocka_unit_test(test_used_once),
		cmocka_unit_test(test_second_peak),
		cmocka_unit_test(test_structure_of_a_function),
		cmocka_unit_test(test_structure_that_is_needed),
		cmocka_unit_test(test_what_stays_is_not_used_once),
		cmocka_unit_test(test_without_source_nothing_is_said),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_cache_with_a_bound_or_few_entries),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_no_growth),
		cmocka_unit_test(test_local_past_its_last_use),
		cmocka_unit_test(test_local_in_use),
		cmocka_unit_test(test_retained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
