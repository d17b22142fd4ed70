/*
 * Bytecode to a flow graph: from 3.12. With the GIL.
 *
 * The interpreter tells of a line at an instruction where the line changes or
 * control arrives by a jump or an exception, if the instruction before was of
 * another line. Code is cut there and where control parts or joins.
 */
#include "cpython/layout.h"

#if PY_VERSION_HEX >= 0x030c0000

#include "cpython/lines/graph.h"

#include "base/pages.h"
#include "cpython/lines/handlers.h"
#include "cpython/lines/opcodes.h"

#include <string.h>

enum {
	UNITS_MAX = 20000, /* what is larger is counted throughout */
	PER_UNIT_NODES = 2,
	PER_UNIT_EDGES = 6,
	SPARE = 16,
	STEPS_MAX = 8,
};

struct unit {
	int32_t line; /* -1: none */
	uint32_t target; /* of a jump */
	uint8_t length; /* units of the instruction; 0: within one */
	uint8_t kind; /* enum weigh_opcode_kind */
	uint8_t opcode;
	bool slow;
	bool leader;
	bool handler;
	bool start;
	int32_t loops; /* more or fewer than around the unit before */
};

/* One way from a node to another. */
struct way {
	uint32_t from;
	uint32_t to;
	uint32_t last; /* the unit it leaves from */
};

struct building {
	struct weigh_lines_graph *graph;
	PyCodeObject *code;
	struct unit *units;
	uint32_t count;
	uint32_t first; /* where it begins to run */
	struct way *ways;
	uint32_t way_count;
};

static void decode(struct building *b, const uint8_t *bytes)
{
	uint32_t argument = 0;
	for (uint32_t u = 0; u < b->count; u += b->units[u].length) {
		struct unit *unit = &b->units[u];
		uint8_t opcode = bytes[2 * u];
		argument = argument << 8 | bytes[2 * u + 1];
		unit->opcode = opcode;
		unit->length = (uint8_t)(1 + weigh_opcode_caches(opcode));
		unit->kind = (uint8_t)weigh_opcode_kind(opcode);
		unit->slow = weigh_opcode_caches(opcode) > 0;
		unit->line = PyCode_Addr2Line(b->code, (int)u * 2);
		uint32_t after = u + unit->length;
		unit->target = unit->kind == WEIGH_OPCODE_BACK ? after - argument : after + argument;
		if (unit->kind != WEIGH_OPCODE_EXTENDED)
			argument = 0;
	}
}

static bool find_leaders(struct building *b)
{
	for (uint32_t u = b->first; u < b->count; u += b->units[u].length) {
		const struct unit *unit = &b->units[u];
		uint32_t after = u + unit->length;
		if (weigh_opcode_jumps(unit->kind)) {
			if (unit->target >= b->count || !b->units[unit->target].length)
				return false;
			b->units[unit->target].leader = true;
		}
		if (unit->kind == WEIGH_OPCODE_BACK) {
			b->units[unit->target].loops++;
			if (after < b->count)
				b->units[after].loops--;
		}
		if (unit->kind >= WEIGH_OPCODE_JUMP && after < b->count)
			b->units[after].leader = true;
	}
	b->units[b->first].leader = true;
	return true;
}

static void find_handlers(struct building *b)
{
	struct weigh_lines_handlers left = weigh_lines_handlers(b->code);
	struct weigh_lines_handler handler;
	while (weigh_lines_handler_next(&left, &handler))
		if (handler.target < b->count)
			b->units[handler.target].leader = b->units[handler.target].handler = true;
}

static bool may_start(const struct unit *unit)
{
	return unit->line >= 0 && unit->kind != WEIGH_OPCODE_NO_START && unit->kind != WEIGH_OPCODE_RESUME;
}

static void find_starts(struct building *b)
{
	int32_t before = -1;
	for (uint32_t u = b->first; u < b->count; u += b->units[u].length) {
		struct unit *unit = &b->units[u];
		unit->start = may_start(unit) && (unit->line != before || unit->leader);
		if (may_start(unit))
			before = unit->line;
	}
}

static void add_way(struct building *b, uint32_t from, uint32_t to_unit, uint32_t last)
{
	b->ways[b->way_count++] = (struct way){from, b->graph->node_of[to_unit], last};
}

static uint32_t add_outside(struct weigh_lines_graph *graph, uint32_t from, uint32_t to)
{
	return weigh_flow_connect(&graph->flow, from, to);
}

static void number_nodes(struct building *b)
{
	struct weigh_flow *flow = &b->graph->flow;
	for (uint32_t u = b->first; u < b->count; u++) {
		if (b->units[u].length && (b->units[u].leader || b->units[u].start))
			flow->node_count++;
		b->graph->node_of[u] = flow->node_count - 1;
	}
}

/* Where control goes from the last instruction of a node. */
static void leave(struct building *b, uint32_t node, uint32_t last)
{
	const struct unit *unit = &b->units[last];
	uint32_t after = last + unit->length;
	if (weigh_opcode_jumps(unit->kind))
		add_way(b, node, unit->target, last);
	switch ((enum weigh_opcode_kind)unit->kind) {
	case WEIGH_OPCODE_RETURN:
	case WEIGH_OPCODE_YIELD:
		b->graph->passed[last] = add_outside(b->graph, node, WEIGH_FLOW_OUTSIDE) + 1;
		return;
	case WEIGH_OPCODE_RAISE:
		add_outside(b->graph, node, WEIGH_FLOW_OUTSIDE);
		return;
	case WEIGH_OPCODE_JUMP:
	case WEIGH_OPCODE_BACK:
		return;
	case WEIGH_OPCODE_MAY_RAISE:
		add_outside(b->graph, node, WEIGH_FLOW_OUTSIDE);
		break;
	default:
		break;
	}
	if (after < b->count)
		add_way(b, node, after, last);
}

static void find_ways(struct building *b)
{
	for (uint32_t u = b->first; u < b->count; u += b->units[u].length) {
		const struct unit *unit = &b->units[u];
		uint32_t after = u + unit->length;
		uint32_t node = b->graph->node_of[u];
		if (u == b->first || (unit->kind == WEIGH_OPCODE_RESUME && unit->leader))
			b->graph->passed[u] = add_outside(b->graph, WEIGH_FLOW_OUTSIDE, node) + 1;
		if (after >= b->count || b->graph->node_of[after] != node)
			leave(b, node, u);
	}
}

/* How many ways into a node come from another line, and how many from its own. */
static void classify(const struct building *b, uint32_t node, int32_t line, uint32_t *other, uint32_t *same)
{
	*other = *same = 0;
	for (uint32_t i = 0; i < b->way_count; i++) {
		if (b->ways[i].to == node)
			++*(b->units[b->ways[i].last].line != line ? other : same);
	}
}

/* Leads the ways that start the line through a node of their own. */
static uint32_t split(struct building *b, uint32_t node, int32_t line)
{
	uint32_t before = b->graph->flow.node_count++;
	for (uint32_t i = 0; i < b->way_count; i++)
		if (b->ways[i].to == node && b->units[b->ways[i].last].line != line)
			b->ways[i].to = before;
	weigh_flow_connect(&b->graph->flow, before, node);
	return before;
}

/* What runs next from a unit puts something on the stack before it takes anything: so may we. */
static bool has_room(const struct building *b, uint32_t u)
{
	for (uint32_t steps = 0; steps < STEPS_MAX && u < b->count && b->units[u].length; steps++) {
		const struct unit *unit = &b->units[u];
		if (weigh_opcode_pushes(unit->opcode))
			return true;
		if (unit->kind == WEIGH_OPCODE_JUMP || unit->kind == WEIGH_OPCODE_BACK)
			u = unit->target;
		else if (unit->kind == WEIGH_OPCODE_EXTENDED || weigh_opcode_is_nothing(unit->opcode))
			u += unit->length;
		else
			return false;
	}
	return false;
}

static void place_starts(struct building *b)
{
	struct weigh_lines_graph *graph = b->graph;
	int32_t depth = 0;
	for (uint32_t u = b->first; u < b->count; u += b->units[u].length) {
		const struct unit *unit = &b->units[u];
		uint32_t node = graph->node_of[u];
		uint32_t other, same;
		depth += unit->loops;
		if (unit->handler)
			add_outside(graph, WEIGH_FLOW_OUTSIDE, node);
		if (!unit->start)
			continue;
		classify(b, node, unit->line, &other, &same);
		if (!other && !unit->handler)
			continue;
		if (same || unit->handler)
			node = split(b, node, unit->line);
		if (unit->handler)
			add_outside(graph, WEIGH_FLOW_OUTSIDE, node);
		graph->starts[graph->start_count++] = (struct weigh_lines_start){
			.unit = u,
			.node = node,
			.depth = depth > 0 ? (uint32_t)depth : 0,
			.slow = unit->slow,
			.must_count = unit->handler,
			.inside = !same && !unit->handler && has_room(b, u),
		};
	}
}

static bool build(struct building *b, const uint8_t *bytes)
{
	decode(b, bytes);
	while (b->first < b->count && b->units[b->first].kind != WEIGH_OPCODE_RESUME)
		b->first += b->units[b->first].length;
	if (b->first >= b->count)
		return false;
	find_handlers(b);
	if (!find_leaders(b))
		return false;
	find_starts(b);
	b->graph->entry = b->first + b->units[b->first].length;
	number_nodes(b);
	find_ways(b);
	place_starts(b);
	for (uint32_t i = 0; i < b->way_count; i++)
		weigh_flow_connect(&b->graph->flow, b->ways[i].from, b->ways[i].to);
	return true;
}

static void *cut(char **at, size_t count, size_t size)
{
	void *array = *at;
	*at += (count * size + 15) & ~(size_t)15;
	return array;
}

/* All arrays in one piece; the graph's come first. */
static bool take_memory(struct building *b)
{
	struct weigh_lines_graph *graph = b->graph;
	size_t nodes = PER_UNIT_NODES * (size_t)b->count + SPARE;
	size_t edges = PER_UNIT_EDGES * (size_t)b->count + SPARE;
	size_t bytes = nodes * (sizeof(*graph->flow.nodes) + sizeof(*graph->flow.queue)) +
		       edges * (sizeof(*graph->flow.edges) + sizeof(*b->ways)) +
		       b->count * (2 * sizeof(uint32_t) + sizeof(*graph->starts) + sizeof(*b->units)) + 4096;
	char *at = weigh_pages_take(bytes = (bytes + 4095) & ~(size_t)4095);
	if (!at)
		return false;
	graph->pages = at;
	graph->bytes = bytes;
	graph->unit_count = b->count;
	graph->flow.nodes = cut(&at, nodes, sizeof(*graph->flow.nodes));
	graph->flow.queue = cut(&at, nodes, sizeof(*graph->flow.queue));
	graph->flow.edges = cut(&at, edges, sizeof(*graph->flow.edges));
	b->ways = cut(&at, edges, sizeof(*b->ways));
	graph->node_of = cut(&at, b->count, sizeof(*graph->node_of));
	graph->passed = cut(&at, b->count, sizeof(*graph->passed));
	graph->starts = cut(&at, b->count, sizeof(*graph->starts));
	b->units = cut(&at, b->count, sizeof(*b->units));
	return true;
}

/* The copy that code objects keep once they are asked is not left behind. */
PyObject *weigh_lines_bytes(PyCodeObject *code)
{
	bool kept = code->_co_cached && code->_co_cached->_co_code;
	PyObject *bytes = PyCode_GetCode(code);
	if (!kept && code->_co_cached)
		Py_CLEAR(code->_co_cached->_co_code);
	return bytes;
}

bool weigh_lines_graph_init(struct weigh_lines_graph *graph, PyCodeObject *code)
{
	struct building b = {.graph = graph, .code = code, .count = weigh_code_unit_count(code)};
	*graph = (struct weigh_lines_graph){0};
	PyObject *bytes = b.count <= UNITS_MAX ? weigh_lines_bytes(code) : NULL;
	if (!bytes) {
		PyErr_Clear();
		return false;
	}
	bool built = take_memory(&b) && build(&b, (const uint8_t *)PyBytes_AS_STRING(bytes));
	Py_DECREF(bytes);
	if (!built)
		weigh_lines_graph_deinit(graph);
	return built;
}

void weigh_lines_graph_deinit(struct weigh_lines_graph *graph)
{
	weigh_pages_give(graph->pages, graph->bytes);
	*graph = (struct weigh_lines_graph){0};
}

void weigh_lines_graph_reset(struct weigh_lines_graph *graph)
{
	for (uint32_t i = 0; i < graph->flow.node_count; i++) {
		graph->flow.nodes[i].known = false;
		graph->flow.nodes[i].count = graph->flow.nodes[i].leaked = 0;
	}
	for (uint32_t i = 0; i < graph->flow.edge_count; i++) {
		graph->flow.edges[i].known = false;
		graph->flow.edges[i].count = 0;
	}
	for (uint32_t u = 0; u < graph->unit_count; u++)
		if (graph->passed[u])
			graph->flow.edges[graph->passed[u] - 1].known = true;
}

#endif
