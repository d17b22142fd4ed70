/*
 * Comparing what is printed, letter by letter, with tests/golden/<name>.txt.
 * With WEIGH_GOLDEN_UPDATE set the files are written instead.
 *
 * For tests: what differs fails the test that calls.
 */
#ifndef WEIGH_TESTS_GOLDEN_H
#define WEIGH_TESTS_GOLDEN_H

#include "cli/options.h"

#include <stddef.h>

struct golden {
	const char *name;
	const char *capture;
	const char *columns; /* "": not a terminal, lines of any length */
	const char *locale;
	const char *arguments[8];
};

/* Go to a new folder, which has a fixed name in what is compared. Its path, until golden_leave(). */
const char *golden_enter(void);

/* Leave it, and remove it: a group's teardown. */
int golden_leave(void **state);

/* Run a verb on each in a test of its own, in the folder that `set_up` fills. What main() returns. */
int golden_group(const struct golden *goldens, size_t count, const struct weigh_verb *verb,
		 int (*set_up)(void **state));

/* Run a verb on the capture and compare what it prints. */
void golden_run(const struct golden *golden, const struct weigh_verb *verb);

/* The same of a file that the verb writes. */
void golden_run_into(const struct golden *golden, const struct weigh_verb *verb, const char *file);

/* Compare a text, which is freed. */
void golden_compare(const char *name, char *text);

#endif
