/*
 * `weigh heap --diff A B`: see cli/heap_diff.h.
 *
 * The main thread; allocates with malloc.
 */
#include "cli/heap_diff.h"

#include "report/heap_diff.h"
#include "report/progress.h"

struct side {
	struct weigh_heap_graph *graph;
	struct weigh_capture *capture; /* NULL for a snapshot by itself */
	struct weigh_heap_report report;
	bool reported;
};

static struct weigh_error *open_side(struct side *side, const struct weigh_heap_diff_request *request,
				     int which)
{
	const char *path = request->paths[which];
	struct weigh_style style = weigh_style_of(stdout);
	struct weigh_error *error = weigh_heap_graph_open(path, request->whens[which], &side->graph);

	if (error)
		return error;
	error = weigh_capture_open(path, &side->capture);
	if (error)
		side->capture = NULL;
	weigh_error_destroy(error);
	error = weigh_heap_report_init(&side->report, side->graph, side->capture, WEIGH_HEAP_DIFF_NEEDS,
				       &style);
	if (error)
		return error;
	side->reported = true;
	side->report.limit = request->limit;
	side->report.limit_given = request->limit_given;
	side->report.filter = request->filter;
	return NULL;
}

static void close_side(struct side *side)
{
	if (side->reported)
		weigh_heap_report_deinit(&side->report);
	weigh_capture_close(side->capture);
	weigh_heap_graph_close(side->graph);
}

static struct weigh_error *print_json(const struct side sides[2], FILE *out)
{
	struct weigh_document document;
	struct weigh_error *error = weigh_document_init(&document);

	if (error)
		return error;
	weigh_heap_add_title(&sides[1].report, &document);
	error = weigh_heap_diff_add(&sides[0].report, &sides[1].report, &document);
	if (!error)
		error = weigh_document_print(&document, out);
	weigh_document_deinit(&document);
	return error;
}

static struct weigh_error *print_text(const struct side sides[2], FILE *out)
{
	weigh_heap_title(&sides[1].report, out);
	return weigh_heap_diff_print(&sides[0].report, &sides[1].report, out);
}

struct weigh_error *weigh_heap_diff_run(const struct weigh_heap_diff_request *request, FILE *out)
{
	struct side sides[2] = {0};
	struct weigh_error *error = NULL;

	for (int i = 0; i < 2 && !error; i++) {
		if (i)
			weigh_progress_next("reading the second snapshot");
		error = open_side(&sides[i], request, i);
	}
	if (!error)
		error = (request->json ? print_json : print_text)(sides, out);
	for (int i = 0; i < 2; i++)
		close_side(&sides[i]);
	return error;
}
