/*
 * The weigh command: finds the verb, prints its error, exits.
 *
 * The main thread; allocates with malloc. The only file that ends the process
 * of its own accord.
 */
#include "cli/options.h"
#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

#ifndef WEIGH_VERSION
#error "the build passes WEIGH_VERSION"
#endif

static const struct weigh_verb *const verbs[] = {
	&weigh_verb_run,    &weigh_verb_report, &weigh_verb_heap,  &weigh_verb_advise,
	&weigh_verb_verify, &weigh_verb_lines,  &weigh_verb_mprof,
};

enum { VERB_COUNT = sizeof(verbs) / sizeof(verbs[0]) };

static void print_help(FILE *out)
{
	fprintf(out, "weigh tells where the memory of a Python program goes.\n\n"
		     "usage: weigh VERB [options] ...\n\n");
	for (int i = 0; i < VERB_COUNT; i++)
		fprintf(out, "  weigh %-8s %s\n", verbs[i]->name, verbs[i]->summary);
	fprintf(out, "\n  weigh VERB --help   the options of a verb\n"
		     "  weigh --version\n\n"
		     "start with: weigh run SCRIPT.py\n");
}

static const struct weigh_verb *find_verb(const char *name)
{
	for (int i = 0; i < VERB_COUNT; i++) {
		if (!strcmp(verbs[i]->name, name))
			return verbs[i];
	}
	return NULL;
}

static struct weigh_error *unknown_verb(const char *word)
{
	const char *names[VERB_COUNT];

	for (int i = 0; i < VERB_COUNT; i++)
		names[i] = verbs[i]->name;
	int nearest = weigh_nearest(word, names, VERB_COUNT);
	if (nearest >= 0)
		return weigh_error_create(WEIGH_ERROR_USAGE, "%s: unknown verb: did you mean 'weigh %s'?",
					  word, names[nearest]);
	return weigh_error_create(WEIGH_ERROR_USAGE, "%s: unknown verb: see 'weigh --help'", word);
}

static struct weigh_error *perform(int argc, char **argv, int *status)
{
	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_help(stdout);
		return NULL;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("weigh %s\n", WEIGH_VERSION);
		return NULL;
	}
	const struct weigh_verb *verb = find_verb(argv[1]);
	if (!verb)
		return unknown_verb(argv[1]);

	struct weigh_arguments arguments;
	bool help;
	struct weigh_error *error = weigh_arguments_init(&arguments, verb, argc - 2, argv + 2, &help);
	if (!error && help)
		weigh_verb_help(verb, stdout);
	else if (!error)
		error = verb->perform(&arguments, status);
	weigh_arguments_deinit(&arguments);
	return error;
}

int main(int argc, char **argv)
{
	int status = 0;
	struct weigh_error *error = perform(argc, argv, &status);

	if (error) {
		fprintf(stderr, "weigh: %s\n", error->message);
		status = weigh_error_status(error);
		weigh_error_destroy(error);
	}
	return status;
}
