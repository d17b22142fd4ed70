/*
 * A view as a tree of frames, callers above callees; frames of the same file,
 * function and line under the same callers are one.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_REPORT_TREE_H
#define WEIGH_REPORT_TREE_H

#include "base/error.h"
#include "report/report.h"
#include "report/view.h"

#include <stdint.h>
#include <stdio.h>

/* Node 0 is the root, "(all)"; a child has a larger index than its parent. */
struct weigh_tree_node {
	struct weigh_place place;  /* texts belong to the names */
	struct weigh_tally tally;  /* of the whole subtree */
	double own;                /* bytes allocated by this very frame */
	uint32_t parent;
	uint32_t first_child; /* 0: none; children follow each other by bytes, largest first */
	uint32_t next;        /* 0: last */
};

struct weigh_tree {
	struct weigh_tree_node *nodes;
	uint32_t count;
	struct weigh_chance chance; /* of the view */
};

/*
 * Build the tree of a view; with `filter` only of stacks on which some frame
 * meets it. End with weigh_tree_deinit(); report and view must outlive it.
 */
struct weigh_error *weigh_tree_init(struct weigh_tree *tree, const struct weigh_report *report,
				    const struct weigh_view *view, const char *filter);
void weigh_tree_deinit(struct weigh_tree *tree);

/*
 * Print the tree; frames that have no other way on stand in one line. At most
 * `limit` lines, those of the most bytes, and none below a thousandth of the
 * whole (0: all).
 */
struct weigh_error *weigh_tree_print(const struct weigh_tree *tree, const struct weigh_report *report,
				     uint32_t limit, FILE *out);

#endif
