/*
 * The recorder's allocator, and the pages under it. One thread.
 */
#include "base/arena.h"
#include "base/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/mman.h>

static int clear(void **state)
{
	(void)state;
	weigh_pages_fail_from(0);
	weigh_arena_release();
	return 0;
}

static bool all_zero(const void *memory, size_t bytes)
{
	const char *byte = memory;
	return bytes == 0 || (byte[0] == 0 && memcmp(byte, byte + 1, bytes - 1) == 0);
}

static void test_every_size(void **state)
{
	(void)state;
	for (size_t bytes = 1; bytes <= WEIGH_ARENA_CHUNK; bytes += bytes < 1100 ? 1 : bytes / 7) {
		char *block = weigh_arena_take(bytes);
		assert_non_null(block);
		assert_int_equal((uintptr_t)block % 16, 0);
		assert_true(all_zero(block, bytes));
		memset(block, 0xA5, bytes);
		weigh_arena_give(block, bytes);
	}
	assert_null(weigh_arena_take(WEIGH_ARENA_CHUNK + 1));
}

static void test_blocks_do_not_overlap(void **state)
{
	enum { COUNT = 3000 };
	static unsigned char *blocks[COUNT];
	static size_t sizes[COUNT];
	uint32_t random = 1;
	(void)state;
	for (int i = 0; i < COUNT; i++) {
		random = random * 1664525 + 1013904223;
		sizes[i] = (random >> 16) % 2000 + 1;
		blocks[i] = weigh_arena_take(sizes[i]);
		assert_non_null(blocks[i]);
		memset(blocks[i], i & 255, sizes[i]);
	}
	for (int i = 0; i < COUNT; i++) {
		for (size_t at = 0; at < sizes[i]; at++)
			assert_int_equal(blocks[i][at], i & 255);
	}
}

static void test_what_is_given_is_taken_again_and_zeroed(void **state)
{
	(void)state;
	char *first = weigh_arena_take(100);
	memset(first, 1, 128);
	weigh_arena_give(first, 100);
	size_t held = weigh_pages_held();
	char *second = weigh_arena_take(128);
	assert_ptr_equal(first, second);
	assert_true(all_zero(second, 128));
	for (int i = 0; i < 100000; i++) {
		void *block = weigh_arena_take(4096);
		weigh_arena_give(block, 4096);
	}
	assert_true(weigh_pages_held() <= held + WEIGH_ARENA_CHUNK);
}

static bool resident(const void *memory)
{
	unsigned char here;
	void *page = (void *)((uintptr_t)memory & ~(uintptr_t)4095);
	assert_int_equal(mincore(page, 1, &here), 0);
	return here & 1;
}

/* After a clear old addresses read as zeros and cost nothing, and are taken again. */
static void test_clear(void **state)
{
	(void)state;
	char *early = weigh_arena_take(200000);
	memset(early, 1, 200000);
	size_t held = weigh_pages_held();
	weigh_arena_clear();
	assert_int_equal(weigh_arena_used(), 0);
	assert_false(resident(early + 100000));
	assert_true(all_zero(early, 200000));
	char *late = weigh_arena_take(200000);
	assert_ptr_equal(early, late);
	assert_int_equal(weigh_pages_held(), held);
}

static void test_release_gives_everything_back(void **state)
{
	(void)state;
	size_t before = weigh_pages_held();
	for (int i = 0; i < 1000; i++)
		assert_non_null(weigh_arena_take((size_t)i * 300 + 1));
	assert_true(weigh_pages_held() > before);
	weigh_arena_release();
	assert_int_equal(weigh_pages_held(), before);
	assert_non_null(weigh_arena_take(16));
}

static void test_without_memory(void **state)
{
	(void)state;
	weigh_pages_fail_from(1);
	assert_null(weigh_arena_take(16));
	assert_null(weigh_arena_take(WEIGH_ARENA_CHUNK));
	weigh_arena_give(NULL, 16);
	weigh_pages_fail_from(2);
	assert_non_null(weigh_arena_take(16));
	assert_null(weigh_arena_take(WEIGH_ARENA_CHUNK));
	assert_non_null(weigh_arena_take(16));
}

#define ARENA(test) cmocka_unit_test_teardown(test, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA(test_every_size),
		ARENA(test_blocks_do_not_overlap),
		ARENA(test_what_is_given_is_taken_again_and_zeroed),
		ARENA(test_clear),
		ARENA(test_release_gives_everything_back),
		ARENA(test_without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
