/*
 * The recorder's allocator: powers of two cut from large chunks of pages, with
 * a free list for each size. Any thread; a lock guards the lists, and a caller
 * that does not get it is told that there is no memory.
 */
#ifndef WEIGH_BASE_ARENA_H
#define WEIGH_BASE_ARENA_H

#include <stddef.h>

enum {
	WEIGH_ARENA_SMALLEST = 16,
	WEIGH_ARENA_CHUNK = 1 << 20,
};

/*
 * At least `bytes` (at most WEIGH_ARENA_CHUNK), 16-aligned, zeroed; NULL when
 * there is none. The caller owns it until weigh_arena_give or
 * weigh_arena_clear.
 */
void *weigh_arena_take(size_t bytes);

/* Gives back what weigh_arena_take(bytes) returned. */
void weigh_arena_give(void *block, size_t bytes);

/* Bytes ever asked for and not served from a free list: about what is resident. */
size_t weigh_arena_used(void);

/*
 * Gives everything back at once. The addresses stay ours, as zeros, for what is
 * taken next: a thread that is late to notice may still read there.
 */
void weigh_arena_clear(void);

/* For tests, when no thread can be late: gives the addresses back too. */
void weigh_arena_release(void);

#endif
