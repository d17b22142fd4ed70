/*
 * Charging lines: frames of a made-up code object whose instruction the test
 * moves, one line a unit. One thread.
 */
#include "recorder/profile.h"
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { UNITS = 4, CALLED = 0 };

static const uint32_t row_of[UNITS + 1] = {0, 1, 2, 3, CALLED};
static const uint32_t lines[UNITS] = {10, 11, 12, 13};
static uint32_t next_index;

static int end(void **state)
{
	(void)state;
	weigh_profile_cut(0);
	stage_end();
	return 0;
}

/* Kept for ever, as the profile demands. */
static struct weigh_profile_code *make_code(void)
{
	struct weigh_profile_code *code = weigh_profile_take(sizeof(*code));
	assert_non_null(code);
	*code = (struct weigh_profile_code){
		.root = code,
		.index = next_index++,
		.unit_count = UNITS,
		.row_count = UNITS,
		.by_unit = true,
		.row_of = row_of,
		.lines = lines,
	};
	return code;
}

/* A frame at a unit; its address is its name. */
struct frame {
	uint32_t unit;
};

static struct weigh_profile *push(struct frame *frame, struct weigh_profile_code *code, uint32_t unit)
{
	frame->unit = unit;
	struct weigh_profile *profile = weigh_profile_push(frame, &frame->unit, 0, code);
	assert_non_null(profile);
	return profile;
}

static const struct weigh_profile_row *row_at(const struct weigh_profile_code *code, uint32_t row)
{
	assert_non_null(code->tables);
	return &code->tables->rows[row];
}

static void assert_row(const struct weigh_profile_code *code, uint32_t row, uint64_t allocated,
		       uint64_t freed, int64_t peak)
{
	assert_int_equal(row_at(code, row)->allocated, allocated);
	assert_int_equal(row_at(code, row)->freed, freed);
	assert_int_equal(row_at(code, row)->peak, peak);
}

static void test_nothing_is_charged_without_a_frame(void **state)
{
	(void)state;
	assert_false(weigh_profiles_watch());
	assert_int_equal(weigh_profile_depth(), 0);
	weigh_profile_note_allocated(100);
	weigh_profile_note_freed(100);
	weigh_profile_pop(state);
	assert_int_equal(weigh_profile_depth(), 0);
}

static void test_the_line_that_runs_is_charged(void **state)
{
	struct weigh_profile_code *code = make_code();
	struct frame frame;
	(void)state;
	push(&frame, code, 1);
	assert_true(weigh_profiles_watch());
	weigh_profile_note_allocated(100);
	frame.unit = 2;
	weigh_profile_note_allocated(30);
	weigh_profile_note_freed(100);
	weigh_profile_note_allocated(50);
	weigh_profile_pop(&frame);
	assert_false(weigh_profiles_watch());
	assert_row(code, 1, 100, 0, 100);
	assert_row(code, 2, 80, 100, 30);
}

/* Once told at once, and once put off until something is charged. */
static void test_the_peak_is_of_one_pass(void **state)
{
	(void)state;
	for (int later = 0; later < 3; later++) {
		struct weigh_profile_code *code = make_code();
		struct frame frame;
		struct weigh_profile *profile = push(&frame, code, 1);
		for (int pass = 0; pass < 5; pass++) {
			weigh_profile_note_allocated(64);
			if (later == 1)
				weigh_profile_turn_later(profile);
			else if (later == 0)
				weigh_profile_turn(profile, 1);
		}
		weigh_profile_pop(&frame);
		assert_row(code, 1, 5 * 64, 0, later == 2 ? 5 * 64 : 64);
	}
}

static void test_a_charge_is_taken_back(void **state)
{
	struct weigh_profile_code *code = make_code();
	struct frame frame;
	(void)state;
	struct weigh_profile *profile = push(&frame, code, 1);
	weigh_profile_note_allocated(64);
	weigh_profile_note_allocated(32);
	assert_int_equal(weigh_profile_undo(profile), 32);
	assert_int_equal(weigh_profile_undo(profile), 0);
	weigh_profile_note_freed(16);
	weigh_profile_forgo(profile, 16);
	weigh_profile_pop(&frame);
	assert_row(code, 1, 64, 0, 64);
}

static void test_what_is_called_is_the_callers_too(void **state)
{
	struct weigh_profile_code *outer = make_code(), *inner = make_code();
	struct frame below, above;
	(void)state;
	push(&below, outer, 1);
	weigh_profile_note_allocated(16);
	push(&above, inner, 3);
	weigh_profile_note_allocated(200);
	weigh_profile_note_freed(150);
	assert_int_equal(weigh_profile_depth(), 2);
	weigh_profile_pop(&above);
	weigh_profile_pop(&below);
	assert_row(inner, 3, 200, 150, 200);
	assert_row(outer, 1, 216, 150, 216);
}

static void test_a_line_that_calls_itself_counts_each_byte_once(void **state)
{
	struct weigh_profile_code *code = make_code();
	struct frame frames[5];
	(void)state;
	for (int i = 0; i < 5; i++) {
		push(&frames[i], code, 2);
		weigh_profile_note_allocated(100);
	}
	weigh_profile_note_freed(300);
	for (int i = 5; i-- > 0;)
		weigh_profile_pop(&frames[i]);
	assert_row(code, 2, 500, 300, 500);
}

static void test_frames_in_hundreds_and_from_below(void **state)
{
	enum { MANY = 300 };
	struct weigh_profile_code *code = make_code();
	struct frame frames[MANY];
	(void)state;
	for (int i = 0; i < MANY; i++)
		push(&frames[i], code, 1);
	weigh_profile_pop(&frames[7]);
	assert_int_equal(weigh_profile_depth(), MANY - 1);
	assert_null(weigh_profile_of(&frames[7]));
	assert_non_null(weigh_profile_of(&frames[MANY - 1]));
	weigh_profile_cut(5);
	assert_int_equal(weigh_profile_depth(), 5);
	assert_non_null(weigh_profile_of(&frames[4]));
	weigh_profile_note_allocated(48);
	weigh_profile_cut(0);
	assert_int_equal(row_at(code, 1)->allocated, 48);
}

static void count_visits(const struct weigh_profile_frame *frame, void *count)
{
	assert_int_equal(weigh_profile_unit(frame), 2);
	++*(int *)count;
}

static void test_readers_see_calls_under_way(void **state)
{
	struct weigh_profile_code *code = make_code(), *other = make_code();
	struct frame frames[3];
	int visits = 0;
	(void)state;
	push(&frames[0], code, 2);
	push(&frames[1], other, 1);
	push(&frames[2], code, 2);
	weigh_profile_note_allocated(80);
	weigh_profiles_visit(code, count_visits, &visits);
	assert_int_equal(visits, 2);
	weigh_profiles_settle();
	assert_row(code, 2, 80, 0, 80);
	assert_row(other, 1, 80, 0, 80);
	weigh_profile_clear(code);
	assert_row(code, 2, 0, 0, 0);
	weigh_profile_note_allocated(32);
	weigh_profile_cut(0);
	assert_row(code, 2, 32, 0, 32);
}

static void test_a_frame_before_its_first_instruction(void **state)
{
	struct weigh_profile_code *code = make_code();
	struct frame frame;
	(void)state;
	push(&frame, code, UINT32_MAX);
	weigh_profile_note_allocated(16);
	weigh_profile_pop(&frame);
	assert_row(code, CALLED, 16, 0, 16);
}

#define PROFILE(test) cmocka_unit_test_setup_teardown(test, stage_set_up_exact, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROFILE(test_nothing_is_charged_without_a_frame),
		PROFILE(test_the_line_that_runs_is_charged),
		PROFILE(test_the_peak_is_of_one_pass),
		PROFILE(test_a_charge_is_taken_back),
		PROFILE(test_what_is_called_is_the_callers_too),
		PROFILE(test_a_line_that_calls_itself_counts_each_byte_once),
		PROFILE(test_frames_in_hundreds_and_from_below),
		PROFILE(test_readers_see_calls_under_way),
		PROFILE(test_a_frame_before_its_first_instruction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
