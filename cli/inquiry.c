/*
 * A capture opened for advice: see cli/inquiry.h.
 *
 * The main thread; allocates with malloc.
 */
#include "cli/inquiry.h"

#include "capture/open.h"
#include "heap/graph.h"

/* The snapshot that is wanted. A capture without one is no error: stacks tell something too. */
static struct weigh_error *open_graph(struct weigh_inquiry *inquiry, const char *path,
				      enum weigh_snapshot_when when)
{
	if (when)
		return weigh_heap_graph_open(path, when, &inquiry->graph);
	struct weigh_error *error = weigh_heap_graph_open(path, WEIGH_SNAPSHOT_PEAK, &inquiry->graph);
	if (!error)
		return NULL;
	weigh_error_destroy(error);
	error = weigh_heap_graph_open(path, 0, &inquiry->graph);
	if (error && inquiry->capture && error->code == WEIGH_ERROR_STATE) {
		weigh_error_destroy(error);
		return NULL;
	}
	return error;
}

struct weigh_error *weigh_inquiry_init(struct weigh_inquiry *inquiry, const char *path,
				       enum weigh_snapshot_when when)
{
	*inquiry = (struct weigh_inquiry){.capture = NULL};
	/* A snapshot by itself is no capture. */
	weigh_error_destroy(weigh_capture_open(path, &inquiry->capture));
	struct weigh_error *error = open_graph(inquiry, path, when);
	if (!error)
		error = inquiry->capture ? weigh_sources_create(inquiry->capture, &inquiry->sources)
					 : weigh_sources_create_since(inquiry->graph->header.taken_unix_ns,
								      &inquiry->sources);
	if (!error)
		error = weigh_evidence_init(&inquiry->evidence, inquiry->capture, inquiry->graph);
	if (error)
		return error;
	inquiry->reader = weigh_sources_reader(inquiry->sources);
	inquiry->evidence.source = &inquiry->reader;
	weigh_library_builder_init(&inquiry->builder);
	inquiry->evidence.builder = &inquiry->builder.builder;
	return NULL;
}

void weigh_inquiry_deinit(struct weigh_inquiry *inquiry)
{
	weigh_evidence_deinit(&inquiry->evidence);
	weigh_sources_destroy(inquiry->sources);
	weigh_heap_graph_close(inquiry->graph);
	weigh_capture_close(inquiry->capture);
	*inquiry = (struct weigh_inquiry){.capture = NULL};
}
