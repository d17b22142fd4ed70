/*
 * Which starts of lines are left out: see graph.h. From 3.12. With the GIL.
 */
#include "cpython/layout.h"

#if PY_VERSION_HEX >= 0x030c0000

#include "cpython/lines/graph.h"

#include <stdlib.h>

/* Solutions are tried until so many nodes and edges have been looked at: a few hundredths of a second. */
enum { EFFORT = 8 << 20 };

/* What costs most is left out first: inner loops, and there what would lose speed by being told of. */
static int compare(const void *one, const void *other)
{
	const struct weigh_lines_start *a = one, *b = other;
	if (a->depth != b->depth)
		return a->depth > b->depth ? -1 : 1;
	if (a->slow != b->slow)
		return a->slow ? -1 : 1;
	return a->unit < b->unit ? -1 : a->unit > b->unit;
}

/* Whether all starts follow from those that are not left out. */
static bool follows(struct weigh_lines_graph *graph, const uint8_t *left_out)
{
	weigh_lines_graph_reset(graph);
	for (uint32_t i = 0; i < graph->start_count; i++)
		if (!left_out[graph->starts[i].unit])
			graph->flow.nodes[graph->starts[i].node].known = true;
	weigh_flow_solve(&graph->flow);
	for (uint32_t i = 0; i < graph->start_count; i++)
		if (!graph->flow.nodes[graph->starts[i].node].known)
			return false;
	return true;
}

bool weigh_lines_plan(PyCodeObject *code, uint8_t *left_out)
{
	struct weigh_lines_graph graph;
	if (!weigh_lines_graph_init(&graph, code))
		return false;
	uint32_t size = graph.flow.node_count + graph.flow.edge_count + 1;
	uint32_t tries = EFFORT / size;
	if (graph.entry < graph.unit_count)
		left_out[graph.entry] =
			true; /* unless the line changes there, it is one with the function's first */
	for (uint32_t i = 0; i < graph.start_count; i++)
		left_out[graph.starts[i].unit] = false;
	qsort(graph.starts, graph.start_count, sizeof(*graph.starts), compare);
	for (uint32_t i = 0; i < graph.start_count && tries; i++) {
		const struct weigh_lines_start *start = &graph.starts[i];
		if (start->must_count)
			continue;
		tries--;
		left_out[start->unit] = true;
		if (!follows(&graph, left_out))
			left_out[start->unit] = false;
	}
	weigh_lines_graph_deinit(&graph);
	return true;
}

static void enter_counts(struct weigh_lines_graph *graph, const uint8_t *left_out,
			 const struct weigh_profile_unit *units)
{
	for (uint32_t u = 0; u < graph->unit_count; u++) {
		if (units[u].raises)
			graph->flow.nodes[graph->node_of[u]].leaked += (int64_t)units[u].raises;
		if (graph->passed[u])
			graph->flow.edges[graph->passed[u] - 1].count = (int64_t)units[u].passes;
	}
	for (uint32_t i = 0; i < graph->start_count; i++) {
		const struct weigh_lines_start *start = &graph->starts[i];
		if (left_out[start->unit])
			continue;
		graph->flow.nodes[start->node].known = true;
		graph->flow.nodes[start->node].count = (int64_t)units[start->unit].starts;
	}
}

bool weigh_lines_derive(PyCodeObject *code, const uint8_t *left_out, struct weigh_profile_unit *units)
{
	struct weigh_lines_graph graph;
	if (!weigh_lines_graph_init(&graph, code))
		return false;
	weigh_lines_graph_reset(&graph);
	enter_counts(&graph, left_out, units);
	weigh_flow_solve(&graph.flow);
	for (uint32_t i = 0; i < graph.start_count; i++) {
		int64_t count = graph.flow.nodes[graph.starts[i].node].count;
		if (left_out[graph.starts[i].unit])
			units[graph.starts[i].unit].starts = count > 0 ? (uint64_t)count : 0;
	}
	weigh_lines_graph_deinit(&graph);
	return true;
}

#endif
