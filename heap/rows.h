/*
 * Rows that analyses add up by two numbers, such as a type and a place: each
 * made when it is first asked for.
 *
 * One thread; allocates with malloc: a row and up to 32 bytes for each pair of
 * numbers, and up to as much again in room.
 */
#ifndef WEIGH_HEAP_ROWS_H
#define WEIGH_HEAP_ROWS_H

#include "heap/index.h"

#include <stddef.h>

struct weigh_heap_rows {
	struct weigh_heap_index index; /* the numbers of each row */
	char *rows; /* private */
	size_t size; /* private */
	uint32_t room; /* private: rows there are, those without numbers yet are zeros */
};

/* `size`: bytes of a row. End with weigh_heap_rows_deinit(), also after an error. */
struct weigh_error *weigh_heap_rows_init(struct weigh_heap_rows *rows, size_t size);
void weigh_heap_rows_deinit(struct weigh_heap_rows *rows);

/* Row by number, below index.count. */
static inline void *weigh_heap_rows_at(const struct weigh_heap_rows *rows, uint32_t number)
{
	return rows->rows + number * rows->size;
}

/* The slow path of weigh_heap_rows_put(). */
void *weigh_heap_rows_grow(struct weigh_heap_rows *rows, uint32_t number);

/* The row of two numbers, zeros at first; NULL without memory. Valid until the next is asked for. */
static inline void *weigh_heap_rows_put(struct weigh_heap_rows *rows, uint64_t a, uint64_t b)
{
	uint32_t number = weigh_heap_index_put(&rows->index, a, b);

	return number < rows->room ? weigh_heap_rows_at(rows, number) : weigh_heap_rows_grow(rows, number);
}

/* The number of a row. */
static inline uint32_t weigh_heap_rows_number(const struct weigh_heap_rows *rows, const void *row)
{
	return (uint32_t)((size_t)((const char *)row - rows->rows) / rows->size);
}

/* The array of the rows, the caller's to free; NULL when there are none. To be called once, at the end. */
void *weigh_heap_rows_take(struct weigh_heap_rows *rows);

#endif
