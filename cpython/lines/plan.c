/*
 * Which starts of lines are left out: see graph.h. From 3.12. With the GIL.
 */
#include "cpython/layout.h"

#if PY_VERSION_HEX >= 0x030c0000

#include "cpython/lines/graph.h"
#include "cpython/lines/opcodes.h"

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

static enum weigh_lines_way way_of(const uint8_t *ways, uint32_t unit)
{
	return ways[unit] & WEIGH_LINES_WAY;
}

/* Whether all starts follow from those that are not left out. */
static bool follows(struct weigh_lines_graph *graph, const uint8_t *ways)
{
	weigh_lines_graph_reset(graph);
	for (uint32_t i = 0; i < graph->start_count; i++)
		if (way_of(ways, graph->starts[i].unit) != WEIGH_LINES_DERIVED)
			graph->flow.nodes[graph->starts[i].node].known = true;
	weigh_flow_solve(&graph->flow);
	for (uint32_t i = 0; i < graph->start_count; i++)
		if (!graph->flow.nodes[graph->starts[i].node].known)
			return false;
	return true;
}

static void derive_most(struct weigh_lines_graph *graph, uint8_t *ways)
{
	uint32_t size = graph->flow.node_count + graph->flow.edge_count + 1;
	uint32_t tries = EFFORT / size;
	for (uint32_t i = 0; i < graph->start_count && tries; i++) {
		const struct weigh_lines_start *start = &graph->starts[i];
		uint8_t way = ways[start->unit];
		if (start->must_count)
			continue;
		tries--;
		ways[start->unit] = WEIGH_LINES_DERIVED;
		if (!follows(graph, ways))
			ways[start->unit] = way;
	}
}

bool weigh_lines_mark(PyCodeObject *code, uint8_t *ways)
{
	PyObject *bytes = weigh_lines_bytes(code);
	uint32_t count = weigh_code_unit_count(code);
	const uint8_t *at = bytes ? (const uint8_t *)PyBytes_AS_STRING(bytes) : NULL;
	for (uint32_t u = 0; at && u < count; u += 1 + weigh_opcode_caches(at[2 * u]))
		if (weigh_opcode_catches(at[2 * u]))
			ways[u] |= WEIGH_LINES_CATCHES;
	if (!bytes)
		PyErr_Clear();
	Py_XDECREF(bytes);
	return bytes != NULL;
}

bool weigh_lines_plan(PyCodeObject *code, bool inside, uint8_t *ways)
{
	struct weigh_lines_graph graph;
	if (!weigh_lines_graph_init(&graph, code))
		return false;
	if (graph.entry < graph.unit_count)
		ways[graph.entry] =
			WEIGH_LINES_DERIVED; /* unless the line changes there, it is one with the function's first */
	for (uint32_t i = 0; i < graph.start_count; i++) {
		struct weigh_lines_start *start = &graph.starts[i];
		bool is_inside = inside && start->inside;
		ways[start->unit] = is_inside ? WEIGH_LINES_INSIDE : WEIGH_LINES_BY_EVENT;
		if (inside)
			start->slow = !is_inside;
	}
	qsort(graph.starts, graph.start_count, sizeof(*graph.starts), compare);
	derive_most(&graph, ways);
	weigh_lines_graph_deinit(&graph);
	return weigh_lines_mark(code, ways);
}

static void enter_counts(struct weigh_lines_graph *graph, const uint8_t *ways,
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
		if (way_of(ways, start->unit) == WEIGH_LINES_DERIVED)
			continue;
		graph->flow.nodes[start->node].known = true;
		graph->flow.nodes[start->node].count = (int64_t)units[start->unit].starts;
	}
}

bool weigh_lines_derive(PyCodeObject *code, const uint8_t *ways, struct weigh_profile_unit *units)
{
	struct weigh_lines_graph graph;
	if (!weigh_lines_graph_init(&graph, code))
		return false;
	weigh_lines_graph_reset(&graph);
	enter_counts(&graph, ways, units);
	weigh_flow_solve(&graph.flow);
	for (uint32_t i = 0; i < graph.start_count; i++) {
		int64_t count = graph.flow.nodes[graph.starts[i].node].count;
		if (way_of(ways, graph.starts[i].unit) == WEIGH_LINES_DERIVED)
			units[graph.starts[i].unit].starts = count > 0 ? (uint64_t)count : 0;
	}
	weigh_lines_graph_deinit(&graph);
	return true;
}

#endif
