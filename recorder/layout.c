/*
 * The layout of a new capture. Start of a recording only.
 */
#include "recorder/layout.h"

/*
 * Entries in a sampled capture, 7.9 MiB in all; a large one holds `larger` times
 * as many. Programs that import much have up to two nodes to a site, a code
 * object to two, of all stacks of an exact one to 17, and 300 to 400 bytes of text
 * to a code object.
 */
static const struct {
	uint32_t entry_size;
	uint32_t capacity;
	uint32_t larger;
} plan[WEIGH_SECTION_COUNT] = {
	[WEIGH_SECTION_STRINGS] = {1, 2 << 20, 3},
	[WEIGH_SECTION_CODES] = {sizeof(struct weigh_code), 10000, 3},
	[WEIGH_SECTION_NODES] = {sizeof(struct weigh_node), 80000, 5},
	[WEIGH_SECTION_SITES] = {sizeof(struct weigh_site), 14000, 13},
	[WEIGH_SECTION_THREADS] = {sizeof(struct weigh_thread_entry), 1024, 4},
	[WEIGH_SECTION_TIMELINE] = {sizeof(struct weigh_tick), 4096, 1},
	[WEIGH_SECTION_SIZES] = {sizeof(struct weigh_size_bucket), WEIGH_SIZE_BUCKETS *WEIGH_SIZE_STRIPES, 1},
	[WEIGH_SECTION_MOMENTS] = {sizeof(struct weigh_moment), 64, 1},
	[WEIGH_SECTION_SHARES] = {sizeof(struct weigh_share), 64 * WEIGH_MOMENT_SHARES, 1},
	[WEIGH_SECTION_LARGE] = {sizeof(struct weigh_large), 4096, 1},
};

/* Of counters alone: what cannot be told from its request, such as arrays, still needs a site. */
enum { COUNTING_PART = 20 };

enum extent {
	EXTENT_COUNTING,
	EXTENT_SAMPLED,
	EXTENT_EXACT,
	EXTENT_FILELESS,
};

/* In memory alone, where what is not used costs nothing, there are so many times the sites of an exact file. */
enum { FILELESS_TIMES = 2 };

static uint32_t capacity_of(int id, enum extent extent)
{
	bool fixed = id == WEIGH_SECTION_SIZES || id == WEIGH_SECTION_MOMENTS || id == WEIGH_SECTION_SHARES;
	if (extent == EXTENT_COUNTING)
		return fixed ? plan[id].capacity : plan[id].capacity / COUNTING_PART;
	if (extent == EXTENT_SAMPLED)
		return plan[id].capacity;
	uint32_t times = extent == EXTENT_FILELESS && id == WEIGH_SECTION_SITES ? FILELESS_TIMES : 1;
	return plan[id].capacity * plan[id].larger * times;
}

static uint64_t align(uint64_t offset)
{
	return (offset + 63) & ~63ull;
}

/* Lays all sections out; tells where the last one ends. */
static uint64_t lay_out(struct weigh_section *sections, enum extent extent)
{
	uint64_t offset = align(sizeof(struct weigh_header));
	for (int id = 0; id < WEIGH_SECTION_COUNT; id++) {
		sections[id].entry_size = plan[id].entry_size;
		sections[id].capacity = capacity_of(id, extent);
		sections[id].offset = offset;
		offset = align(offset + (uint64_t)sections[id].entry_size * sections[id].capacity);
	}
	return offset;
}

uint64_t weigh_layout_counting_size(void)
{
	struct weigh_section sections[WEIGH_SECTION_COUNT];
	return (lay_out(sections, EXTENT_COUNTING) + 4095) & ~4095ull;
}

static enum extent extent_of(uint64_t file_size)
{
	if (file_size == weigh_layout_counting_size())
		return EXTENT_COUNTING;
	if (file_size == WEIGH_LAYOUT_FILELESS)
		return EXTENT_FILELESS;
	return file_size >= WEIGH_FILE_SIZE_EXACT ? EXTENT_EXACT : EXTENT_SAMPLED;
}

bool weigh_layout_make(struct weigh_header *header, uint64_t file_size)
{
	uint64_t end = lay_out(header->sections, extent_of(file_size));
	header->sections[WEIGH_SECTION_CODES].used = 1;
	header->sections[WEIGH_SECTION_NODES].used = 1;
	header->sections[WEIGH_SECTION_THREADS].used = 1;
	header->sections[WEIGH_SECTION_LARGE].used = header->sections[WEIGH_SECTION_LARGE].capacity;
	header->sections[WEIGH_SECTION_SIZES].used = WEIGH_SIZE_BUCKETS * WEIGH_SIZE_STRIPES;
	return end <= file_size;
}
