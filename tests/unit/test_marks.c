/*
 * The set of addresses and the stack of words. One thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/marks.h"
#include "base/pages.h"
#include "base/pile.h"

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005 + 1442695040888963407;
	return *state >> 17;
}

static bool put(struct weigh_marks *marks, uintptr_t address)
{
	struct weigh_marks_leaf *leaf = weigh_marks_leaf(marks, address);
	assert_non_null(leaf);
	return weigh_marks_add(leaf, address);
}

static void test_members_are_found_once(void **state)
{
	struct weigh_marks marks;
	uint64_t random = 1;
	(void)state;
	size_t held = weigh_pages_held();
	assert_true(weigh_marks_init(&marks));
	for (int i = 0; i < 10000; i++) {
		uintptr_t address = 0x7f0000000000 + next_random(&random) % 0x8000000 * 8;
		bool there = weigh_marks_has(&marks, address);
		assert_int_equal(put(&marks, address), !there);
		assert_true(weigh_marks_has(&marks, address));
	}
	weigh_marks_deinit(&marks);
	assert_int_equal(weigh_pages_held(), held);
}

static void test_neighbours_are_apart(void **state)
{
	struct weigh_marks marks;
	(void)state;
	assert_true(weigh_marks_init(&marks));
	assert_true(put(&marks, 0x1000000 - 8));
	assert_true(put(&marks, 0x1000000));
	assert_false(weigh_marks_has(&marks, 0x1000000 + 8));
	assert_false(weigh_marks_has(&marks, 0x1000000 - 16));
	weigh_marks_deinit(&marks);
}

static void test_numbers_ascend_with_addresses(void **state)
{
	struct weigh_marks marks;
	uint64_t random = 2;
	uint64_t count = 0;
	(void)state;
	assert_true(weigh_marks_init(&marks));
	for (int i = 0; i < 2000; i++)
		count += put(&marks, 0x5000000 + next_random(&random) % 0x10000000 * 8);
	assert_true(weigh_marks_number(&marks));
	assert_int_equal(marks.members, count);
	uint64_t expected = 0;
	uintptr_t before = 0;
	for (struct weigh_marks_leaf *leaf = marks.leaves; leaf; leaf = leaf->next) {
		uintptr_t address = weigh_marks_next(leaf, leaf->base);
		for (; address; address = weigh_marks_next(leaf, address + 8)) {
			assert_true(address > before);
			assert_int_equal(weigh_marks_rank(&marks, address), expected++);
			before = address;
		}
	}
	assert_int_equal(expected, count);
	weigh_marks_deinit(&marks);
}

static void test_impossible_addresses_have_no_leaf(void **state)
{
	struct weigh_marks marks;
	(void)state;
	assert_true(weigh_marks_init(&marks));
	assert_null(weigh_marks_leaf(&marks, (uintptr_t)1 << 47));
	assert_null(weigh_marks_leaf(&marks, UINTPTR_MAX - 7));
	assert_false(weigh_marks_has(&marks, UINTPTR_MAX - 7));
	weigh_marks_deinit(&marks);
}

static void test_without_memory_nothing_is_lost(void **state)
{
	struct weigh_marks marks;
	size_t held = weigh_pages_held();
	(void)state;
	for (uint64_t n = 1; n < 4; n++) {
		weigh_pages_fail_from(n);
		bool done = weigh_marks_init(&marks) && weigh_marks_leaf(&marks, 0x4000) &&
			    weigh_marks_number(&marks);
		weigh_pages_fail_from(0);
		assert_false(done);
		weigh_marks_deinit(&marks);
		assert_int_equal(weigh_pages_held(), held);
	}
}

static void test_pile_gives_back_in_reverse(void **state)
{
	struct weigh_pile pile = {0};
	size_t held = weigh_pages_held();
	uintptr_t word;
	(void)state;
	assert_false(weigh_pile_pop(&pile, &word));
	for (uintptr_t i = 0; i < 3 * WEIGH_PILE_WORDS + 5; i++)
		assert_true(weigh_pile_push(&pile, i));
	for (uintptr_t i = 3 * WEIGH_PILE_WORDS + 5; i-- > 0;) {
		assert_true(weigh_pile_pop(&pile, &word));
		assert_int_equal(word, i);
	}
	assert_false(weigh_pile_pop(&pile, &word));
	assert_true(weigh_pages_held() - held <= 2 * sizeof(struct weigh_pile_chunk));
	weigh_pile_deinit(&pile);
	assert_int_equal(weigh_pages_held(), held);
}

static void test_pile_at_the_edge_of_a_chunk(void **state)
{
	struct weigh_pile pile = {0};
	uintptr_t word;
	(void)state;
	for (int i = 0; i < WEIGH_PILE_WORDS; i++)
		assert_true(weigh_pile_push(&pile, 7));
	for (uintptr_t i = 0; i < 1000; i++) {
		assert_true(weigh_pile_push(&pile, i));
		assert_true(weigh_pile_pop(&pile, &word));
		assert_int_equal(word, i);
	}
	assert_true(weigh_pile_pop(&pile, &word));
	assert_int_equal(word, 7);
	weigh_pile_deinit(&pile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members_are_found_once),
		cmocka_unit_test(test_neighbours_are_apart),
		cmocka_unit_test(test_numbers_ascend_with_addresses),
		cmocka_unit_test(test_impossible_addresses_have_no_leaf),
		cmocka_unit_test(test_without_memory_nothing_is_lost),
		cmocka_unit_test(test_pile_gives_back_in_reverse),
		cmocka_unit_test(test_pile_at_the_edge_of_a_chunk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
