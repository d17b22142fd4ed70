/*
 * Snapshots made by hand, opened: see opened_heap.h.
 */
#include "opened_heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

void good(struct weigh_error *error)
{
	if (error)
		fail_msg("%s", error->message);
}

struct weigh_heap_graph *open_fake(const struct fake_snapshot *fake)
{
	struct weigh_heap_graph *graph;
	size_t size;
	uint8_t *bytes = fake_snapshot_build(fake, &size);

	good(weigh_heap_graph_read(bytes, size, "a.heap", &graph));
	free(bytes);
	return graph;
}

void opened_heap_init(struct opened_heap *opened, struct weigh_heap_graph *graph)
{
	opened->graph = graph;
	good(weigh_heap_dominators_create(graph, &opened->dominators));
	good(weigh_heap_below_create(graph, opened->dominators, &opened->below));
	good(weigh_routes_create(graph, opened->dominators, &opened->routes));
	good(weigh_heap_lines_create(graph, &opened->lines));
}

void opened_heap_deinit(struct opened_heap *opened)
{
	weigh_heap_lines_destroy(opened->lines);
	weigh_routes_destroy(opened->routes);
	weigh_heap_below_destroy(opened->below);
	weigh_heap_dominators_destroy(opened->dominators);
	weigh_heap_graph_close(opened->graph);
}
