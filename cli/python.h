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

#endif
