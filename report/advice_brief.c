/*
 * The first findings, for the end of another report: see report/advice.h.
 *
 * One thread; allocates with malloc.
 */
#include "advice/advise.h"
#include "capture/parts.h"
#include "report/advice.h"

#include <string.h>

enum { SHOWN = 3 };

static struct weigh_error *open_graph(const struct weigh_capture *capture, struct weigh_heap_graph **graph)
{
	struct weigh_error *error = weigh_heap_graph_open(capture->path, WEIGH_SNAPSHOT_PEAK, graph);

	if (!error)
		return NULL;
	weigh_error_destroy(error);
	return weigh_heap_graph_open(capture->path, 0, graph);
}

static struct weigh_error *print(const struct weigh_evidence *evidence, struct weigh_sources *sources,
				 const struct weigh_style *style, FILE *out)
{
	struct weigh_advice *advice;
	struct weigh_error *error = weigh_advice_create(evidence, WEIGH_ADVICE_GATE, &advice);

	if (error)
		return error;
	const struct weigh_advice_report report = {
		.advice = advice,
		.evidence = evidence,
		.path = evidence->capture->path,
		.sources = sources,
		.style = *style,
		.limit = SHOWN,
	};
	weigh_advice_print_brief(&report, out);
	weigh_advice_destroy(advice);
	return NULL;
}

struct weigh_error *weigh_advice_brief(const struct weigh_capture *capture, struct weigh_sources *sources,
				       const struct weigh_style *style, FILE *out)
{
	struct weigh_heap_graph *graph;
	struct weigh_evidence evidence;
	const struct weigh_line_reader reader = weigh_sources_reader(sources);

	if (weigh_parts_end(capture->header) == capture->header->file_size)
		return NULL;
	struct weigh_error *error = open_graph(capture, &graph);
	if (error)
		return error;
	error = weigh_evidence_init(&evidence, capture, graph);
	if (!error) {
		evidence.source = &reader;
		error = print(&evidence, sources, style, out);
		weigh_evidence_deinit(&evidence);
	}
	weigh_heap_graph_close(graph);
	return error;
}
