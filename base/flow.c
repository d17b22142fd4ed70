/*
 * Solving flows by going from node to node: see base/flow.h. Any thread;
 * allocates nothing.
 */
#include "base/flow.h"

uint32_t weigh_flow_connect(struct weigh_flow *flow, uint32_t from, uint32_t to)
{
	uint32_t index = flow->edge_count++;
	struct weigh_flow_edge *edge = &flow->edges[index];
	*edge = (struct weigh_flow_edge){.from = from, .to = to};
	if (from != WEIGH_FLOW_OUTSIDE) {
		edge->next_out = flow->nodes[from].first_out;
		flow->nodes[from].first_out = index + 1;
	}
	if (to != WEIGH_FLOW_OUTSIDE) {
		edge->next_in = flow->nodes[to].first_in;
		flow->nodes[to].first_in = index + 1;
	}
	return index;
}

/* The edges on one side of a node. */
struct side {
	int64_t sum; /* of the known ones */
	uint32_t unknown;
	struct weigh_flow_edge *last_unknown;
};

static struct side look_at(const struct weigh_flow *flow, uint32_t first, bool out)
{
	struct side side = {0};
	for (uint32_t i = first; i;) {
		struct weigh_flow_edge *edge = &flow->edges[i - 1];
		if (edge->known) {
			side.sum += edge->count;
		} else {
			side.unknown++;
			side.last_unknown = edge;
		}
		i = out ? edge->next_out : edge->next_in;
	}
	return side;
}

struct work {
	struct weigh_flow *flow;
	uint32_t queued;
};

static void queue(struct work *work, uint32_t node)
{
	if (node == WEIGH_FLOW_OUTSIDE || work->flow->nodes[node].queued)
		return;
	work->flow->nodes[node].queued = true;
	work->flow->queue[work->queued++] = node;
}

static void learn_edge(struct work *work, struct weigh_flow_edge *edge, int64_t count)
{
	edge->count = count;
	edge->known = true;
	queue(work, edge->from);
	queue(work, edge->to);
}

static void learn_node(struct work *work, uint32_t node, int64_t count)
{
	work->flow->nodes[node].count = count;
	work->flow->nodes[node].known = true;
	queue(work, node);
}

static void balance(struct work *work, uint32_t index)
{
	struct weigh_flow_node *node = &work->flow->nodes[index];
	struct side in = look_at(work->flow, node->first_in, false);
	struct side out = look_at(work->flow, node->first_out, true);
	if (!node->known && !in.unknown)
		learn_node(work, index, in.sum);
	else if (!node->known && !out.unknown)
		learn_node(work, index, out.sum + node->leaked);
	if (!node->known)
		return;
	if (in.unknown == 1)
		learn_edge(work, in.last_unknown, node->count - in.sum);
	/* An edge from a node to itself may just have become known. */
	if (out.unknown == 1 && !out.last_unknown->known)
		learn_edge(work, out.last_unknown, node->count - node->leaked - out.sum);
}

void weigh_flow_solve(struct weigh_flow *flow)
{
	struct work work = {.flow = flow};
	for (uint32_t node = 0; node < flow->node_count; node++)
		queue(&work, node);
	while (work.queued) {
		uint32_t node = flow->queue[--work.queued];
		flow->nodes[node].queued = false;
		balance(&work, node);
	}
}
