/*
 * A snapshot made by hand of "rows": a list of dicts {"name": a text of few,
 * each an object of its own; "count": the text of a number}. For tests of
 * advice.
 */
#ifndef WEIGH_TESTS_FAKE_TABLE_H
#define WEIGH_TESTS_FAKE_TABLE_H

#include "fake_snapshot.h"

enum {
	FAKE_ROWS = 20000,
	FAKE_NAMES = 10,
	FAKE_KEY_BYTES = 48,
	FAKE_DICT_BYTES = 64 + 128,
};

struct fake_table {
	struct fake_snapshot *fake;
	uint32_t list, record, str;
	uint32_t names[FAKE_NAMES];
};

/* `others` more references to each row; made at a line of `file`, or nowhere known when that is NULL. */
void fake_table_init(struct fake_table *table, uint32_t others, const char *file);
void fake_table_deinit(struct fake_table *table);

#endif
