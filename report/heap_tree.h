/*
 * The tree of holders as reports show it: its outline, with values counted and
 * the lines that made the objects.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_REPORT_HEAP_TREE_H
#define WEIGH_REPORT_HEAP_TREE_H

#include "base/error.h"
#include "heap/fields.h"
#include "heap/groups.h"
#include "heap/holders.h"
#include "heap/outline.h"
#include "report/heap.h"

#include <stdint.h>
#include <stdio.h>

enum {
	WEIGH_HEAP_TREE_NEEDS = WEIGH_HEAP_NEEDS_DOMINATORS | WEIGH_HEAP_NEEDS_PLACES |
				WEIGH_HEAP_NEEDS_EQUAL | WEIGH_HEAP_NEEDS_LINES,
};

struct weigh_heap_tree {
	const struct weigh_heap_report *report;
	struct weigh_heap_holders *holders;
	struct weigh_heap_common *common; /* for each holder */
	struct weigh_heap_fields fields;
	struct weigh_outline outline;
};

/*
 * Of a report made with WEIGH_HEAP_TREE_NEEDS, which must outlive the tree.
 * Has `limit` holders at most (0: all), none below `least` of the heap. End with
 * weigh_heap_tree_deinit().
 */
struct weigh_error *weigh_heap_tree_init(struct weigh_heap_tree *tree, const struct weigh_heap_report *report,
					 uint32_t limit, double least);
void weigh_heap_tree_deinit(struct weigh_heap_tree *tree);

/* The field that a holder's objects are values of; NULL: of none. */
const struct weigh_heap_field *weigh_heap_tree_field(const struct weigh_heap_tree *tree, uint32_t holder);

/* Distinct values among a holder's objects, of its field when it has one; 0: they cannot be compared. */
uint64_t weigh_heap_tree_values(const struct weigh_heap_tree *tree, uint32_t holder);

/* The line at which most of a holder's bytes were made; NULL when none is known. */
const struct weigh_heap_line *weigh_heap_tree_line(const struct weigh_heap_tree *tree, uint32_t holder);

/* report/heap_tree_text.c: print the tree. */
struct weigh_error *weigh_heap_tree_print(const struct weigh_heap_tree *tree, FILE *out);

#endif
