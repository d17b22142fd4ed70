/*
 * `weigh report`: opens a capture and prints what is asked for.
 *
 * The main thread; allocates with malloc.
 */
#include "report/report.h"
#include "capture/open.h"
#include "cli/verbs.h"
#include "report/json.h"
#include "report/rows.h"
#include "report/sizes.h"
#include "report/table.h"
#include "report/timeline.h"
#include "report/tree.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum option {
	OPTION_BY,
	OPTION_AT,
	OPTION_TEMPORARY,
	OPTION_LEAKS,
	OPTION_TREE,
	OPTION_TIMELINE,
	OPTION_SIZES,
	OPTION_LIMIT,
	OPTION_FILTER,
	OPTION_SORT,
	OPTION_JSON,
	OPTION_CSV,
	OPTION_COUNT,
};

static const struct weigh_option options[OPTION_COUNT] = {
	[OPTION_BY] = {'b', "by", "WHAT", "line|function|file|domain|thread",
		       "rows by line, function, file, domain or thread [line]", 0},
	[OPTION_AT] = {'a', "at", "WHEN", NULL,
		       "blocks live at the peak, the end or SECONDS; total: all ever [peak]", 0},
	[OPTION_TEMPORARY] = {0, "temporary", NULL, NULL, "blocks that were freed soon after", 0},
	[OPTION_LEAKS] = {0, "leaks", NULL, NULL, "blocks still live at the end, by line", 0},
	[OPTION_TREE] = {'t', "tree", NULL, NULL, "callers above callees", 0},
	[OPTION_TIMELINE] = {0, "timeline", NULL, NULL, "a plot of resident and recorded bytes", 0},
	[OPTION_SIZES] = {0, "sizes", NULL, NULL, "a histogram of the sizes asked for", 0},
	[OPTION_LIMIT] = {'n', "limit", "N", NULL, "rows at most; 0: all [20]", 0},
	[OPTION_FILTER] = {0, "filter", "PATTERN", NULL,
			   "only files or functions that meet a glob or hold a text", 0},
	[OPTION_SORT] = {'s', "sort", "KEY", "bytes|blocks|footprint|average|name",
			 "by bytes, blocks, footprint, average or name [bytes]", 0},
	[OPTION_JSON] = {0, "json", NULL, NULL, "JSON of schema weigh.report/1", 0},
	[OPTION_CSV] = {0, "csv", NULL, NULL, "rows as CSV", 0},
};

/* What a command line asks for. */
struct request {
	struct weigh_query query;
	enum weigh_at at;
	uint64_t moment_ns;
	bool leaks, tree, timeline, sizes, json, csv;
};

/* Index of `word` in `choices`, a list as struct weigh_option has it; the word is in it. */
static int choice_index(const char *choices, const char *word)
{
	size_t length = strlen(word);
	int index = 0;

	for (const char *c = choices; strncmp(c, word, length) || (c[length] && c[length] != '|'); index++)
		c = strchr(c, '|') + 1;
	return index;
}

static struct weigh_error *parse_at(const char *text, struct request *request)
{
	static const struct {
		const char *name;
		enum weigh_at at;
	} names[] = {{"peak", WEIGH_AT_PEAK}, {"end", WEIGH_AT_END}, {"total", WEIGH_AT_TOTAL}};
	char *rest;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(names[i].name, text)) {
			request->at = names[i].at;
			return NULL;
		}
	}
	double seconds = strtod(text, &rest);
	if (rest == text || *rest || !isfinite(seconds) || seconds < 0 || seconds > 1e9 ||
	    !isdigit((unsigned char)*text))
		return weigh_error_create(
			WEIGH_ERROR_USAGE,
			"--at: '%s' is no instant: give peak, end, total or a number of seconds", text);
	request->at = WEIGH_AT_MOMENT;
	request->moment_ns = (uint64_t)(seconds * 1e9);
	return NULL;
}

/* Options that each choose what is shown, of which one may be given. */
static struct weigh_error *check_together(const char *const *values)
{
	static const enum option exclusive[][2] = {
		{OPTION_JSON, OPTION_CSV}, {OPTION_TEMPORARY, OPTION_LEAKS}, {OPTION_TEMPORARY, OPTION_AT},
		{OPTION_LEAKS, OPTION_AT}, {OPTION_CSV, OPTION_TREE},        {OPTION_CSV, OPTION_TIMELINE},
		{OPTION_CSV, OPTION_SIZES}};

	for (size_t i = 0; i < sizeof(exclusive) / sizeof(exclusive[0]); i++) {
		if (values[exclusive[i][0]] && values[exclusive[i][1]])
			return weigh_error_create(
				WEIGH_ERROR_USAGE, "--%s and --%s cannot stand together: give one of them",
				options[exclusive[i][0]].name, options[exclusive[i][1]].name);
	}
	if (values[OPTION_TREE] && values[OPTION_BY] && !values[OPTION_JSON])
		return weigh_error_create(WEIGH_ERROR_USAGE, "--tree has frames, no rows: leave out --by");
	return NULL;
}

static struct weigh_error *parse(const struct weigh_arguments *arguments, struct request *request)
{
	const char *const *values = arguments->values;
	long limit = 20;
	struct weigh_error *error = check_together(values);

	if (!error && arguments->operand_count != 1)
		error = weigh_error_create(WEIGH_ERROR_USAGE, "report: %s: weigh report CAPTURE",
					   arguments->operand_count ? "one capture at a time"
								    : "no capture given");
	if (!error && values[OPTION_LIMIT])
		error = weigh_option_number("--limit", values[OPTION_LIMIT], 0, &limit);
	if (!error && values[OPTION_AT])
		error = parse_at(values[OPTION_AT], request);
	if (error)
		return error;
	if (values[OPTION_BY])
		request->query.by =
			(enum weigh_by)choice_index(options[OPTION_BY].choices, values[OPTION_BY]);
	if (values[OPTION_SORT])
		request->query.sort =
			(enum weigh_sort)choice_index(options[OPTION_SORT].choices, values[OPTION_SORT]);
	request->query.limit = limit > INT32_MAX ? 0 : (uint32_t)limit;
	request->query.filter =
		values[OPTION_FILTER] && *values[OPTION_FILTER] ? values[OPTION_FILTER] : NULL;
	request->leaks = values[OPTION_LEAKS];
	if (request->leaks)
		request->at = WEIGH_AT_END;
	if (values[OPTION_TEMPORARY])
		request->at = WEIGH_AT_TEMPORARY;
	request->tree = values[OPTION_TREE];
	request->timeline = values[OPTION_TIMELINE];
	request->sizes = values[OPTION_SIZES];
	request->json = values[OPTION_JSON];
	request->csv = values[OPTION_CSV];
	return NULL;
}

static void print_heading(const struct request *request, const struct weigh_view *view, FILE *out)
{
	char time[WEIGH_NUMBER];

	switch (request->at) {
	case WEIGH_AT_PEAK:
		fputs("At the peak", out);
		break;
	case WEIGH_AT_END:
		fputs(request->leaks ? "Still live at the end" : "Live at the end", out);
		break;
	case WEIGH_AT_TOTAL:
		fputs("All blocks ever allocated", out);
		break;
	case WEIGH_AT_TEMPORARY:
		fprintf(out, "Temporary blocks, freed within %d allocations", WEIGH_TEMPORARY);
		break;
	case WEIGH_AT_MOMENT:
		fprintf(out, "Live at %s, the nearest moment kept", weigh_time_text(view->time_ns, time));
		break;
	}
	if (!request->tree)
		fprintf(out, ", by %s", weigh_by_name(request->query.by));
	if (request->query.filter)
		fprintf(out, ", of what meets '%s'", request->query.filter);
	fputc('\n', out);
}

static struct weigh_error *print_tree(const struct weigh_report *report, const struct request *request,
				      const struct weigh_view *view, FILE *out)
{
	struct weigh_tree tree;
	struct weigh_error *error = weigh_tree_init(&tree, report, view, request->query.filter);

	if (error)
		return error;
	error = weigh_tree_print(&tree, report, request->query.limit, out);
	weigh_tree_deinit(&tree);
	return error;
}

static struct weigh_error *print_table(const struct weigh_report *report, const struct request *request,
				       const struct weigh_view *view, FILE *out)
{
	struct weigh_rows rows;
	struct weigh_error *error = weigh_rows_init(&rows, view, report->names, &request->query);

	if (error)
		return error;
	weigh_table_print(report, &rows, out);
	weigh_rows_deinit(&rows);
	return NULL;
}

static struct weigh_error *print_head(const struct weigh_report *report, FILE *out)
{
	struct weigh_view peak, end = {0};
	struct weigh_error *error = weigh_view_init(&peak, report->capture, WEIGH_AT_PEAK, 0);

	if (!error)
		error = weigh_view_init(&end, report->capture, WEIGH_AT_END, 0);
	if (!error) {
		weigh_report_title(report, out);
		weigh_report_totals(report, &peak, &end, out);
	}
	weigh_view_deinit(&peak);
	weigh_view_deinit(&end);
	return error;
}

static struct weigh_error *print_text(const struct weigh_report *report, const struct request *request,
				      const struct weigh_view *view, FILE *out)
{
	struct weigh_error *error = print_head(report, out);
	bool rows = request->tree || !(request->timeline || request->sizes);

	if (!error && request->timeline) {
		fputs("\nMemory over time\n", out);
		error = weigh_timeline_print(report, out);
	}
	if (!error && request->sizes) {
		fprintf(out, "\nSizes of all blocks ever allocated%s\n",
			report->capture->header->sampling_period_max ? ", estimated" : "");
		weigh_sizes_print(report, out);
	}
	if (!error && rows) {
		fputc('\n', out);
		print_heading(request, view, out);
		error = (request->tree ? print_tree : print_table)(report, request, view, out);
	}
	if (error)
		return error;
	if (rows)
		weigh_report_unseen(report, view, out);

	struct weigh_notes notes = {0};
	const char *changed = weigh_sources_changed(report->sources);
	weigh_notes_collect(&notes, report->capture);
	if (notes.count || changed)
		fputc('\n', out);
	weigh_report_notes(report, &notes, out);
	if (changed)
		fprintf(out, "source changed since, so not shown: %s\n", changed);
	return NULL;
}

static struct weigh_error *print_data(const struct weigh_report *report, const struct request *request,
				      const struct weigh_view *view, FILE *out)
{
	struct weigh_tree tree = {0};
	struct weigh_rows rows;
	struct weigh_error *error = weigh_rows_init(&rows, view, report->names, &request->query);

	if (error)
		return error;
	if (request->tree)
		error = weigh_tree_init(&tree, report, view, request->query.filter);
	const struct weigh_json_parts parts = {
		.view = view,
		.rows = &rows,
		.tree = request->tree ? &tree : NULL,
		.filter = request->query.filter,
		.timeline = request->timeline,
		.sizes = request->sizes,
	};
	if (!error && request->json)
		error = weigh_json_print(report, &parts, out);
	else if (!error)
		weigh_csv_print(report, &rows, out);
	weigh_tree_deinit(&tree);
	weigh_rows_deinit(&rows);
	return error;
}

static struct weigh_error *print_request(const struct weigh_capture *capture, const struct request *request,
					 FILE *out)
{
	struct weigh_style style = weigh_style_of(out);
	struct weigh_report report;
	struct weigh_view view;
	struct weigh_error *error = weigh_view_init(&view, capture, request->at, request->moment_ns);

	if (error)
		return error;
	error = weigh_report_init(&report, capture, &style);
	if (!error) {
		error = (request->json || request->csv ? print_data : print_text)(&report, request, &view,
										  out);
		weigh_report_deinit(&report);
	}
	weigh_view_deinit(&view);
	return error;
}

static struct weigh_error *perform(const struct weigh_arguments *arguments, int *status)
{
	struct request request = {0};
	struct weigh_capture *capture;
	struct weigh_error *error = parse(arguments, &request);

	*status = 0;
	if (!error)
		error = weigh_capture_open(arguments->operands[0], &capture);
	if (error)
		return error;
	error = print_request(capture, &request, stdout);
	weigh_capture_close(capture);
	if (!error && (fflush(stdout) || ferror(stdout)))
		error = weigh_error_create_system(errno, "standard output",
						  "free some space, or write elsewhere");
	return error;
}

const struct weigh_verb weigh_verb_report = {
	.name = "report",
	.usage = "[options] CAPTURE",
	.summary = "show where the memory went, from a capture",
	.notes = "NO_COLOR turns colours off; COLUMNS sets the width.\n",
	.options = options,
	.option_count = OPTION_COUNT,
	.perform = perform,
};
