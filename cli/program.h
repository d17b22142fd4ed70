/*
 * What the verbs that run a program have in common: what is run, and how they
 * end. The launcher's one thread.
 */
#ifndef WEIGH_CLI_PROGRAM_H
#define WEIGH_CLI_PROGRAM_H

#include "cli/options.h"
#include "cli/target.h"

/* Descriptors 0 to 2 that are closed must not become one of our files. */
void weigh_program_occupy_standard_files(void);

/* What the arguments say is to be run; `module` and `code` are the verb's options for -m and -c. */
struct weigh_error *weigh_program_target(struct weigh_target *target, const struct weigh_arguments *arguments,
					 const char *verb, int module, int code);

/* The exit status that tells of the program's end; does not return where that is a signal. */
int weigh_program_end_alike(int wait_status);

#endif
