/*
 * Arrays of rows that grow: see base/grow.h.
 */
#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

bool weigh_grow_array(void *array, uint32_t *room, uint32_t index, size_t size)
{
	enum { ROOM_AT_FIRST = 16 };
	uint32_t more = *room ? *room : ROOM_AT_FIRST;
	void *rows;

	while (more <= index) {
		if (more > INT32_MAX)
			return false;
		more *= 2;
	}
	/* The pointer may be to rows of any type. */
	memcpy(&rows, array, sizeof(rows));
	rows = realloc(rows, more * size);
	if (!rows)
		return false;
	memcpy(array, &rows, sizeof(rows));
	*room = more;
	return true;
}
