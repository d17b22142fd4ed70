/*
 * The tree of stacks and the code objects in it. One thread.
 */
#include "recorder/codes.h"
#include "recorder/recorder.h"
#include "recorder/sites.h"
#include "recorder/stacks.h"
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct weigh_node node_at(uint32_t index)
{
	assert_true(index < stage_used(WEIGH_SECTION_NODES));
	return ((struct weigh_node *)stage_entries(WEIGH_SECTION_NODES))[index];
}

static const char *function_at(uint32_t node, char *name)
{
	struct weigh_code code =
		((struct weigh_code *)stage_entries(WEIGH_SECTION_CODES))[node_at(node).code];
	memcpy(name, (char *)stage_entries(WEIGH_SECTION_STRINGS) + code.function.offset,
	       code.function.length);
	name[code.function.length] = '\0';
	return name;
}

static bool whole;

static uint32_t intern(unsigned depth, const struct weigh_frame *frames)
{
	static struct weigh_stack_memo memo;
	return weigh_stacks_intern(&memo, frames, depth, false, &whole);
}

static struct weigh_frame frame(unsigned code, int32_t instruction)
{
	return (struct weigh_frame){stage_code(code), instruction};
}

static void test_empty_stack_is_the_root(void **state)
{
	(void)state;
	assert_int_equal(intern(0, NULL), 0);
	assert_int_equal(weigh_stacks_shorten(0), 0);
	assert_int_equal(stage_used(WEIGH_SECTION_NODES), 1);
}

static void test_stacks_share_their_callers(void **state)
{
	const struct weigh_frame a[] = {frame(3, 10), frame(2, 20), frame(1, 30)};
	const struct weigh_frame b[] = {frame(4, 10), frame(2, 20), frame(1, 30)};
	const struct weigh_frame c[] = {frame(4, 10), frame(2, 22), frame(1, 30)};
	char name[64];
	(void)state;
	uint32_t first = intern(3, a);
	assert_int_equal(intern(3, a), first);
	assert_int_equal(stage_used(WEIGH_SECTION_NODES), 4);
	uint32_t second = intern(3, b);
	assert_int_equal(stage_used(WEIGH_SECTION_NODES), 5);
	assert_int_equal(node_at(first).parent, node_at(second).parent);
	uint32_t third = intern(3, c);
	assert_int_equal(stage_used(WEIGH_SECTION_NODES), 7);
	assert_int_not_equal(node_at(third).parent, node_at(second).parent);

	assert_string_equal(function_at(third, name), "function_4");
	assert_int_equal(node_at(third).instruction, 10);
	uint32_t caller = node_at(third).parent;
	assert_string_equal(function_at(caller, name), "function_2");
	assert_int_equal(node_at(caller).instruction, 22);
	uint32_t root = node_at(caller).parent;
	assert_string_equal(function_at(root, name), "function_1");
	assert_int_equal(node_at(root).parent, 0);
}

static void test_recursion_is_a_path(void **state)
{
	struct weigh_frame frames[100];
	(void)state;
	for (unsigned i = 0; i < 100; i++)
		frames[i] = frame(1, 8);
	uint32_t node = intern(100, frames);
	unsigned depth = 0;
	for (uint32_t at = node; at; at = node_at(at).parent)
		depth++;
	assert_int_equal(depth, 100);
	assert_int_equal(stage_used(WEIGH_SECTION_NODES), 101);
}

static void test_before_the_first_instruction(void **state)
{
	const struct weigh_frame before[] = {frame(1, -1)};
	const struct weigh_frame at[] = {frame(1, 0)};
	(void)state;
	assert_int_not_equal(intern(1, before), intern(1, at));
	assert_int_equal(node_at(intern(1, before)).instruction, -1);
}

static void test_shorten(void **state)
{
	const struct weigh_frame a[] = {frame(3, 10), frame(2, 20), frame(1, 30)};
	const struct weigh_frame alone[] = {frame(3, 10)};
	(void)state;
	uint32_t node = weigh_stacks_shorten(intern(3, a));
	assert_int_equal(node, intern(1, alone));
	assert_int_equal(node_at(node).parent, 0);
	assert_int_equal(weigh_stacks_shorten(node), node);
}

/* Fills the tree; the instruction that found no room for its callers. */
static int32_t fill(void)
{
	for (int32_t instruction = 0;; instruction++) {
		const struct weigh_frame frames[] = {frame(9, instruction), frame(8, instruction)};
		assert_int_not_equal(intern(2, frames), 0);
		if (!whole)
			return instruction;
	}
}

/* Without room for the callers a stack is its innermost line; without room for that, nothing. */
static void test_full_tree(void **state)
{
	const struct weigh_frame known[] = {frame(3, 10), frame(1, 30)};
	uint32_t capacity = stage_capture->sections[WEIGH_SECTION_NODES].capacity;
	char name[64];
	(void)state;
	uint32_t node = intern(2, known);
	int32_t instruction = fill();
	assert_true(stage_used(WEIGH_SECTION_NODES) < capacity);
	const struct weigh_frame unknown[] = {frame(3, 12), frame(1, 30)};
	uint32_t line = intern(2, unknown);
	assert_false(whole);
	assert_int_equal(node_at(line).parent, 0);
	assert_int_equal(node_at(line).instruction, 12);
	assert_string_equal(function_at(line, name), "function_3");
	assert_int_equal(intern(2, known), node);
	assert_true(whole);
	for (uint32_t i = 0; stage_used(WEIGH_SECTION_NODES) < capacity; i++) {
		const struct weigh_frame frames[] = {frame(4, instruction + (int32_t)i), frame(5, 0),
						     frame(6, 0)};
		assert_int_not_equal(intern(3, frames), 0);
	}
	const struct weigh_frame last[] = {frame(7, 1), frame(7, 2)};
	assert_int_equal(intern(2, last), 0);
	assert_int_equal(weigh_stacks_shorten(line), line);
}

/* Frees what fill made, in an order of its own; how many nodes may be made then. */
static uint32_t room_after(int32_t filled)
{
	for (int32_t i = 0; i < filled; i++) {
		int32_t instruction = (int32_t)((int64_t)i * 7919 % filled);
		const struct weigh_frame frames[] = {frame(9, instruction), frame(8, instruction)};
		uint32_t node = intern(2, frames);
		weigh_stacks_hold(node);
		weigh_stacks_release(node);
	}
	return weigh_stacks_room();
}

static void test_what_no_site_holds_is_freed(void **state)
{
	(void)state;
	stage_stack(4, 3, 1, 2, 3);
	void *block = stage_malloc(100, WEIGH_DOMAIN_MALLOC);
	const struct weigh_site *site = stage_site(3, WEIGH_DOMAIN_MALLOC);
	uint32_t node = site->node;
	uint32_t room = weigh_stacks_room();
	assert_in_range(room_after(fill()), room - 2, room);
	const struct weigh_frame again[] = {frame(3, 4), frame(2, 4), frame(1, 4)};
	assert_int_equal(intern(3, again), node);
	uint32_t random = 7;
	for (uint32_t i = 0, pairs = weigh_stacks_room() / 2; i < pairs; i++) {
		random = random * 1664525 + 1013904223;
		int32_t instruction = (int32_t)(random >> 1);
		const struct weigh_frame frames[] = {frame(10, instruction), frame(11, instruction)};
		uint32_t made = intern(2, frames);
		assert_true(whole);
		assert_int_equal(node_at(made).instruction, instruction);
		assert_int_equal(node_at(node_at(made).parent).instruction, instruction);
	}
	stage_free(block);
}

static void test_deep_stacks_keep_the_innermost_frames(void **state)
{
	static unsigned numbers[WEIGH_STACK_DEPTH];
	(void)state;
	for (unsigned i = 0; i < WEIGH_STACK_DEPTH; i++)
		numbers[i] = i % 200;
	stage_stack_list(4, WEIGH_STACK_DEPTH, numbers);
	void *block = stage_malloc(100, WEIGH_DOMAIN_MALLOC);
	const struct weigh_site *site = stage_site((WEIGH_STACK_DEPTH - 1) % 200, WEIGH_DOMAIN_MALLOC);
	assert_non_null(site);
	unsigned depth = 0;
	for (uint32_t at = site->node; at; at = node_at(at).parent)
		depth++;
	assert_int_equal(depth, WEIGH_STACK_DEPTH);
	stage_free(block);
}

static void test_code_reuses_an_address(void **state)
{
	(void)state;
	stage_stack(4, 1, 20);
	void *first = stage_malloc(100, WEIGH_DOMAIN_MALLOC);
	weigh_event_free((void *)(uintptr_t)stage_code(20));
	stage_code_set(20, "other.py", "newcomer", 7);
	stage_stack(4, 1, 20);
	void *second = stage_malloc(250, WEIGH_DOMAIN_MALLOC);
	assert_true(stage_site(20, WEIGH_DOMAIN_MALLOC)->live.bytes == 250);
	stage_code_set(20, "stage.py", "function_20", 21);
	assert_true(stage_site(20, WEIGH_DOMAIN_MALLOC)->live.bytes == 100);
	stage_free(first);
	stage_free(second);
	assert_int_equal(stage_capture->counters.other_live, 0);
}

/* Without news of a death an address keeps naming what it named: no code is read twice. */
static void test_code_is_read_once(void **state)
{
	(void)state;
	uint32_t index = weigh_codes_intern(stage_code(5), false);
	stage_code_set(5, "elsewhere.py", "changed", 1);
	assert_int_equal(weigh_codes_intern(stage_code(5), false), index);
	weigh_codes_forget(stage_code(5));
	assert_int_not_equal(weigh_codes_intern(stage_code(5), false), index);
}

static void test_equal_code_is_found_again(void **state)
{
	(void)state;
	uint32_t index = weigh_codes_intern(stage_code(5), false);
	uint32_t used = stage_used(WEIGH_SECTION_CODES);
	uint32_t strings = stage_used(WEIGH_SECTION_STRINGS);
	for (int i = 0; i < 1000; i++) {
		weigh_codes_forget(stage_code(5));
		assert_int_equal(weigh_codes_intern(stage_code(5), false), index);
	}
	stage_code_set(6, "stage.py", "function_5", 6);
	assert_int_equal(weigh_codes_intern(stage_code(6), false), index);
	assert_int_equal(stage_used(WEIGH_SECTION_CODES), used);
	assert_int_equal(stage_used(WEIGH_SECTION_STRINGS), strings);
}

/* A code object as no other was. */
static const void *new_code(uint32_t line)
{
	weigh_codes_forget(stage_code(2));
	stage_code_set(2, "stage.py", "many", line);
	return stage_code(2);
}

static void test_full_table_of_codes(void **state)
{
	const struct weigh_section *section = &stage_capture->sections[WEIGH_SECTION_CODES];
	uint32_t usual = section->capacity - section->capacity / 8, line = 1000;
	(void)state;
	uint32_t known = weigh_codes_intern(stage_code(1), false);
	while (section->used < usual)
		assert_int_not_equal(weigh_codes_intern(new_code(line++), false), 0);
	assert_int_equal(weigh_codes_intern(stage_code(3), false), 0);
	assert_int_equal(weigh_codes_intern(stage_code(3), false), 0);
	assert_int_equal(section->refused, 1);
	uint32_t large = weigh_codes_intern(stage_code(3), true);
	assert_int_equal(large, usual);
	assert_int_equal(weigh_codes_intern(stage_code(3), false), large);
	while (section->used < section->capacity)
		assert_int_not_equal(weigh_codes_intern(new_code(line++), true), 0);
	assert_int_equal(weigh_codes_intern(stage_code(4), true), 0);
	assert_int_equal(weigh_codes_intern(stage_code(1), false), known);
	assert_int_equal(section->used, section->capacity);
	assert_int_equal(section->refused, 2);
}

/* A node that was made without its code object is not the one of a large block's stack. */
static void test_large_blocks_find_room_for_their_codes(void **state)
{
	const struct weigh_section *section = &stage_capture->sections[WEIGH_SECTION_CODES];
	(void)state;
	for (uint32_t line = 1000; section->refused == 0; line++)
		weigh_codes_intern(new_code(line), false);
	stage_stack(4, 2, 11, 12);
	void *small = stage_malloc(WEIGH_SITE_LARGE - 1, WEIGH_DOMAIN_MALLOC);
	assert_null(stage_site(12, WEIGH_DOMAIN_MALLOC));
	void *large = stage_malloc(WEIGH_SITE_LARGE, WEIGH_DOMAIN_MALLOC);
	const struct weigh_site *site = stage_site(12, WEIGH_DOMAIN_MALLOC);
	assert_non_null(site);
	assert_true(site->live.blocks == 1 && site->live.bytes == WEIGH_SITE_LARGE);
	char name[64];
	assert_string_equal(function_at(node_at(site->node).parent, name), "function_11");
	stage_free(small);
	stage_free(large);
	assert_int_equal(stage_capture->counters.other_live, 0);
}

static void test_full_strings(void **state)
{
	static char text[65536];
	uint32_t capacity = stage_capture->sections[WEIGH_SECTION_STRINGS].capacity;
	(void)state;
	struct weigh_text known = weigh_text_intern("known", 5);
	memset(text, 'x', sizeof(text));
	for (int i = 0; stage_capture->sections[WEIGH_SECTION_STRINGS].refused == 0; i++) {
		assert_true(i < 100);
		text[0] = (char)i;
		weigh_text_intern(text, sizeof(text));
	}
	assert_true(stage_used(WEIGH_SECTION_STRINGS) <= capacity);
	struct weigh_text refused = weigh_text_intern(text, sizeof(text));
	assert_int_equal(refused.length, 0);
	struct weigh_text again = weigh_text_intern("known", 5);
	assert_int_equal(again.offset, known.offset);
	assert_int_equal(again.length, 5);
}

#define STACKS(test) cmocka_unit_test_setup_teardown(test, stage_set_up_exact, stage_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STACKS(test_empty_stack_is_the_root),
		STACKS(test_stacks_share_their_callers),
		STACKS(test_recursion_is_a_path),
		STACKS(test_before_the_first_instruction),
		STACKS(test_shorten),
		STACKS(test_full_tree),
		STACKS(test_what_no_site_holds_is_freed),
		STACKS(test_deep_stacks_keep_the_innermost_frames),
		STACKS(test_code_reuses_an_address),
		STACKS(test_code_is_read_once),
		STACKS(test_equal_code_is_found_again),
		STACKS(test_full_table_of_codes),
		STACKS(test_large_blocks_find_room_for_their_codes),
		STACKS(test_full_strings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
