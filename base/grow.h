/*
 * Arrays of rows that grow as rows come, twice as long each time.
 *
 * One thread for each array; allocates with malloc, so not for the recorder.
 */
#ifndef WEIGH_BASE_GROW_H
#define WEIGH_BASE_GROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The slow path of weigh_grow(). */
bool weigh_grow_array(void *array, uint32_t *room, uint32_t index, size_t size);

/*
 * Makes sure that row `index` of an array has a place. `array` is the address
 * of the pointer to it (NULL at first; the caller's to free), `room` the rows
 * that it has places for, `size` the bytes of one. New places hold nothing of
 * meaning. False without memory, or past 2^31 rows; all stays as it was then.
 */
static inline bool weigh_grow(void *array, uint32_t *room, uint32_t index, size_t size)
{
	return __builtin_expect(index < *room, 1) || weigh_grow_array(array, room, index, size);
}

#endif
