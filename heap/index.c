/*
 * Numbers keys of two words densely: see heap/index.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/index.h"

#include "base/hash.h"

#include <stdlib.h>

enum { ROOM_AT_FIRST = 32 };

static uint32_t slot_of(const struct weigh_heap_index *index, uint64_t a, uint64_t b)
{
	return (uint32_t)weigh_hash_step(weigh_hash_step(a, b), a >> 32) & index->mask;
}

/* Twice as many slots as keys, so that runs stay short. */
static bool make_room(struct weigh_heap_index *index, uint32_t room)
{
	uint32_t *slots = calloc((size_t)room * 2, sizeof(*slots));
	struct weigh_heap_key *keys = slots ? realloc(index->keys, room * sizeof(*keys)) : NULL;

	if (!keys) {
		free(slots);
		return false;
	}
	free(index->slots);
	index->slots = slots;
	index->keys = keys;
	index->room = room;
	index->mask = room * 2 - 1;
	for (uint32_t i = 0; i < index->count; i++) {
		uint32_t slot = slot_of(index, keys[i].a, keys[i].b);
		while (slots[slot])
			slot = (slot + 1) & index->mask;
		slots[slot] = i + 1;
	}
	return true;
}

struct weigh_error *weigh_heap_index_init(struct weigh_heap_index *index)
{
	*index = (struct weigh_heap_index){0};
	return make_room(index, ROOM_AT_FIRST) ? NULL : weigh_error_create_memory();
}

void weigh_heap_index_deinit(struct weigh_heap_index *index)
{
	free(index->keys);
	free(index->slots);
	*index = (struct weigh_heap_index){0};
}

uint32_t weigh_heap_index_put(struct weigh_heap_index *index, uint64_t a, uint64_t b)
{
	enum { ROOM_MOST = 1 << 30 };
	uint32_t slot = slot_of(index, a, b);

	for (; index->slots[slot]; slot = (slot + 1) & index->mask) {
		const struct weigh_heap_key *key = &index->keys[index->slots[slot] - 1];
		if (key->a == a && key->b == b)
			return index->slots[slot] - 1;
	}
	if (index->count == index->room) {
		if (index->room >= ROOM_MOST || !make_room(index, index->room * 2))
			return WEIGH_NO_OBJECT;
		for (slot = slot_of(index, a, b); index->slots[slot];)
			slot = (slot + 1) & index->mask;
	}
	index->keys[index->count] = (struct weigh_heap_key){a, b};
	index->slots[slot] = ++index->count;
	return index->count - 1;
}
