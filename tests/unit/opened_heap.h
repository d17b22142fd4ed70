/*
 * Snapshots made by hand, opened, with what paths and comparisons want of them.
 * What fails ends the test.
 */
#ifndef WEIGH_TESTS_OPENED_HEAP_H
#define WEIGH_TESTS_OPENED_HEAP_H

#include "fake_snapshot.h"

#include "base/error.h"
#include "heap/below.h"
#include "heap/dominators.h"
#include "heap/frames.h"
#include "heap/graph.h"
#include "heap/paths.h"

struct opened_heap {
	struct weigh_heap_graph *graph;
	struct weigh_heap_dominators *dominators;
	struct weigh_heap_below *below;
	struct weigh_routes *routes;
	struct weigh_heap_lines *lines;
};

/* Ends the test with the message of an error. */
void good(struct weigh_error *error);

/* To be closed by weigh_heap_graph_close(). */
struct weigh_heap_graph *open_fake(const struct fake_snapshot *fake);

/* Takes over the graph. */
void opened_heap_init(struct opened_heap *opened, struct weigh_heap_graph *graph);
void opened_heap_deinit(struct opened_heap *opened);

#endif
