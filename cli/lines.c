/*
 * `weigh lines`: starts the program with the recorder counting in it, waits for
 * its end, and prints what each line of its profiled functions did.
 *
 * One thread; allocates with malloc, but not while the program runs.
 */
#include "base/clock.h"
#include "cli/launch.h"
#include "cli/program.h"
#include "cli/python.h"
#include "cli/target.h"
#include "cli/verbs.h"
#include "report/style.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	OPTION_ALL,
	OPTION_FUNCTION,
	OPTION_OUTPUT,
	OPTION_JSON,
	OPTION_SORT,
	OPTION_LIMIT,
	OPTION_UNIT,
	OPTION_PRECISION,
	OPTION_PYTHON,
	OPTION_MODULE,
	OPTION_CODE,
	OPTION_COUNT,
};

static const struct weigh_option options[] = {
	[OPTION_ALL] = {0, "all", NULL, NULL,
			"every function of the script's own folder, without a decorator", 0},
	[OPTION_FUNCTION] = {0, "function", "PATTERN", NULL,
			     "functions whose name, or FILE:NAME, matches; * and ? stand for anything", 0},
	[OPTION_OUTPUT] = {'o', "output", "FILE", NULL, "write the tables there (default standard error)", 0},
	[OPTION_JSON] = {0, "json", NULL, NULL, "for scripts: all figures in bytes", 0},
	[OPTION_SORT] = {0, "sort", "KEY", "allocated|increment|peak|occurrences|name",
			 "order of the functions (default as they were met)", 0},
	[OPTION_LIMIT] = {0, "limit", "N", NULL, "functions to show (default all)", 0},
	[OPTION_UNIT] = {0, "unit", "UNIT", "B|KiB|MiB|GiB", "of all amounts (default what fits each)", 0},
	[OPTION_PRECISION] = {0, "precision", "N", NULL,
			      "digits after the point, of MiB unless --unit says more", 0},
	[OPTION_PYTHON] = {0, "python", "EXE", NULL, "interpreter to run the program with",
			   WEIGH_OPTION_ENVIRONMENT},
	[OPTION_MODULE] = {'m', NULL, "MODULE", NULL, "run a module, as python -m does", WEIGH_OPTION_ENDS},
	[OPTION_CODE] = {'c', NULL, "CODE", NULL, "run code from the command line, as python -c does",
			 WEIGH_OPTION_ENDS},
};

/* What is handed to the program's side as KEY=VALUE. */
static const struct {
	int option;
	const char *key;
} words[] = {
	{OPTION_ALL, "all"},
	{OPTION_FUNCTION, "function"},
	{OPTION_JSON, "json"},
	{OPTION_SORT, "sort"},
	{OPTION_LIMIT, "limit"},
	{OPTION_UNIT, "unit"},
	{OPTION_PRECISION, "precision"},
};

struct lines {
	struct weigh_target target;
	struct weigh_python python;
	struct weigh_launch launch;
	const char *output;
	char *asked; /* owned */
	int tables;  /* a file in memory that the program writes */
};

static struct weigh_error *check_number(const struct weigh_arguments *arguments, int option, const char *name,
					long least)
{
	long number;
	const char *text = arguments->values[option];
	return text ? weigh_option_number(name, text, least, &number) : NULL;
}

static struct weigh_error *read_words(struct lines *lines, const struct weigh_arguments *arguments)
{
	size_t bytes;
	FILE *out = open_memstream(&lines->asked, &bytes);
	if (!out)
		return weigh_error_create_memory();
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (arguments->values[words[i].option])
			fprintf(out, "%s=%s\n", words[i].key, arguments->values[words[i].option]);
	if (!arguments->values[OPTION_OUTPUT] && weigh_style_of(stderr).color)
		fprintf(out, "color=1\n");
	return fclose(out) == 0 ? NULL : weigh_error_create_memory();
}

static struct weigh_error *read_arguments(struct lines *lines, const struct weigh_arguments *arguments)
{
	struct weigh_error *error =
		weigh_program_target(&lines->target, arguments, "lines", OPTION_MODULE, OPTION_CODE);
	if (!error)
		error = check_number(arguments, OPTION_LIMIT, "--limit", 1);
	if (!error)
		error = check_number(arguments, OPTION_PRECISION, "--precision", 0);
	if (!error)
		error = read_words(lines, arguments);
	lines->output = arguments->values[OPTION_OUTPUT];
	return error ? error : weigh_python_find(&lines->python, arguments->values[OPTION_PYTHON]);
}

static struct weigh_error *start_program(struct lines *lines)
{
	lines->tables = memfd_create("weigh-lines", MFD_CLOEXEC);
	if (lines->tables < 0)
		return weigh_error_create_system(errno, "lines", "free some memory");
	struct weigh_program program = {
		.python = &lines->python,
		.arguments = lines->target.arguments,
		.capture = lines->tables,
		.lines = true,
		.path = lines->asked,
	};
	return weigh_launch_start(&lines->launch, &program);
}

static void wait_for_end(struct lines *lines)
{
	const uint64_t second = 1000000000;
	while (!weigh_launch_wait(&lines->launch, weigh_clock_now() + second))
		continue;
}

static struct weigh_error *copy_tables(const struct lines *lines, FILE *out, const char *name)
{
	char piece[1 << 16];
	ssize_t got;
	lseek(lines->tables, 0, SEEK_SET);
	while ((got = read(lines->tables, piece, sizeof(piece))) > 0)
		fwrite(piece, 1, (size_t)got, out);
	if (fflush(out) != 0 || ferror(out))
		return weigh_error_create_system(errno, name, "the tables are not all there: make room");
	return NULL;
}

static struct weigh_error *print_tables(const struct lines *lines)
{
	if (!lines->output)
		return copy_tables(lines, stderr, "standard error");
	FILE *out = fopen(lines->output, "w");
	if (!out)
		return weigh_error_create_system(errno, lines->output, "name another file with -o");
	struct weigh_error *error = copy_tables(lines, out, lines->output);
	fclose(out);
	return error;
}

static struct weigh_error *conclude(const struct lines *lines)
{
	const char *name = lines->target.name;
	if (lines->launch.boot == WEIGH_BOOT_REFUSED)
		return weigh_error_create(WEIGH_ERROR_STATE, "%s", lines->launch.message);
	if (lines->launch.boot == WEIGH_BOOT_SILENT)
		return weigh_error_create(
			WEIGH_ERROR_STATE,
			"%s: the interpreter did not load %s/_boot: see that nothing makes it "
			"ignore PYTHONPATH",
			lines->python.interpreter, lines->python.package);
	off_t bytes = lseek(lines->tables, 0, SEEK_END);
	if (bytes > 1)
		return print_tables(lines);
	if (bytes == 1)
		return weigh_error_create(WEIGH_ERROR_STATE,
					  "%s: no profiled function ran: put @profile on one, or give --all",
					  name);
	return weigh_error_create(
		WEIGH_ERROR_STATE,
		"%s: it ended at once, by a signal, os._exit or exec, before its tables were "
		"written: let it end by itself",
		name);
}

/* The program's end is the outcome, whatever becomes of the tables: errors are only told. */
static void tell(struct weigh_error *error)
{
	if (error)
		fprintf(stderr, "weigh: %s\n", error->message);
	weigh_error_destroy(error);
}

static void lines_deinit(struct lines *lines)
{
	weigh_launch_deinit(&lines->launch);
	if (lines->tables >= 0)
		close(lines->tables);
	weigh_python_deinit(&lines->python);
	weigh_target_deinit(&lines->target);
	free(lines->asked);
}

static struct weigh_error *perform(const struct weigh_arguments *arguments, int *status)
{
	struct lines lines = {.tables = -1, .launch = {.boot_fd = -1, .signals = {.fd = -1}}};

	weigh_program_occupy_standard_files();
	struct weigh_error *error = read_arguments(&lines, arguments);
	if (!error)
		error = weigh_launch_init(&lines.launch);
	if (!error)
		error = start_program(&lines);
	if (!error) {
		wait_for_end(&lines);
		tell(conclude(&lines));
	}
	int wait_status = lines.launch.wait_status;
	lines_deinit(&lines);
	if (!error)
		*status = weigh_program_end_alike(wait_status);
	return error;
}

const struct weigh_verb weigh_verb_lines = {
	.name = "lines",
	.usage = "[options] SCRIPT ARGS... | -m MODULE ARGS... | -c CODE ARGS...",
	.summary = "memory line by line, of functions with @profile or all",
	.notes = "In the program `profile` is a builtin; `from weigh import profile` does the same.\n"
		 "The exit status is that of the program. NO_COLOR turns colours off.\n",
	.options = options,
	.option_count = OPTION_COUNT,
	.stops_at_operand = true,
	.perform = perform,
};
