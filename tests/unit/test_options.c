/*
 * Command lines against a verb's table of options.
 */
#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { OUTPUT, FORCE, HEAP, BY, MODULE, OPTIONS };

static const struct weigh_option options[OPTIONS] = {
	[OUTPUT] = {'o', "output", "FILE", NULL, "where to", WEIGH_OPTION_ENVIRONMENT},
	[FORCE] = {'f', "force-it", NULL, NULL, "replace", WEIGH_OPTION_ENVIRONMENT},
	[HEAP] = {0, "heap", "WHEN", "end|peak", "objects", WEIGH_OPTION_OPTIONAL},
	[BY] = {'b', "by", "WHAT", "line|file", "rows", 0},
	[MODULE] = {'m', NULL, "NAME", NULL, "module", WEIGH_OPTION_ENDS},
};

static const struct weigh_verb verb = {
	.name = "test",
	.usage = "[options] FILE",
	.summary = "try options",
	.options = options,
	.option_count = OPTIONS,
};

/* Parse words that end with NULL. */
static struct weigh_error *parse(struct weigh_arguments *arguments, bool stops, bool *help, char **words)
{
	struct weigh_verb test = verb;
	int count = 0;

	while (words[count])
		count++;
	test.stops_at_operand = stops;
	return weigh_arguments_init(arguments, &test, count, words, help);
}

#define WORDS(...) ((char *[]){__VA_ARGS__, NULL})

static void test_forms(void **state)
{
	struct weigh_arguments a;
	bool help;

	(void)state;
	assert_null(parse(&a, false, &help, WORDS("-fo", "x", "file", "--by=file", "--heap", "other")));
	assert_string_equal(a.values[OUTPUT], "x");
	assert_string_equal(a.values[FORCE], "");
	assert_string_equal(a.values[HEAP], "");
	assert_string_equal(a.values[BY], "file");
	assert_int_equal(a.operand_count, 2);
	assert_string_equal(a.operands[1], "other");
	assert_false(a.dashes);
	assert_int_equal(a.before_dashes, 2);
	assert_null(a.operands[2]);
	weigh_arguments_deinit(&a);

	assert_null(parse(&a, false, &help, WORDS("-ox", "--heap=peak", "--", "-f", "-")));
	assert_string_equal(a.values[OUTPUT], "x");
	assert_string_equal(a.values[HEAP], "peak");
	assert_null(a.values[FORCE]);
	assert_int_equal(a.operand_count, 2);
	assert_true(a.dashes);
	assert_int_equal(a.before_dashes, 0);
	assert_int_equal(a.ended_by, -1);
	weigh_arguments_deinit(&a);
}

static void test_the_rest_is_the_programs(void **state)
{
	struct weigh_arguments a;
	bool help;

	(void)state;
	assert_null(parse(&a, true, &help, WORDS("-f", "script.py", "-f", "--help", "--", "x")));
	assert_false(help);
	assert_int_equal(a.operand_count, 5);
	assert_string_equal(a.operands[3], "--");
	weigh_arguments_deinit(&a);

	assert_null(parse(&a, true, &help, WORDS("-m", "json.tool", "-b", "--help")));
	assert_false(help);
	assert_int_equal(a.ended_by, MODULE);
	assert_string_equal(a.values[MODULE], "json.tool");
	assert_int_equal(a.operand_count, 2);
	weigh_arguments_deinit(&a);
}

static void assert_usage(char **words, const char *says)
{
	struct weigh_arguments a;
	bool help;
	struct weigh_error *error = parse(&a, false, &help, words);

	assert_non_null(error);
	if (!strstr(error->message, says))
		fail_msg("'%s' does not say '%s'", error->message, says);
	assert_int_equal(weigh_error_status(error), 2);
	weigh_error_destroy(error);
	weigh_arguments_deinit(&a);
}

static void test_wrong_usage(void **state)
{
	(void)state;
	assert_usage(WORDS("--ouptut=x"), "did you mean --output?");
	assert_usage(WORDS("--forc"), "did you mean --force-it?");
	assert_usage(WORDS("--zzz"), "test --help");
	assert_usage(WORDS("-z"), "unknown option -z");
	assert_usage(WORDS("--output"), "needs an argument");
	assert_usage(WORDS("-m"), "-m needs an argument");
	assert_usage(WORDS("--force-it=yes"), "takes no argument");
	assert_usage(WORDS("--by", "lines"), "give one of line|file");
	assert_usage(WORDS("--by="), "give one of line|file");
	assert_usage(WORDS("--heap=never"), "give one of end|peak");
}

static void test_environment(void **state)
{
	struct weigh_arguments a;
	bool help;

	(void)state;
	setenv("WEIGH_OUTPUT", "from-env", 1);
	setenv("WEIGH_FORCE_IT", "1", 1);
	assert_null(parse(&a, false, &help, WORDS("file")));
	assert_string_equal(a.values[OUTPUT], "from-env");
	assert_string_equal(a.values[FORCE], "");
	weigh_arguments_deinit(&a);
	assert_null(parse(&a, false, &help, WORDS("-o", "mine")));
	assert_string_equal(a.values[OUTPUT], "mine");
	weigh_arguments_deinit(&a);
	setenv("WEIGH_FORCE_IT", "0", 1);
	setenv("WEIGH_OUTPUT", "", 1);
	assert_null(parse(&a, false, &help, WORDS("file")));
	assert_null(a.values[OUTPUT]);
	assert_null(a.values[FORCE]);
	weigh_arguments_deinit(&a);
	unsetenv("WEIGH_OUTPUT");
	unsetenv("WEIGH_FORCE_IT");
}

static void test_help(void **state)
{
	struct weigh_arguments a;
	char *text = NULL;
	size_t size;
	bool help;

	(void)state;
	assert_null(parse(&a, true, &help, WORDS("--help")));
	assert_true(help);
	weigh_arguments_deinit(&a);
	assert_null(parse(&a, true, &help, WORDS("-fh")));
	assert_true(help);
	weigh_arguments_deinit(&a);

	FILE *out = open_memstream(&text, &size);
	weigh_verb_help(&verb, out);
	fclose(out);
	assert_non_null(strstr(text, "  -o, --output FILE"));
	assert_non_null(strstr(text, "      --heap[=WHEN]"));
	assert_non_null(strstr(text, "  -m NAME"));
	free(text);
}

static void test_nearest(void **state)
{
	static const char *const names[] = {"run", "report", NULL, "heap"};

	(void)state;
	assert_int_equal(weigh_nearest("reprot", names, 4), 1);
	assert_int_equal(weigh_nearest("rep", names, 4), 1);
	assert_int_equal(weigh_nearest("rn", names, 4), 0);
	assert_int_equal(weigh_nearest("xyz", names, 4), -1);
	assert_int_equal(weigh_nearest("", names, 4), -1);
}

static void test_numbers(void **state)
{
	static const char *const wrong[] = {"", "x", "1x", "-1", "99999999999999999999"};
	long number;

	(void)state;
	assert_null(weigh_option_number("--limit", "20", 0, &number));
	assert_int_equal(number, 20);
	for (int i = 0; i < 5; i++) {
		struct weigh_error *error = weigh_option_number("--limit", wrong[i], 0, &number);
		assert_non_null(error);
		weigh_error_destroy(error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),       cmocka_unit_test(test_the_rest_is_the_programs),
		cmocka_unit_test(test_wrong_usage), cmocka_unit_test(test_environment),
		cmocka_unit_test(test_help),        cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
