/*
 * `weigh heap` without options: the types of most bytes and who holds it all,
 * on one screen.
 *
 * One thread; allocates with malloc.
 */
#include "report/heap_parts.h"
#include "report/heap_tree.h"

/* Rows of 24 lines and of 40 alike leave room for the prompt below. */
enum { TYPES = 6, HOLDERS = 18 };

static void print_duplicates(const struct weigh_heap_report *report,
			     const struct weigh_heap_duplicates *duplicates, FILE *out)
{
	char objects[WEIGH_NUMBER], values[WEIGH_NUMBER], saving[WEIGH_NUMBER];

	if ((double)duplicates->sum.saving < 0.001 * (double)report->gross)
		return;
	fprintf(out, "\n%s strings, numbers and tuples have %s values: the others take %s\n",
		weigh_count_text((double)duplicates->sum.objects, objects),
		weigh_count_text((double)duplicates->sum.values, values),
		weigh_bytes_text((double)duplicates->sum.saving, saving));
}

static struct weigh_error *print_types(const struct weigh_heap_report *report, FILE *out)
{
	struct weigh_heap_types types;
	struct weigh_error *error = weigh_heap_types_init(&types, report->graph, report->dominators);

	if (error)
		return error;
	weigh_heap_heading(report, "Types", out);
	error = weigh_heap_types_print(report, &types, report->limit_given ? report->limit : TYPES, out);
	weigh_heap_types_deinit(&types);
	return error;
}

static struct weigh_error *print_holders(const struct weigh_heap_report *report, FILE *out)
{
	struct weigh_heap_tree tree;
	uint32_t limit = report->limit_given ? report->limit : HOLDERS;
	struct weigh_error *error = weigh_heap_tree_init(&tree, report, limit, 0.001);

	if (error)
		return error;
	weigh_heap_heading(report, "Who holds it", out);
	error = weigh_heap_tree_print(&tree, out);
	weigh_heap_tree_deinit(&tree);
	return error;
}

static struct weigh_error *print(const struct weigh_heap_report *report, FILE *out)
{
	struct weigh_heap_duplicates duplicates;
	struct weigh_error *error = print_types(report, out);

	if (!error)
		error = print_holders(report, out);
	if (!error)
		error = weigh_heap_duplicates_init(&duplicates, report->graph, report->places, report->equal);
	if (error)
		return error;
	print_duplicates(report, &duplicates, out);
	weigh_heap_duplicates_deinit(&duplicates);
	return NULL;
}

const struct weigh_heap_view weigh_heap_view_summary = {WEIGH_HEAP_TREE_NEEDS, print, NULL};
