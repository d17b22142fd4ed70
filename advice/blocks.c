/*
 * Layouts as arithmetic: see advice/blocks.h. Pure functions.
 */
#include "advice/blocks.h"

enum {
	SMALL_MAX = 512,
	POOL = 16384,
	POOL_ROOM = POOL - 48,
	PAGE = 4096,
	COLLECTED = 16, /* head for the garbage collector */
	POINTER = 8,
	DICT_LEAST = 8, /* smallest table */
	SHARED_ENTRIES_MAX = 30,
	DIGIT_BITS = 30,
};

static uint64_t round_up(uint64_t bytes, uint64_t to)
{
	return (bytes + to - 1) / to * to;
}

double weigh_block_resident(uint64_t request)
{
	if (!request)
		return 0;
	if (request <= SMALL_MAX)
		return (double)POOL / (double)(POOL_ROOM / round_up(request, 16));
	return (double)round_up(request + 8, 16);
}

double weigh_object_resident(const struct weigh_object_blocks *blocks)
{
	double sum = 0;
	for (int i = 0; i < blocks->count; i++)
		sum += weigh_block_resident(blocks->requests[i]);
	return sum;
}

uint64_t weigh_object_gross(const struct weigh_object_blocks *blocks)
{
	uint64_t sum = 0;

	for (int i = 0; i < blocks->count; i++)
		sum += round_up(blocks->requests[i] + (blocks->requests[i] > SMALL_MAX ? 8 : 0), 16);
	return sum;
}

static struct weigh_object_blocks one(uint64_t request)
{
	return (struct weigh_object_blocks){{request}, 1};
}

static struct weigh_object_blocks two(uint64_t first, uint64_t second)
{
	return (struct weigh_object_blocks){{first, second}, second ? 2 : 1};
}

/* Slots of the table of a dict that so many keys were put into one by one. */
static uint64_t table_slots(uint64_t keys)
{
	uint64_t slots = DICT_LEAST;
	while (slots * 2 / 3 < keys)
		slots *= 2;
	return slots;
}

static uint64_t index_bytes(uint64_t slots)
{
	return slots <= 128 ? slots : slots <= 32768 ? slots * 2 : slots * 4;
}

struct weigh_object_blocks weigh_blocks_dict(uint32_t python, uint64_t keys, bool all_str)
{
	const uint64_t head = COLLECTED + 48;
	bool old = python < 0x030b0000;
	if (!keys)
		return one(head);
	uint64_t slots = table_slots(keys);
	uint64_t entry = all_str && !old ? 16 : 24;
	return two(head, (old ? 40 : 32) + index_bytes(slots) + slots * 2 / 3 * entry);
}

uint64_t weigh_dict_room(uint64_t keys)
{
	return table_slots(keys) * 2 / 3;
}

struct weigh_object_blocks weigh_blocks_list(uint32_t python, uint64_t room)
{
	(void)python;
	return two(COLLECTED + 40, room * POINTER);
}

/* A tuple keeps its hash from 3.14 on. */
struct weigh_object_blocks weigh_blocks_tuple(uint32_t python, uint64_t items)
{
	uint64_t head = COLLECTED + (python >= 0x030e0000 ? 32 : 24);
	return one(head + items * POINTER);
}

/* A class made of tuple has room for one item more. */
struct weigh_object_blocks weigh_blocks_named_tuple(uint32_t python, uint64_t items)
{
	return weigh_blocks_tuple(python, items + 1);
}

/* Sizes of the values and their order, beside the instance on 3.11 and 3.12, at its end later. */
static uint64_t values_bytes(uint32_t python, uint64_t attributes)
{
	uint64_t entries = attributes + 1;
	if (entries > SHARED_ENTRIES_MAX)
		entries = SHARED_ENTRIES_MAX;
	if (python >= 0x030d0000)
		return POINTER * entries + 8 + round_up(entries, 8);
	return POINTER * entries + round_up(entries + 2, 8);
}

struct weigh_object_blocks weigh_blocks_instance(uint32_t python, uint64_t attributes)
{
	if (python >= 0x030d0000)
		return one(48 + values_bytes(python, attributes));
	if (python >= 0x030c0000)
		return two(48, values_bytes(python, attributes));
	if (python >= 0x030b0000)
		return two(56, values_bytes(python, attributes));
	uint64_t entries = table_slots(attributes) * 2 / 3;
	return (struct weigh_object_blocks){{COLLECTED + 32, COLLECTED + 48, entries * POINTER}, 3};
}

double weigh_blocks_asked_dict(uint32_t python)
{
	return python < 0x030b0000 ? 0 : weigh_block_resident(COLLECTED + 48);
}

struct weigh_object_blocks weigh_blocks_slots(uint32_t python, uint64_t attributes)
{
	(void)python;
	return one(COLLECTED + 16 + attributes * POINTER);
}

/* 3.11 and 3.12 make the values of the dict that could be before anything is in them. */
struct weigh_object_blocks weigh_blocks_slots_below(uint32_t python, uint64_t attributes)
{
	uint64_t slots = attributes * POINTER;

	if (python >= 0x030d0000 || python < 0x030b0000)
		return one(48 + slots);
	return two((python >= 0x030c0000 ? 48 : 56) + slots, values_bytes(python, 0));
}

uint64_t weigh_request_str(uint32_t python, uint64_t characters, unsigned bits)
{
	uint64_t ascii = python >= 0x030c0000 ? 40 : 48;
	uint64_t wide = python >= 0x030c0000 ? 56 : 72;
	if (bits <= 7)
		return ascii + characters + 1;
	return wide + (characters + 1) * (bits <= 8 ? 1 : bits <= 16 ? 2 : 4);
}

uint64_t weigh_request_int(uint32_t python, unsigned bits)
{
	uint64_t digits = (bits > 1 ? bits - 1 + DIGIT_BITS - 1 : DIGIT_BITS) / DIGIT_BITS;
	(void)python;
	return 24 + digits * 4;
}

uint64_t weigh_request_float(uint32_t python)
{
	(void)python;
	return 24;
}

/* -5 to 256; only 256 has a bit more than those below, and -128 to -6 as few. */
bool weigh_int_is_shared(unsigned bits)
{
	return bits <= 9;
}
