/*
 * Chunks of a pile. One thread at a time.
 */
#include "base/pile.h"

#include "base/pages.h"

bool weigh_pile_grow(struct weigh_pile *pile)
{
	struct weigh_pile_chunk *chunk = pile->top ? pile->top->spare : NULL;
	if (!chunk) {
		chunk = weigh_pages_take(sizeof(*chunk));
		if (!chunk)
			return false;
		chunk->below = pile->top;
		if (pile->top)
			pile->top->spare = chunk;
	}
	pile->top = chunk;
	pile->used = 0;
	return true;
}

bool weigh_pile_shrink(struct weigh_pile *pile)
{
	struct weigh_pile_chunk *chunk = pile->top;
	if (!chunk || !chunk->below)
		return false;
	if (chunk->spare) {
		weigh_pages_give(chunk->spare, sizeof(*chunk));
		chunk->spare = NULL;
	}
	pile->top = chunk->below;
	pile->used = WEIGH_PILE_WORDS;
	return true;
}

void weigh_pile_deinit(struct weigh_pile *pile)
{
	struct weigh_pile_chunk *chunk = pile->top;
	if (chunk)
		weigh_pages_give(chunk->spare, sizeof(*chunk));
	while (chunk) {
		struct weigh_pile_chunk *below = chunk->below;
		weigh_pages_give(chunk, sizeof(*chunk));
		chunk = below;
	}
	*pile = (struct weigh_pile){0};
}
