/*
 * `weigh heap --holders`: the tree of holders, or who holds the objects of a
 * type or a line.
 *
 * One thread; allocates with malloc.
 */
#include "heap/holders.h"

#include "heap/select.h"
#include "report/grid.h"
#include "report/heap_tree.h"
#include "report/heap_words.h"

#include <stdlib.h>
#include <string.h>

/* Objects that were asked for, at one holder. */
struct held {
	uint32_t holder;
	uint64_t count, gross, retained;
};

static int compare(const void *left, const void *right)
{
	const struct held *a = left, *b = right;

	if (a->retained != b->retained)
		return a->retained < b->retained ? 1 : -1;
	if (a->gross != b->gross)
		return a->gross < b->gross ? 1 : -1;
	return (a->holder > b->holder) - (a->holder < b->holder);
}

/* Of those chosen, by holder; the caller frees it. `*count` gets how many rows there are. */
static struct held *find_held(const struct weigh_heap_tree *tree, const uint8_t *chosen, uint32_t *count)
{
	const struct weigh_heap_graph *graph = tree->report->graph;
	uint32_t holders = tree->holders->count, kept = 0;
	struct held *rows = calloc((size_t)holders + 1, sizeof(*rows));
	uint32_t *groups = malloc(((size_t)graph->object_count + 1) * sizeof(*groups));
	uint64_t *retained = calloc((size_t)holders + 1, sizeof(*retained));
	struct weigh_heap_below *below = NULL;
	struct weigh_error *error = weigh_heap_below_create(graph, tree->report->dominators, &below);
	bool good = rows && groups && retained && !error;

	for (uint32_t i = 0; good && i < graph->object_count; i++) {
		uint32_t holder = tree->holders->holder_of[i];

		groups[i] = chosen[i] ? holder : WEIGH_NO_OBJECT;
		if (!chosen[i])
			continue;
		rows[holder].count++;
		rows[holder].gross += weigh_heap_gross(graph, i);
	}
	good = good && weigh_heap_below_groups(below, groups, holders, retained, NULL);
	for (uint32_t h = 0; good && h < holders; h++) {
		rows[h].holder = h;
		rows[h].retained = retained[h];
		if (rows[h].count)
			rows[kept++] = rows[h];
	}
	free(groups);
	free(retained);
	weigh_heap_below_destroy(below);
	weigh_error_destroy(error);
	if (!good) {
		free(rows);
		return NULL;
	}
	qsort(rows, kept, sizeof(*rows), compare);
	*count = kept;
	return rows;
}

/* "__main__.cache > [*] > ['name']": a holder with all it hangs under, from the owner down. */
static void way_text(const struct weigh_heap_tree *tree, uint32_t holder, char text[WEIGH_HEAP_WHERE])
{
	const char *arrow = weigh_heap_arrow(tree->report);
	uint32_t steps[64], depth = 0;
	char name[WEIGH_HEAP_NAME];
	size_t used = 0;

	for (uint32_t at = holder; depth < 64; at = tree->holders->holders[at].parent) {
		steps[depth++] = at;
		uint32_t parent = tree->holders->holders[at].parent;
		bool named = tree->holders->holders[at].kind == WEIGH_HOLDER_GLOBAL ||
			     tree->holders->holders[at].kind == WEIGH_HOLDER_LOCAL;
		if (!parent || named)
			break;
	}
	text[0] = '\0';
	while (depth-- && used < WEIGH_HEAP_WHERE) {
		weigh_holder_name(tree->holders, steps[depth], name);
		used += (size_t)snprintf(text + used, WEIGH_HEAP_WHERE - used, "%s%s", used ? arrow : "",
					 name);
	}
}

static struct weigh_error *print_held(const struct weigh_heap_tree *tree, const struct held *rows,
				      uint32_t count, FILE *out)
{
	static const struct weigh_grid_column columns[] = {
		{"RETAINED", .bold = true},        {"GROSS", .goes = 2},      {"COUNT", .goes = 3},
		{"TYPE", .left = true, .goes = 1}, {"HELD BY", .left = true},
	};
	const struct weigh_heap_report *report = tree->report;
	char text[WEIGH_HEAP_WHERE], type[WEIGH_HEAP_NAME];
	struct weigh_grid grid;
	uint32_t shown = 0;

	weigh_grid_init(&grid, &report->style, columns, sizeof(columns) / sizeof(columns[0]));
	for (; shown < count && weigh_heap_room(report, shown); shown++) {
		uint32_t of = tree->holders->holders[rows[shown].holder].type;
		weigh_grid_bytes(&grid, (double)rows[shown].retained);
		weigh_grid_bytes(&grid, (double)rows[shown].gross);
		weigh_grid_count(&grid, (double)rows[shown].count);
		weigh_grid_cell(&grid, of == WEIGH_NO_OBJECT ? "(various)"
							     : weigh_heap_type_name(report->graph, of, type));
		way_text(tree, rows[shown].holder, text);
		weigh_grid_cell(&grid, text);
	}
	struct weigh_error *error = weigh_grid_print(&grid, 0, out);
	weigh_grid_deinit(&grid);
	if (!error)
		weigh_heap_more(report, count - shown, "--limit 0", out);
	return error;
}

static void add_node(const struct weigh_heap_tree *tree, struct weigh_document *document,
		     yyjson_mut_val *object, const struct weigh_outline_row *row)
{
	const struct weigh_heap_report *report = tree->report;
	const struct weigh_holder *holder =
		row->holder == WEIGH_NO_OBJECT ? NULL : &tree->holders->holders[row->holder];
	char name[WEIGH_HEAP_NAME], type[WEIGH_HEAP_NAME];
	uint64_t values = holder ? weigh_heap_tree_values(tree, row->holder) : 0;
	bool typed = holder && holder->type != WEIGH_NO_OBJECT;

	weigh_document_outside(document, object, "name",
			       holder ? weigh_holder_name(tree->holders, row->holder, name) : "(others)");
	weigh_document_outside(document, object, "type",
			       typed ? weigh_heap_type_name(report->graph, holder->type, type) : NULL);
	weigh_document_uint(document, object, "count", row->count);
	weigh_document_uint(document, object, "gross", row->gross);
	weigh_document_uint(document, object, "retained", row->retained);
	if (values)
		weigh_document_uint(document, object, "values", values);
	else
		yyjson_mut_obj_add_null(document->doc, object, "values");
	weigh_heap_add_site(document, object, "site",
			    holder ? weigh_heap_tree_line(tree, row->holder) : NULL);
}

static struct weigh_error *add_tree(const struct weigh_heap_tree *tree, struct weigh_document *document)
{
	const struct weigh_outline *outline = &tree->outline;
	uint32_t depths = 1;

	for (uint32_t i = 0; i < outline->count; i++)
		depths = outline->rows[i].depth + 2 > depths ? outline->rows[i].depth + 2 : depths;
	yyjson_mut_val **lists = malloc(depths * sizeof(yyjson_mut_val *));
	if (!lists)
		return weigh_error_create_memory();
	lists[0] = yyjson_mut_obj_add_arr(document->doc, document->root, "holders");
	for (uint32_t i = 0; i < outline->count; i++) {
		const struct weigh_outline_row *row = &outline->rows[i];
		yyjson_mut_val *object = yyjson_mut_arr_add_obj(document->doc, lists[row->depth]);
		add_node(tree, document, object, row);
		lists[row->depth + 1] = yyjson_mut_obj_add_arr(document->doc, object, "children");
	}
	free(lists);
	return NULL;
}

static struct weigh_error *add_held(const struct weigh_heap_tree *tree, const struct held *rows,
				    uint32_t count, struct weigh_document *document)
{
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(document->doc, document->root, "holders");
	char text[WEIGH_HEAP_WHERE];

	for (uint32_t i = 0; i < count && weigh_heap_room(tree->report, i); i++) {
		const struct weigh_outline_row row = {.count = rows[i].count,
						      .gross = rows[i].gross,
						      .retained = rows[i].retained,
						      .holder = rows[i].holder};
		yyjson_mut_val *object = yyjson_mut_arr_add_obj(document->doc, array);
		add_node(tree, document, object, &row);
		way_text(tree, rows[i].holder, text);
		weigh_document_outside(document, object, "held_by", text);
		yyjson_mut_obj_add_arr(document->doc, object, "children");
	}
	return NULL;
}

/* Of the objects that the option's argument names. */
static struct weigh_error *show_held(const struct weigh_heap_tree *tree, FILE *out,
				     struct weigh_document *document)
{
	const struct weigh_heap_report *report = tree->report;
	struct weigh_heap_selection selection;
	char heading[WEIGH_HEAP_WHERE], count[WEIGH_NUMBER];
	uint32_t rows = 0;
	struct weigh_error *error =
		weigh_heap_selection_init(&selection, report->graph, "--holders", report->argument);

	if (error)
		return error;
	struct held *held = find_held(tree, selection.chosen, &rows);
	if (!held) {
		error = weigh_error_create_memory();
	} else if (document) {
		error = add_held(tree, held, rows, document);
	} else {
		snprintf(heading, sizeof(heading), "Who holds %s: %s %s", report->argument,
			 weigh_count_text(selection.count, count),
			 selection.count == 1 ? "object" : "objects");
		weigh_heap_heading(report, heading, out);
		error = print_held(tree, held, rows, out);
	}
	free(held);
	weigh_heap_selection_deinit(&selection);
	return error;
}

/* "all" is the tree, as no argument is. */
static bool is_one(const struct weigh_heap_report *report)
{
	return report->argument && strcmp(report->argument, "all");
}

static struct weigh_error *print(const struct weigh_heap_report *report, FILE *out)
{
	struct weigh_heap_tree tree;
	struct weigh_error *error = weigh_heap_tree_init(&tree, report, report->limit, 0.001);

	if (error)
		return error;
	if (is_one(report)) {
		error = show_held(&tree, out, NULL);
	} else {
		weigh_heap_heading(report, "Who holds it", out);
		error = weigh_heap_tree_print(&tree, out);
	}
	weigh_heap_tree_deinit(&tree);
	return error;
}

static struct weigh_error *add(const struct weigh_heap_report *report, struct weigh_document *document)
{
	struct weigh_heap_tree tree;
	struct weigh_error *error = weigh_heap_tree_init(&tree, report, report->limit, 0);

	if (error)
		return error;
	error = is_one(report) ? show_held(&tree, NULL, document) : add_tree(&tree, document);
	weigh_heap_tree_deinit(&tree);
	return error;
}

const struct weigh_heap_view weigh_heap_view_holders = {WEIGH_HEAP_TREE_NEEDS, print, add};
