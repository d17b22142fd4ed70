/*
 * `weigh heap --types`: objects by type.
 *
 * One thread; allocates with malloc.
 */
#include "heap/types.h"

#include "report/heap_parts.h"
#include "report/heap_table.h"
#include "report/rows.h"

static void add_row(struct weigh_grid *grid, const struct weigh_heap_report *report,
		    const struct weigh_heap_type_row *row, const char *name)
{
	weigh_grid_bytes(grid, (double)row->gross);
	weigh_grid_share(grid, (double)row->gross, (double)report->gross);
	weigh_grid_count(grid, (double)row->count);
	weigh_grid_bytes(grid, (double)row->gross / (double)row->count);
	weigh_grid_share(grid, (double)(row->gross - row->net), (double)row->gross);
	weigh_grid_bytes(grid, (double)row->retained);
	weigh_grid_cell(grid, name);
}

struct weigh_error *weigh_heap_types_print(const struct weigh_heap_report *report,
					   const struct weigh_heap_types *types, uint32_t limit, FILE *out)
{
	static const struct weigh_grid_column columns[] = {
		{"GROSS", .bold = true}, {"SHARE", .goes = 3}, {"COUNT", .goes = 5},
		{"AVERAGE", .goes = 1},  {"TARE", .goes = 4},  {"RETAINED", .goes = 2},
		{"TYPE", .left = true},
	};
	struct weigh_heap_table table;
	char name[WEIGH_HEAP_NAME];

	weigh_heap_table_init(&table, report, columns, sizeof(columns) / sizeof(columns[0]));
	table.limit = limit;
	for (uint32_t i = 0; i < types->count; i++) {
		const struct weigh_heap_type_row *row = &types->rows[i];
		if (!weigh_heap_meets(report, weigh_heap_type_name(report->graph, row->type, name), NULL) ||
		    !weigh_heap_table_row(&table))
			continue;
		add_row(&table.grid, report, row, name);
	}
	return weigh_heap_table_end(&table, "--types --limit 0", out);
}

static struct weigh_error *print(const struct weigh_heap_report *report, FILE *out)
{
	struct weigh_heap_types types;
	struct weigh_error *error = weigh_heap_types_init(&types, report->graph, report->dominators);

	if (error)
		return error;
	weigh_heap_heading(report, "Types", out);
	error = weigh_heap_types_print(report, &types, report->limit, out);
	weigh_heap_types_deinit(&types);
	return error;
}

static struct weigh_error *add(const struct weigh_heap_report *report, struct weigh_document *document)
{
	struct weigh_heap_types types;
	struct weigh_error *error = weigh_heap_types_init(&types, report->graph, report->dominators);
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(document->doc, document->root, "types");
	char name[WEIGH_HEAP_NAME];
	uint64_t shown = 0;

	for (uint32_t i = 0; !error && i < types.count && weigh_heap_room(report, shown); i++) {
		const struct weigh_heap_type_row *row = &types.rows[i];
		if (!weigh_heap_meets(report, weigh_heap_type_name(report->graph, row->type, name), NULL))
			continue;
		yyjson_mut_val *object = yyjson_mut_arr_add_obj(document->doc, array);
		weigh_document_outside(document, object, "type", name);
		weigh_document_uint(document, object, "count", row->count);
		weigh_document_uint(document, object, "gross", row->gross);
		weigh_document_uint(document, object, "net", row->net);
		weigh_document_uint(document, object, "tare", row->gross - row->net);
		weigh_document_uint(document, object, "retained", row->retained);
		shown++;
	}
	if (!error)
		weigh_heap_types_deinit(&types);
	return error;
}

const struct weigh_heap_view weigh_heap_view_types = {WEIGH_HEAP_NEEDS_DOMINATORS, print, add};
