/*
 * Leaves of a set of addresses. One thread at a time; memory comes from the
 * kernel, so that a page of the root or of a leaf is there once it is touched.
 */
#include "base/marks.h"

#include "base/pages.h"

static const size_t root_bytes = sizeof(struct weigh_marks_leaf *)
				 << (WEIGH_MARKS_ADDRESS_BITS - WEIGH_MARKS_LEAF_SHIFT);
static const size_t leaf_bytes = (sizeof(struct weigh_marks_leaf) + 4095) & ~(size_t)4095;
static const size_t rank_bytes = sizeof(uint32_t) * WEIGH_MARKS_WORDS;

bool weigh_marks_init(struct weigh_marks *marks)
{
	*marks = (struct weigh_marks){.root = weigh_pages_take(root_bytes)};
	return marks->root != NULL;
}

void weigh_marks_deinit(struct weigh_marks *marks)
{
	for (struct weigh_marks_leaf *leaf = marks->leaves, *next; leaf; leaf = next) {
		next = leaf->next;
		weigh_pages_give(leaf->ranks, rank_bytes);
		weigh_pages_give(leaf, leaf_bytes);
	}
	weigh_pages_give(marks->root, root_bytes);
	*marks = (struct weigh_marks){0};
}

struct weigh_marks_leaf *weigh_marks_grow(struct weigh_marks *marks, uintptr_t address)
{
	if (address >> WEIGH_MARKS_ADDRESS_BITS)
		return NULL;
	struct weigh_marks_leaf *leaf = weigh_pages_take(leaf_bytes);
	if (!leaf)
		return NULL;
	leaf->base = address >> WEIGH_MARKS_LEAF_SHIFT << WEIGH_MARKS_LEAF_SHIFT;
	leaf->next = marks->leaves;
	marks->leaves = leaf;
	marks->root[address >> WEIGH_MARKS_LEAF_SHIFT] = leaf;
	return leaf;
}

static struct weigh_marks_leaf *merge(struct weigh_marks_leaf *a, struct weigh_marks_leaf *b)
{
	struct weigh_marks_leaf *first = NULL;
	struct weigh_marks_leaf **end = &first;
	while (a && b) {
		struct weigh_marks_leaf **lower = a->base < b->base ? &a : &b;
		*end = *lower;
		end = &(*end)->next;
		*lower = (*lower)->next;
	}
	*end = a ? a : b;
	return first;
}

/* Runs of 1, 2, 4, ... leaves are merged as they come to be two of a length. */
static void sort(struct weigh_marks *marks)
{
	struct weigh_marks_leaf *runs[WEIGH_MARKS_ADDRESS_BITS] = {NULL};
	for (struct weigh_marks_leaf *leaf = marks->leaves, *next; leaf; leaf = next) {
		size_t i = 0;
		next = leaf->next;
		leaf->next = NULL;
		for (; runs[i]; runs[i++] = NULL)
			leaf = merge(runs[i], leaf);
		runs[i] = leaf;
	}
	marks->leaves = NULL;
	for (size_t i = 0; i < sizeof(runs) / sizeof(*runs); i++)
		marks->leaves = merge(marks->leaves, runs[i]);
}

bool weigh_marks_number(struct weigh_marks *marks)
{
	uint64_t members = 0;
	sort(marks);
	for (struct weigh_marks_leaf *leaf = marks->leaves; leaf; leaf = leaf->next) {
		if (!leaf->ranks && !(leaf->ranks = weigh_pages_take(rank_bytes)))
			return false;
		for (size_t word = 0; word < WEIGH_MARKS_WORDS; word++) {
			if (!leaf->words[word])
				continue;
			leaf->ranks[word] = (uint32_t)members;
			members += (uint64_t)__builtin_popcountll(leaf->words[word]);
		}
	}
	marks->members = members;
	return members <= UINT32_MAX;
}

uintptr_t weigh_marks_next(const struct weigh_marks_leaf *leaf, uintptr_t from)
{
	if (from - leaf->base >= (uintptr_t)1 << WEIGH_MARKS_LEAF_SHIFT)
		return 0;
	size_t word = (from - leaf->base) >> WEIGH_MARKS_WORD_SHIFT;
	uint64_t bits = leaf->words[word] & ~(uint64_t)0 << (from >> 3) % 64;
	while (!bits) {
		if (++word == WEIGH_MARKS_WORDS)
			return 0;
		bits = leaf->words[word];
	}
	return leaf->base + ((uintptr_t)word << WEIGH_MARKS_WORD_SHIFT) +
	       ((uintptr_t)__builtin_ctzll(bits) << 3);
}
