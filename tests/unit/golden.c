/*
 * Comparing what is printed with files: see golden.h.
 */
#include "golden.h"

#include "fake_capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char *folder;

const char *golden_enter(void)
{
	folder = fake_folder();
	assert_int_equal(chdir(folder), 0);
	return folder;
}

int golden_leave(void **state)
{
	(void)state;
	assert_int_equal(chdir("/"), 0);
	fake_remove(folder);
	return 0;
}

/* The whole of a file; the test frees it. NULL when there is none. */
static char *read_text(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	if (getdelim(&text, &size, 0, file) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(file);
	return text;
}

/* The test's folder has another name each time; what is expected names this one. */
static char *settle(char *text)
{
	static const char settled[] = "/home/ada/bus";
	char *result = NULL;
	size_t size;
	FILE *out = open_memstream(&result, &size);
	const char *at = text;

	for (const char *found; (found = strstr(at, folder)); at = found + strlen(folder)) {
		fwrite(at, 1, (size_t)(found - at), out);
		fputs(settled, out);
	}
	fputs(at, out);
	fclose(out);
	free(text);
	return result;
}

void golden_compare(const char *name, char *text)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s.txt", GOLDEN_FOLDER, name);
	text = settle(text);
	if (getenv("WEIGH_GOLDEN_UPDATE")) {
		fake_write(path, (const uint8_t *)text, strlen(text));
	} else {
		char *expected = read_text(path);
		if (!expected)
			fail_msg("%s: missing: look at what is printed, then run make golden UPDATE=1", path);
		if (strcmp(text, expected))
			print_error("%s: expected\n%s\nprinted\n%s\n", name, expected, text);
		assert_string_equal(text, expected);
		free(expected);
	}
	free(text);
}

/* Run the verb with its output in a file. */
static void run(const struct weigh_verb *verb, char **argv, int argc)
{
	struct weigh_arguments arguments;
	bool help;
	int status = 77, screen = dup(STDOUT_FILENO);

	fflush(stdout);
	assert_non_null(freopen("out", "w+", stdout));
	struct weigh_error *error = weigh_arguments_init(&arguments, verb, argc, argv, &help);
	if (!error)
		error = verb->perform(&arguments, &status);
	weigh_arguments_deinit(&arguments);
	fflush(stdout);
	dup2(screen, STDOUT_FILENO);
	close(screen);
	if (error)
		fail_msg("%s", error->message);
	assert_int_equal(status, 0);
}

void golden_run(const struct golden *golden, const struct weigh_verb *verb)
{
	golden_run_into(golden, verb, "out");
}

void golden_run_into(const struct golden *golden, const struct weigh_verb *verb, const char *file)
{
	char *argv[10] = {(char *)golden->capture};
	int argc = 1;

	for (int i = 0; golden->arguments[i]; i++)
		argv[argc++] = (char *)golden->arguments[i];
	setenv("COLUMNS", golden->columns, 1);
	setenv("LC_ALL", golden->locale, 1);
	run(verb, argv, argc);
	golden_compare(golden->name, read_text(file));
}

static const struct weigh_verb *of_group;

static void test_one(void **state)
{
	golden_run(*state, of_group);
}

int golden_group(const struct golden *goldens, size_t count, const struct weigh_verb *verb,
		 int (*set_up)(void **state))
{
	struct CMUnitTest *tests = calloc(count, sizeof(*tests));

	if (!tests)
		return 1;
	of_group = verb;
	for (size_t i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){
			.name = goldens[i].name, .test_func = test_one, .initial_state = (void *)&goldens[i]};
	int failed = _cmocka_run_group_tests(verb->name, tests, count, set_up, golden_leave);
	free(tests);
	return failed;
}
