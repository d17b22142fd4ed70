/*
 * Growth between two snapshots, and objects born in between.
 */
#include "heap/diff.h"

#include "opened_heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LIST_BYTES = 120, RECORD_BYTES = 96, TEXT_BYTES = 64, TUPLE_BYTES = 56 };

struct side {
	struct fake_snapshot *s;
	uint32_t list, record, longer, text, tuple; /* shapes */
	struct opened_heap opened;
};

static uint32_t shape(struct side *side, const char *name, enum weigh_snapshot_form form, uint64_t flags,
		      enum weigh_snapshot_tail tail)
{
	return fake_snapshot_shape(side->s, fake_snapshot_type(side->s, "builtins", name, form, 0), flags,
				   tail);
}

/* `spare` types come first, so that the two sides number theirs differently. */
static void init(struct side *side, uint32_t pid, int spare)
{
	*side = (struct side){.s = fake_snapshot_create()};
	side->s->header.pid = pid;
	for (int i = 0; i < spare; i++)
		shape(side, "spare", WEIGH_SNAPSHOT_PLAIN, 0, 0);
	side->list = shape(side, "list", WEIGH_SNAPSHOT_LIST, WEIGH_SHAPE_SIZED, WEIGH_TAIL_ITEMS);
	side->text = shape(side, "str", WEIGH_SNAPSHOT_STR, WEIGH_SHAPE_VALUED, 0);
	side->tuple = shape(side, "tuple", WEIGH_SNAPSHOT_TUPLE, WEIGH_SHAPE_SIZED, WEIGH_TAIL_ITEMS);
	uint32_t type = fake_snapshot_type(side->s, "app", "Row", WEIGH_SNAPSHOT_PLAIN, 0);
	side->record = fake_snapshot_shape(side->s, type, WEIGH_SHAPE_DATA, 0);
	fake_snapshot_slot(side->s, WEIGH_SLOT_ATTRIBUTE, "name", FAKE_NONE);
	side->longer = fake_snapshot_shape(side->s, type, WEIGH_SHAPE_DATA, 0);
	fake_snapshot_slot(side->s, WEIGH_SLOT_ATTRIBUTE, "name", FAKE_NONE);
	fake_snapshot_slot(side->s, WEIGH_SLOT_ATTRIBUTE, "note", FAKE_NONE);
}

static uint32_t text(struct side *side, uint64_t bits)
{
	uint32_t object = fake_snapshot_object(side->s, side->text, TEXT_BYTES);

	fake_snapshot_at(side->s, object)->value = fake_snapshot_value(side->s, WEIGH_VALUE_TEXT, bits, NULL);
	return object;
}

static void finish(struct side *side)
{
	opened_heap_init(&side->opened, open_fake(side->s));
}

static void deinit(struct side *side)
{
	opened_heap_deinit(&side->opened);
	fake_snapshot_destroy(side->s);
}

static void compare(const struct side *before, const struct side *after, struct weigh_diff *diff)
{
	const struct weigh_diff_side sides[] = {
		{before->opened.graph, before->opened.below, before->opened.routes, before->opened.lines},
		{after->opened.graph, after->opened.below, after->opened.routes, after->opened.lines},
	};

	good(weigh_diff_init(diff, &sides[0], &sides[1]));
}

static const struct weigh_diff_row *row(const struct weigh_diff *diff, enum weigh_diff_by by,
					const char *name)
{
	for (uint32_t i = 0; i < diff->tables[by].count; i++) {
		char *own = weigh_diff_name(diff, by, &diff->tables[by].rows[i], " > ");
		bool same = !strcmp(own, name);
		free(own);
		if (same)
			return &diff->tables[by].rows[i];
	}
	return NULL;
}

/* A list of `count` rows with a text each, made in app.py:7. */
static void make_rows(struct side *side, int count)
{
	uint32_t node = fake_snapshot_node(side->s, 0, "/srv/app.py", "load", 7);
	uint32_t site = fake_snapshot_site(side->s, node);
	uint32_t list = fake_snapshot_object(side->s, side->list, LIST_BYTES);

	for (int i = 0; i < count; i++) {
		uint32_t record = fake_snapshot_object(side->s, side->record, RECORD_BYTES);
		fake_snapshot_refer(side->s, list, record);
		fake_snapshot_refer(side->s, record, text(side, 7));
		fake_snapshot_at(side->s, record)->site = site;
	}
	fake_snapshot_root(side->s, WEIGH_ROOT_INTERPRETER, "audit", list);
}

static void test_growth(void **state)
{
	struct side before, after;
	struct weigh_diff diff;

	(void)state;
	init(&before, 1, 0);
	make_rows(&before, 3);
	finish(&before);
	init(&after, 2, 4);
	make_rows(&after, 10);
	finish(&after);
	compare(&before, &after, &diff);
	assert_false(diff.same_process);
	assert_int_equal(diff.count[WEIGH_BEFORE], 7);
	assert_int_equal(diff.count[WEIGH_AFTER], 21);

	const struct weigh_diff_row *rows = row(&diff, WEIGH_DIFF_TYPES, "app.Row");
	assert_ptr_equal(rows, &diff.tables[WEIGH_DIFF_TYPES].rows[0]);
	assert_int_equal(rows->count[WEIGH_BEFORE], 3);
	assert_int_equal(rows->count[WEIGH_AFTER], 10);
	assert_int_equal(rows->gross[WEIGH_AFTER], 10 * RECORD_BYTES);
	assert_int_equal(rows->retained[WEIGH_AFTER], 10 * (RECORD_BYTES + TEXT_BYTES));
	/* The list itself stayed as it was, but keeps more. */
	const struct weigh_diff_row *list = row(&diff, WEIGH_DIFF_TYPES, "list");
	assert_int_equal(list->gross[WEIGH_BEFORE], list->gross[WEIGH_AFTER]);
	assert_int_equal(list->retained[WEIGH_AFTER] - list->retained[WEIGH_BEFORE],
			 7 * (RECORD_BYTES + TEXT_BYTES));
	assert_null(row(&diff, WEIGH_DIFF_TYPES, "spare"));

	const struct weigh_diff_row *names =
		row(&diff, WEIGH_DIFF_HOLDERS, "(interpreter: audit) > list[*] > app.Row.name > str");
	assert_non_null(names);
	assert_int_equal(names->count[WEIGH_AFTER] - names->count[WEIGH_BEFORE], 7);

	const struct weigh_diff_row *line = row(&diff, WEIGH_DIFF_LINES, "/srv/app.py:7");
	assert_non_null(line);
	assert_int_equal(line->gross[WEIGH_BEFORE], 3 * RECORD_BYTES);
	assert_int_equal(line->estimate[WEIGH_AFTER].low, 10 * RECORD_BYTES);
	assert_int_equal(line->estimate[WEIGH_AFTER].high, 10 * RECORD_BYTES);
	weigh_diff_deinit(&diff);
	deinit(&before);
	deinit(&after);
}

/* What went is there with what it was. */
static void test_shrinkage(void **state)
{
	struct side before, after;
	struct weigh_diff diff;

	(void)state;
	init(&before, 1, 0);
	make_rows(&before, 2);
	finish(&before);
	init(&after, 2, 0);
	fake_snapshot_object(after.s, after.list, LIST_BYTES);
	finish(&after);
	compare(&before, &after, &diff);
	const struct weigh_diff_row *rows = row(&diff, WEIGH_DIFF_TYPES, "app.Row");
	assert_int_equal(rows->count[WEIGH_AFTER], 0);
	const struct weigh_diff_table *types = &diff.tables[WEIGH_DIFF_TYPES];
	assert_ptr_equal(rows, &types->rows[types->count - 1]);
	assert_non_null(row(&diff, WEIGH_DIFF_HOLDERS, "(interpreter: audit) > list[*] > app.Row"));
	weigh_diff_deinit(&diff);
	deinit(&before);
	deinit(&after);
}

/* One object each: as it was before, as it is after, and whether it is another one. */
static void test_born(void **state)
{
	enum { KEPT, VALUE, CLASS, LONGER, SHORTER, TUPLE, PAIR, ITEM, ITEM_OTHER, FRESH, OBJECTS };
	static const uint8_t expected[OBJECTS] = {
		[VALUE] = 1, [CLASS] = 1, [SHORTER] = 1, [PAIR] = 1, [FRESH] = 1,
	};
	struct side sides[WEIGH_SIDES];

	(void)state;
	for (int i = 0; i < WEIGH_SIDES; i++) {
		struct side *side = &sides[i];
		init(side, 1, 3 * i);
		text(side, 7);
		text(side, i ? 16 : 7);
		fake_snapshot_object(side->s, i ? side->list : side->tuple, TUPLE_BYTES);
		fake_snapshot_object(side->s, i ? side->longer : side->record, RECORD_BYTES);
		fake_snapshot_object(side->s, i ? side->record : side->longer, RECORD_BYTES);
		fake_snapshot_object(side->s, side->tuple, TUPLE_BYTES);
		fake_snapshot_object(side->s, side->tuple, TUPLE_BYTES);
		text(side, 7);
		text(side, 7);
		fake_snapshot_refer(side->s, TUPLE, ITEM);
		fake_snapshot_refer(side->s, PAIR, i ? ITEM : ITEM_OTHER);
		if (i)
			fake_snapshot_object(side->s, side->list, LIST_BYTES);
		finish(side);
	}
	assert_true(weigh_diff_same_process(sides[0].opened.graph, sides[1].opened.graph));
	uint8_t *born = weigh_diff_born(sides[0].opened.graph, sides[1].opened.graph);
	assert_non_null(born);
	assert_memory_equal(born, expected, OBJECTS);
	free(born);

	struct weigh_diff diff;
	compare(&sides[0], &sides[1], &diff);
	assert_int_equal(diff.born, 5);
	assert_int_equal(diff.born_gross, TEXT_BYTES + TUPLE_BYTES + RECORD_BYTES + TUPLE_BYTES + LIST_BYTES);
	assert_int_equal(row(&diff, WEIGH_DIFF_TYPES, "list")->born, 2);
	weigh_diff_deinit(&diff);
	deinit(&sides[0]);
	deinit(&sides[1]);
}

static void test_processes(void **state)
{
	struct side before, after;

	(void)state;
	init(&before, 1, 0);
	init(&after, 1, 0);
	fake_snapshot_root(before.s, WEIGH_ROOT_MODULES, "sys.modules",
			   fake_snapshot_object(before.s, 0, 64));
	text(&after, 7);
	fake_snapshot_root(after.s, WEIGH_ROOT_MODULES, "sys.modules",
			   fake_snapshot_object(after.s, after.list, 64));
	finish(&before);
	finish(&after);
	/* The same number, given anew: the modules lie elsewhere. */
	assert_false(weigh_diff_same_process(before.opened.graph, after.opened.graph));
	after.opened.graph->header = before.opened.graph->header;
	assert_true(weigh_diff_same_process(before.opened.graph, before.opened.graph));
	after.opened.graph->header.recording_ns = 5;
	after.opened.graph->roots[0].object = 0;
	assert_true(weigh_diff_same_process(before.opened.graph, after.opened.graph));
	before.opened.graph->header.recording_ns = 4;
	assert_false(weigh_diff_same_process(before.opened.graph, after.opened.graph));
	deinit(&before);
	deinit(&after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_shrinkage),
		cmocka_unit_test(test_born),
		cmocka_unit_test(test_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
