/*
 * Solving flows: what follows from counts that are known, what does not, and
 * random graphs walked at random, whose counts are known from the walk.
 */
#include "base/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NODES = 16, EDGES = 64, WALKS = 40, STEPS = 200 };

static struct weigh_flow_node nodes[NODES];
static struct weigh_flow_edge edges[EDGES];
static uint32_t queue[NODES];
static struct weigh_flow flow;

static int begin(void **state)
{
	(void)state;
	memset(nodes, 0, sizeof(nodes));
	memset(edges, 0, sizeof(edges));
	flow = (struct weigh_flow){.nodes = nodes, .edges = edges, .queue = queue};
	return 0;
}

static void know_node(uint32_t node, int64_t count)
{
	nodes[node].known = true;
	nodes[node].count = count;
}

static void know_edge(uint32_t edge, int64_t count)
{
	edges[edge].known = true;
	edges[edge].count = count;
}

static void assert_node(uint32_t node, int64_t count)
{
	assert_true(nodes[node].known);
	assert_int_equal(nodes[node].count, count);
}

/* Entered once: head 0, body 1, after 2. The edge that leaves. */
static uint32_t draw_loop(void)
{
	flow.node_count = 3;
	know_edge(weigh_flow_connect(&flow, WEIGH_FLOW_OUTSIDE, 0), 1);
	weigh_flow_connect(&flow, 0, 1);
	weigh_flow_connect(&flow, 1, 0);
	weigh_flow_connect(&flow, 0, 2);
	return weigh_flow_connect(&flow, 2, WEIGH_FLOW_OUTSIDE);
}

static void test_a_loop_follows_from_its_body(void **state)
{
	uint32_t out = draw_loop();
	(void)state;
	know_node(1, 7);
	weigh_flow_solve(&flow);
	assert_node(0, 8);
	assert_node(2, 1);
	assert_true(edges[out].known);
	assert_int_equal(edges[out].count, 1);
}

static void test_what_does_not_follow_stays_unknown(void **state)
{
	(void)state;
	draw_loop();
	weigh_flow_solve(&flow);
	assert_false(nodes[0].known);
	assert_false(nodes[1].known);
}

static void test_a_node_that_leads_to_itself(void **state)
{
	(void)state;
	flow.node_count = 2;
	know_edge(weigh_flow_connect(&flow, WEIGH_FLOW_OUTSIDE, 0), 3);
	uint32_t round = weigh_flow_connect(&flow, 0, 0);
	weigh_flow_connect(&flow, 0, 1);
	weigh_flow_connect(&flow, 1, WEIGH_FLOW_OUTSIDE);
	know_node(0, 10);
	weigh_flow_solve(&flow);
	assert_int_equal(edges[round].count, 7);
	assert_node(1, 3);
}

static void test_what_leaks_goes_nowhere(void **state)
{
	(void)state;
	flow.node_count = 2;
	know_edge(weigh_flow_connect(&flow, WEIGH_FLOW_OUTSIDE, 0), 5);
	weigh_flow_connect(&flow, 0, 1);
	weigh_flow_connect(&flow, 1, WEIGH_FLOW_OUTSIDE);
	nodes[0].leaked = 2;
	weigh_flow_solve(&flow);
	assert_node(0, 5);
	assert_node(1, 3);
}

/* What a random walk did, node by node and edge by edge. */
struct truth {
	int64_t nodes[NODES];
	int64_t leaked[NODES];
	int64_t edges[EDGES];
};

static uint32_t any(uint32_t below)
{
	return (uint32_t)random() % below;
}

/* Each node leads to one or two others or outside; the first is entered from there. */
static void draw_graph(void)
{
	flow.node_count = 2 + any(NODES - 2);
	weigh_flow_connect(&flow, WEIGH_FLOW_OUTSIDE, 0);
	for (uint32_t node = 0; node < flow.node_count; node++)
		for (uint32_t ways = 1 + any(2); ways; ways--)
			weigh_flow_connect(&flow, node, any(4) ? any(flow.node_count) : WEIGH_FLOW_OUTSIDE);
}

static uint32_t way_out(uint32_t node)
{
	uint32_t first = nodes[node].first_out;
	return edges[first - 1].next_out && any(2) ? edges[first - 1].next_out - 1 : first - 1;
}

static void walk(struct truth *truth)
{
	uint32_t node = 0;
	truth->edges[0]++;
	truth->nodes[0]++;
	for (uint32_t steps = 0; steps < STEPS && any(20); steps++) {
		uint32_t way = way_out(node);
		truth->edges[way]++;
		node = edges[way].to;
		if (node == WEIGH_FLOW_OUTSIDE)
			return;
		truth->nodes[node]++;
	}
	truth->leaked[node]++;
}

static void tell_some(const struct truth *truth)
{
	for (uint32_t node = 0; node < flow.node_count; node++) {
		nodes[node].leaked = truth->leaked[node];
		if (!any(3))
			know_node(node, truth->nodes[node]);
	}
	for (uint32_t edge = 0; edge < flow.edge_count; edge++)
		if (!any(4))
			know_edge(edge, truth->edges[edge]);
}

static void test_all_that_follows_is_true(void **state)
{
	uint32_t found = 0;
	srandom(8);
	for (int round = 0; round < 2000; round++) {
		struct truth truth = {0};
		begin(state);
		draw_graph();
		for (int walks = 0; walks < WALKS; walks++)
			walk(&truth);
		tell_some(&truth);
		weigh_flow_solve(&flow);
		for (uint32_t node = 0; node < flow.node_count; node++) {
			if (nodes[node].known)
				assert_int_equal(nodes[node].count, truth.nodes[node]);
			found += nodes[node].known;
		}
		for (uint32_t edge = 0; edge < flow.edge_count; edge++)
			if (edges[edge].known)
				assert_int_equal(edges[edge].count, truth.edges[edge]);
	}
	/* Nine nodes a graph on average, a third of them told: most follow. */
	assert_true(found > 2000 * 9 / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_loop_follows_from_its_body, begin),
		cmocka_unit_test_setup(test_what_does_not_follow_stays_unknown, begin),
		cmocka_unit_test_setup(test_a_node_that_leads_to_itself, begin),
		cmocka_unit_test_setup(test_what_leaks_goes_nowhere, begin),
		cmocka_unit_test_setup(test_all_that_follows_is_true, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
