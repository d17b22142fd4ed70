/*
 * Who holds it, in names: holders by kind, their sums, and the part of them
 * that fits on a screen.
 */
#include "heap/holders.h"
#include "heap/outline.h"
#include "opened_heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 50, LINKS = 100, ROW = 184, TEXT = 56, LINK = 48, BIG = 5000 };

/* The types and shapes of a small program, and its objects by name. */
struct program {
	struct fake_snapshot *fake;
	uint32_t str, list, dict, module, function, frame, pairs, link;
	uint32_t key_route, key_day;
	uint32_t modules, main_module, main_dict, json_module, json_dict;
};

static uint32_t shape(struct fake_snapshot *fake, const char *name, enum weigh_snapshot_form form,
		      uint64_t flags, enum weigh_snapshot_tail tail)
{
	return fake_snapshot_shape(fake, fake_snapshot_type(fake, "builtins", name, form, 0), flags, tail);
}

static void add_shapes(struct program *p)
{
	struct fake_snapshot *fake = p->fake;

	p->str = shape(fake, "str", WEIGH_SNAPSHOT_STR, WEIGH_SHAPE_VALUED, WEIGH_TAIL_NONE);
	p->key_route = fake_snapshot_object(fake, p->str, TEXT);
	p->key_day = fake_snapshot_object(fake, p->str, TEXT);
	p->list = shape(fake, "list", WEIGH_SNAPSHOT_LIST, WEIGH_SHAPE_SIZED, WEIGH_TAIL_ITEMS);
	uint32_t dict = fake_snapshot_type(fake, "builtins", "dict", WEIGH_SNAPSHOT_DICT, 0);
	p->dict = fake_snapshot_shape(fake, dict, WEIGH_SHAPE_SIZED | WEIGH_SHAPE_KEYS | WEIGH_SHAPE_DATA,
				      WEIGH_TAIL_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_KEY, "route", p->key_route);
	fake_snapshot_slot(fake, WEIGH_SLOT_KEY, "day", p->key_day);
	p->pairs = fake_snapshot_shape(fake, dict, WEIGH_SHAPE_SIZED, WEIGH_TAIL_PAIRS);
	p->module = shape(fake, "module", WEIGH_SNAPSHOT_MODULE, 0, WEIGH_TAIL_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_ATTRIBUTE, "__dict__", FAKE_NONE);
	p->function = shape(fake, "function", WEIGH_SNAPSHOT_FUNCTION, 0, WEIGH_TAIL_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_ATTRIBUTE, "__globals__", FAKE_NONE);
	p->frame = shape(fake, "frame", WEIGH_SNAPSHOT_FRAME, 0, WEIGH_TAIL_MEMBERS);
	fake_snapshot_slot(fake, WEIGH_SLOT_LOCAL, "rows", FAKE_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_LOCAL, "total", FAKE_NONE);
	uint32_t link = fake_snapshot_type(fake, "__main__", "Link", WEIGH_SNAPSHOT_PLAIN, 0);
	p->link = fake_snapshot_shape(fake, link, WEIGH_SHAPE_DATA, WEIGH_TAIL_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_ATTRIBUTE, "next", FAKE_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_ATTRIBUTE, "data", FAKE_NONE);
}

/* A dict with a name for each of `count` values. */
static uint32_t add_globals(struct program *p, const char *const *names, const uint32_t *values,
			    uint32_t count)
{
	uint32_t type = fake_snapshot_type(p->fake, "builtins", "dict", WEIGH_SNAPSHOT_DICT, 0);
	uint32_t globals = fake_snapshot_shape(p->fake, type, WEIGH_SHAPE_SIZED, WEIGH_TAIL_NONE);

	for (uint32_t i = 0; i < count; i++)
		fake_snapshot_slot(p->fake, WEIGH_SLOT_KEY, names[i], FAKE_NONE);
	uint32_t object = fake_snapshot_object(p->fake, globals, 1000);
	for (uint32_t i = 0; i < count; i++)
		fake_snapshot_refer(p->fake, object, values[i]);
	return object;
}

static uint32_t add_rows(struct program *p)
{
	struct fake_snapshot *fake = p->fake;
	uint32_t rows = fake_snapshot_object(fake, p->list, BIG);
	uint32_t day = fake_snapshot_object(fake, p->str, TEXT);

	for (uint32_t i = 0; i < ROWS; i++) {
		uint32_t row = fake_snapshot_object(fake, p->dict, ROW);
		fake_snapshot_refer(fake, rows, row);
		fake_snapshot_refer(fake, row, fake_snapshot_object(fake, p->str, TEXT));
		fake_snapshot_refer(fake, row, day);
	}
	return rows;
}

static uint32_t add_links(struct program *p)
{
	uint32_t head = FAKE_NONE;

	for (uint32_t i = 0; i < LINKS; i++) {
		uint32_t link = fake_snapshot_object(p->fake, p->link, LINK);
		fake_snapshot_refer(p->fake, link, head);
		fake_snapshot_refer(p->fake, link, fake_snapshot_object(p->fake, p->str, TEXT));
		head = link;
	}
	return head;
}

/* Frames run() in main(), which both have `rows`; run alone has `total`. */
static void add_frames(struct program *p, uint32_t rows)
{
	uint32_t inner = fake_snapshot_object(p->fake, p->frame, 0);
	uint32_t outer = fake_snapshot_object(p->fake, p->frame, 0);

	fake_snapshot_at(p->fake, inner)->surplus = FAKE_UNCOUNTED;
	fake_snapshot_at(p->fake, outer)->surplus = FAKE_UNCOUNTED;
	fake_snapshot_refer(p->fake, inner, rows);
	fake_snapshot_refer(p->fake, inner, fake_snapshot_object(p->fake, p->list, 3000));
	fake_snapshot_refer(p->fake, inner, fake_snapshot_object(p->fake, p->list, 70));
	fake_snapshot_refer(p->fake, outer, rows);
	fake_snapshot_root(p->fake, WEIGH_ROOT_FRAME, "MainThread", inner);
	fake_snapshot_root(p->fake, WEIGH_ROOT_FRAME, "MainThread", outer);
	fake_snapshot_label(p->fake, inner, "run (bus.py:3)");
	fake_snapshot_label(p->fake, outer, "main (bus.py:12)");
}

/* What no name leads to. */
static void add_others(struct program *p)
{
	struct fake_snapshot *fake = p->fake;
	uint32_t elsewhere = fake_snapshot_object(fake, p->list, 700);
	uint32_t a = fake_snapshot_object(fake, p->list, 300), b = fake_snapshot_object(fake, p->list, 300);
	uint32_t immortal = fake_snapshot_object(fake, p->str, 60);

	fake_snapshot_at(fake, elsewhere)->surplus = 1;
	fake_snapshot_refer(fake, a, b);
	fake_snapshot_refer(fake, b, a);
	fake_snapshot_at(fake, immortal)->surplus = FAKE_IMMORTAL;
	uint32_t held = fake_snapshot_object(fake, p->list, 900);
	fake_snapshot_root(fake, WEIGH_ROOT_INTERPRETER, "codecs", held);
	fake_snapshot_root(fake, WEIGH_ROOT_THREAD, "MainThread", fake_snapshot_object(fake, p->list, 800));
}

static struct fake_snapshot *program(bool global_rows)
{
	static const char *const main_names[] = {"rows", "head", "load", "loads"};
	static const char *const json_names[] = {"NUMBER_RE", "loads"};
	struct program p = {.fake = fake_snapshot_create()};
	struct fake_snapshot *fake = p.fake;

	add_shapes(&p);
	uint32_t rows = add_rows(&p), head = add_links(&p);
	uint32_t load = fake_snapshot_object(fake, p.function, 160);
	uint32_t loads = fake_snapshot_object(fake, p.function, 160);
	uint32_t number = fake_snapshot_object(fake, p.list, 400);
	p.main_dict = add_globals(&p, main_names,
				  (uint32_t[]){global_rows ? rows : FAKE_NONE, head, load, loads}, 4);
	p.json_dict = add_globals(&p, json_names, (uint32_t[]){number, loads}, 2);
	fake_snapshot_refer(fake, load, p.main_dict);
	fake_snapshot_refer(fake, loads, p.json_dict);
	p.main_module = fake_snapshot_object(fake, p.module, 72);
	p.json_module = fake_snapshot_object(fake, p.module, 72);
	fake_snapshot_refer(fake, p.main_module, p.main_dict);
	fake_snapshot_refer(fake, p.json_module, p.json_dict);
	p.modules = fake_snapshot_object(fake, p.pairs, 2000);
	fake_snapshot_refer(fake, p.modules, p.key_day);
	fake_snapshot_refer(fake, p.modules, p.main_module);
	fake_snapshot_refer(fake, p.modules, p.key_route);
	fake_snapshot_refer(fake, p.modules, p.json_module);
	fake_snapshot_root(fake, WEIGH_ROOT_MODULES, "sys.modules", p.modules);
	fake_snapshot_label(fake, p.main_module, "__main__");
	fake_snapshot_label(fake, p.json_module, "json.decoder");
	add_frames(&p, rows);
	add_others(&p);
	return fake;
}

struct opened {
	struct fake_snapshot *fake;
	struct weigh_heap_graph *graph;
	struct weigh_heap_dominators *dominators;
	struct weigh_heap_below *below;
	struct weigh_heap_places *places;
	struct weigh_heap_holders *holders;
};

static void open_program(struct opened *o, struct fake_snapshot *fake)
{
	o->fake = fake;
	o->graph = open_fake(fake);
	good(weigh_heap_dominators_create(o->graph, &o->dominators));
	good(weigh_heap_below_create(o->graph, o->dominators, &o->below));
	good(weigh_heap_places_create(o->graph, &o->places));
	good(weigh_heap_holders_create(o->graph, o->dominators, o->below, o->places, &o->holders));
}

static void close_program(struct opened *o)
{
	weigh_heap_holders_destroy(o->holders);
	weigh_heap_places_destroy(o->places);
	weigh_heap_below_destroy(o->below);
	weigh_heap_dominators_destroy(o->dominators);
	weigh_heap_graph_close(o->graph);
	fake_snapshot_destroy(o->fake);
}

/* The holder of this name below another; fails the test when there is none. */
static uint32_t find(const struct weigh_heap_holders *holders, uint32_t parent, const char *wanted)
{
	const struct weigh_holder *holder = &holders->holders[parent];
	char name[WEIGH_HEAP_NAME];

	for (uint32_t i = 0; i < holder->children; i++) {
		uint32_t child = holders->order[holder->first + i];
		if (!strcmp(weigh_holder_name(holders, child, name), wanted))
			return child;
	}
	fail_msg("no '%s' below '%s'", wanted, weigh_holder_name(holders, parent, name));
	return 0;
}

static const struct weigh_holder *at(const struct weigh_heap_holders *holders, uint32_t holder)
{
	return &holders->holders[holder];
}

static void assert_holder(const struct weigh_heap_holders *holders, uint32_t holder, uint64_t count,
			  uint64_t gross, uint64_t retained)
{
	assert_int_equal(at(holders, holder)->count, count);
	assert_int_equal(at(holders, holder)->gross, gross);
	assert_int_equal(at(holders, holder)->retained, retained);
}

static void test_names(void **state)
{
	enum { ALL = BIG + ROWS * (ROW + TEXT) + TEXT };
	struct opened o;

	(void)state;
	open_program(&o, program(true));
	const struct weigh_heap_holders *holders = o.holders;
	uint32_t rows = find(holders, find(holders, 0, "__main__"), "__main__.rows");
	assert_holder(holders, rows, 1, BIG, ALL);
	uint32_t dicts = find(holders, rows, "[*]");
	assert_holder(holders, dicts, ROWS, ROWS * ROW, ROWS * (ROW + TEXT));
	assert_holder(holders, find(holders, dicts, "['route']"), ROWS, ROWS * TEXT, ROWS * TEXT);
	/* One string in all rows is the list's. */
	assert_holder(holders, find(holders, rows, "dict['day']"), 1, TEXT, TEXT);
	uint32_t json = find(holders, 0, "json");
	assert_holder(holders, find(holders, json, "json.decoder.NUMBER_RE"), 1, 400, 400);
	/* Imported into __main__, but with globals of its own module. */
	find(holders, json, "json.decoder.loads");
	find(holders, find(holders, 0, "__main__"), "__main__.load");
	close_program(&o);
}

static void test_locals(void **state)
{
	struct opened o;

	(void)state;
	open_program(&o, program(false));
	const struct weigh_heap_holders *holders = o.holders;
	find(holders, find(holders, 0, "main()"), "main() rows");
	uint32_t run = find(holders, 0, "run()");
	assert_holder(holders, find(holders, run, "run() total"), 1, 3000, 3000);
	assert_holder(holders, find(holders, run, "run() (value in use)"), 1, 70, 70);
	close_program(&o);
}

static void test_others(void **state)
{
	struct opened o;

	(void)state;
	open_program(&o, program(true));
	const struct weigh_heap_holders *holders = o.holders;
	static const struct {
		const char *name;
		uint64_t gross, retained;
	} expected[] = {
		{"(held by C code)", 700, 700},
		{"(garbage, not collected yet)", 300, 600},
		{"(immortal)", 60, 60},
		{"(interpreter: codecs)", 900, 900},
		{"(thread MainThread)", 800, 800},
	};
	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
		uint32_t owner = find(holders, 0, expected[i].name);
		assert_holder(holders, owner, 0, 0, expected[i].retained);
		assert_holder(holders, find(holders, owner, expected[i].name), 1, expected[i].gross,
			      expected[i].retained);
	}
	close_program(&o);
}

/* A linked list is one holder below its head, with the data of all links below that. */
static void test_rounds(void **state)
{
	struct opened o;

	(void)state;
	open_program(&o, program(true));
	const struct weigh_heap_holders *holders = o.holders;
	uint32_t head = find(holders, find(holders, 0, "__main__"), "__main__.head");
	assert_holder(holders, head, 1, LINK, LINKS * (LINK + TEXT));
	uint32_t next = find(holders, head, ".next");
	assert_holder(holders, next, LINKS - 1, (LINKS - 1) * LINK, (LINKS - 1) * (LINK + TEXT));
	assert_int_equal(at(holders, next)->children, 1);
	assert_holder(holders, find(holders, next, ".data"), LINKS - 1, (LINKS - 1) * TEXT,
		      (LINKS - 1) * TEXT);
	close_program(&o);
}

static void test_sums(void **state)
{
	struct opened o;
	uint64_t gross = 0;

	(void)state;
	open_program(&o, program(true));
	const struct weigh_heap_holders *holders = o.holders;
	for (uint32_t i = 0; i < o.graph->object_count; i++) {
		assert_true(holders->holder_of[i] && holders->holder_of[i] < holders->count);
		gross += weigh_heap_gross(o.graph, i);
	}
	assert_int_equal(at(holders, 0)->retained, gross);
	for (uint32_t i = 0; i < holders->count; i++) {
		uint64_t sum = at(holders, i)->gross, before = UINT64_MAX;
		for (uint32_t c = 0; c < at(holders, i)->children; c++) {
			uint32_t child = holders->order[at(holders, i)->first + c];
			assert_int_equal(at(holders, child)->parent, i);
			assert_true(at(holders, child)->retained <= before);
			before = at(holders, child)->retained;
			sum += before;
		}
		assert_int_equal(sum, at(holders, i)->retained);
	}
	close_program(&o);
}

/* With any number of rows: those below a row and its own bytes are what it retains. */
static void check_outline(const struct opened *o, uint32_t limit, uint64_t least)
{
	struct weigh_outline outline;
	uint64_t sums[64] = {0}, tops = 0, count = 0;
	uint32_t named = 0;

	assert_null(weigh_outline_init(&outline, o->holders, limit, least));
	for (uint32_t i = outline.count; i--;) {
		const struct weigh_outline_row *row = &outline.rows[i];
		bool owner =
			row->holder != WEIGH_NO_OBJECT && weigh_holder_is_owner(at(o->holders, row->holder));
		assert_true(row->depth < 63);
		if (!owner && row->holder != WEIGH_NO_OBJECT)
			assert_int_equal(row->gross + sums[row->depth + 1], row->retained);
		sums[row->depth + 1] = 0;
		sums[row->depth] += row->retained;
		tops += row->depth ? 0 : row->retained;
		count += row->count;
		named += row->holder != WEIGH_NO_OBJECT;
		if (row->holder != WEIGH_NO_OBJECT)
			assert_true(row->retained >= least);
		if (i)
			assert_true(row->depth <= outline.rows[i - 1].depth + 1);
	}
	assert_int_equal(tops, at(o->holders, 0)->retained);
	if (limit)
		assert_true(named <= limit);
	else if (!least)
		assert_int_equal(count, o->graph->object_count);
	weigh_outline_deinit(&outline);
}

static void test_outline(void **state)
{
	struct opened o;

	(void)state;
	open_program(&o, program(true));
	for (uint32_t limit = 0; limit < 60; limit++) {
		check_outline(&o, limit, 0);
		check_outline(&o, limit, 1000);
	}
	struct weigh_outline outline;
	assert_null(weigh_outline_init(&outline, o.holders, 8, 0));
	char name[WEIGH_HEAP_NAME];
	assert_string_equal(weigh_holder_name(o.holders, outline.rows[0].holder, name), "__main__.rows");
	assert_int_equal(outline.rows[0].depth, 0);
	assert_string_equal(weigh_holder_name(o.holders, outline.rows[1].holder, name), "[*]");
	assert_int_equal(outline.rows[1].depth, 1);
	weigh_outline_deinit(&outline);
	close_program(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),  cmocka_unit_test(test_locals), cmocka_unit_test(test_others),
		cmocka_unit_test(test_rounds), cmocka_unit_test(test_sums),   cmocka_unit_test(test_outline),
	};

	return cmocka_run_group_tests_name("heap_holders", tests, NULL, NULL);
}
