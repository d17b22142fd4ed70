/*
 * The tree of holders as reports show it: see report/heap_tree.h.
 *
 * One thread; allocates with malloc.
 */
#include "report/heap_tree.h"

#include "heap/below.h"
#include "heap/references.h"

#include <stdlib.h>

struct weigh_error *weigh_heap_tree_init(struct weigh_heap_tree *tree, const struct weigh_heap_report *report,
					 uint32_t limit, double least)
{
	const struct weigh_heap_graph *graph = report->graph;
	struct weigh_heap_below *below = NULL;

	*tree = (struct weigh_heap_tree){.report = report};
	/* First, while the others are not there: it takes up to 16 bytes for each object on its way. */
	struct weigh_error *error = weigh_heap_fields_init(&tree->fields, graph, report->equal);
	if (!error)
		error = weigh_heap_below_create(graph, report->dominators, &below);
	if (!error)
		error = weigh_heap_holders_create(graph, report->dominators, below, report->places,
						  &tree->holders);
	weigh_heap_below_destroy(below);
	if (!error)
		error = weigh_heap_common_create(graph, report->equal, report->lines,
						 tree->holders->holder_of, tree->holders->count,
						 &tree->common);
	if (!error)
		error = weigh_outline_init(&tree->outline, tree->holders, limit,
					   (uint64_t)(least * (double)report->gross));
	if (error)
		weigh_heap_tree_deinit(tree);
	return error;
}

void weigh_heap_tree_deinit(struct weigh_heap_tree *tree)
{
	weigh_heap_fields_deinit(&tree->fields);
	weigh_heap_holders_destroy(tree->holders);
	weigh_outline_deinit(&tree->outline);
	free(tree->common);
	*tree = (struct weigh_heap_tree){0};
}

const struct weigh_heap_field *weigh_heap_tree_field(const struct weigh_heap_tree *tree, uint32_t number)
{
	const struct weigh_heap_graph *graph = tree->report->graph;
	const struct weigh_holder *holder = &tree->holders->holders[number];

	if (holder->kind != WEIGH_HOLDER_EDGE || holder->place >= WEIGH_PLACE_KEYS)
		return NULL;
	struct weigh_heap_edge edge = weigh_heap_edge_at(graph, holder->by, holder->place);
	if (edge.kind != WEIGH_EDGE_SLOT)
		return NULL;
	return weigh_heap_field_of(&tree->fields, graph, graph->shape_of[holder->by], edge.index);
}

uint64_t weigh_heap_tree_values(const struct weigh_heap_tree *tree, uint32_t number)
{
	const struct weigh_heap_common *common = &tree->common[number];
	const struct weigh_heap_field *field = weigh_heap_tree_field(tree, number);

	uint64_t count = tree->holders->holders[number].count;

	if (!common->compared || common->compared < count)
		return 0;
	/* Of a field's values those that others hold as well are not among the objects here. */
	return field && field->values <= count ? field->values : common->values;
}

const struct weigh_heap_line *weigh_heap_tree_line(const struct weigh_heap_tree *tree, uint32_t number)
{
	uint32_t line = tree->common[number].line;

	return line == WEIGH_NO_OBJECT ? NULL : &tree->report->lines->lines[line];
}
