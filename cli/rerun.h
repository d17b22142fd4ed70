/*
 * Running a program again under weigh, to measure it anew.
 */
#ifndef WEIGH_CLI_RERUN_H
#define WEIGH_CLI_RERUN_H

#include "base/error.h"

#include <stdbool.h>

/*
 * Runs `command`, ended by NULL, as a shell would name it: `python script.py
 * ...` or `script.py ...`; its capture replaces what is at `output`. What the
 * program prints goes to standard error, where it does not mix with the
 * verdict. Fails when it does not end with status 0: its memory would say
 * nothing.
 */
struct weigh_error *weigh_rerun(char *const *command, bool exact, const char *output);

#endif
