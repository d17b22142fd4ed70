/*
 * `weigh heap --duplicates`: equal objects that exist more than once.
 *
 * One thread; allocates with malloc.
 */
#include "heap/duplicates.h"

#include "report/heap_parts.h"
#include "report/heap_table.h"
#include "report/rows.h"

#include <string.h>

char *weigh_heap_often_text(const struct weigh_heap_report *report,
			    const struct weigh_heap_often often[WEIGH_HEAP_OFTEN], int most,
			    char text[WEIGH_HEAP_WHERE])
{
	char value[WEIGH_HEAP_NAME], count[WEIGH_NUMBER];
	size_t used = 0;

	text[0] = '\0';
	for (int i = 0; i < WEIGH_HEAP_OFTEN && i < most && often[i].count; i++) {
		if (!*weigh_heap_show(report->graph, often[i].object, value))
			continue;
		used += (size_t)snprintf(text + used, WEIGH_HEAP_WHERE - used, "%s%s %s%s", used ? ", " : "",
					 value, weigh_style_pick(&report->style, "×", "x"),
					 weigh_count_text(often[i].count, count));
		if (used >= WEIGH_HEAP_WHERE)
			break;
	}
	return text;
}

void weigh_heap_add_often(const struct weigh_heap_report *report, struct weigh_document *document,
			  yyjson_mut_val *object, const struct weigh_heap_often often[WEIGH_HEAP_OFTEN])
{
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(document->doc, object, "often");
	char value[WEIGH_HEAP_NAME];

	for (int i = 0; i < WEIGH_HEAP_OFTEN && often[i].count; i++) {
		if (!*weigh_heap_show(report->graph, often[i].object, value))
			continue;
		yyjson_mut_val *one = yyjson_mut_arr_add_obj(document->doc, array);
		weigh_document_outside(document, one, "value", value);
		weigh_document_uint(document, one, "count", often[i].count);
	}
}

static void add_row(struct weigh_grid *grid, const struct weigh_heap_report *report,
		    const struct weigh_heap_duplicate *row, const char *type, const char *where)
{
	char often[WEIGH_HEAP_WHERE];

	weigh_grid_bytes(grid, (double)row->saving);
	weigh_grid_bytes(grid, (double)row->gross);
	weigh_grid_count(grid, (double)row->objects);
	weigh_grid_count(grid, (double)row->values);
	weigh_grid_cell(grid, type);
	weigh_grid_cell(grid, where);
	weigh_grid_cell(grid, weigh_heap_often_text(report, row->often, 2, often));
}

static struct weigh_error *print_rows(const struct weigh_heap_report *report,
				      const struct weigh_heap_duplicates *duplicates, FILE *out)
{
	static const struct weigh_grid_column columns[] = {
		{"SAVING", .bold = true},     {"GROSS", .goes = 1},   {"OBJECTS", .goes = 2},
		{"VALUES", .goes = 3},        {"TYPE", .left = true}, {"WHERE", .left = true},
		{"MOST OFTEN", .left = true},
	};
	struct weigh_heap_table table;
	char type[WEIGH_HEAP_NAME], where[WEIGH_HEAP_NAME];

	weigh_heap_table_init(&table, report, columns, sizeof(columns) / sizeof(columns[0]));
	for (uint32_t i = 0; i < duplicates->count; i++) {
		const struct weigh_heap_duplicate *row = &duplicates->rows[i];
		weigh_heap_type_name(report->graph, row->type, type);
		weigh_heap_place_name(report->graph, report->places, row->place, where);
		if (!weigh_heap_meets(report, type, where))
			continue;
		if (weigh_heap_table_row(&table))
			add_row(&table.grid, report, row, type, where);
	}
	return weigh_heap_table_end(&table, "--limit 0", out);
}

static struct weigh_error *print(const struct weigh_heap_report *report, FILE *out)
{
	struct weigh_heap_duplicates duplicates;
	struct weigh_error *error =
		weigh_heap_duplicates_init(&duplicates, report->graph, report->places, report->equal);
	char objects[WEIGH_NUMBER], values[WEIGH_NUMBER], gross[WEIGH_NUMBER], saving[WEIGH_NUMBER];

	if (error)
		return error;
	weigh_heap_heading(report, "Equal objects, by where they are referred to from", out);
	error = print_rows(report, &duplicates, out);
	fprintf(out,
		"  in all %s strings, bytes, numbers and tuples of %s, %s distinct: the others take %s\n",
		weigh_count_text((double)duplicates.sum.objects, objects),
		weigh_bytes_text((double)duplicates.sum.gross, gross),
		weigh_count_text((double)duplicates.sum.values, values),
		weigh_bytes_text((double)duplicates.sum.saving, saving));
	weigh_heap_duplicates_deinit(&duplicates);
	return error;
}

static void add_rows(const struct weigh_heap_report *report, struct weigh_document *document,
		     const struct weigh_heap_duplicates *duplicates)
{
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(document->doc, document->root, "duplicates");
	char type[WEIGH_HEAP_NAME], where[WEIGH_HEAP_NAME];
	uint64_t shown = 0;

	for (uint32_t i = 0; i < duplicates->count && weigh_heap_room(report, shown); i++) {
		const struct weigh_heap_duplicate *row = &duplicates->rows[i];
		weigh_heap_type_name(report->graph, row->type, type);
		weigh_heap_place_name(report->graph, report->places, row->place, where);
		if (!weigh_heap_meets(report, type, where))
			continue;
		yyjson_mut_val *object = yyjson_mut_arr_add_obj(document->doc, array);
		weigh_document_outside(document, object, "type", type);
		weigh_document_outside(document, object, "where", where);
		weigh_document_uint(document, object, "objects", row->objects);
		weigh_document_uint(document, object, "values", row->values);
		weigh_document_uint(document, object, "gross", row->gross);
		weigh_document_uint(document, object, "saving", row->saving);
		weigh_heap_add_often(report, document, object, row->often);
		shown++;
	}
}

static struct weigh_error *add(const struct weigh_heap_report *report, struct weigh_document *document)
{
	struct weigh_heap_duplicates duplicates;
	struct weigh_error *error =
		weigh_heap_duplicates_init(&duplicates, report->graph, report->places, report->equal);

	if (error)
		return error;
	add_rows(report, document, &duplicates);
	yyjson_mut_val *sum = yyjson_mut_obj_add_obj(document->doc, document->root, "duplicates_sum");
	weigh_document_uint(document, sum, "objects", duplicates.sum.objects);
	weigh_document_uint(document, sum, "values", duplicates.sum.values);
	weigh_document_uint(document, sum, "gross", duplicates.sum.gross);
	weigh_document_uint(document, sum, "saving", duplicates.sum.saving);
	weigh_heap_duplicates_deinit(&duplicates);
	return NULL;
}

const struct weigh_heap_view weigh_heap_view_duplicates = {WEIGH_HEAP_NEEDS_PLACES | WEIGH_HEAP_NEEDS_EQUAL,
							   print, add};
