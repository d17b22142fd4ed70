/*
 * Flow through a graph: how often each node and edge was passed, from those
 * that were counted. What comes into a node goes out of it, less what left the
 * graph inside it; so where enough is counted, the rest follows.
 *
 * Memory is the caller's. Any thread; allocates nothing.
 */
#ifndef WEIGH_BASE_FLOW_H
#define WEIGH_BASE_FLOW_H

#include <stdbool.h>
#include <stdint.h>

enum { WEIGH_FLOW_OUTSIDE = UINT32_MAX }; /* where flows come from and go to */

struct weigh_flow_edge {
	uint32_t from;
	uint32_t to;
	int64_t count;
	bool known;
	uint32_t next_out; /* of the same `from`, and of the same `to`; index + 1, 0: none */
	uint32_t next_in;
};

struct weigh_flow_node {
	int64_t count;  /* passes that came in */
	int64_t leaked; /* those among them that left inside; always known */
	bool known;
	bool queued;
	uint32_t first_out; /* index + 1 of an edge */
	uint32_t first_in;
};

struct weigh_flow {
	struct weigh_flow_node *nodes;
	struct weigh_flow_edge *edges;
	uint32_t *queue; /* room for all nodes */
	uint32_t node_count;
	uint32_t edge_count;
};

/* Adds an edge that is not known; there is room for it. Its index. */
uint32_t weigh_flow_connect(struct weigh_flow *flow, uint32_t from, uint32_t to);

/* Finds all that follows from what is known, and marks it as known. */
void weigh_flow_solve(struct weigh_flow *flow);

#endif
