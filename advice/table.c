/*
 * What a modelled table occupies: see advice/table.h. Pure functions.
 */
#include "advice/table.h"

#include "advice/blocks.h"

enum { POINTER = 8, INT_BITS = 30 };

unsigned weigh_width_of_bits(unsigned bits)
{
	return bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8;
}

unsigned weigh_width_of_codes(uint64_t values)
{
	return values <= 1 << 8 ? 1 : values <= 1 << 16 ? 2 : values <= (uint64_t)1 << 32 ? 4 : 8;
}

double weigh_table_record_resident(const struct weigh_table *table)
{
	struct weigh_object_blocks blocks = {.count = 0};
	const uint64_t fields = table->field_count;
	double beside = 0;
	switch (table->record) {
	case WEIGH_RECORD_DICT:
		blocks = weigh_blocks_dict(table->python, fields, table->str_keys);
		break;
	case WEIGH_RECORD_LIST:
		blocks = weigh_blocks_list(table->python, table->room > fields ? table->room : fields);
		break;
	case WEIGH_RECORD_TUPLE:
		blocks = weigh_blocks_tuple(table->python, fields);
		break;
	case WEIGH_RECORD_NAMED_TUPLE:
		blocks = weigh_blocks_named_tuple(table->python, fields);
		break;
	case WEIGH_RECORD_INSTANCE_ASKED:
		beside = weigh_blocks_asked_dict(table->python);
		__attribute__((fallthrough));
	case WEIGH_RECORD_INSTANCE:
		blocks = weigh_blocks_instance(table->python, fields);
		break;
	case WEIGH_RECORD_SLOTS:
		blocks = weigh_blocks_slots(table->python, fields);
		break;
	default:
		break;
	}
	return weigh_object_resident(&blocks) + beside;
}

/* The objects or numbers of one field, without what refers to them. */
static double content_resident(const struct weigh_table *table, const struct weigh_table_field *field)
{
	const double records = (double)table->records;
	switch (field->content) {
	case WEIGH_CONTENT_SHARED:
		return field->values_resident;
	case WEIGH_CONTENT_INT:
		return (double)field->boxed * weigh_block_resident(weigh_request_int(
						      table->python, field->bits ? field->bits : INT_BITS));
	case WEIGH_CONTENT_FLOAT:
		return records * weigh_block_resident(weigh_request_float(table->python));
	case WEIGH_CONTENT_ARRAY:
		return records * weigh_width_of_bits(field->bits ? field->bits : 64);
	case WEIGH_CONTENT_CODES:
		return records * weigh_width_of_codes(field->values) + field->values_resident;
	default:
		return field->objects_resident;
	}
}

static bool is_machine(enum weigh_content content)
{
	return content == WEIGH_CONTENT_ARRAY || content == WEIGH_CONTENT_CODES;
}

double weigh_table_resident(const struct weigh_table *table)
{
	const double records = (double)table->records;
	if (table->record == WEIGH_RECORD_NONE)
		return 0;
	bool columns = table->record == WEIGH_RECORD_COLUMNS;
	double sum = columns ? 0 : records * (POINTER + weigh_table_record_resident(table));
	for (uint32_t i = 0; i < table->field_count; i++) {
		const struct weigh_table_field *field = &table->fields[i];
		sum += content_resident(table, field);
		if (columns && !is_machine(field->content))
			sum += records * POINTER;
	}
	return sum;
}
