/*
 * `weigh heap`: opens the snapshot in a capture and prints what is asked for.
 *
 * The main thread; allocates with malloc.
 */
#include "report/heap.h"

#include "cli/verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum option {
	OPTION_TYPES,
	OPTION_DUPLICATES,
	OPTION_CONTAINERS,
	OPTION_FIELDS,
	OPTION_SITES,
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
	[OPTION_SITES] = &weigh_heap_view_sites,
};

/* A view that was asked for, and the argument of its option. */
struct wanted {
	const struct weigh_heap_view *view;
	const char *argument;
};

struct request {
	const char *path;
	enum weigh_snapshot_when when;
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

static struct weigh_error *parse(const struct weigh_arguments *arguments, struct request *request)
{
	const char *const *values = arguments->values;
	long limit = values[OPTION_JSON] ? 1000 : 20;

	if (arguments->operand_count != 1)
		return weigh_error_create(WEIGH_ERROR_USAGE, "heap: %s: weigh heap CAPTURE",
					  arguments->operand_count ? "one capture at a time"
								   : "no capture given");
	if (values[OPTION_LIMIT]) {
		struct weigh_error *error = weigh_option_number("--limit", values[OPTION_LIMIT], 0, &limit);
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
	for (int i = 0; i < OPTION_COUNT; i++) {
		if (values[i] && views[i])
			request->wanted[request->wanted_count++] =
				(struct wanted){views[i], *values[i] ? values[i] : NULL};
	}
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
	struct weigh_style style = weigh_style_of(out);
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

static struct weigh_error *perform(const struct weigh_arguments *arguments, int *status)
{
	struct request request = {0};
	struct weigh_heap_graph *graph;
	struct weigh_capture *capture = NULL;
	struct weigh_error *error = parse(arguments, &request);

	*status = 0;
	if (!error)
		error = weigh_heap_graph_open(request.path, request.when, &graph);
	if (error)
		return error;
	/* A snapshot by itself is no capture: then there is less to say about the program. */
	error = weigh_capture_open(request.path, &capture);
	if (error)
		capture = NULL;
	weigh_error_destroy(error);
	error = print_request(graph, capture, &request, stdout);
	weigh_capture_close(capture);
	weigh_heap_graph_close(graph);
	if (!error && (fflush(stdout) || ferror(stdout)))
		error = weigh_error_create_system(errno, "standard output",
						  "free some space, or write elsewhere");
	return error;
}

const struct weigh_verb weigh_verb_heap = {
	.name = "heap",
	.usage = "[options] CAPTURE",
	.summary = "show what the objects are and who holds them",
	.notes = "CAPTURE is what weigh run --heap wrote, or weigh.snapshot().\n"
		 "NO_COLOR turns colours off; COLUMNS sets the width.\n",
	.options = options,
	.option_count = OPTION_COUNT,
	.perform = perform,
};
