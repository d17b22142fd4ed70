/*
 * Powers of two cut from chunks. A chunk keeps its first bytes for the link to
 * the chunk before it, so that all can be given back.
 */
#define _GNU_SOURCE
#include "base/arena.h"

#include "base/pages.h"
#include "base/spin.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { CLASSES = 17 }; /* 16 bytes to 1 MiB */

struct free_block {
	struct free_block *next;
};

struct chunk {
	struct chunk *next;
	size_t bytes;
};

static struct weigh_spin lock;
static struct free_block *free_lists[CLASSES];
static struct chunk *chunks;
static struct chunk *cleared; /* chunks of the usual size, all zero but their heads */
static char *cursor;
static char *limit;
static size_t used;

static unsigned class_of(size_t bytes)
{
	if (bytes <= WEIGH_ARENA_SMALLEST)
		return 0;
	return 60 - (unsigned)__builtin_clzll(bytes - 1);
}

static struct chunk *take_cleared(size_t bytes)
{
	struct chunk *chunk = cleared;
	if (!chunk || bytes != WEIGH_ARENA_CHUNK)
		return NULL;
	cleared = chunk->next;
	return chunk;
}

static char *new_chunk(size_t bytes)
{
	struct chunk *chunk = take_cleared(bytes);
	if (!chunk && !(chunk = weigh_pages_take(bytes)))
		return NULL;
	chunk->next = chunks;
	chunk->bytes = bytes;
	chunks = chunk;
	return (char *)chunk;
}

static void *cut(size_t bytes)
{
	if (bytes > WEIGH_ARENA_CHUNK / 4) {
		char *own = new_chunk(bytes + 4096);
		return own ? own + 64 : NULL;
	}
	if ((size_t)(limit - cursor) < bytes) {
		char *chunk = new_chunk(WEIGH_ARENA_CHUNK);
		if (!chunk)
			return NULL;
		cursor = chunk + 64;
		limit = chunk + WEIGH_ARENA_CHUNK;
	}
	void *block = cursor;
	cursor += bytes;
	return block;
}

void *weigh_arena_take(size_t bytes)
{
	unsigned class = class_of(bytes);
	if (class >= CLASSES || !weigh_spin_take(&lock))
		return NULL;
	struct free_block *block = free_lists[class];
	if (block) {
		free_lists[class] = block->next;
		weigh_spin_give(&lock);
		memset(block, 0, (size_t)WEIGH_ARENA_SMALLEST << class);
		return block;
	}
	void *fresh = cut((size_t)WEIGH_ARENA_SMALLEST << class);
	if (fresh)
		used += bytes < WEIGH_ARENA_SMALLEST ? WEIGH_ARENA_SMALLEST : bytes;
	weigh_spin_give(&lock);
	return fresh;
}

void weigh_arena_give(void *block, size_t bytes)
{
	unsigned class = class_of(bytes);
	struct free_block *freed = block;
	if (!block || !weigh_spin_take(&lock))
		return;
	freed->next = free_lists[class];
	free_lists[class] = freed;
	weigh_spin_give(&lock);
}

size_t weigh_arena_used(void)
{
	return used;
}

void weigh_arena_clear(void)
{
	struct chunk *chunk = chunks;
	chunks = NULL;
	cursor = limit = NULL;
	used = 0;
	memset(free_lists, 0, sizeof(free_lists));
	while (chunk) {
		struct chunk *next = chunk->next;
		if (chunk->bytes == WEIGH_ARENA_CHUNK && madvise(chunk, chunk->bytes, MADV_DONTNEED) == 0) {
			chunk->next = cleared;
			cleared = chunk;
		} else {
			weigh_pages_give(chunk, chunk->bytes);
		}
		chunk = next;
	}
}

void weigh_arena_release(void)
{
	weigh_arena_clear();
	while (cleared) {
		struct chunk *next = cleared->next;
		weigh_pages_give(cleared, WEIGH_ARENA_CHUNK);
		cleared = next;
	}
}
