/*
 * Reads files of memory over time: see capture/mprof.h. One thread; allocates
 * with malloc.
 */
#include "capture/mprof.h"

#include "base/grow.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	SHOWN = 40,   /* characters of a line that cannot be read, in its error */
	LEVELS = 1000,
};

/* Beyond these nothing can be drawn, and nothing was ever measured. */
static const double most_mib = 1e12, most_seconds = 1e11;

struct reader {
	struct weigh_mprof *profile;
	const char *path;
	size_t line; /* from 1 */
	bool cut;    /* the line has no end: it may be part of one */
};

static struct weigh_error *complain(const struct reader *reader, const char *line, const char *form)
{
	if (reader->cut)
		return NULL;
	return weigh_error_create(WEIGH_ERROR_FORMAT,
				  "%s:%zu: '%.*s%s' is not %s: mend the line or take it out", reader->path,
				  reader->line, SHOWN, line, strlen(line) > SHOWN ? "..." : "", form);
}

/* A number at `*at`, which moves behind it and the space that follows. */
static bool take_number(const char **at, double most, double *number)
{
	char *end;
	*number = strtod(*at, &end);
	if (end == *at || (*end && *end != ' ') || !isfinite(*number) || fabs(*number) > most)
		return false;
	while (*end == ' ')
		end++;
	*at = end;
	return true;
}

static struct weigh_error *add_point(struct weigh_mprof_series *series, double mib, double time)
{
	if (!weigh_grow(&series->points, &series->room, series->count, sizeof(*series->points)))
		return weigh_error_create_memory();
	/* Less than nothing is how memory_profiler says that it could not read. */
	series->points[series->count++] = (struct weigh_mprof_point){time, fmax(mib, 0)};
	return NULL;
}

static struct weigh_error *read_memory(struct reader *reader, const char *line, const char *rest)
{
	double mib, time;
	if (!take_number(&rest, most_mib, &mib) || !take_number(&rest, most_seconds, &time) || *rest)
		return complain(reader, line, "MEM, memory, time");
	return add_point(&reader->profile->memory, mib, time);
}

/* The series of a child; NULL without memory. */
static struct weigh_mprof_series *find_child(struct weigh_mprof *p, const char *name, size_t length)
{
	for (size_t i = p->child_count; i-- > 0;) {
		const char *known = p->children[i].name;
		if (strlen(known) == length && !memcmp(known, name, length))
			return &p->children[i];
	}
	char *copy = strndup(name, length);
	if (!copy || !weigh_grow(&p->children, &p->child_room, p->child_count, sizeof(*p->children))) {
		free(copy);
		return NULL;
	}
	p->children[p->child_count] = (struct weigh_mprof_series){.name = copy};
	return &p->children[p->child_count++];
}

static struct weigh_error *read_child(struct reader *reader, const char *line, const char *rest)
{
	double mib, time;
	const char *name = rest;
	size_t length = strcspn(rest, " ");
	rest += length;
	while (*rest == ' ')
		rest++;
	if (!length || !take_number(&rest, most_mib, &mib) || !take_number(&rest, most_seconds, &time) ||
	    *rest)
		return complain(reader, line, "CHLD, process, memory, time");
	struct weigh_mprof_series *child = find_child(reader->profile, name, length);
	return child ? add_point(child, mib, time) : weigh_error_create_memory();
}

/* Where the last `words` words of a text start; NULL when there are not so many behind a first one. */
static const char *last_words(const char *text, int words)
{
	const char *at = text + strlen(text);
	for (; words > 0; words--) {
		while (at > text && at[-1] == ' ')
			at--;
		while (at > text && at[-1] != ' ')
			at--;
	}
	return at > text ? at : NULL;
}

static bool parse_call(const char *rest, bool levelled, struct weigh_mprof_call *call, size_t *name)
{
	double level = 0;
	const char *at = last_words(rest, levelled ? 5 : 4);
	if (!at)
		return false;
	*name = (size_t)(at - rest);
	while (*name > 0 && rest[*name - 1] == ' ')
		--*name;
	if (*name == 0 || !take_number(&at, most_mib, &call->start_mib) ||
	    !take_number(&at, most_seconds, &call->start) || !take_number(&at, most_mib, &call->end_mib) ||
	    !take_number(&at, most_seconds, &call->end) || (levelled && !take_number(&at, LEVELS, &level)) ||
	    *at)
		return false;
	call->level = level > 0 ? (uint32_t)level : 0;
	return call->start <= call->end && level == floor(level);
}

/* The number of a function's name, UINT32_MAX without memory. */
static uint32_t find_function(struct weigh_mprof *p, const char *name, size_t length)
{
	for (size_t i = p->function_count; i-- > 0;)
		if (strlen(p->functions[i]) == length && !memcmp(p->functions[i], name, length))
			return (uint32_t)i;
	char *copy = strndup(name, length);
	if (!copy ||
	    !weigh_grow(&p->functions, &p->function_room, p->function_count, sizeof(*p->functions))) {
		free(copy);
		return UINT32_MAX;
	}
	p->functions[p->function_count] = copy;
	return (uint32_t)p->function_count++;
}

/* A name may have spaces in it: numbers are told from the end of the line. */
static struct weigh_error *read_call(struct reader *reader, const char *line, const char *rest)
{
	struct weigh_mprof *p = reader->profile;
	struct weigh_mprof_call call;
	size_t name;
	if (!parse_call(rest, true, &call, &name) && !parse_call(rest, false, &call, &name))
		return complain(reader, line, "FUNC, name, memory, time, memory, time, level");
	call.function = find_function(p, rest, name);
	if (call.function == UINT32_MAX ||
	    !weigh_grow(&p->calls, &p->call_room, p->call_count, sizeof(*p->calls)))
		return weigh_error_create_memory();
	p->calls[p->call_count++] = call;
	return NULL;
}

static struct weigh_error *read_command(struct reader *reader, const char *line, const char *rest)
{
	(void)line;
	char *copy = strdup(rest);
	if (!copy)
		return weigh_error_create_memory();
	free(reader->profile->command);
	reader->profile->command = copy;
	return NULL;
}

/* `line` ends with NUL. */
static struct weigh_error *read_line(struct reader *reader, const char *line)
{
	static const struct {
		const char *word;
		struct weigh_error *(*read)(struct reader *reader, const char *line, const char *rest);
	} forms[] = {
		{"MEM", read_memory}, {"FUNC", read_call}, {"CHLD", read_child}, {"CMDLINE", read_command}};
	size_t length = strcspn(line, " ");
	const char *rest = line + length;
	while (*rest == ' ')
		rest++;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (strlen(forms[i].word) == length && !memcmp(forms[i].word, line, length))
			return forms[i].read(reader, line, rest);
	if (length && strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == length)
		return NULL;
	return complain(reader, line, "a line of an mprof file");
}

static int compare_points(const void *a, const void *b)
{
	const struct weigh_mprof_point *left = a, *right = b;
	return (left->time > right->time) - (left->time < right->time);
}

static int compare_calls(const void *a, const void *b)
{
	const struct weigh_mprof_call *left = a, *right = b;
	int by_start = (left->start > right->start) - (left->start < right->start);
	return by_start ? by_start : (left->end < right->end) - (left->end > right->end);
}

void weigh_mprof_sort(struct weigh_mprof_point *points, size_t count)
{
	if (count)
		qsort(points, count, sizeof(*points), compare_points);
}

/* `text` ends with NUL, and is cut into lines. */
static struct weigh_error *read_lines(struct reader *reader, char *text)
{
	struct weigh_error *error = NULL;
	while (*text && !error) {
		size_t length = strcspn(text, "\n");
		char *next = text + length + (text[length] == '\n');
		reader->line++;
		reader->cut = text[length] != '\n';
		if (length && text[length - 1] == '\r')
			length--;
		text[length] = '\0';
		error = read_line(reader, text);
		text = next;
	}
	return error;
}

static struct weigh_error *read_text(struct reader *reader, char *text, size_t length)
{
	if (strlen(text) == length)
		return read_lines(reader, text);
	size_t line = 1;
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		line++;
	return weigh_error_create(
		WEIGH_ERROR_FORMAT,
		"%s:%zu: a zero byte, this is no text: name a file that 'weigh mprof run' wrote",
		reader->path, line);
}

/* Functions in the order of their first calls; false without memory. */
static bool order_functions(struct weigh_mprof *p)
{
	uint32_t *numbers = calloc(p->function_count + 1, sizeof(*numbers)), next = 0;
	char **names = calloc(p->function_count + 1, sizeof(*names));
	if (!numbers || !names) {
		free(numbers);
		free(names);
		return false;
	}
	for (size_t i = 0; i < p->call_count; i++) {
		uint32_t *number = &numbers[p->calls[i].function];
		if (!*number) {
			names[next] = p->functions[p->calls[i].function];
			*number = ++next;
		}
		p->calls[i].function = *number - 1;
	}
	free(numbers);
	free(p->functions);
	p->functions = names;
	return true;
}

struct weigh_error *weigh_mprof_parse(const char *text, size_t length, const char *path,
				      struct weigh_mprof **profile)
{
	struct weigh_mprof *p = calloc(1, sizeof(*p));
	struct reader reader = {.profile = p, .path = path};
	char *copy = malloc(length + 1);
	struct weigh_error *error = NULL;
	if (p) {
		p->path = strdup(path);
		p->command = strdup("");
	}
	if (!p || !copy || !p->path || !p->command) {
		error = weigh_error_create_memory();
	} else if (length > 0) {
		memcpy(copy, text, length);
		copy[length] = '\0';
		error = read_text(&reader, copy, length);
	}
	free(copy);
	if (!error && p->call_count)
		qsort(p->calls, p->call_count, sizeof(*p->calls), compare_calls);
	if (!error && !order_functions(p))
		error = weigh_error_create_memory();
	if (error) {
		weigh_mprof_destroy(p);
		return error;
	}
	weigh_mprof_sort(p->memory.points, p->memory.count);
	for (size_t i = 0; i < p->child_count; i++)
		weigh_mprof_sort(p->children[i].points, p->children[i].count);
	*profile = p;
	return NULL;
}

/* The whole of a file; the caller frees `*text`. */
static struct weigh_error *read_file(const char *path, char **text, size_t *length)
{
	struct stat st;
	FILE *file = fopen(path, "rbe");
	uint32_t room = 0;
	size_t got;
	*text = NULL;
	*length = 0;
	if (!file)
		return weigh_error_create_system(errno, path, "name a file that 'weigh mprof run' wrote");
	bool folder = fstat(fileno(file), &st) == 0 && S_ISDIR(st.st_mode);
	bool memory = true;
	while (!folder && (memory = weigh_grow(text, &room, (uint32_t)*length, 1))) {
		got = fread(*text + *length, 1, room - *length, file);
		if (got == 0)
			break;
		*length += got;
	}
	bool failed = ferror(file);
	fclose(file);
	if (folder)
		return weigh_error_create(WEIGH_ERROR_SYSTEM, "%s: is a folder: name a file in it", path);
	if (failed)
		return weigh_error_create_system(EIO, path, "copy it to another disk and try again");
	return memory ? NULL : weigh_error_create_memory();
}

struct weigh_error *weigh_mprof_open(const char *path, struct weigh_mprof **profile)
{
	char *text;
	size_t length;
	struct weigh_error *error = read_file(path, &text, &length);
	if (!error)
		error = weigh_mprof_parse(text, length, path, profile);
	free(text);
	return error;
}

static void series_deinit(struct weigh_mprof_series *series)
{
	free(series->name);
	free(series->points);
}

void weigh_mprof_destroy(struct weigh_mprof *p)
{
	if (!p)
		return;
	series_deinit(&p->memory);
	for (size_t i = 0; i < p->child_count; i++)
		series_deinit(&p->children[i]);
	for (size_t i = 0; i < p->function_count; i++)
		free(p->functions[i]);
	free(p->children);
	free(p->functions);
	free(p->calls);
	free(p->command);
	free(p->path);
	free(p);
}

double weigh_mprof_peak(const struct weigh_mprof_series *series)
{
	double peak = 0;
	for (size_t i = 0; i < series->count; i++)
		peak = fmax(peak, series->points[i].mib);
	return peak;
}
