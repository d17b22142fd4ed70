/*
 * `weigh heap --fields`: records field by field.
 *
 * One thread; allocates with malloc.
 */
#include "heap/fields.h"

#include "report/heap_parts.h"
#include "report/heap_table.h"
#include "report/rows.h"

#include <string.h>

static const char *field_name(const struct weigh_heap_report *report, const struct weigh_heap_field *field)
{
	return weigh_heap_text(report->graph, field->name, NULL);
}

/* A field that no record has set has nothing to say. */
static bool is_shown(const struct weigh_heap_report *report, const char *record,
		     const struct weigh_heap_field *field)
{
	return field->empty < field->records && weigh_heap_meets(report, record, field_name(report, field));
}

static bool any_shown(const struct weigh_heap_report *report, const struct weigh_heap_fields *fields,
		      const struct weigh_heap_record *record, const char *name)
{
	for (uint32_t i = 0; i < record->field_count; i++) {
		if (is_shown(report, name, &fields->fields[record->first_field + i]))
			return true;
	}
	return false;
}

/* The class of all values of the field; WEIGH_VALUE_CLASSES when they are of several. */
static int common_class(const struct weigh_heap_field *field)
{
	uint64_t sum = 0;
	int found = WEIGH_VALUE_CLASSES;

	for (int c = 0; c < WEIGH_VALUE_CLASSES; c++) {
		sum += field->classes[c];
		if (field->classes[c])
			found = c;
	}
	return found < WEIGH_VALUE_CLASSES && field->classes[found] == sum &&
			       sum == field->records - field->empty - field->none
		       ? found
		       : WEIGH_VALUE_CLASSES;
}

/* "whole numbers as text, 14 bits": what the values are like when they are alike; else empty. */
static void alike_text(const struct weigh_heap_field *field, char text[static WEIGH_NUMBER])
{
	static const char *const forms[WEIGH_VALUE_CLASSES] = {
		[WEIGH_VALUE_INTEGER] = "%d-bit ints",
		[WEIGH_VALUE_REAL] = "%d-bit floats",
		[WEIGH_VALUE_WHOLE] = "whole numbers",
		[WEIGH_VALUE_INTEGER_TEXT] = "whole numbers as text",
		[WEIGH_VALUE_REAL_TEXT] = "decimals as text",
		[WEIGH_VALUE_DATE_TEXT] = "dates as text",
		[WEIGH_VALUE_TIME_TEXT] = "times as text",
		[WEIGH_VALUE_UUID_TEXT] = "UUIDs as text",
		[WEIGH_VALUE_HEX_TEXT] = "hex as text",
	};
	int class = common_class(field);
	const char *form = class < WEIGH_VALUE_CLASSES ? forms[class] : NULL;

	text[0] = '\0';
	if (form && strchr(form, '%'))
		snprintf(text, WEIGH_NUMBER, class == WEIGH_VALUE_INTEGER ? "%d-bit ints" : "%d-bit floats",
			 field->bits[class]);
	else if (form)
		snprintf(text, WEIGH_NUMBER, "%s", form);
}

static void content_text(const struct weigh_heap_report *report, const struct weigh_heap_field *field,
			 char text[WEIGH_HEAP_WHERE])
{
	char alike[WEIGH_NUMBER], often[WEIGH_HEAP_WHERE];

	alike_text(field, alike);
	/* Values that are hardly ever there twice say nothing. */
	weigh_heap_often_text(report, field->often, field->often[0].count > 1 ? 2 : 0, often);
	snprintf(text, WEIGH_HEAP_WHERE, "%s%s%.400s", alike, *alike && *often ? ": " : "", often);
}

static char *types_text(const struct weigh_heap_report *report, const struct weigh_heap_field *field,
			char text[WEIGH_HEAP_WHERE])
{
	char name[WEIGH_HEAP_NAME];
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < field->type_count && used < WEIGH_HEAP_WHERE; i++)
		used += (size_t)snprintf(text + used, WEIGH_HEAP_WHERE - used, "%s%s", i ? "|" : "",
					 weigh_heap_type_name(report->graph, field->types[i].type, name));
	return text;
}

static void add_cells(struct weigh_grid *grid, const struct weigh_heap_report *report,
		      const struct weigh_heap_field *field)
{
	char text[WEIGH_HEAP_WHERE];

	weigh_grid_bytes(grid, (double)field->gross);
	weigh_grid_count(grid, (double)field->objects);
	weigh_grid_count(grid, (double)field->values);
	weigh_grid_share(grid, (double)field->none, (double)field->records);
	weigh_grid_cell(grid, field_name(report, field));
	weigh_grid_cell(grid, types_text(report, field, text));
	content_text(report, field, text);
	weigh_grid_cell(grid, text);
}

static struct weigh_error *print_record(const struct weigh_heap_report *report,
					const struct weigh_heap_fields *fields,
					const struct weigh_heap_record *record, const char *name, FILE *out)
{
	static const struct weigh_grid_column columns[] = {
		{"GROSS", .bold = true},   {"OBJECTS", .goes = 3},  {.head = "VALUES"},
		{"NONE", .goes = 1},       {"FIELD", .left = true}, {"TYPES", .left = true, .goes = 2},
		{"CONTENT", .left = true},
	};
	char heading[WEIGH_HEAP_WHERE], count[WEIGH_NUMBER], gross[WEIGH_NUMBER];
	struct weigh_heap_table table;

	snprintf(heading, sizeof(heading), "%s: %s of %s without their fields", name,
		 weigh_count_text((double)record->count, count),
		 weigh_bytes_text((double)record->gross, gross));
	weigh_heap_heading(report, heading, out);
	weigh_heap_table_init(&table, report, columns, sizeof(columns) / sizeof(columns[0]));
	for (uint32_t i = 0; i < record->field_count; i++) {
		const struct weigh_heap_field *field = &fields->fields[record->first_field + i];
		if (!is_shown(report, name, field))
			continue;
		if (weigh_heap_table_row(&table))
			add_cells(&table.grid, report, field);
	}
	return weigh_heap_table_end(&table, "--limit 0", out);
}

/* The limit counts records, and the fields of each. */
static struct weigh_error *print(const struct weigh_heap_report *report, FILE *out)
{
	enum { RECORDS_UNASKED = 5 };
	struct weigh_heap_fields fields;
	struct weigh_error *error = weigh_heap_fields_init(&fields, report->graph, report->equal);
	uint64_t most = report->limit_given ? report->limit : RECORDS_UNASKED;
	uint64_t shown = 0, cut = 0;
	char name[WEIGH_HEAP_NAME];

	if (error)
		return error;
	for (uint32_t r = 0; !error && r < fields.record_count; r++) {
		const struct weigh_heap_record *record = &fields.records[r];
		weigh_heap_record_name(report->graph, record, name);
		if (!any_shown(report, &fields, record, name))
			continue;
		if (most && shown == most) {
			cut++;
			continue;
		}
		error = print_record(report, &fields, record, name, out);
		shown++;
	}
	if (!error && !shown)
		fputs("\n  no records: no instances with attributes, named tuples or dicts alike\n", out);
	if (!error)
		weigh_heap_more(report, cut, "--limit 0", out);
	weigh_heap_fields_deinit(&fields);
	return error;
}

static void add_types(const struct weigh_heap_report *report, struct weigh_document *document,
		      yyjson_mut_val *object, const struct weigh_heap_field *field)
{
	yyjson_mut_val *types = yyjson_mut_obj_add_obj(document->doc, object, "types");
	char name[WEIGH_HEAP_NAME];

	for (uint32_t i = 0; i < field->type_count; i++) {
		weigh_heap_type_name(report->graph, field->types[i].type, name);
		yyjson_mut_obj_add(types, weigh_document_value(document, name, strlen(name)),
				   yyjson_mut_uint(document->doc, field->types[i].count));
	}
	if (field->other_types)
		weigh_document_uint(document, types, "(others)", field->other_types);
}

static void add_classes(struct weigh_document *document, yyjson_mut_val *object,
			const struct weigh_heap_field *field)
{
	static const char *const names[WEIGH_VALUE_CLASSES] = {
		"other",        "integer",   "real",      "whole real", "text",     "integer text",
		"decimal text", "date text", "time text", "uuid text",  "hex text",
	};
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(document->doc, object, "classes");

	for (int c = 0; c < WEIGH_VALUE_CLASSES; c++) {
		if (!field->classes[c])
			continue;
		yyjson_mut_val *class = yyjson_mut_arr_add_obj(document->doc, array);
		weigh_document_text(document, class, "class", names[c]);
		weigh_document_uint(document, class, "count", field->classes[c]);
		weigh_document_uint(document, class, "bits", field->bits[c]);
	}
}

static void add_field(const struct weigh_heap_report *report, struct weigh_document *document,
		      yyjson_mut_val *array, const struct weigh_heap_record *record, const char *name,
		      const struct weigh_heap_field *field)
{
	yyjson_mut_val *object = yyjson_mut_arr_add_obj(document->doc, array);
	char type[WEIGH_HEAP_NAME];

	weigh_document_outside(document, object, "record",
			       weigh_heap_type_name(report->graph, record->type, type));
	weigh_document_outside(document, object, "shape", name);
	weigh_document_outside(document, object, "field", field_name(report, field));
	add_types(report, document, object, field);
	weigh_document_uint(document, object, "records", field->records);
	weigh_document_uint(document, object, "empty", field->empty);
	weigh_document_uint(document, object, "none", field->none);
	weigh_document_uint(document, object, "objects", field->objects);
	weigh_document_uint(document, object, "values", field->values);
	weigh_document_uint(document, object, "gross", field->gross);
	add_classes(document, object, field);
	weigh_heap_add_often(report, document, object, field->often);
}

static struct weigh_error *add(const struct weigh_heap_report *report, struct weigh_document *document)
{
	struct weigh_heap_fields fields;
	struct weigh_error *error = weigh_heap_fields_init(&fields, report->graph, report->equal);
	char name[WEIGH_HEAP_NAME];
	uint64_t shown = 0;

	if (error)
		return error;
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(document->doc, document->root, "fields");
	for (uint32_t r = 0; r < fields.record_count; r++) {
		const struct weigh_heap_record *record = &fields.records[r];
		weigh_heap_record_name(report->graph, record, name);
		for (uint32_t i = 0; i < record->field_count && weigh_heap_room(report, shown); i++) {
			const struct weigh_heap_field *field = &fields.fields[record->first_field + i];
			if (!is_shown(report, name, field))
				continue;
			add_field(report, document, array, record, name, field);
			shown++;
		}
	}
	weigh_heap_fields_deinit(&fields);
	return NULL;
}

const struct weigh_heap_view weigh_heap_view_fields = {WEIGH_HEAP_NEEDS_EQUAL, print, add};
