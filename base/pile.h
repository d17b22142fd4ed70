/*
 * A stack of words that grows by chunks from the kernel and gives them back as
 * it shrinks: what a walk through a structure of any depth keeps in mind.
 *
 * One thread at a time.
 */
#ifndef WEIGH_BASE_PILE_H
#define WEIGH_BASE_PILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WEIGH_PILE_WORDS = 8190 }; /* with the links, 64 KiB */

struct weigh_pile_chunk {
	struct weigh_pile_chunk *below;
	struct weigh_pile_chunk *spare; /* the chunk above, kept against going to and fro */
	uintptr_t words[WEIGH_PILE_WORDS];
};

/* Zeros are an empty pile. */
struct weigh_pile {
	struct weigh_pile_chunk *top;
	size_t used; /* words in the top chunk */
};

/* Another chunk on top. False without memory. */
bool weigh_pile_grow(struct weigh_pile *pile);

/* The top chunk is empty: the one below is the top, if there is one. */
bool weigh_pile_shrink(struct weigh_pile *pile);

/* Gives all memory back. */
void weigh_pile_deinit(struct weigh_pile *pile);

/* False without memory. */
static inline bool weigh_pile_push(struct weigh_pile *pile, uintptr_t word)
{
	if (__builtin_expect(!pile->top || pile->used == WEIGH_PILE_WORDS, 0) && !weigh_pile_grow(pile))
		return false;
	pile->top->words[pile->used++] = word;
	return true;
}

/* False when the pile is empty. */
static inline bool weigh_pile_pop(struct weigh_pile *pile, uintptr_t *word)
{
	if (__builtin_expect(!pile->used, 0) && !weigh_pile_shrink(pile))
		return false;
	*word = pile->top->words[--pile->used];
	return true;
}

#endif
