/*
 * Files of memory over time: what is read from good ones, and what is said of
 * bad ones.
 */
#include "capture/mprof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct weigh_mprof *parse(const char *text)
{
	struct weigh_mprof *profile;
	struct weigh_error *error = weigh_mprof_parse(text, strlen(text), "x.dat", &profile);
	if (error)
		fail_msg("%s", error->message);
	return profile;
}

static void test_lines(void **state)
{
	struct weigh_mprof *p = parse("CMDLINE python 'a b.py' c\n"
				      "MEM 1.500000 1700000000.1000\n"
				      "MEM 20.250000 1700000000.2000\n"
				      "CHLD 4711 3.000000 1700000000.2001\n"
				      "CHLD 4712 4.000000 1700000000.2001\n"
				      "MEM 9.000000 1700000000.3000\n"
				      "CHLD 4711 5.000000 1700000000.3001\n"
				      "FUNC m.inner 2.0 1700000000.15 3.0 1700000000.25 1\n"
				      "FUNC m.outer 1.0 1700000000.10 9.0 1700000000.30 0\n"
				      "FUNC m.inner 4.0 1700000000.26 3.0 1700000000.27 1\n");
	(void)state;
	assert_string_equal(p->path, "x.dat");
	assert_string_equal(p->command, "python 'a b.py' c");
	assert_int_equal(p->memory.count, 3);
	assert_true(p->memory.points[1].mib == 20.25 && p->memory.points[1].time == 1700000000.2);
	assert_true(weigh_mprof_peak(&p->memory) == 20.25);
	assert_int_equal(p->child_count, 2);
	assert_string_equal(p->children[0].name, "4711");
	assert_int_equal(p->children[0].count, 2);
	assert_true(weigh_mprof_peak(&p->children[0]) == 5 && weigh_mprof_peak(&p->children[1]) == 4);
	assert_int_equal(p->function_count, 2);
	assert_int_equal(p->call_count, 3);
	assert_string_equal(p->functions[p->calls[0].function], "m.outer");
	assert_string_equal(p->functions[p->calls[1].function], "m.inner");
	assert_int_equal(p->calls[1].level, 1);
	assert_true(p->calls[2].start_mib == 4 && p->calls[2].end_mib == 3);
	weigh_mprof_destroy(p);
}

static void test_other_forms(void **state)
{
	struct weigh_mprof *p = parse("MEM 2 1700000001\r\n"
				      "MEM 1 1700000000\r\n"
				      "FUNC .<my block> 1 10 2 11\n"
				      "FUNC f 9 7 1 10 2 11 3\n"
				      "NEWER word of another version\n"
				      "MEM 3 17000");
	(void)state;
	assert_string_equal(p->command, "");
	assert_int_equal(p->memory.count, 3);
	assert_true(p->memory.points[1].mib == 1 && p->memory.points[2].mib == 2);
	assert_string_equal(p->functions[0], ".<my block>");
	assert_string_equal(p->functions[1], "f 9 7");
	assert_int_equal(p->calls[0].level, 0);
	assert_int_equal(p->calls[1].level, 3);
	weigh_mprof_destroy(p);
}

static void test_nothing_in_it(void **state)
{
	static const char *const texts[] = {"", "CMDLINE x\n", "MEM 1.0", "MEM 1.0 17\nCHLD 4"};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct weigh_mprof *p = parse(texts[i]);
		assert_int_equal(p->memory.count, i == 3);
		assert_true(weigh_mprof_peak(&p->memory) == (i == 3));
		assert_int_equal(p->child_count, 0);
		weigh_mprof_destroy(p);
	}
}

static void test_damage(void **state)
{
	static const struct {
		const char *text;
		size_t length; /* 0: up to NUL */
		const char *message;
	} cases[] = {
		{"MEM 1 2\nMEM one 2\n", 0,
		 "x.dat:2: 'MEM one 2' is not MEM, memory, time: mend the line or take it out"},
		{"MEM 1\n", 0, "x.dat:1: 'MEM 1' is not MEM, memory, time: mend the line or take it out"},
		{"MEM 1 2 3\n", 0,
		 "x.dat:1: 'MEM 1 2 3' is not MEM, memory, time: mend the line or take it out"},
		{"MEM inf 2\n", 0,
		 "x.dat:1: 'MEM inf 2' is not MEM, memory, time: mend the line or take it out"},
		{"MEM 1 1e99\n", 0,
		 "x.dat:1: 'MEM 1 1e99' is not MEM, memory, time: mend the line or take it out"},
		{"\nMEM 1 2\n", 0,
		 "x.dat:1: '' is not a line of an mprof file: mend the line or take it out"},
		{"CHLD 7 nan 2\n", 0,
		 "x.dat:1: 'CHLD 7 nan 2' is not CHLD, process, memory, time: mend the line or take it out"},
		{"FUNC f 1 2 3\n", 0,
		 "x.dat:1: 'FUNC f 1 2 3' is not FUNC, name, memory, time, memory, time, level: mend the line or "
		 "take it out"},
		{"FUNC f 1 20 3 10 0\n", 0,
		 "x.dat:1: 'FUNC f 1 20 3 10 0' is not FUNC, name, memory, time, memory, time, level: mend the "
		 "line or take it out"},
		{"#include <stdio.h> and more than fits into a line of an error\n", 0,
		 "x.dat:1: '#include <stdio.h> and more than fits in...' is not a line of an mprof file: mend the "
		 "line or take it out"},
		{"MEM 1 2\n\0MEM 1 2\n", 17,
		 "x.dat:2: a zero byte, this is no text: name a file that 'weigh mprof run' wrote"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct weigh_mprof *p = NULL;
		size_t length = cases[i].length ? cases[i].length : strlen(cases[i].text);
		struct weigh_error *error = weigh_mprof_parse(cases[i].text, length, "x.dat", &p);
		assert_non_null(error);
		assert_string_equal(error->message, cases[i].message);
		assert_int_equal(error->code, WEIGH_ERROR_FORMAT);
		assert_null(p);
		weigh_error_destroy(error);
	}
}

static void test_no_file(void **state)
{
	struct weigh_mprof *p;
	struct weigh_error *error = weigh_mprof_open("there/is/none.dat", &p);
	(void)state;
	assert_string_equal(error->message,
			    "there/is/none.dat: No such file or directory: name a file that 'weigh "
			    "mprof run' wrote");
	weigh_error_destroy(error);
	error = weigh_mprof_open(".", &p);
	assert_string_equal(error->message, ".: is a folder: name a file in it");
	weigh_error_destroy(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),         cmocka_unit_test(test_other_forms),
		cmocka_unit_test(test_nothing_in_it), cmocka_unit_test(test_damage),
		cmocka_unit_test(test_no_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
