/*
 * What `weigh mprof plot`, `peak` and `list` print, against tests/golden.
 */
#include "cli/mprof.h"
#include "fake_capture.h"
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Rises for four seconds, a peak at six, and two functions, one within the other. */
static void write_load(const char *name, double start, bool with_functions)
{
	FILE *file = fopen(name, "w");
	fputs("CMDLINE python load.py 'a <b> & c'\n", file);
	for (int i = 0; i <= 100; i++) {
		double time = i / 10.0, peak = i == 60 ? 200 : 0;
		fprintf(file, "MEM %.6f %.4f\n", 20 + (i < 40 ? time * 20 : 80) + peak, start + time);
	}
	if (with_functions) {
		fprintf(file, "FUNC __main__.parse 40 %.4f 70 %.4f 1\n", start + 1, start + 2.5);
		fprintf(file, "FUNC __main__.parse 70 %.4f 80 %.4f 1\n", start + 2.6, start + 3);
		fprintf(file, "FUNC __main__.load 30 %.4f 100 %.4f 0\n", start + .5, start + 4);
		fprintf(file, "FUNC other.group.of 100 %.4f 100 %.4f 0\n", start + 5, start + 9);
		fprintf(file, "FUNC some.list.of 100 %.4f 100 %.4f 0\n", start + 9.25, start + 9.25);
	}
	fclose(file);
}

static void write_server(const char *name, double start)
{
	FILE *file = fopen(name, "w");
	fputs("CMDLINE python server.py\n", file);
	for (int i = 0; i <= 100; i++) {
		double time = i / 2.0;
		fprintf(file, "MEM %.6f %.4f\n", 900 + time * 4, start + time);
		if (i > 20 && i < 80)
			fprintf(file, "CHLD 4711 %.6f %.4f\n", 400 + time * 8, start + time);
	}
	fclose(file);
}

static int make_files(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	golden_enter();
	write_load("mprofile_20231114221320.dat", 1700000000, true);
	write_load("mprofile_20231114221640.dat", 1700000200, false);
	write_server("server.dat", 1700000000.25);
	return 0;
}

static void test_plot(void **state)
{
	static const struct golden cases[] = {
		{"mprof", "0", "90", "C.UTF-8", {NULL}},
		{"mprof-ascii", "0", "90", "C", {NULL}},
		{"mprof-narrow", "0", "40", "C.UTF-8", {NULL}},
		{"mprof-newest", "--", "80", "C.UTF-8", {NULL}},
		{"mprof-window", "0", "80", "C.UTF-8", {"-n", "-w", "3,7", "-t", "Of the peak"}},
		{"mprof-children", "server.dat", "80", "C.UTF-8", {"--slope"}},
		{"mprof-several", "0", "80", "C.UTF-8", {"server.dat"}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		golden_run(&cases[i], &weigh_action_plot);
}

static void test_peak(void **state)
{
	static const struct golden cases[] = {
		{"mprof-peak", "0", "80", "C.UTF-8", {"server.dat"}},
		{"mprof-peak-function", "0", "80", "C.UTF-8", {"1", "--func", "__main__.load"}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		golden_run(&cases[i], &weigh_action_peak);
}

static void test_list(void **state)
{
	static const struct golden list = {"mprof-list", "--", "80", "C.UTF-8", {NULL}};
	(void)state;
	golden_run(&list, &weigh_action_list);
}

static void compare_picture(const char *name, const char *file, const char *const *arguments)
{
	struct golden plot = {name, "-o", "80", "C.UTF-8", {file}};
	for (int i = 0; arguments[i]; i++)
		plot.arguments[i + 1] = arguments[i];
	golden_run_into(&plot, &weigh_action_plot, file);
}

static void test_pictures(void **state)
{
	(void)state;
	compare_picture("mprof-svg", "a.svg", (const char *const[]){"0", NULL});
	compare_picture("mprof-svg-flame", "b.svg", (const char *const[]){"0", "--flame", NULL});
	compare_picture("mprof-svg-children", "c.svg", (const char *const[]){"--slope", "server.dat", NULL});
	compare_picture("mprof-html", "d.html", (const char *const[]){"0", "-w", "2,5", NULL});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plot),
		cmocka_unit_test(test_peak),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_pictures),
	};
	return cmocka_run_group_tests(tests, make_files, golden_leave);
}
