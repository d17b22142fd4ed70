/*
 * `weigh heap --containers`: how full lists, dicts, sets and others are.
 *
 * One thread; allocates with malloc.
 */
#include "heap/containers.h"

#include "report/heap_table.h"
#include "report/rows.h"

static struct weigh_error *print_types(const struct weigh_heap_report *report,
				       const struct weigh_heap_containers *containers, FILE *out)
{
	static const struct weigh_grid_column columns[] = {
		{"GROSS", .bold = true}, {"COUNT", .goes = 5}, {"EMPTY", .goes = 4},
		{"ONE", .goes = 3},      {"2-4", .goes = 2},   {"AVERAGE", .goes = 1},
		{.head = "FILL"},        {.head = "SLACK"},    {"TYPE", .left = true},
	};
	struct weigh_heap_table table;
	char name[WEIGH_HEAP_NAME];

	weigh_heap_table_init(&table, report, columns, sizeof(columns) / sizeof(columns[0]));
	for (uint32_t i = 0; i < containers->type_count; i++) {
		const struct weigh_heap_container *row = &containers->types[i];
		if (!weigh_heap_meets(report, weigh_heap_type_name(report->graph, row->type, name), NULL) ||
		    !weigh_heap_table_row(&table))
			continue;
		weigh_grid_bytes(&table.grid, (double)row->gross);
		weigh_grid_count(&table.grid, (double)row->count);
		weigh_grid_count(&table.grid, (double)row->empty);
		weigh_grid_count(&table.grid, (double)row->one);
		weigh_grid_count(&table.grid, (double)row->few);
		weigh_grid_format(&table.grid, "%.1f", (double)row->items / (double)row->count);
		weigh_grid_share(&table.grid, (double)row->items, (double)row->room);
		weigh_grid_bytes(&table.grid, (double)row->slack);
		weigh_grid_cell(&table.grid, name);
	}
	return weigh_heap_table_end(&table, "--limit 0", out);
}

static struct weigh_error *print_places(const struct weigh_heap_report *report,
					const struct weigh_heap_containers *containers, FILE *out)
{
	static const struct weigh_grid_column columns[] = {
		{"WASTE", .bold = true}, {"COUNT", .goes = 3}, {"EMPTY", .goes = 2},
		{"ITEMS", .goes = 1},    {.head = "FILL"},     {"TYPE", .left = true},
		{"WHERE", .left = true},
	};
	struct weigh_heap_table table;
	char type[WEIGH_HEAP_NAME], where[WEIGH_HEAP_NAME];

	weigh_heap_table_init(&table, report, columns, sizeof(columns) / sizeof(columns[0]));
	for (uint32_t i = 0; i < containers->place_count; i++) {
		const struct weigh_heap_container *row = &containers->places[i];
		weigh_heap_type_name(report->graph, row->type, type);
		weigh_heap_place_name(report->graph, report->places, row->place, where);
		if (!weigh_heap_meets(report, type, where) || !weigh_heap_table_row(&table))
			continue;
		weigh_grid_bytes(&table.grid, (double)row->waste);
		weigh_grid_count(&table.grid, (double)row->count);
		weigh_grid_count(&table.grid, (double)row->empty);
		weigh_grid_count(&table.grid, (double)row->items);
		weigh_grid_share(&table.grid, (double)row->items, (double)row->room);
		weigh_grid_cell(&table.grid, type);
		weigh_grid_cell(&table.grid, where);
	}
	return weigh_heap_table_end(&table, "--limit 0", out);
}

static struct weigh_error *print(const struct weigh_heap_report *report, FILE *out)
{
	struct weigh_heap_containers containers;
	struct weigh_error *error = weigh_heap_containers_init(&containers, report->graph, report->places);

	if (error)
		return error;
	weigh_heap_heading(report, "Containers", out);
	error = print_types(report, &containers, out);
	if (!error) {
		weigh_heap_heading(
			report,
			"Room without items, and empty containers, by where they are referred to from", out);
		error = print_places(report, &containers, out);
	}
	weigh_heap_containers_deinit(&containers);
	return error;
}

static void add_row(const struct weigh_heap_report *report, struct weigh_document *document,
		    yyjson_mut_val *array, const struct weigh_heap_container *row, const char *where)
{
	yyjson_mut_val *object = yyjson_mut_arr_add_obj(document->doc, array);
	char type[WEIGH_HEAP_NAME];

	weigh_document_outside(document, object, "type",
			       weigh_heap_type_name(report->graph, row->type, type));
	if (where)
		weigh_document_outside(document, object, "where", where);
	weigh_document_uint(document, object, "count", row->count);
	weigh_document_uint(document, object, "gross", row->gross);
	weigh_document_uint(document, object, "empty", row->empty);
	weigh_document_uint(document, object, "one", row->one);
	weigh_document_uint(document, object, "few", row->few);
	weigh_document_uint(document, object, "items", row->items);
	weigh_document_uint(document, object, "room", row->room);
	weigh_document_uint(document, object, "empty_gross", row->empty_gross);
	weigh_document_uint(document, object, "slack", row->slack);
	weigh_document_uint(document, object, "waste", row->waste);
}

static struct weigh_error *add(const struct weigh_heap_report *report, struct weigh_document *document)
{
	struct weigh_heap_containers containers;
	struct weigh_error *error = weigh_heap_containers_init(&containers, report->graph, report->places);
	char type[WEIGH_HEAP_NAME], where[WEIGH_HEAP_NAME];
	uint64_t shown = 0;

	if (error)
		return error;
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(document->doc, document->root, "containers");
	for (uint32_t i = 0; i < containers.type_count && weigh_heap_room(report, shown); i++) {
		weigh_heap_type_name(report->graph, containers.types[i].type, type);
		if (!weigh_heap_meets(report, type, NULL))
			continue;
		add_row(report, document, array, &containers.types[i], NULL);
		shown++;
	}
	array = yyjson_mut_obj_add_arr(document->doc, document->root, "container_places");
	shown = 0;
	for (uint32_t i = 0; i < containers.place_count && weigh_heap_room(report, shown); i++) {
		weigh_heap_type_name(report->graph, containers.places[i].type, type);
		weigh_heap_place_name(report->graph, report->places, containers.places[i].place, where);
		if (!weigh_heap_meets(report, type, where))
			continue;
		add_row(report, document, array, &containers.places[i], where);
		shown++;
	}
	weigh_heap_containers_deinit(&containers);
	return NULL;
}

const struct weigh_heap_view weigh_heap_view_containers = {WEIGH_HEAP_NEEDS_PLACES, print, add};
