/*
 * Comparing what is printed, letter by letter, with tests/golden/<name>.txt.
 * With WEIGH_GOLDEN_UPDATE set the files are written instead.
 *
 * For tests: what differs fails the test that calls.
 */
#ifndef WEIGH_TESTS_GOLDEN_H
#define WEIGH_TESTS_GOLDEN_H

#include "cli/options.h"

struct golden {
	const char *name;
	const char *capture;
	const char *columns; /* "": not a terminal, lines of any length */
	const char *locale;
	const char *arguments[8];
};

/* Run a verb on the capture and compare what it prints. `folder`, where the test works, has a fixed name in it. */
void golden_run(const struct golden *golden, const struct weigh_verb *verb, const char *folder);

/* The same of a file that the verb writes. */
void golden_run_into(const struct golden *golden, const struct weigh_verb *verb, const char *folder,
		     const char *file);

/* Compare a text, which is freed. */
void golden_compare(const char *name, char *text, const char *folder);

#endif
