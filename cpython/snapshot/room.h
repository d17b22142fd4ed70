/*
 * Memory that is taken piece by piece and given back all at once. One thread.
 */
#ifndef WEIGH_CPYTHON_SNAPSHOT_ROOM_H
#define WEIGH_CPYTHON_SNAPSHOT_ROOM_H

#include "base/pages.h"

#include <stddef.h>
#include <stdint.h>

enum { WEIGH_ROOM_CHUNK = 1 << 18 };

struct weigh_room_chunk {
	struct weigh_room_chunk *below;
	size_t bytes;
	char room[];
};

/* Zeros are an empty room. */
struct weigh_room {
	struct weigh_room_chunk *top;
	size_t used; /* of the top chunk */
};

/* Zeroed, 8-aligned; NULL without memory. */
static inline void *weigh_room_take(struct weigh_room *room, size_t bytes)
{
	bytes = (bytes + 7) & ~(size_t)7;
	if (!room->top || room->used + bytes > room->top->bytes) {
		size_t whole = bytes + sizeof(*room->top);
		whole = whole < WEIGH_ROOM_CHUNK ? WEIGH_ROOM_CHUNK : whole;
		struct weigh_room_chunk *chunk = weigh_pages_take(whole);
		if (!chunk)
			return NULL;
		chunk->below = room->top;
		chunk->bytes = whole - sizeof(*chunk);
		room->top = chunk;
		room->used = 0;
	}
	void *taken = room->top->room + room->used;
	room->used += bytes;
	return taken;
}

static inline void weigh_room_deinit(struct weigh_room *room)
{
	for (struct weigh_room_chunk *chunk = room->top, *below; chunk; chunk = below) {
		below = chunk->below;
		weigh_pages_give(chunk, chunk->bytes + sizeof(*chunk));
	}
	*room = (struct weigh_room){0};
}

#endif
