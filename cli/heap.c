/*
 * `weigh heap`: opens the snapshot in a capture and prints what is asked for.
 *
 * The main thread; allocates with malloc.
 */
#include "report/heap.h"

#include "cli/heap_diff.h"
#include "cli/verbs.h"
#include "report/progress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum option {
	OPTION_TYPES,
	OPTION_DUPLICATES,
	OPTION_CONTAINERS,
	OPTION_FIELDS,
	OPTION_SITES,
	OPTION_PATHS,
	OPTION_RETAINED,
	OPTION_SUSPECTS,
	OPTION_MODULE,
	OPTION_DIFF,
	OPTION_AT,
	OPTION_LIMIT,
	OPTION_FILTER,
	OPTION_JSON,
	OPTION_COUNT,
};

static const struct weigh_option options[OPTION_COUNT] = {
	[OPTION_TYPES] = {'t', "types", NULL, NULL, "objects by type", 0},
	[OPTION_DUPLICATES] = {'d', "duplicates", NULL, NULL, "equal objects that exist more than once", 0},
	[OPTION_CONTAINERS] = {'c', "containers", NULL, NULL, "how full lists, dicts and sets are", 0},
	[OPTION_FIELDS] = {0, "fields", NULL, NULL, "attributes and keys of records: types, distinct values",
			   0},
	[OPTION_SITES] = {0, "sites", NULL, NULL, "the lines that made the objects", 0},
	[OPTION_PATHS] = {'p', "paths", "WHAT", NULL,
			  "shortest ways from the roots: to a TYPE, what FILE:LINE made, or an address", 0},
	[OPTION_RETAINED] = {'r', "retained", NULL, NULL, "the objects that keep most alive", 0},
	[OPTION_SUSPECTS] = {'s', "suspects", NULL, NULL, "where more than a tenth of the heap accumulates",
			     0},
	[OPTION_MODULE] = {'m', "module", "NAME", NULL, "what modules keep, or the globals of one",
			   WEIGH_OPTION_OPTIONAL},
	[OPTION_DIFF] = {0, "diff", NULL, NULL, "growth from one capture to another, by type, holder, line",
			 0},
	[OPTION_AT] = {'a', "at", "WHEN", "peak|end", "of two snapshots that of the peak or the end [end]",
		       0},
	[OPTION_LIMIT] = {'n', "limit", "N", NULL, "rows at most; 0: all [20; with --json 1000]", 0},
	[OPTION_FILTER] = {0, "filter", "PATTERN", NULL, "only names that meet a glob or hold a text", 0},
	[OPTION_JSON] = {0, "json", NULL, NULL, "JSON of schema weigh.heap/1", 0},
};

/* What each option shows. */
static const struct weigh_heap_view *const views[OPTION_COUNT] = {
	[OPTION_TYPES] = &weigh_heap_view_types,           [OPTION_DUPLICATES] = &weigh_heap_view_duplicates,
	[OPTION_CONTAINERS] = &weigh_heap_view_containers, [OPTION_FIELDS] = &weigh_heap_view_fields,
	[OPTION_SITES] = &weigh_heap_view_sites,           [OPTION_PATHS] = &weigh_heap_view_paths,
	[OPTION_RETAINED] = &weigh_heap_view_retained,     [OPTION_SUSPECTS] = &weigh_heap_view_suspects,
	[OPTION_MODULE] = &weigh_heap_view_modules,
};

/* A view that was asked for, and the argument of its option. */
struct wanted {
	const struct weigh_heap_view *view;
	const char *argument;
};

struct request {
	const char *path;
	const char *later; /* with --diff what it is compared with; else NULL */
	enum weigh_snapshot_when when;
	enum weigh_snapshot_when earlier; /* that of `path` with --diff */
	struct wanted wanted[OPTION_COUNT];
	int wanted_count;
	uint32_t limit;
	bool limit_given;
	const char *filter;
	bool json;
};

/* Without any option: the summary, of which the JSON holds the parts. */
static void want_all(struct request *request)
{
	static const struct weigh_heap_view *const parts[] = {&weigh_heap_view_types,
							      &weigh_heap_view_duplicates};

	if (!request->json) {
		request->wanted[request->wanted_count++].view = &weigh_heap_view_types;
		return;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		request->wanted[request->wanted_count++].view = parts[i];
}

static struct weigh_error *check_operands(const struct weigh_arguments *arguments)
{
	bool diff = arguments->values[OPTION_DIFF];

	if (diff && arguments->operand_count != 1 && arguments->operand_count != 2)
		return weigh_error_create(
			WEIGH_ERROR_USAGE,
			"heap: --diff compares two captures: weigh heap --diff BEFORE AFTER");
	if (diff && arguments->operand_count == 1 && arguments->values[OPTION_AT])
		return weigh_error_create(WEIGH_ERROR_USAGE,
					  "heap: --diff of one capture compares its peak with its end: leave "
					  "--at out, or name two");
	if (!diff && arguments->operand_count != 1)
		return weigh_error_create(WEIGH_ERROR_USAGE, "heap: %s: weigh heap CAPTURE",
					  arguments->operand_count ? "one capture at a time"
								   : "no capture given");
	return NULL;
}

/* Of one capture its peak and its end. */
static void set_sides(const struct weigh_arguments *arguments, struct request *request)
{
	bool one = arguments->operand_count == 1;

	request->later = arguments->operands[one ? 0 : 1];
	request->earlier = one ? WEIGH_SNAPSHOT_PEAK : request->when;
	if (one)
		request->when = WEIGH_SNAPSHOT_END;
}

static struct weigh_error *parse(const struct weigh_arguments *arguments, struct request *request)
{
	const char *const *values = arguments->values;
	long limit = values[OPTION_JSON] ? 1000 : 20;

	struct weigh_error *error = check_operands(arguments);

	if (error)
		return error;
	if (values[OPTION_LIMIT]) {
		error = weigh_option_number("--limit", values[OPTION_LIMIT], 0, &limit);
		if (error)
			return error;
	}
	request->path = arguments->operands[0];
	request->limit = limit > INT32_MAX ? 0 : (uint32_t)limit;
	request->limit_given = values[OPTION_LIMIT];
	request->filter = values[OPTION_FILTER] && *values[OPTION_FILTER] ? values[OPTION_FILTER] : NULL;
	request->json = values[OPTION_JSON];
	if (values[OPTION_AT])
		request->when = strcmp(values[OPTION_AT], "peak") ? WEIGH_SNAPSHOT_END : WEIGH_SNAPSHOT_PEAK;
	if (values[OPTION_DIFF])
		set_sides(arguments, request);
	for (int i = 0; i < OPTION_COUNT; i++) {
		if (values[i] && views[i])
			request->wanted[request->wanted_count++] =
				(struct wanted){views[i], *values[i] ? values[i] : NULL};
	}
	if (request->later && request->wanted_count)
		return weigh_error_create(WEIGH_ERROR_USAGE, "heap: --diff shows nothing but what changed: "
							     "ask for the other views of one capture");
	if (!request->wanted_count)
		want_all(request);
	return NULL;
}

static struct weigh_error *print_text(struct weigh_heap_report *report, const struct request *request,
				      FILE *out)
{
	struct weigh_error *error = NULL;

	weigh_heap_title(report, out);
	for (int i = 0; i < request->wanted_count && !error; i++) {
		report->argument = request->wanted[i].argument;
		error = request->wanted[i].view->print(report, out);
	}
	return error;
}

static struct weigh_error *print_json(struct weigh_heap_report *report, const struct request *request,
				      FILE *out)
{
	struct weigh_document document;
	struct weigh_error *error = weigh_document_init(&document);

	if (error)
		return error;
	weigh_heap_add_title(report, &document);
	for (int i = 0; i < request->wanted_count && !error; i++) {
		report->argument = request->wanted[i].argument;
		error = request->wanted[i].view->add(report, &document);
	}
	if (!error)
		error = weigh_document_print(&document, out);
	weigh_document_deinit(&document);
	return error;
}

static struct weigh_error *print_request(const struct weigh_heap_graph *graph,
					 const struct weigh_capture *capture, const struct request *request,
					 FILE *out)
{
	struct weigh_style style = weigh_style_of(stdout);
	struct weigh_heap_report report;
	unsigned needs = 0;

	for (int i = 0; i < request->wanted_count; i++)
		needs |= request->wanted[i].view->needs;
	struct weigh_error *error = weigh_heap_report_init(&report, graph, capture, needs, &style);
	if (error)
		return error;
	report.limit = request->limit;
	report.limit_given = request->limit_given;
	report.filter = request->filter;
	error = (request->json ? print_json : print_text)(&report, request, out);
	weigh_heap_report_deinit(&report);
	return error;
}

static struct weigh_error *make_views(const struct request *request, FILE *out)
{
	struct weigh_heap_graph *graph;
	struct weigh_capture *capture = NULL;
	struct weigh_error *error = weigh_heap_graph_open(request->path, request->when, &graph);

	if (error)
		return error;
	/* A snapshot by itself is no capture: then there is less to say about the program. */
	error = weigh_capture_open(request->path, &capture);
	if (error)
		capture = NULL;
	weigh_error_destroy(error);
	error = print_request(graph, capture, request, out);
	weigh_capture_close(capture);
	weigh_heap_graph_close(graph);
	return error;
}

static struct weigh_error *make_diff(const struct request *request, FILE *out)
{
	enum { TABLE_ROWS = 10 };
	const struct weigh_heap_diff_request diff = {
		.paths = {request->path, request->later},
		.whens = {request->earlier, request->when},
		.limit = request->limit_given || request->json ? request->limit : TABLE_ROWS,
		.limit_given = request->limit_given,
		.filter = request->filter,
		.json = request->json,
	};

	return weigh_heap_diff_run(&diff, out);
}

/* The report as text in memory, so that the line about progress is gone before any of it is printed. */
static struct weigh_error *make_text(const struct request *request, char **text, size_t *length)
{
	FILE *out = open_memstream(text, length);

	if (!out)
		return weigh_error_create_memory();
	struct weigh_error *error = (request->later ? make_diff : make_views)(request, out);
	if (fclose(out) && !error)
		error = weigh_error_create_memory();
	return error;
}

static struct weigh_error *perform(const struct weigh_arguments *arguments, int *status)
{
	struct request request = {0};
	struct weigh_error *error = parse(arguments, &request);
	char *text = NULL;
	size_t length = 0;

	*status = 0;
	if (error)
		return error;
	weigh_progress_start(request.later ? 2 * WEIGH_HEAP_PARTS : WEIGH_HEAP_PARTS, "reading the snapshot");
	error = make_text(&request, &text, &length);
	weigh_progress_stop();
	if (!error) {
		fwrite(text, 1, length, stdout);
		if (fflush(stdout) || ferror(stdout))
			error = weigh_error_create_system(errno, "standard output",
							  "free some space, or write elsewhere");
	}
	free(text);
	return error;
}

const struct weigh_verb weigh_verb_heap = {
	.name = "heap",
	.usage = "[options] CAPTURE | --diff BEFORE [AFTER]",
	.summary = "show what the objects are and who holds them",
	.notes = "CAPTURE is what weigh run --heap wrote, or weigh.snapshot().\n"
		 "NO_COLOR turns colours off; COLUMNS sets the width.\n",
	.options = options,
	.option_count = OPTION_COUNT,
	.perform = perform,
};
