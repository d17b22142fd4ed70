/*
 * `weigh mprof`: memory over time, from outside the program, in the files of
 * memory_profiler's mprof. Finds the action and runs it.
 *
 * The main thread; allocates with malloc.
 */
#include "cli/mprof.h"

#include "cli/verbs.h"

#include <stdlib.h>
#include <string.h>

static const struct weigh_verb *const actions[] = {
	&weigh_action_run, &weigh_action_plot,  &weigh_action_peak,   &weigh_action_list,
	&weigh_action_rm,  &weigh_action_clean, &weigh_action_attach,
};

enum { ACTION_COUNT = sizeof(actions) / sizeof(actions[0]) };

/* The word by which an action is called: its name without "mprof ". */
static const char *word_of(const struct weigh_verb *action)
{
	return strchr(action->name, ' ') + 1;
}

static struct weigh_error *find_action(const char *word, const struct weigh_verb **action)
{
	const char *words[ACTION_COUNT];
	for (int i = 0; i < ACTION_COUNT; i++) {
		words[i] = word_of(actions[i]);
		if (!strcmp(words[i], word)) {
			*action = actions[i];
			return NULL;
		}
	}
	int nearest = weigh_nearest(word, words, ACTION_COUNT);
	if (nearest >= 0)
		return weigh_error_create(WEIGH_ERROR_USAGE,
					  "mprof: %s: unknown action: did you mean 'weigh mprof %s'?", word,
					  words[nearest]);
	return weigh_error_create(WEIGH_ERROR_USAGE, "mprof: %s: unknown action: see 'weigh mprof --help'",
				  word);
}

static bool is_negative(const char *word)
{
	return word[0] == '-' && word[1] && !word[1 + strspn(word + 1, "0123456789")];
}

/*
 * The words after the action, with a "--" in front of the first negative
 * number: -1 is the newest file, not an option. To be freed; NULL without
 * memory.
 */
static char **guard_numbers(char **words, int *count)
{
	static char dashes[] = "--";
	char **guarded = calloc((size_t)*count + 2, sizeof(*guarded));
	bool done = false;
	int used = 0;
	for (int i = 0; guarded && i < *count; i++) {
		done |= !strcmp(words[i], "--");
		if (!done && is_negative(words[i])) {
			guarded[used++] = dashes;
			done = true;
		}
		guarded[used++] = words[i];
	}
	*count = used;
	return guarded;
}

static struct weigh_error *perform_action(const struct weigh_verb *action, int count, char **words,
					  int *status)
{
	struct weigh_arguments arguments;
	bool help;
	struct weigh_error *error = weigh_arguments_init(&arguments, action, count, words, &help);
	if (!error && help)
		weigh_verb_help(action, stdout);
	else if (!error)
		error = action->perform(&arguments, status);
	weigh_arguments_deinit(&arguments);
	return error;
}

static struct weigh_error *perform(const struct weigh_arguments *arguments, int *status)
{
	const struct weigh_verb *action;
	if (arguments->operand_count == 0)
		return weigh_error_create(WEIGH_ERROR_USAGE,
					  "mprof: nothing to do: give an action, see 'weigh mprof --help'");
	struct weigh_error *error = find_action(arguments->operands[0], &action);
	if (error)
		return error;
	int count = arguments->operand_count - 1;
	/* What is run has words of its own. */
	if (action->stops_at_operand)
		return perform_action(action, count, arguments->operands + 1, status);
	char **words = guard_numbers(arguments->operands + 1, &count);
	if (!words)
		return weigh_error_create_memory();
	error = perform_action(action, count, words, status);
	free(words);
	return error;
}

const struct weigh_verb weigh_verb_mprof = {
	.name = "mprof",
	.usage = "ACTION [options] ...",
	.summary = "memory of a program over time, in the files of mprof",
	.notes = "actions:\n"
		 "  run PROGRAM ARGS...   run a program or a script and read its memory at intervals\n"
		 "  attach PROCESS        the same of a process that runs, by its number or name\n"
		 "  plot [FILE...]        memory over time, here or as SVG or HTML\n"
		 "  peak [FILE...]        the highest of each file\n"
		 "  list                  the files in this folder, with numbers\n"
		 "  rm FILE...            remove files, by number or name\n"
		 "  clean                 remove all files in this folder\n\n"
		 "weigh mprof ACTION --help says the options of each.\n",
	.options = NULL,
	.option_count = 0,
	.stops_at_operand = true,
	.perform = perform,
};
