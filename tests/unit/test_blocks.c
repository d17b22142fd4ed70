/*
 * The map of blocks: states at every kind of border, entries in nodes of every
 * size. One thread; addresses are made up, nothing lies behind them.
 */
#include "base/arena.h"
#include "base/pages.h"
#include "recorder/blocks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define PAGE_A ((uintptr_t)0x7f1234567000)
#define GRANULE ((uintptr_t)1 << WEIGH_GRANULE_SHIFT)
#define LEAF (GRANULE << WEIGH_LEAF_SHIFT)
#define LAST (((uintptr_t)1 << (WEIGH_GRANULE_SHIFT + WEIGH_LEAF_SHIFT + WEIGH_ROOT_SHIFT)) - 16)

static int clear(void **state)
{
	(void)state;
	weigh_pages_fail_from(0);
	weigh_blocks_clear();
	weigh_arena_release();
	return 0;
}

static struct weigh_granule *granule_of(uintptr_t address)
{
	struct weigh_granule *granule = weigh_granule_make(address);
	assert_non_null(granule);
	assert_ptr_equal(granule, weigh_granule_find(address));
	return granule;
}

static enum weigh_block_state state_of(uintptr_t address)
{
	struct weigh_granule *granule = weigh_granule_find(address);
	return granule ? weigh_state_get(granule, address) : WEIGH_BLOCK_NONE;
}

static void set(uintptr_t address, enum weigh_block_state state, bool shared)
{
	weigh_state_set(granule_of(address), address, state, shared);
}

static void test_states_of_neighbours(void **unused)
{
	static const uintptr_t borders[] = {
		PAGE_A, PAGE_A + 512, GRANULE * 12345, LEAF * 7, 16, LAST - 16 * 40,
	};
	(void)unused;
	for (unsigned b = 0; b < sizeof(borders) / sizeof(borders[0]); b++) {
		for (int before = 0; before < 4; before++) {
			for (int after = 0; after < 4; after++) {
				uintptr_t low = borders[b] - (b == 4 ? 0 : 16);
				bool shared = (before + after) % 2;
				set(low, (enum weigh_block_state)before, shared);
				set(low + 16, (enum weigh_block_state)after, shared);
				assert_int_equal(state_of(low), before);
				assert_int_equal(state_of(low + 16), after);
				assert_int_equal(state_of(low + 32), WEIGH_BLOCK_NONE);
				weigh_state_clear(granule_of(low), low, shared);
				assert_int_equal(state_of(low), WEIGH_BLOCK_NONE);
				assert_int_equal(state_of(low + 16), after);
				weigh_state_clear(granule_of(low + 16), low + 16, shared);
				assert_int_equal(state_of(low + 16), WEIGH_BLOCK_NONE);
			}
		}
	}
}

static void test_states_of_a_whole_granule(void **unused)
{
	const uintptr_t start = GRANULE * 4321;
	(void)unused;
	for (uintptr_t at = 0; at < GRANULE; at += 16)
		set(start + at, (enum weigh_block_state)(at / 16 % 4), at % 32);
	for (uintptr_t at = 0; at < GRANULE; at += 16)
		assert_int_equal(state_of(start + at), at / 16 % 4);
	assert_int_equal(state_of(start + GRANULE), WEIGH_BLOCK_NONE);
	assert_int_equal(state_of(start - 16), WEIGH_BLOCK_NONE);
}

static void test_addresses_outside(void **unused)
{
	(void)unused;
	assert_null(weigh_granule_find(LAST + 16));
	assert_null(weigh_granule_make(LAST + 16));
	assert_null(weigh_granule_find(UINTPTR_MAX));
	assert_null(weigh_granule_make(UINTPTR_MAX & ~(uintptr_t)15));
	assert_null(weigh_granule_find(LAST));
	assert_non_null(weigh_granule_make(LAST));
	assert_null(weigh_granule_find(0));
}

static struct weigh_entry entry_of(unsigned number)
{
	return (struct weigh_entry){.site = number, .size = number * 3 + 1, .birth = number, .sampled = 1};
}

static void add(uintptr_t address, unsigned number)
{
	assert_true(weigh_blocks_add(granule_of(address), address, entry_of(number)));
}

static void assert_removed(uintptr_t address, unsigned number)
{
	struct weigh_entry entry;
	assert_true(weigh_blocks_remove(granule_of(address), address, &entry));
	assert_int_equal(entry.site, number);
	assert_int_equal(entry.size, number * 3 + 1);
	assert_int_equal(entry.birth, number);
	assert_int_equal(entry.sampled, 1);
}

static void assert_absent(uintptr_t address)
{
	struct weigh_entry entry;
	assert_false(weigh_blocks_remove(granule_of(address), address, &entry));
}

static unsigned capacity_log(uintptr_t address)
{
	return 8 - (unsigned)(*weigh_page_of(granule_of(address), address) >> WEIGH_PAGE_SHIFT & 31);
}

/* Evenly spaced blocks need no more places than there are blocks. */
static void test_nodes_of_every_size(void **unused)
{
	(void)unused;
	for (unsigned log = 0; log <= 8; log++) {
		uintptr_t page = PAGE_A + log * 4096;
		uintptr_t step = 4096u >> log;
		for (unsigned i = 0; i < 1u << log; i++)
			add(page + i * step, i + 1000 * log);
		assert_int_equal(capacity_log(page), log);
		for (unsigned i = 0; i < 1u << log; i++)
			assert_removed(page + i * step, i + 1000 * log);
		/* Only the smallest node stays. */
		uint64_t left = *weigh_page_of(granule_of(page), page);
		assert_int_equal(log ? left : left >> WEIGH_PAGE_COUNT, 0);
	}
}

static void shuffle(unsigned *order, unsigned count, uint32_t *random)
{
	for (unsigned i = count; i > 1; i--) {
		*random = *random * 1664525 + 1013904223;
		unsigned other = (*random >> 8) % i;
		unsigned swap = order[i - 1];
		order[i - 1] = order[other];
		order[other] = swap;
	}
}

static void test_any_order(void **unused)
{
	unsigned order[256];
	uint32_t random = 42;
	(void)unused;
	for (unsigned i = 0; i < 256; i++)
		order[i] = i;
	for (unsigned round = 0; round < 200; round++) {
		unsigned count = round % 256 + 1;
		shuffle(order, 256, &random);
		for (unsigned i = 0; i < count; i++)
			add(PAGE_A + order[i] * 16, order[i]);
		for (unsigned i = count; i < 256; i++)
			assert_absent(PAGE_A + order[i] * 16);
		shuffle(order, count, &random);
		for (unsigned i = 0; i < count; i++) {
			assert_removed(PAGE_A + order[i] * 16, order[i]);
			assert_absent(PAGE_A + order[i] * 16);
		}
	}
}

static void test_pages_are_apart(void **unused)
{
	(void)unused;
	add(PAGE_A + 4080, 1);
	add(PAGE_A + 4096, 2);
	add(PAGE_A - 16, 3);
	assert_absent(PAGE_A);
	assert_removed(PAGE_A + 4096, 2);
	assert_removed(PAGE_A + 4080, 1);
	assert_removed(PAGE_A - 16, 3);
	add(GRANULE * 99 - 16, 4);
	add(GRANULE * 99, 5);
	assert_removed(GRANULE * 99 - 16, 4);
	assert_removed(GRANULE * 99, 5);
}

static void test_entry_keeps_its_largest_values(void **unused)
{
	struct weigh_entry entry = {
		.kind = 3,
		.period = 63,
		.code = 1,
		.traced = 1,
		.birth = (1ull << 44) - 1,
		.site = (1u << 24) - 1,
		.size = (1ull << 40) - 1,
	};
	struct weigh_entry back;
	(void)unused;
	assert_true(weigh_blocks_add(granule_of(LAST), LAST, entry));
	assert_true(weigh_blocks_remove(granule_of(LAST), LAST, &back));
	assert_int_equal(back.kind, 3);
	assert_int_equal(back.period, 63);
	assert_int_equal(back.code, 1);
	assert_int_equal(back.traced, 1);
	assert_int_equal(back.sampled, 0);
	assert_true(back.birth == (1ull << 44) - 1);
	assert_int_equal(back.site, (1u << 24) - 1);
	assert_true(back.size == (1ull << 40) - 1);
	assert_int_equal(sizeof(struct weigh_entry), 16);
}

static void assert_watched(uintptr_t address, enum weigh_block_kind kind)
{
	struct weigh_entry entry;
	assert_true(weigh_blocks_watch(address));
	assert_int_equal(state_of(address), WEIGH_BLOCK_SAMPLED);
	assert_true(weigh_blocks_remove(granule_of(address), address, &entry));
	assert_int_equal(entry.code, 1);
	assert_int_equal(entry.sampled, 0);
	assert_int_equal(entry.kind, kind);
}

static void test_watch(void **unused)
{
	struct weigh_entry entry;
	(void)unused;
	assert_watched(PAGE_A, WEIGH_KIND_UNCOUNTED);
	set(PAGE_A + 16, WEIGH_BLOCK_SMALL, false);
	assert_watched(PAGE_A + 16, WEIGH_KIND_SMALL);
	set(PAGE_A + 32, WEIGH_BLOCK_NATIVE, true);
	assert_watched(PAGE_A + 32, WEIGH_KIND_NATIVE);

	add(PAGE_A + 48, 77);
	set(PAGE_A + 48, WEIGH_BLOCK_SAMPLED, true);
	assert_true(weigh_blocks_watch(PAGE_A + 48));
	assert_true(weigh_blocks_watch(PAGE_A + 48));
	assert_int_equal(state_of(PAGE_A + 48), WEIGH_BLOCK_SAMPLED);
	assert_true(weigh_blocks_remove(granule_of(PAGE_A + 48), PAGE_A + 48, &entry));
	assert_int_equal(entry.site, 77);
	assert_int_equal(entry.code, 1);
	assert_int_equal(entry.sampled, 1);
	assert_absent(PAGE_A + 48);
	assert_false(weigh_blocks_watch(LAST + 16));
}

static void test_without_memory(void **unused)
{
	(void)unused;
	weigh_pages_fail_from(1);
	assert_null(weigh_granule_make(PAGE_A));
	assert_false(weigh_blocks_watch(PAGE_A));
	assert_int_equal(state_of(PAGE_A), WEIGH_BLOCK_NONE);
	weigh_pages_fail_from(0);
	struct weigh_granule *granule = granule_of(PAGE_A);
	while (weigh_arena_take(16)) {
		static unsigned taken;
		if (++taken == 10)
			weigh_pages_fail_from(1);
	}
	assert_false(weigh_blocks_add(granule, PAGE_A, entry_of(1)));
	weigh_pages_fail_from(0);
	add(PAGE_A, 1);
	assert_removed(PAGE_A, 1);
}

#define BLOCKS(test) cmocka_unit_test_teardown(test, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BLOCKS(test_states_of_neighbours),
		BLOCKS(test_states_of_a_whole_granule),
		BLOCKS(test_addresses_outside),
		BLOCKS(test_nodes_of_every_size),
		BLOCKS(test_any_order),
		BLOCKS(test_pages_are_apart),
		BLOCKS(test_entry_keeps_its_largest_values),
		BLOCKS(test_watch),
		BLOCKS(test_without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
