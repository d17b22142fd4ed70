/*
 * A list of dicts in a snapshot made by hand: see fake_table.h.
 */
#include "fake_table.h"

static void add_row(struct fake_table *t, uint32_t rows, int number, uint32_t others, uint32_t site)
{
	struct fake_snapshot *fake = t->fake;
	uint32_t row = fake_snapshot_object(fake, t->record, FAKE_DICT_BYTES);
	uint32_t name = fake_snapshot_object(fake, t->str, 64);
	uint32_t count = fake_snapshot_object(fake, t->str, 48);

	fake_snapshot_at(fake, name)->value = t->names[number % FAKE_NAMES];
	fake_snapshot_at(fake, row)->surplus = others;
	fake_snapshot_at(fake, row)->site = site;
	fake_snapshot_at(fake, count)->value = fake_snapshot_value(fake, WEIGH_VALUE_INTEGER_TEXT, 17, NULL);
	fake_snapshot_refer(fake, row, name);
	fake_snapshot_refer(fake, row, count);
	fake_snapshot_refer(fake, rows, row);
}

void fake_table_init(struct fake_table *t, uint32_t others, const char *file)
{
	struct fake_snapshot *fake = t->fake = fake_snapshot_create();
	uint32_t list = fake_snapshot_type(fake, "builtins", "list", WEIGH_SNAPSHOT_LIST, 0);
	uint32_t dict = fake_snapshot_type(fake, "builtins", "dict", WEIGH_SNAPSHOT_DICT, 0);
	uint32_t str = fake_snapshot_type(fake, "builtins", "str", WEIGH_SNAPSHOT_STR, 0);
	uint32_t site =
		file ? fake_snapshot_site(fake, fake_snapshot_node(fake, 0, file, "load", 7)) : FAKE_NONE;

	t->str = fake_snapshot_shape(fake, str, WEIGH_SHAPE_VALUED, WEIGH_TAIL_NONE);
	t->list = fake_snapshot_shape(fake, list, WEIGH_SHAPE_SIZED, WEIGH_TAIL_ITEMS);
	uint32_t name_key = fake_snapshot_object(fake, t->str, FAKE_KEY_BYTES);
	uint32_t count_key = fake_snapshot_object(fake, t->str, FAKE_KEY_BYTES);
	t->record = fake_snapshot_shape(fake, dict, WEIGH_SHAPE_SIZED | WEIGH_SHAPE_KEYS | WEIGH_SHAPE_DATA,
					WEIGH_TAIL_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_KEY, "name", name_key);
	fake_snapshot_slot(fake, WEIGH_SLOT_KEY, "count", count_key);
	for (int i = 0; i < FAKE_NAMES; i++)
		t->names[i] = fake_snapshot_value(fake, WEIGH_VALUE_TEXT, 7, NULL);
	uint32_t rows = fake_snapshot_object(fake, t->list, 56 + 8 * FAKE_ROWS);
	for (int i = 0; i < FAKE_ROWS; i++)
		add_row(t, rows, i, others, site);
	fake_snapshot_root(fake, WEIGH_ROOT_INTERPRETER, "builtins", rows);
}

void fake_table_deinit(struct fake_table *t)
{
	fake_snapshot_destroy(t->fake);
}
