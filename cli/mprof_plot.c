/*
 * `weigh mprof plot`: draws mprof files.
 *
 * The main thread; allocates with malloc.
 */
#include "cli/mprof.h"
#include "cli/mprof_files.h"
#include "report/mprof.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPTION_OUTPUT,
	OPTION_TITLE,
	OPTION_WINDOW,
	OPTION_NO_FUNCTIONS,
	OPTION_SLOPE,
	OPTION_FLAME,
	OPTION_COUNT,
};

static const struct weigh_option options[] = {
	[OPTION_OUTPUT] = {'o', "output", "FILE", NULL, "write FILE.svg or FILE.html instead of drawing here",
			   0},
	[OPTION_TITLE] = {'t', "title", "TEXT", NULL, "title (default the command that ran)", 0},
	[OPTION_WINDOW] = {'w', "window", "FROM,TO", NULL, "only these seconds since the start", 0},
	[OPTION_NO_FUNCTIONS] = {'n', "no-function-ts", NULL, NULL, "leave the calls of functions out", 0},
	[OPTION_SLOPE] = {'s', "slope", NULL, NULL,
			  "the straight line nearest to all readings, and its slope", 0},
	[OPTION_FLAME] = {'f', "flame", NULL, NULL, "calls as bars, those within others above them", 0},
};

enum form { FORM_TEXT, FORM_SVG, FORM_HTML };

static struct weigh_error *read_form(const char *output, enum form *form)
{
	const char *dot = output ? strrchr(output, '.') : NULL;
	*form = FORM_TEXT;
	if (!output)
		return NULL;
	if (dot && !strcasecmp(dot, ".svg"))
		*form = FORM_SVG;
	else if (dot && (!strcasecmp(dot, ".html") || !strcasecmp(dot, ".htm")))
		*form = FORM_HTML;
	else
		return weigh_error_create(
			WEIGH_ERROR_USAGE,
			"mprof plot: %s: only SVG and HTML can be written: name it .svg or .html", output);
	return NULL;
}

static struct weigh_error *read_window(const char *text, struct weigh_mprof_plot *plot)
{
	char *end, *end_to;
	if (!text)
		return NULL;
	plot->windowed = true;
	plot->from = strtod(text, &end);
	if (end != text && *end == ',') {
		plot->to = strtod(end + 1, &end_to);
		if (end_to != end + 1 && !*end_to && isfinite(plot->from) && isfinite(plot->to) &&
		    plot->from < plot->to)
			return NULL;
	}
	return weigh_error_create(WEIGH_ERROR_USAGE,
				  "mprof plot: --window '%s': not two numbers that rise: give it as 0,20.5",
				  text);
}

static struct weigh_error *print_form(const struct weigh_mprof_plot *plot, enum form form, FILE *out)
{
	struct weigh_style style = weigh_style_of(out);
	if (form == FORM_SVG)
		return weigh_mprof_print_svg(plot, out);
	if (form == FORM_HTML)
		return weigh_mprof_print_html(plot, out);
	return weigh_mprof_print_text(plot, &style, out);
}

/* A picture that was made before is replaced, but only by a whole one. */
static struct weigh_error *write_file(const struct weigh_mprof_plot *plot, enum form form, const char *path)
{
	char *text = NULL;
	size_t length = 0;
	FILE *memory = open_memstream(&text, &length);
	if (!memory)
		return weigh_error_create_memory();
	struct weigh_error *error = print_form(plot, form, memory);
	if (fclose(memory) != 0 && !error)
		error = weigh_error_create_memory();
	FILE *out = error ? NULL : fopen(path, "we");
	if (!error && (!out || fwrite(text, 1, length, out) != length))
		error = weigh_error_create_system(errno, path, "choose another place with -o");
	if (out && fclose(out) != 0 && !error)
		error = weigh_error_create_system(errno, path, "choose another place with -o");
	free(text);
	return error;
}

static struct weigh_error *open_all(const struct weigh_mprof_files *files, struct weigh_mprof **profiles)
{
	struct weigh_error *error = NULL;
	for (size_t i = 0; i < files->count && !error; i++)
		error = weigh_mprof_open(files->names[i], &profiles[i]);
	return error;
}

static struct weigh_error *draw(const struct weigh_arguments *arguments, struct weigh_mprof *const *profiles,
				size_t count)
{
	const char *output = arguments->values[OPTION_OUTPUT];
	struct weigh_mprof_plot plot = {
		.profiles = (const struct weigh_mprof *const *)profiles,
		.count = count,
		.title = arguments->values[OPTION_TITLE],
		.functions = !arguments->values[OPTION_NO_FUNCTIONS],
		.slope = arguments->values[OPTION_SLOPE] != NULL,
		.flame = arguments->values[OPTION_FLAME] != NULL,
	};
	enum form form;
	struct weigh_error *error = read_form(output, &form);
	if (!error)
		error = read_window(arguments->values[OPTION_WINDOW], &plot);
	if (!error)
		error = output ? write_file(&plot, form, output) : print_form(&plot, form, stdout);
	return error;
}

static struct weigh_error *perform(const struct weigh_arguments *arguments, int *status)
{
	struct weigh_mprof_files files;
	struct weigh_mprof **profiles = NULL;
	*status = 0;
	struct weigh_error *error =
		weigh_mprof_files_choose(&files, arguments->operands, arguments->operand_count);
	if (!error) {
		profiles = calloc(files.count, sizeof(*profiles));
		error = profiles ? open_all(&files, profiles) : weigh_error_create_memory();
	}
	if (!error)
		error = draw(arguments, profiles, files.count);
	for (size_t i = 0; profiles && i < files.count; i++)
		weigh_mprof_destroy(profiles[i]);
	free(profiles);
	weigh_mprof_files_deinit(&files);
	return error;
}

const struct weigh_verb weigh_action_plot = {
	.name = "mprof plot",
	.usage = "[options] [FILE...]",
	.summary = "draw memory over time: of the newest file, or of files by number or name",
	.options = options,
	.option_count = OPTION_COUNT,
	.perform = perform,
};
