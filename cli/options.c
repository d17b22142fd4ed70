/*
 * Reading a command line by a verb's table of options: see cli/options.h.
 *
 * The main thread of the weigh program; allocates with malloc.
 */
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A command line as it is consumed. */
struct reader {
	const struct weigh_verb *verb;
	struct weigh_arguments *arguments;
	char **next; /* NULL-terminated: the word after the current one */
};

enum { LONGEST_NAME = 32 };

/* Edits (insert, delete, replace, swap of neighbours) from a to b; both short. */
static int edit_distance(const char *a, const char *b)
{
	int rows[3][LONGEST_NAME + 1];
	int la = (int)strlen(a), lb = (int)strlen(b);

	if (la > LONGEST_NAME || lb > LONGEST_NAME)
		return LONGEST_NAME;
	for (int j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (int i = 1; i <= la; i++) {
		int *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];

		row[0] = i;
		for (int j = 1; j <= lb; j++) {
			int best = above[j - 1] + (a[i - 1] != b[j - 1]);
			if (above[j] + 1 < best)
				best = above[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    above2[j - 2] + 1 < best)
				best = above2[j - 2] + 1;
			row[j] = best;
		}
	}
	return rows[la % 3][lb];
}

int weigh_nearest(const char *word, const char *const *names, int count)
{
	int best = -1, best_distance = LONGEST_NAME;
	size_t length = strlen(word);

	for (int i = 0; i < count; i++) {
		if (!names[i])
			continue;
		int distance = edit_distance(word, names[i]);
		/* A beginning of three letters or more is as good as one slip. */
		if (length >= 3 && !strncmp(word, names[i], length) && distance > 1)
			distance = 1;
		if (distance < best_distance) {
			best = i;
			best_distance = distance;
		}
	}
	int allowed = length < 4 ? 1 : length < 8 ? 2 : 3;
	return best_distance <= allowed ? best : -1;
}

static struct weigh_error *unknown_option(const struct weigh_verb *verb, const char *word, size_t length)
{
	const char *names[64];
	char name[LONGEST_NAME + 1];
	int count = verb->option_count < 64 ? verb->option_count : 64;
	int nearest = -1;

	if (length > 2 && length - 2 <= LONGEST_NAME) {
		memcpy(name, word + 2, length - 2);
		name[length - 2] = '\0';
		for (int i = 0; i < count; i++)
			names[i] = verb->options[i].name;
		nearest = weigh_nearest(name, names, count);
	}
	if (nearest >= 0)
		return weigh_error_create(WEIGH_ERROR_USAGE, "%s: unknown option %.*s: did you mean --%s?",
					  verb->name, (int)length, word, names[nearest]);
	return weigh_error_create(WEIGH_ERROR_USAGE, "%s: unknown option %.*s: see 'weigh %s --help'",
				  verb->name, (int)length, word, verb->name);
}

static bool is_choice(const char *choices, const char *text)
{
	size_t length = strlen(text);

	for (const char *c = choices;; c++) {
		const char *end = strchrnul(c, '|');
		if ((size_t)(end - c) == length && !memcmp(c, text, length))
			return true;
		if (!*end)
			return false;
		c = end;
	}
}

static struct weigh_error *check_choice(const struct weigh_verb *verb, const struct weigh_option *option,
					const char *shown, const char *text)
{
	if (!option->choices || is_choice(option->choices, text))
		return NULL;
	return weigh_error_create(WEIGH_ERROR_USAGE, "%s: %s cannot be '%s': give one of %s", verb->name,
				  shown, text, option->choices);
}

static void option_shown(const struct weigh_option *option, char shown[static LONGEST_NAME + 4])
{
	if (option->name)
		snprintf(shown, LONGEST_NAME + 4, "--%s", option->name);
	else
		snprintf(shown, LONGEST_NAME + 4, "-%c", option->letter);
}

/* Keep the value of option `index`; `attached` is what came with it, or NULL. */
static struct weigh_error *take(struct reader *reader, int index, const char *attached)
{
	const struct weigh_option *option = &reader->verb->options[index];
	const char *value = attached;
	char shown[LONGEST_NAME + 4];

	option_shown(option, shown);
	if (!option->argument && attached)
		return weigh_error_create(WEIGH_ERROR_USAGE, "%s: %s takes no argument: leave out '=%s'",
					  reader->verb->name, shown, attached);
	if (!value && option->argument && !(option->flags & WEIGH_OPTION_OPTIONAL)) {
		value = *reader->next;
		if (!value)
			return weigh_error_create(WEIGH_ERROR_USAGE, "%s: %s needs an argument: %s %s",
						  reader->verb->name, shown, shown, option->argument);
		reader->next++;
	}
	if (value && (option->flags & WEIGH_OPTION_ENDS))
		reader->arguments->ended_by = index;
	reader->arguments->values[index] = value ? value : "";
	return value ? check_choice(reader->verb, option, shown, value) : NULL;
}

static struct weigh_error *take_long(struct reader *reader, const char *word, bool *help)
{
	size_t length = strcspn(word, "=");
	const char *attached = word[length] ? word + length + 1 : NULL;

	if (!strcmp(word, "--help")) {
		*help = true;
		return NULL;
	}
	for (int i = 0; i < reader->verb->option_count; i++) {
		const char *name = reader->verb->options[i].name;
		if (name && strlen(name) == length - 2 && !memcmp(name, word + 2, length - 2))
			return take(reader, i, attached);
	}
	return unknown_option(reader->verb, word, length);
}

/* A word of letters: switches may stand together, an argument may be attached. */
static struct weigh_error *take_letters(struct reader *reader, const char *word, bool *help)
{
	for (const char *c = word + 1; *c; c++) {
		int i = 0;

		while (i < reader->verb->option_count && reader->verb->options[i].letter != *c)
			i++;
		if (i == reader->verb->option_count) {
			if (*c == 'h') {
				*help = true;
				return NULL;
			}
			return weigh_error_create(WEIGH_ERROR_USAGE,
						  "%s: unknown option -%c: see 'weigh %s --help'",
						  reader->verb->name, *c, reader->verb->name);
		}
		bool attached = reader->verb->options[i].argument && c[1];
		struct weigh_error *error = take(reader, i, attached ? c + 1 : NULL);
		if (error || attached)
			return error;
	}
	return NULL;
}

/* Options not on the command line may stand in the environment. */
static struct weigh_error *take_environment(struct reader *reader)
{
	for (int i = 0; i < reader->verb->option_count; i++) {
		const struct weigh_option *option = &reader->verb->options[i];
		char variable[LONGEST_NAME + 8];

		if (!(option->flags & WEIGH_OPTION_ENVIRONMENT) || reader->arguments->values[i])
			continue;
		snprintf(variable, sizeof(variable), "WEIGH_%s", option->name);
		for (char *c = variable; *c; c++)
			*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);

		const char *value = getenv(variable);
		if (!value || !*value || (!option->argument && !strcmp(value, "0")))
			continue;
		struct weigh_error *error = check_choice(reader->verb, option, variable, value);
		if (error)
			return error;
		reader->arguments->values[i] = option->argument ? value : "";
	}
	return NULL;
}

struct weigh_error *weigh_arguments_init(struct weigh_arguments *arguments, const struct weigh_verb *verb,
					 int argc, char **argv, bool *help)
{
	struct reader reader = {verb, arguments, argv};
	struct weigh_error *error = NULL;

	*help = false;
	*arguments = (struct weigh_arguments){.ended_by = -1};
	arguments->values = calloc((size_t)verb->option_count + 1, sizeof(*arguments->values));
	arguments->operands = calloc((size_t)argc + 1, sizeof(*arguments->operands));
	if (!arguments->values || !arguments->operands)
		return weigh_error_create_memory();

	bool ended = false;
	while (*reader.next && !error && !*help) {
		char *word = *reader.next++;

		if (ended || word[0] != '-' || !word[1]) {
			arguments->operands[arguments->operand_count++] = word;
			ended = ended || verb->stops_at_operand;
		} else if (!strcmp(word, "--")) {
			ended = arguments->dashes = true;
			arguments->before_dashes = arguments->operand_count;
		} else {
			error = word[1] == '-' ? take_long(&reader, word, help)
					       : take_letters(&reader, word, help);
			ended = arguments->ended_by >= 0;
		}
	}
	if (!arguments->dashes)
		arguments->before_dashes = arguments->operand_count;
	if (!error && !*help)
		error = take_environment(&reader);
	return error;
}

void weigh_arguments_deinit(struct weigh_arguments *arguments)
{
	free(arguments->values);
	free(arguments->operands);
	*arguments = (struct weigh_arguments){0};
}

/* How the help shows an option: "-o, --output FILE". Returns its length. */
static int option_synopsis(const struct weigh_option *option, char *text, size_t size)
{
	const char *join = !option->argument ? "" : option->flags & WEIGH_OPTION_OPTIONAL ? "[=" : " ";
	const char *close = option->flags & WEIGH_OPTION_OPTIONAL ? "]" : "";
	char letter[3] = {'-', option->letter, '\0'};

	return snprintf(text, size, "%s%s%s%s%s%s%s", option->letter ? letter : "  ",
			option->name ? option->letter ? ", " : "  " : "", option->name ? "--" : "",
			option->name ? option->name : "", join, option->argument ? option->argument : "",
			close);
}

void weigh_verb_help(const struct weigh_verb *verb, FILE *out)
{
	char synopsis[96];
	int widest = 0;
	bool environment = false;

	fprintf(out, "usage: weigh %s %s\n\n%s\n\noptions:\n", verb->name, verb->usage, verb->summary);
	for (int i = 0; i < verb->option_count; i++) {
		int width = option_synopsis(&verb->options[i], synopsis, sizeof(synopsis));
		if (width > widest)
			widest = width;
		environment |= verb->options[i].flags & WEIGH_OPTION_ENVIRONMENT;
	}
	for (int i = 0; i < verb->option_count; i++) {
		option_synopsis(&verb->options[i], synopsis, sizeof(synopsis));
		fprintf(out, "  %-*s  %s%s\n", widest, synopsis, verb->options[i].help,
			verb->options[i].flags & WEIGH_OPTION_ENVIRONMENT ? " *" : "");
	}
	fprintf(out, "  %-*s  %s\n", widest, "-h, --help", "print this page");
	if (environment)
		fprintf(out, "\n* also as an environment variable: WEIGH_ and the name in capitals\n");
	if (verb->notes)
		fprintf(out, "\n%s", verb->notes);
}

struct weigh_error *weigh_option_number(const char *option, const char *text, long least, long *number)
{
	char *end;

	errno = 0;
	*number = strtol(text, &end, 10);
	if (errno || end == text || *end || *number < least)
		return weigh_error_create(WEIGH_ERROR_USAGE,
					  "%s: '%s' is not a number of at least %ld: give one", option, text,
					  least);
	return NULL;
}
