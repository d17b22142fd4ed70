/*
 * What a modelled table occupies: see advice/table.h. Pure functions.
 */
#include "advice/table.h"

#include "advice/blocks.h"

enum { POINTER = 8, INT_BITS = 30, ASKED_DICT = 64, DATE = 32, BYTES16 = 33 + 16 };

unsigned weigh_width_of_bits(unsigned bits)
{
	return bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8;
}

unsigned weigh_width_of_codes(uint64_t values)
{
	return values <= 1 << 8 ? 1 : values <= 1 << 16 ? 2 : values <= (uint64_t)1 << 32 ? 4 : 8;
}

/* A record's own blocks by the model; of an instance whose dict was asked for all but that. */
static struct weigh_object_blocks record_blocks(const struct weigh_table *table)
{
	const uint64_t fields = table->field_count;

	switch (table->record) {
	case WEIGH_RECORD_DICT:
		return weigh_blocks_dict(table->python, fields, table->str_keys);
	case WEIGH_RECORD_LIST:
		return weigh_blocks_list(table->python, table->room > fields ? table->room : fields);
	case WEIGH_RECORD_TUPLE:
		return weigh_blocks_tuple(table->python, fields);
	case WEIGH_RECORD_NAMED_TUPLE:
		return weigh_blocks_named_tuple(table->python, fields);
	case WEIGH_RECORD_INSTANCE_ASKED:
	case WEIGH_RECORD_INSTANCE:
		return weigh_blocks_instance(table->python, fields);
	case WEIGH_RECORD_SLOTS:
		return weigh_blocks_slots(table->python, fields);
	case WEIGH_RECORD_SLOTS_BELOW:
		return weigh_blocks_slots_below(table->python, fields);
	default:
		return (struct weigh_object_blocks){.count = 0};
	}
}

double weigh_table_record_modelled(const struct weigh_table *table)
{
	struct weigh_object_blocks blocks = record_blocks(table);
	double beside =
		table->record == WEIGH_RECORD_INSTANCE_ASKED ? weigh_blocks_asked_dict(table->python) : 0;

	return weigh_object_resident(&blocks) + beside;
}

double weigh_table_record_gross(const struct weigh_table *table)
{
	struct weigh_object_blocks blocks = record_blocks(table);

	if (table->record == WEIGH_RECORD_INSTANCE_ASKED && table->python >= 0x030b0000)
		blocks.requests[blocks.count++] = ASKED_DICT;
	return (double)weigh_object_gross(&blocks);
}

double weigh_table_record_resident(const struct weigh_table *table)
{
	if (table->found_resident > 0 && table->record == table->found)
		return table->found_resident;
	return weigh_table_record_modelled(table);
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
	case WEIGH_CONTENT_DATE:
		return records * weigh_block_resident(DATE);
	case WEIGH_CONTENT_BYTES16:
		return records * weigh_block_resident(BYTES16);
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
