/*
 * What objects would occupy: requests by kind of object and version of
 * CPython, and what the allocators keep for a request. The arithmetic of
 * predictions; nothing here looks at a program.
 *
 * Requests are bytes asked of an allocator, the garbage collector's head
 * included; an object of several blocks has several. Resident bytes are what
 * of the machine's memory a block comes to take when many like it are made:
 * a pool of the small-object allocator (16 KiB, 48 bytes its own) holds a whole
 * number of blocks of one size class, a chunk of malloc's has a head of 8
 * bytes.
 *
 * Sources of the layouts: CPython's headers of 3.10 to 3.15 (dictobject,
 * pycore_dict.h, unicodeobject.h, pycore_object.h), each checked against the
 * growth of RSS on a million objects.
 *
 * Pure functions; any thread.
 */
#ifndef WEIGH_ADVICE_BLOCKS_H
#define WEIGH_ADVICE_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

/* Resident bytes of one block of so many requested bytes, as an average over many; 0 for 0. */
double weigh_block_resident(uint64_t request);

/* The blocks of one object, each a request; a count of 0 ends them. */
enum { WEIGH_BLOCKS_MAX = 3 };
struct weigh_object_blocks {
	uint64_t requests[WEIGH_BLOCKS_MAX];
	int count;
};

/* Sum over the blocks. */
double weigh_object_resident(const struct weigh_object_blocks *blocks);

/* Sum of what the blocks occupy: whole size classes, a chunk's head included. */
uint64_t weigh_object_gross(const struct weigh_object_blocks *blocks);

/* `python` is PY_VERSION_HEX throughout. */

/* A dict of its own with so many keys, built by insertion; `all_str` when every key is a str. */
struct weigh_object_blocks weigh_blocks_dict(uint32_t python, uint64_t keys, bool all_str);

/* How many keys its table has room for. */
uint64_t weigh_dict_room(uint64_t keys);

/* A list that has room for `room` items. */
struct weigh_object_blocks weigh_blocks_list(uint32_t python, uint64_t room);

struct weigh_object_blocks weigh_blocks_tuple(uint32_t python, uint64_t items);
struct weigh_object_blocks weigh_blocks_named_tuple(uint32_t python, uint64_t items);

/* An instance of a class without __slots__ whose attributes nobody asked for as a dict. */
struct weigh_object_blocks weigh_blocks_instance(uint32_t python, uint64_t attributes);

/* What such an instance has beside when its __dict__ was asked for. */
double weigh_blocks_asked_dict(uint32_t python);

/* An instance of a class with __slots__ all the way up. */
struct weigh_object_blocks weigh_blocks_slots(uint32_t python, uint64_t attributes);

/* The same below a base without: the instance can still have a dict, which nothing uses. */
struct weigh_object_blocks weigh_blocks_slots_below(uint32_t python, uint64_t attributes);

/* A str of so many characters, the widest of them with so many bits (7, 8, 16, 32). */
uint64_t weigh_request_str(uint32_t python, uint64_t characters, unsigned bits);

/* An int of so many bits of two's complement that is not one of the interpreter's own, and a float. */
uint64_t weigh_request_int(uint32_t python, unsigned bits);
uint64_t weigh_request_float(uint32_t python);

/* Whether an int of so many bits is usually one of the interpreter's own, and costs nothing. */
bool weigh_int_is_shared(unsigned bits);

#endif
