/*
 * Rows by two numbers: see heap/rows.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/rows.h"

#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

struct weigh_error *weigh_heap_rows_init(struct weigh_heap_rows *rows, size_t size)
{
	*rows = (struct weigh_heap_rows){.size = size};
	return weigh_heap_index_init(&rows->index);
}

void weigh_heap_rows_deinit(struct weigh_heap_rows *rows)
{
	weigh_heap_index_deinit(&rows->index);
	free(weigh_heap_rows_take(rows));
}

void *weigh_heap_rows_take(struct weigh_heap_rows *rows)
{
	void *taken = rows->rows;

	rows->rows = NULL;
	rows->room = 0;
	return taken;
}

void *weigh_heap_rows_grow(struct weigh_heap_rows *rows, uint32_t number)
{
	uint32_t before = rows->room;

	if (number == WEIGH_NO_OBJECT || !weigh_grow(&rows->rows, &rows->room, number, rows->size))
		return NULL;
	memset(rows->rows + before * rows->size, 0, (rows->room - before) * rows->size);
	return weigh_heap_rows_at(rows, number);
}
