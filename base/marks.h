/*
 * A set of addresses: one bit for each 8 bytes of the address space, in leaves
 * that come into being where an address is put in. It takes 1/64 of the memory
 * that its members are spread over, and nothing else.
 *
 * Each leaf also has a tag for each 16 KiB, free for the caller's use, and on
 * request numbers its members, so that arrays can be kept beside the set.
 *
 * One thread at a time. Memory comes from the kernel only.
 */
#ifndef WEIGH_BASE_MARKS_H
#define WEIGH_BASE_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WEIGH_MARKS_LEAF_SHIFT = 24, /* a leaf covers 16 MiB */
	WEIGH_MARKS_WORD_SHIFT = 9,  /* a word of 64 bits covers 512 bytes */
	WEIGH_MARKS_TAG_SHIFT = 14,
	WEIGH_MARKS_WORDS = 1 << (WEIGH_MARKS_LEAF_SHIFT - WEIGH_MARKS_WORD_SHIFT),
	WEIGH_MARKS_TAGS = 1 << (WEIGH_MARKS_LEAF_SHIFT - WEIGH_MARKS_TAG_SHIFT),
	WEIGH_MARKS_ADDRESS_BITS = 47, /* what a program on x86-64 can have */
};

struct weigh_marks_leaf {
	struct weigh_marks_leaf *next;
	uintptr_t base;
	uint32_t *ranks; /* members before each word; NULL until they are numbered */
	uint8_t tags[WEIGH_MARKS_TAGS];
	uint64_t words[WEIGH_MARKS_WORDS];
};

struct weigh_marks {
	struct weigh_marks_leaf **root;
	struct weigh_marks_leaf *leaves;
	uint64_t members; /* set by weigh_marks_number */
};

/* An empty set. False without memory. */
bool weigh_marks_init(struct weigh_marks *marks);

/* Gives all memory back; also right on a set of zeros. */
void weigh_marks_deinit(struct weigh_marks *marks);

/* Makes the leaf of an address that has none; NULL without memory or for an impossible address. */
struct weigh_marks_leaf *weigh_marks_grow(struct weigh_marks *marks, uintptr_t address);

/* The leaf of an address, made when it is absent; NULL as above. Owned by the set. */
static inline struct weigh_marks_leaf *weigh_marks_leaf(struct weigh_marks *marks, uintptr_t address)
{
	uintptr_t index = address >> WEIGH_MARKS_LEAF_SHIFT;
	if (__builtin_expect(index >> (WEIGH_MARKS_ADDRESS_BITS - WEIGH_MARKS_LEAF_SHIFT) != 0, 0))
		return NULL;
	struct weigh_marks_leaf *leaf = marks->root[index];
	return __builtin_expect(leaf != NULL, 1) ? leaf : weigh_marks_grow(marks, address);
}

static inline uint8_t *weigh_marks_tag(struct weigh_marks_leaf *leaf, uintptr_t address)
{
	return &leaf->tags[(address >> WEIGH_MARKS_TAG_SHIFT) % WEIGH_MARKS_TAGS];
}

/* Puts an address of the leaf in; whether it was absent. */
static inline bool weigh_marks_add(struct weigh_marks_leaf *leaf, uintptr_t address)
{
	uint64_t *word = &leaf->words[(address >> WEIGH_MARKS_WORD_SHIFT) % WEIGH_MARKS_WORDS];
	uint64_t bit = (uint64_t)1 << (address >> 3) % 64;
	if (*word & bit)
		return false;
	*word |= bit;
	return true;
}

/* Whether an address is in the set. Makes nothing. */
static inline bool weigh_marks_has(const struct weigh_marks *marks, uintptr_t address)
{
	uintptr_t index = address >> WEIGH_MARKS_LEAF_SHIFT;
	const struct weigh_marks_leaf *leaf =
		index >> (WEIGH_MARKS_ADDRESS_BITS - WEIGH_MARKS_LEAF_SHIFT) ? NULL : marks->root[index];
	return leaf &&
	       (leaf->words[(address >> WEIGH_MARKS_WORD_SHIFT) % WEIGH_MARKS_WORDS] >> (address >> 3) % 64 &
		1);
}

/*
 * Numbers the members from 0 by ascending address, so that weigh_marks_rank
 * can tell the number of each; members put in later have none. The leaves are
 * in that order then. False without memory.
 */
bool weigh_marks_number(struct weigh_marks *marks);

/* The number of a member of a numbered set. */
static inline uint64_t weigh_marks_rank(const struct weigh_marks *marks, uintptr_t address)
{
	const struct weigh_marks_leaf *leaf = marks->root[address >> WEIGH_MARKS_LEAF_SHIFT];
	size_t word = (address >> WEIGH_MARKS_WORD_SHIFT) % WEIGH_MARKS_WORDS;
	uint64_t below = leaf->words[word] & (((uint64_t)1 << (address >> 3) % 64) - 1);
	return leaf->ranks[word] + (uint64_t)__builtin_popcountll(below);
}

/* The first member at or above `from` within its leaf; 0 when there is none. */
uintptr_t weigh_marks_next(const struct weigh_marks_leaf *leaf, uintptr_t from);

#endif
