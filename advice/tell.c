/*
 * The wording of findings: see advice/tell.h.
 *
 * One thread; allocates with malloc.
 */
#include "advice/tell.h"

#include "heap/sites.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 8 }; /* fields in an example; more do not make it clearer */

char *weigh_tell_count(uint64_t count, char text[static WEIGH_TELL_COUNT])
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count), at = 0;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = 0;
	return text;
}

char *weigh_tell_bytes(double bytes, char text[static WEIGH_TELL_COUNT])
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	int unit = -1;

	while ((bytes >= 1023.95 || bytes <= -1023.95) && unit < 3) {
		bytes /= 1024;
		unit++;
	}
	if (unit < 0)
		snprintf(text, WEIGH_TELL_COUNT, "%.0f B", bytes);
	else
		snprintf(text, WEIGH_TELL_COUNT, "%.1f %s", bytes, units[unit]);
	return text;
}

const char *weigh_tell_record(const struct weigh_evidence *evidence, const struct weigh_record_table *table)
{
	return weigh_heap_text(evidence->graph, evidence->graph->types[table->type].name, NULL);
}

char *weigh_tell_object(const struct weigh_evidence *evidence, uint32_t object,
			char name[static WEIGH_TELL_NAME])
{
	uint32_t number = evidence->places->of[object];

	*name = 0;
	if (number == WEIGH_NO_OBJECT)
		return name;
	const struct weigh_heap_place *place = &evidence->places->places[number];
	if (place->kind != WEIGH_EDGE_SLOT)
		return name;
	const char *slot = weigh_heap_text(evidence->graph, place->name, NULL);
	const char *type = weigh_heap_text(evidence->graph, evidence->graph->types[place->type].name, NULL);
	if (place->naming == WEIGH_SLOT_ATTRIBUTE)
		snprintf(name, WEIGH_TELL_NAME, "%s.%s", type, slot);
	else if (place->naming != WEIGH_SLOT_PART)
		snprintf(name, WEIGH_TELL_NAME, "%s", slot);
	return name;
}

char *weigh_tell_holder(const struct weigh_evidence *evidence, const struct weigh_record_table *table,
			char name[static WEIGH_TELL_NAME])
{
	*name = 0;
	return table->holder == WEIGH_NO_OBJECT ? name : weigh_tell_object(evidence, table->holder, name);
}

struct weigh_heap_frame weigh_tell_origin(const struct weigh_evidence *evidence, uint32_t object)
{
	uint32_t line = weigh_heap_line_of(evidence->graph, evidence->lines, object);

	return line == WEIGH_NO_OBJECT ? (struct weigh_heap_frame){0} : evidence->lines->lines[line].own;
}

void weigh_tell_add(char list[static WEIGH_TELL_LIST], const char *format, const char *name)
{
	size_t used = strlen(list);

	if (used + strlen(format) + strlen(name) + 2 > WEIGH_TELL_LIST)
		return;
	if (used)
		used += (size_t)snprintf(list + used, WEIGH_TELL_LIST - used, ", ");
	snprintf(list + used, WEIGH_TELL_LIST - used, format, name);
}

char *weigh_tell_field(const struct weigh_evidence *evidence, const struct weigh_record_table *table,
		       uint32_t field, char name[static WEIGH_TELL_NAME])
{
	const char *text = table->fields[field].name;

	if (table->column) {
		weigh_tell_holder(evidence, table, name);
		if (!*name)
			snprintf(name, WEIGH_TELL_NAME, "%s[*]", weigh_tell_record(evidence, table));
		return name;
	}
	switch (table->model.found) {
	case WEIGH_RECORD_DICT:
		snprintf(name, WEIGH_TELL_NAME, "row['%s']", text);
		break;
	case WEIGH_RECORD_LIST:
	case WEIGH_RECORD_TUPLE:
		snprintf(name, WEIGH_TELL_NAME, "row[%s]", text);
		break;
	default:
		snprintf(name, WEIGH_TELL_NAME, "%s.%s", weigh_tell_record(evidence, table), text);
	}
	return name;
}

char *weigh_tell_plain(const struct weigh_record_table *table, uint32_t field,
		       char name[static WEIGH_TELL_NAME])
{
	bool position = table->model.found == WEIGH_RECORD_LIST || table->model.found == WEIGH_RECORD_TUPLE;

	snprintf(name, WEIGH_TELL_NAME, "%s%s", position ? "field" : "", table->fields[field].name);
	return name;
}

static bool is_identifier(const char *text)
{
	if (!isalpha((unsigned char)*text) && *text != '_' && !(*text & 0x80))
		return false;
	for (; *text; text++) {
		if (!isalnum((unsigned char)*text) && *text != '_' && !(*text & 0x80))
			return false;
	}
	return true;
}

bool weigh_tell_are_identifiers(const struct weigh_record_table *table)
{
	for (uint32_t i = 0; i < table->model.field_count; i++) {
		if (!is_identifier(table->fields[i].name))
			return false;
	}
	return true;
}

/* A text that grows line by line; NULL without memory, which the collector learns. */
struct draft {
	struct weigh_collector *collector;
	FILE *out;
	char *text;
	size_t length;
};

static bool draft_begin(struct draft *draft, struct weigh_collector *collector)
{
	*draft = (struct draft){.collector = collector};
	draft->out = open_memstream(&draft->text, &draft->length);
	collector->failed |= !draft->out;
	return draft->out;
}

static char *draft_end(struct draft *draft)
{
	if (!fclose(draft->out))
		return draft->text;
	free(draft->text);
	draft->collector->failed = true;
	return NULL;
}

/* The names of the fields in one form, "form" with one %s; the first `SHOWN` of them. */
static void list_fields(const struct weigh_record_table *table, const char *before, const char *after,
			FILE *out)
{
	uint32_t count = table->model.field_count;
	bool position = table->model.found == WEIGH_RECORD_LIST || table->model.found == WEIGH_RECORD_TUPLE;

	for (uint32_t i = 0; i < count && i < SHOWN; i++)
		fprintf(out, "%s%s%s%s%s", i ? ", " : "", before, position ? "field" : "",
			table->fields[i].name, after);
	if (count > SHOWN)
		fputs(", ...", out);
}

char *weigh_tell_record_now(struct weigh_collector *collector, const struct weigh_evidence *evidence,
			    const struct weigh_record_table *table)
{
	struct draft draft;

	if (!draft_begin(&draft, collector))
		return NULL;
	switch (table->model.found) {
	case WEIGH_RECORD_DICT:
		fputc('{', draft.out);
		list_fields(table, "\"", "\": ...", draft.out);
		fputc('}', draft.out);
		break;
	case WEIGH_RECORD_LIST:
		fputc('[', draft.out);
		list_fields(table, "", "", draft.out);
		fputc(']', draft.out);
		break;
	case WEIGH_RECORD_TUPLE:
		fputc('(', draft.out);
		list_fields(table, "", "", draft.out);
		fputc(')', draft.out);
		break;
	case WEIGH_RECORD_COLUMNS:
		fputs("[...]", draft.out);
		break;
	default:
		fprintf(draft.out, "%s(", weigh_tell_record(evidence, table));
		list_fields(table, "", "", draft.out);
		fputc(')', draft.out);
	}
	return draft_end(&draft);
}

char *weigh_tell_slots(struct weigh_collector *collector, const struct weigh_evidence *evidence,
		       const struct weigh_record_table *table, const char *name)
{
	const struct weigh_heap_graph *graph = evidence->graph;
	struct draft draft;

	if (!draft_begin(&draft, collector))
		return NULL;
	if (table->model.found != WEIGH_RECORD_DICT) {
		fprintf(draft.out, "class %s:\n    __slots__ = (", name);
		list_fields(table, "\"", "\"", draft.out);
		fputc(')', draft.out);
		return draft_end(&draft);
	}
	fprintf(draft.out, "@dataclass(slots=True)\nclass %s:", name);
	for (uint32_t i = 0; i < table->model.field_count && i < SHOWN; i++) {
		const struct weigh_record_field *field = &table->fields[i];
		fprintf(draft.out, "\n    %s: %s", field->name,
			field->type == WEIGH_NO_OBJECT
				? "object"
				: weigh_heap_text(graph, graph->types[field->type].name, NULL));
	}
	if (table->model.field_count > SHOWN)
		fputs("\n    ...", draft.out);
	return draft_end(&draft);
}

char *weigh_tell_tuple(struct weigh_collector *collector, const struct weigh_record_table *table)
{
	struct draft draft;

	if (!draft_begin(&draft, collector))
		return NULL;
	fputc('(', draft.out);
	list_fields(table, "", "", draft.out);
	fputc(')', draft.out);
	return draft_end(&draft);
}

char *weigh_tell_columns(struct weigh_collector *collector, const struct weigh_record_table *table,
			 bool coded)
{
	static const char *const types[] = {[1] = "b", [2] = "h", [4] = "i", [8] = "q"};
	struct draft draft;

	if (!draft_begin(&draft, collector))
		return NULL;
	for (uint32_t i = 0; i < table->model.field_count && i < SHOWN; i++) {
		const struct weigh_table_field *field = &table->model.fields[i];
		fprintf(draft.out, "%scolumns[\"%s\"] = ", i ? "\n" : "", table->fields[i].name);
		if (!coded || (!field->numbers && field->values * 4 > table->model.records))
			fputs("[]", draft.out);
		else if (field->numbers)
			fprintf(draft.out, "array(\"%s\")",
				field->bits ? types[weigh_width_of_bits(field->bits)] : "d");
		else
			fprintf(draft.out, "array(\"%s\")  # number of the value in a list of %llu",
				weigh_width_of_codes(field->values) == 1   ? "B"
				: weigh_width_of_codes(field->values) == 2 ? "H"
									   : "I",
				(unsigned long long)field->values);
	}
	if (table->model.field_count > SHOWN)
		fputs("\n...", draft.out);
	return draft_end(&draft);
}

struct weigh_heap_frame weigh_tell_frame(const struct weigh_evidence *evidence,
					 const struct weigh_record_table *table)
{
	if (table->line == WEIGH_NO_OBJECT)
		return (struct weigh_heap_frame){0};
	return evidence->lines->lines[table->line].own;
}

void weigh_tell_place(struct weigh_collector *collector, const struct weigh_evidence *evidence,
		      const struct weigh_record_table *table, struct weigh_finding *finding)
{
	struct weigh_heap_frame frame = weigh_tell_frame(evidence, table);

	weigh_collect_place(collector, finding, frame.file, frame.line, frame.function);
}

void weigh_tell_made(struct weigh_collector *collector, const struct weigh_evidence *evidence,
		     uint32_t object, struct weigh_finding *finding)
{
	struct weigh_heap_frame frame = weigh_tell_origin(evidence, object);

	if (frame.file)
		weigh_collect_place(collector, finding, frame.file, frame.line, frame.function);
}

bool weigh_tell_replaced(struct weigh_collector *collector, const struct weigh_evidence *evidence,
			 struct weigh_finding *finding, const char *now, const char *later)
{
	const char *line = weigh_line_read(evidence->source, finding->file, finding->line);
	const char *found = line ? strstr(line, now) : NULL;

	if (!found)
		return false;
	finding->change_before = weigh_collect_text(collector, "%s", line);
	finding->change_after = weigh_collect_text(collector, "%.*s%s%s", (int)(found - line), line, later,
						   found + strlen(now));
	return true;
}
