/*
 * One table of options per verb: it makes the help, checks the command line
 * and reads the environment.
 *
 * The main thread of the weigh program; allocates with malloc.
 */
#ifndef WEIGH_CLI_OPTIONS_H
#define WEIGH_CLI_OPTIONS_H

#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>

enum weigh_option_flags {
	WEIGH_OPTION_OPTIONAL = 1,    /* the argument may be left out; given only as --name=ARG */
	WEIGH_OPTION_ENDS = 2,        /* everything after its argument belongs to the program that is run */
	WEIGH_OPTION_ENVIRONMENT = 4, /* may be set by WEIGH_<NAME> in upper case */
};

struct weigh_option {
	char letter;          /* 0: none */
	const char *name;     /* without dashes; NULL: only the letter */
	const char *argument; /* what the help calls it; NULL: the option is a switch */
	const char *choices;  /* "line|function|file": what the argument may be; NULL: anything */
	const char *help;     /* one line */
	unsigned flags;       /* enum weigh_option_flags */
};

struct weigh_arguments;

/*
 * A verb: `weigh NAME [options] ...`. Everything in it is constant data of the
 * program. `options[i]` fills `values[i]`.
 */
struct weigh_verb {
	const char *name;
	const char *usage;   /* what follows the name in the help: "[options] CAPTURE" */
	const char *summary; /* one line, for the list of verbs */
	const char *notes;   /* lines under the options in the help; NULL: none */
	const struct weigh_option *options;
	int option_count;
	bool stops_at_operand; /* the first word that is no option ends the options */

	/* Do it; `*status` is the exit status when it returns NULL. */
	struct weigh_error *(*perform)(const struct weigh_arguments *arguments, int *status);
};

struct weigh_arguments {
	/*
	 * One per option of the verb: NULL when not given; a switch that was
	 * given, and an option without its optional argument, hold "". Point
	 * into argv or the environment.
	 */
	const char **values;
	/* What is left of the command line, ended by NULL; points into argv. */
	char **operands;
	int operand_count;
	/* How many of the operands stand before a "--"; all when there is none. */
	int before_dashes;
	bool dashes; /* there is one */
	/* Index of the WEIGH_OPTION_ENDS option that ended the options, or -1. */
	int ended_by;
};

/*
 * Read `argv` (the words after the verb, `argc` of them) by the verb's table.
 * `--help` and `-h` are always known and set `*help`; nothing else is checked
 * then. End `arguments` with weigh_arguments_deinit() also after an error.
 */
struct weigh_error *weigh_arguments_init(struct weigh_arguments *arguments, const struct weigh_verb *verb,
					 int argc, char **argv, bool *help);
void weigh_arguments_deinit(struct weigh_arguments *arguments);

/* Print a verb's help page. */
void weigh_verb_help(const struct weigh_verb *verb, FILE *out);

/*
 * The index among `count` names of the one most like `word`, or -1 when none
 * is near enough to be what the user meant. NULL names are skipped.
 */
int weigh_nearest(const char *word, const char *const *names, int count);

/* `text` as a number of at least `least`; `option` names it in the error. */
struct weigh_error *weigh_option_number(const char *option, const char *text, long least, long *number);

#endif
