/*
 * What the small-object allocator holds when a recording begins. CPython does
 * not say where its arenas are, but a pool's header gives it away: every
 * figure in it must fit the others and the chain of its free blocks, and the
 * pools of an arena must leave no gap. Memory is
 * read through the kernel, because another thread may unmap it meanwhile.
 *
 * On the thread that starts a recording, with the GIL.
 */
#include "recorder/pools.h"

#include "base/pages.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	BLOCKS_MAX = 1 << 20, /* some 30 ms; more than that would hold the program up */
	ARENAS = 1 << 10,
	ARENA_POOLS = WEIGH_POOL_ARENA / WEIGH_POOL_BYTES,
	POOLS = ARENAS * ARENA_POOLS,
	BATCH = 256,     /* headers read by one call */
	TOLERANCE = 16,  /* blocks that asking for their number makes */
	SLOTS = WEIGH_POOL_BYTES / 16,
};

static const uint64_t scan_max = 4ull << 30; /* bytes of mappings that are looked through */

struct survey {
	uintptr_t pools[POOLS];
	uint32_t pool_count;
	struct arena {
		uintptr_t first; /* the lowest pool; 0: none */
		uintptr_t last;
		uint32_t pools;
	} arenas[ARENAS];
	uint64_t blocks;
	uint64_t scanned;
	struct weigh_pool headers[BATCH];
	unsigned char copy[WEIGH_POOL_BYTES] __attribute__((aligned(16)));
	bool is_free[SLOTS]; /* of the pool in `copy` */
	char line[512];
	uint32_t line_length;
};

static bool read_memory(const struct iovec *local, uintptr_t address, size_t bytes, size_t stride,
			size_t count)
{
	struct iovec remote[BATCH];
	for (size_t i = 0; i < count; i++)
		remote[i] = (struct iovec){.iov_base = (void *)(address + i * stride), .iov_len = bytes};
	return process_vm_readv(getpid(), local, 1, remote, count, 0) == (ssize_t)(bytes * count);
}

static bool copy_pool(struct survey *survey, uintptr_t address)
{
	struct iovec local = {.iov_base = survey->copy, .iov_len = WEIGH_POOL_BYTES};
	return read_memory(&local, address, WEIGH_POOL_BYTES, 0, 1);
}

/* Marks in `is_free` the blocks on the chain of the pool in `copy`, and counts them; false when it strays. */
static bool follow_chain(struct survey *survey, uintptr_t address, uint32_t *count)
{
	const struct weigh_pool *pool = (const struct weigh_pool *)survey->copy;
	uint32_t bytes = weigh_pool_block_bytes(pool);
	memset(survey->is_free, 0, sizeof(survey->is_free));
	*count = 0;
	for (uintptr_t block = pool->free_block; block; ++*count) {
		uintptr_t offset = block - address;
		if (offset < WEIGH_POOL_FIRST || offset >= pool->cut || (offset - WEIGH_POOL_FIRST) % bytes ||
		    survey->is_free[offset / 16])
			return false;
		survey->is_free[offset / 16] = true;
		memcpy(&block, survey->copy + offset, sizeof(block));
	}
	return true;
}

static bool note_pool(struct survey *survey, uintptr_t address)
{
	const struct weigh_pool *pool = (const struct weigh_pool *)survey->copy;
	uint32_t free_blocks;
	if (address - (uintptr_t)survey < sizeof(*survey))
		return true; /* our own copies */
	if (!copy_pool(survey, address) || !weigh_pool_is_sound(pool) ||
	    !follow_chain(survey, address, &free_blocks) ||
	    weigh_pool_capacity(pool) - free_blocks != (uint32_t)pool->live)
		return true;
	if (pool->arena >= ARENAS || survey->pool_count == POOLS)
		return false;
	survey->pools[survey->pool_count++] = address;
	survey->blocks += (uint32_t)pool->live;
	struct arena *arena = &survey->arenas[pool->arena];
	if (!arena->first)
		arena->first = address; /* mappings are listed, and looked through, in order */
	arena->last = address;
	arena->pools++;
	return true;
}

/* Looks for pools in a mapping. One that is unmapped meanwhile, or has a hole, holds none of the arenas. */
static bool scan(struct survey *survey, uintptr_t start, uintptr_t end)
{
	const struct iovec local = {.iov_base = survey->headers, .iov_len = sizeof(survey->headers)};
	if (end - start > scan_max)
		return true; /* a reservation; should the arenas lie in it, they will be missed below */
	survey->scanned += end - start;
	if (survey->scanned > scan_max)
		return false;
	start = weigh_pool_of(start + WEIGH_POOL_BYTES - 1);
	while (start + WEIGH_POOL_BYTES <= end) {
		size_t count = (end - start) / WEIGH_POOL_BYTES;
		if (count > BATCH)
			count = BATCH;
		if (!read_memory(&local, start, sizeof(struct weigh_pool), WEIGH_POOL_BYTES, count))
			return true;
		for (size_t i = 0; i < count; i++)
			if (weigh_pool_is_sound(&survey->headers[i]) &&
			    !note_pool(survey, start + i * WEIGH_POOL_BYTES))
				return false;
		start += count * WEIGH_POOL_BYTES;
	}
	return true;
}

/* A line of the kernel's list of mappings: private, writable, of no file. */
static bool scan_line(struct survey *survey)
{
	unsigned long start, end, inode;
	char rights[8];
	if (sscanf(survey->line, "%lx-%lx %7s %*s %*s %lu", &start, &end, rights, &inode) != 4 || inode ||
	    strcmp(rights, "rw-p") != 0 || strstr(survey->line, "[stack"))
		return true;
	return scan(survey, start, end);
}

static bool scan_all(struct survey *survey)
{
	char text[4096];
	ssize_t length;
	bool going = true;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (going && (length = read(fd, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < length && going; i++) {
			if (text[i] != '\n') {
				if (survey->line_length < sizeof(survey->line) - 1)
					survey->line[survey->line_length++] = text[i];
				continue;
			}
			survey->line[survey->line_length] = '\0';
			survey->line_length = 0;
			going = scan_line(survey);
		}
	}
	close(fd);
	return going;
}

/* The blocks that live in a pool are not ours, unless they were recorded already. */
static bool adopt(struct survey *survey, uintptr_t address)
{
	const struct weigh_pool *pool = (const struct weigh_pool *)survey->copy;
	struct weigh_granule *granule = weigh_granule_make(address);
	uint32_t count;
	if (!granule || !copy_pool(survey, address) || !follow_chain(survey, address, &count))
		return false;
	uint32_t bytes = weigh_pool_block_bytes(pool);
	for (uint32_t offset = WEIGH_POOL_FIRST; offset < pool->cut; offset += bytes)
		survey->is_free[offset / 16] |=
			weigh_state_get(granule, address + offset) != WEIGH_BLOCK_NONE;
	weigh_pools_make_known(granule, address);
	for (uint32_t offset = WEIGH_POOL_FIRST; offset < pool->cut; offset += bytes)
		if (!survey->is_free[offset / 16])
			weigh_state_erase(granule, address + offset);
	return true;
}

/* What an arena has not cut into pools yet. */
static bool suspect_rest(uintptr_t first)
{
	for (unsigned i = 0; i < ARENA_POOLS; i++) {
		uintptr_t pool = first + (uintptr_t)i * WEIGH_POOL_BYTES;
		struct weigh_granule *granule = weigh_granule_make(pool);
		if (!granule)
			return false;
		if (!(granule->pools & weigh_pool_bit(pool)))
			granule->unsure_pools |= weigh_pool_bit(pool);
	}
	return true;
}

static bool adopt_all(struct survey *survey)
{
	for (uint32_t i = 0; i < survey->pool_count; i++)
		if (!adopt(survey, survey->pools[i]))
			return false;
	for (unsigned i = 0; i < ARENAS; i++)
		if (survey->arenas[i].first && !suspect_rest(survey->arenas[i].first))
			return false;
	return true;
}

/*
 * An arena is cut from its start without a gap. The allocator's own count also
 * has the requests that it passed to malloc, which are few beside the others.
 */
static bool is_whole(const struct survey *survey, uint64_t blocks)
{
	for (unsigned i = 0; i < ARENAS; i++) {
		const struct arena *arena = &survey->arenas[i];
		if (arena->first && (arena->last - arena->first) / WEIGH_POOL_BYTES + 1 != arena->pools)
			return false;
	}
	return survey->blocks <= blocks + TOLERANCE && survey->blocks >= blocks / 2;
}

bool weigh_pools_survey(uint64_t blocks)
{
	struct survey *survey = blocks <= BLOCKS_MAX ? weigh_pages_take(sizeof(*survey)) : NULL;
	if (!survey)
		return false;
	bool known = scan_all(survey) && is_whole(survey, blocks) && adopt_all(survey);
	weigh_pages_give(survey, sizeof(*survey));
	return known;
}
