/*
 * Memory for the recorder itself, straight from the kernel, so that it never
 * passes through the allocators it watches. Any thread.
 */
#ifndef WEIGH_BASE_PAGES_H
#define WEIGH_BASE_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed pages, a multiple of the page size; NULL when there are none. */
void *weigh_pages_take(size_t bytes);

/* Gives back what weigh_pages_take returned; NULL is allowed. */
void weigh_pages_give(void *pages, size_t bytes);

/*
 * Room for one more element of `size` bytes in an array of pages that holds
 * `count` and begins as NULL with no `*room`: twice the pages when it is full.
 * False without memory, the array being as it was. Give it back as `*room`
 * elements.
 */
bool weigh_pages_extend(void *array, size_t count, size_t *room, size_t size);

/* Bytes taken and not given back. */
size_t weigh_pages_held(void);

/* For tests: the n-th call from now, and every one after it, fails; 0: none does. */
void weigh_pages_fail_from(uint64_t n);

#endif
