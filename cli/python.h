/*
 * Finding the interpreter to run a program with, and the Python side of weigh.
 */
#ifndef WEIGH_CLI_PYTHON_H
#define WEIGH_CLI_PYTHON_H

#include "base/error.h"

/* Owns its strings. */
struct weigh_python {
	char *interpreter; /* path to execute */
	char *package;     /* folder of the package weigh, without a slash at its end */
};

/*
 * `wanted` is what the user asked for, a path or a name on PATH; NULL: the
 * interpreter beside this program, else python3 on PATH.
 */
struct weigh_error *weigh_python_find(struct weigh_python *p, const char *wanted);
void weigh_python_deinit(struct weigh_python *p);

/* The program that a shell would run for `name`, to be freed; NULL when there is none. */
char *weigh_program_find(const char *name);

/* The interpreter alone, whether weigh is installed for it or not; to be freed. */
struct weigh_error *weigh_python_interpreter(const char *wanted, char **interpreter);

/*
 * Runs a command by its path and returns what it prints, without the last line
 * break; NULL when it fails, prints nothing, or takes more than 20 seconds. It
 * reads from `input`, which stays the caller's; -1: from nothing. To be freed.
 */
char *weigh_python_ask(char *const argv[], int input);

#endif
