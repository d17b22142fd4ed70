/*
 * Memory for the recorder itself, straight from the kernel, so that it never
 * passes through the allocators it watches. Any thread.
 */
#ifndef WEIGH_BASE_PAGES_H
#define WEIGH_BASE_PAGES_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed pages, a multiple of the page size; NULL when there are none. */
void *weigh_pages_take(size_t bytes);

/* Gives back what weigh_pages_take returned; NULL is allowed. */
void weigh_pages_give(void *pages, size_t bytes);

/* Bytes taken and not given back. */
size_t weigh_pages_held(void);

/* For tests: the n-th call from now, and every one after it, fails; 0: none does. */
void weigh_pages_fail_from(uint64_t n);

#endif
