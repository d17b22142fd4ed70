/*
 * A table in every way: see advice/ladder.h. Pure functions.
 */
#include "advice/ladder.h"

#include <math.h>
#include <string.h>

enum { CODES_PER_VALUE = 4 }; /* fewer records for each value are not worth a code */

const struct weigh_rung weigh_rungs[WEIGH_RUNGS] = {
	{"dicts", WEIGH_RECORD_DICT, WEIGH_CONTENT_AS_IS, false, false},
	{"lists", WEIGH_RECORD_LIST, WEIGH_CONTENT_AS_IS, false, false},
	{"tuples", WEIGH_RECORD_TUPLE, WEIGH_CONTENT_AS_IS, false, false},
	{"named tuples", WEIGH_RECORD_NAMED_TUPLE, WEIGH_CONTENT_AS_IS, false, false},
	{"instances", WEIGH_RECORD_INSTANCE, WEIGH_CONTENT_AS_IS, false, false},
	{"instances after vars()", WEIGH_RECORD_INSTANCE_ASKED, WEIGH_CONTENT_AS_IS, false, false},
	{"slots", WEIGH_RECORD_SLOTS, WEIGH_CONTENT_AS_IS, false, false},
	{"slots, int", WEIGH_RECORD_SLOTS, WEIGH_CONTENT_INT, false, false},
	{"slots, float", WEIGH_RECORD_SLOTS, WEIGH_CONTENT_FLOAT, false, false},
	{"slots, float, shared strings", WEIGH_RECORD_SLOTS, WEIGH_CONTENT_FLOAT, true, false},
	{"columns, float, shared strings", WEIGH_RECORD_COLUMNS, WEIGH_CONTENT_FLOAT, true, false},
	{"columns, array, shared strings", WEIGH_RECORD_COLUMNS, WEIGH_CONTENT_ARRAY, true, false},
	{"coded arrays", WEIGH_RECORD_COLUMNS, WEIGH_CONTENT_ARRAY, true, true},
	{"generator", WEIGH_RECORD_NONE, WEIGH_CONTENT_AS_IS, false, false},
};

static enum weigh_content content_of(const struct weigh_table *table, const struct weigh_table_field *field,
				     const struct weigh_rung *rung)
{
	if (field->numbers && rung->numbers == WEIGH_CONTENT_ARRAY)
		return WEIGH_CONTENT_ARRAY;
	/* What is a number already stays the object that it is. */
	if (field->numbers && field->text && rung->numbers != WEIGH_CONTENT_AS_IS)
		return field->bits ? rung->numbers : WEIGH_CONTENT_FLOAT;
	if (rung->codes && field->values && field->values * CODES_PER_VALUE <= table->records)
		return WEIGH_CONTENT_CODES;
	return rung->shared && !field->numbers ? WEIGH_CONTENT_SHARED : field->content;
}

double weigh_rung_resident(const struct weigh_table *table, const struct weigh_rung *rung)
{
	struct weigh_table_field fields[WEIGH_LADDER_FIELDS];
	struct weigh_table now = *table;

	if (table->field_count > WEIGH_LADDER_FIELDS)
		return NAN;
	memcpy(fields, table->fields, table->field_count * sizeof(*fields));
	now.fields = fields;
	now.record = rung->record;
	if (now.record != now.found)
		now.room = 0;
	for (uint32_t i = 0; i < now.field_count; i++)
		fields[i].content = content_of(&now, &fields[i], rung);
	return weigh_table_resident(&now);
}
