/*
 * What the reports print, letter by letter: each case runs `weigh report` on
 * the example capture and compares with tests/golden/<name>.txt. With
 * WEIGH_GOLDEN_UPDATE set the files are written instead.
 */
#include "capture/open.h"
#include "cli/verbs.h"
#include "fake_capture.h"
#include "golden.h"
#include "report/summary.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct golden goldens[] = {
	{"lines", "sampled.weigh", "100", "C.UTF-8", {0}},
	{"lines-exact", "exact.weigh", "100", "C.UTF-8", {0}},
	{"lines-wide", "sampled.weigh", "160", "C.UTF-8", {0}},
	{"lines-narrow", "sampled.weigh", "60", "C.UTF-8", {0}},
	{"lines-40", "sampled.weigh", "40", "C.UTF-8", {0}},
	{"lines-file", "sampled.weigh", "", "C.UTF-8", {0}},
	{"lines-ascii", "sampled.weigh", "100", "C", {0}},
	{"limit", "sampled.weigh", "100", "C.UTF-8", {"--limit", "2"}},
	{"filter", "exact.weigh", "100", "C.UTF-8", {"--filter", "*.py", "--sort", "blocks"}},
	{"functions", "exact.weigh", "100", "C.UTF-8", {"--by", "function", "--sort=name"}},
	{"files", "exact.weigh", "100", "C.UTF-8", {"--by", "file", "--sort", "average"}},
	{"domains", "exact.weigh", "100", "C.UTF-8", {"--by", "domain"}},
	{"threads", "exact.weigh", "100", "C.UTF-8", {"--by", "thread"}},
	{"end", "exact.weigh", "100", "C.UTF-8", {"--at", "end"}},
	{"total", "exact.weigh", "100", "C.UTF-8", {"--at", "total", "--limit", "3"}},
	{"moment", "exact.weigh", "100", "C.UTF-8", {"--at", "1.8"}},
	{"temporary", "sampled.weigh", "100", "C.UTF-8", {"--temporary"}},
	{"leaks", "exact.weigh", "100", "C.UTF-8", {"--leaks"}},
	{"tree", "sampled.weigh", "100", "C.UTF-8", {"--tree"}},
	{"tree-limit", "exact.weigh", "80", "C", {"--tree", "-n", "3"}},
	{"tree-filter", "exact.weigh", "100", "C.UTF-8", {"--tree", "--filter", "parse.py"}},
	{"timeline", "sampled.weigh", "80", "C.UTF-8", {"--timeline"}},
	{"timeline-ascii", "sampled.weigh", "60", "C", {"--timeline"}},
	{"sizes", "exact.weigh", "80", "C.UTF-8", {"--sizes"}},
	{"killed", "killed.weigh", "100", "C.UTF-8", {"--limit", "1"}},
	{"troubles", "troubles.weigh", "100", "C.UTF-8", {"--limit", "1"}},
	{"empty", "nothing.weigh", "100", "C.UTF-8", {0}},
	{"json", "sampled.weigh", "", "C.UTF-8", {"--json", "--limit", "4"}},
	{"json-tree", "exact.weigh", "", "C.UTF-8", {"--json", "--tree", "--sizes", "--by", "file"}},
	{"csv", "sampled.weigh", "", "C.UTF-8", {"--csv", "--limit", "3"}},
};

static void write_source(const char *name, int first, const char *const *lines)
{
	/* Older than the program's start, whenever the test runs. */
	const struct timespec old[2] = {{1600000000, 0}, {1600000000, 0}};
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	for (int i = 1; i < first; i++)
		fputc('\n', file);
	for (; *lines; lines++)
		fprintf(file, "%s\n", *lines);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(utimensat(AT_FDCWD, name, old, 0), 0);
}

static void write_capture(const char *name, struct fake_capture *fake, bool sealed)
{
	size_t size;
	uint8_t *bytes = fake_layout(fake, 3, sealed, &size);

	fake_write(name, bytes, size);
	free(bytes);
	fake_deinit(fake);
}

static void write_captures(const char *folder)
{
	struct fake_capture fake;

	fake_example(&fake, WEIGH_MODE_SAMPLED, folder);
	write_capture("sampled.weigh", &fake, true);
	fake_example(&fake, WEIGH_MODE_EXACT, folder);
	write_capture("exact.weigh", &fake, true);
	fake_example(&fake, WEIGH_MODE_EXACT, folder);
	fake.header.state = WEIGH_STATE_RECORDING;
	fake.header.exit = WEIGH_EXIT_SIGNAL;
	fake.header.exit_value = 9;
	write_capture("killed.weigh", &fake, false);
	fake_example(&fake, WEIGH_MODE_SAMPLED, folder);
	fake.header.mode_forced = 1;
	fake.header.pruned_sites = 1234;
	fake.header.lost[WEIGH_LOSS_BUSY] = (struct weigh_lost){12, 3456};
	fake.header.lost[WEIGH_LOSS_MEMORY] = (struct weigh_lost){1, 1 << 20};
	write_capture("troubles.weigh", &fake, true);
	fake_init(&fake, WEIGH_MODE_SAMPLED);
	write_capture("nothing.weigh", &fake, false);
}

static int set_up(void **state)
{
	static const char *const routes[] = {
		"    text = open(path).read()",
		"",
		"",
		"",
		"    rows.append({'route': route, 'date': date, 'daytype': daytype, 'rides': rides})",
		"",
		"\treturn index(rows, key=lambda r: r['route'])  # größer als der Schirm breit ist, für „Überlänge“",
		NULL};
	static const char *const parse[] = {"        yield line.split(',')", NULL};

	(void)state;
	const char *folder = golden_enter();
	write_source("routes.py", 20, routes);
	write_source("parse.py", 55, parse);
	write_captures(folder);
	return 0;
}

static void test_golden(void **state)
{
	golden_run(*state, &weigh_verb_report);
}

static void print_summary(const char *name, const char *path, struct weigh_style style)
{
	struct weigh_capture *capture;
	struct weigh_error *error = weigh_capture_open(path, &capture);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_null(error);
	error = weigh_summary_print(capture, out, &style);
	assert_null(error);
	fclose(out);
	weigh_capture_close(capture);
	golden_compare(name, text);
}

static void test_summary(void **state)
{
	(void)state;
	print_summary("summary", "sampled.weigh", (struct weigh_style){.width = 100, .unicode = true});
	print_summary("summary-80", "sampled.weigh", (struct weigh_style){.width = 80, .unicode = true});
	print_summary("summary-file", "exact.weigh", (struct weigh_style){0});
	print_summary("summary-color", "killed.weigh",
		      (struct weigh_style){.width = 90, .color = true, .unicode = true});
	print_summary("summary-empty", "nothing.weigh", (struct weigh_style){.width = 80, .unicode = true});
}

int main(void)
{
	enum { COUNT = sizeof(goldens) / sizeof(goldens[0]) };
	struct CMUnitTest tests[COUNT + 1];

	for (int i = 0; i < COUNT; i++)
		tests[i] = (struct CMUnitTest){.name = goldens[i].name,
					       .test_func = test_golden,
					       .initial_state = (void *)&goldens[i]};
	tests[COUNT] = (struct CMUnitTest){.name = "summary", .test_func = test_summary};
	return cmocka_run_group_tests(tests, set_up, golden_leave);
}
