/*
 * Opening snapshots: what was put in comes out, and what is damaged, cut short
 * or newer gives one line that says where.
 */
#include "fake_capture.h"
#include "heap/facts.h"
#include "heap/graph.h"
#include "opened_heap.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A program with two rows ({'route': str, 'n': int}) in a list that a module has. */
enum {
	MODULE,
	NAMES,
	LIST,
	KEY_ROUTE,
	KEY_N,
	ROW,
	ROW_LAST,
	TEXT_A,
	TEXT_B,
	NUMBER,
	BIG,
	TYPE,
	INSTANCE,
	OBJECTS
};

static void add_records(struct fake_snapshot *fake, uint32_t str, uint32_t dict)
{
	uint32_t row = fake_snapshot_shape(
		fake, dict, WEIGH_SHAPE_SIZED | WEIGH_SHAPE_KEYS | WEIGH_SHAPE_DATA, WEIGH_TAIL_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_KEY, "route", KEY_ROUTE);
	fake_snapshot_slot(fake, WEIGH_SLOT_KEY, "n", KEY_N);

	assert_int_equal(fake_snapshot_object(fake, str, 54), KEY_ROUTE);
	assert_int_equal(fake_snapshot_object(fake, str, 50), KEY_N);
	assert_int_equal(fake_snapshot_object(fake, row, 184), ROW);
	assert_int_equal(fake_snapshot_object(fake, row, 184), ROW_LAST);
	for (uint32_t i = 0; i < 2; i++) {
		fake_snapshot_refer(fake, ROW + i, TEXT_A + i);
		fake_snapshot_refer(fake, ROW + i, NUMBER);
		fake_snapshot_refer(fake, LIST, ROW + i);
	}
	fake_snapshot_at(fake, ROW)->room = 5;
}

static void add_values(struct fake_snapshot *fake, uint32_t str, uint32_t number)
{
	uint32_t value = fake_snapshot_value(fake, WEIGH_VALUE_INTEGER_TEXT, 7, "'22'");

	assert_int_equal(fake_snapshot_object(fake, str, 51), TEXT_A);
	assert_int_equal(fake_snapshot_object(fake, str, 51), TEXT_B);
	assert_int_equal(fake_snapshot_object(fake, number, 28), NUMBER);
	fake_snapshot_at(fake, TEXT_A)->value = value;
	fake_snapshot_at(fake, TEXT_B)->value = value;
	fake_snapshot_at(fake, NUMBER)->surplus = FAKE_IMMORTAL;
}

static struct fake_snapshot *example(void)
{
	struct fake_snapshot *fake = fake_snapshot_create();
	uint32_t module_type = fake_snapshot_type(fake, "builtins", "module", WEIGH_SNAPSHOT_MODULE, 0);
	uint32_t str_type = fake_snapshot_type(fake, "builtins", "str", WEIGH_SNAPSHOT_STR, 0);
	uint32_t dict = fake_snapshot_type(fake, "builtins", "dict", WEIGH_SNAPSHOT_DICT, 0);
	uint32_t list_type = fake_snapshot_type(fake, "builtins", "list", WEIGH_SNAPSHOT_LIST, 0);
	uint32_t int_type = fake_snapshot_type(fake, "builtins", "int", WEIGH_SNAPSHOT_INT, 0);
	uint32_t trip = fake_snapshot_type(fake, "bus", "Trip", WEIGH_SNAPSHOT_PLAIN, WEIGH_TYPE_HEAP);
	uint32_t type_type = fake_snapshot_type(fake, "builtins", "type", WEIGH_SNAPSHOT_TYPE, 0);

	uint32_t module = fake_snapshot_shape(fake, module_type, 0, WEIGH_TAIL_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_ATTRIBUTE, "__dict__", FAKE_NONE);
	uint32_t names = fake_snapshot_shape(fake, dict, WEIGH_SHAPE_SIZED, WEIGH_TAIL_PAIRS);
	uint32_t list = fake_snapshot_shape(fake, list_type, WEIGH_SHAPE_SIZED, WEIGH_TAIL_ITEMS);
	uint32_t str = fake_snapshot_shape(fake, str_type, WEIGH_SHAPE_VALUED, WEIGH_TAIL_NONE);
	uint32_t number = fake_snapshot_shape(fake, int_type, WEIGH_SHAPE_VALUED, WEIGH_TAIL_NONE);
	uint32_t type = fake_snapshot_shape(fake, type_type, 0, WEIGH_TAIL_NONE);
	uint32_t instance = fake_snapshot_shape(fake, trip, WEIGH_SHAPE_DATA, WEIGH_TAIL_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_ATTRIBUTE, "route", FAKE_NONE);

	fake->header.mode = 1;
	assert_int_equal(fake_snapshot_object(fake, module, 72), MODULE);
	assert_int_equal(fake_snapshot_object(fake, names, 232), NAMES);
	assert_int_equal(fake_snapshot_object(fake, list, 88), LIST);
	add_records(fake, str, dict);
	add_values(fake, str, number);
	assert_int_equal(fake_snapshot_object(fake, list, 5ull << 32), BIG);
	assert_int_equal(fake_snapshot_object(fake, type, 1064), TYPE);
	assert_int_equal(fake_snapshot_object(fake, instance, 48), INSTANCE);
	fake_snapshot_type_object(fake, trip, TYPE);
	fake_snapshot_refer(fake, INSTANCE, FAKE_NONE);
	fake_snapshot_refer(fake, MODULE, NAMES);
	fake_snapshot_refer(fake, NAMES, TEXT_A);
	fake_snapshot_refer(fake, NAMES, LIST);
	fake_snapshot_at(fake, BIG)->surplus = 3;
	fake_snapshot_root(fake, WEIGH_ROOT_MODULES, "", MODULE);
	fake_snapshot_label(fake, MODULE, "bus");
	fake_snapshot_label(fake, BIG, "a \x1b[31mred\x1b[0m list");
	fake_snapshot_node(fake, 0, "/home/ada/bus.py", "load", 12);
	fake_snapshot_at(fake, ROW_LAST)->site = fake_snapshot_site(fake, 1);
	fake_snapshot_at(fake, ROW_LAST)->period_log = 10;
	fake_snapshot_at(fake, ROW_LAST)->requested = 184;
	return fake;
}

static void test_objects(void **state)
{
	struct fake_snapshot *fake = example();
	struct weigh_heap_graph *graph = open_fake(fake);

	(void)state;
	assert_int_equal(graph->object_count, OBJECTS);
	for (uint32_t i = 0; i < OBJECTS; i++) {
		assert_int_equal(graph->addresses[i], fake->base + i * fake->spacing);
		assert_int_equal(weigh_heap_gross(graph, i), fake_snapshot_at(fake, i)->gross);
		assert_int_equal(weigh_heap_net(graph, i), fake_snapshot_at(fake, i)->net);
		assert_int_equal(weigh_heap_find(graph, graph->addresses[i]), i);
		assert_int_equal(weigh_heap_find(graph, graph->addresses[i] + 8), WEIGH_NO_OBJECT);
	}
	assert_int_equal(weigh_heap_find(graph, 0), WEIGH_NO_OBJECT);
	assert_int_equal(graph->counted[NUMBER], UINT32_MAX);
	assert_int_equal(graph->counted[BIG], 3);
	assert_int_equal(graph->counted[KEY_N], 2); /* by the shape of both rows */
	assert_int_equal(graph->counted[TYPE], 1); /* by its instance */
	assert_int_equal(graph->counted[TEXT_A], 2);
	assert_int_equal(graph->room[ROW], 5);
	assert_int_equal(graph->length[ROW], 2);
	assert_int_equal(graph->length[LIST], 2);
	assert_int_equal(graph->length[NAMES], 1);
	assert_int_equal(graph->value[TEXT_A], graph->value[TEXT_B]);
	assert_int_not_equal(graph->value[TEXT_A], graph->value[KEY_N]);
	assert_int_equal(graph->value[LIST], UINT32_MAX);
	assert_string_equal(weigh_heap_sample(graph, graph->value[TEXT_B]), "'22'");
	assert_null(weigh_heap_sample(graph, graph->value[KEY_N]));
	assert_int_equal(graph->values[graph->value[TEXT_A]].class, WEIGH_VALUE_INTEGER_TEXT);
	assert_int_equal(graph->site[ROW], UINT32_MAX);
	assert_int_equal(graph->site[ROW_LAST], 0);
	assert_true(fabs(graph->weight[ROW_LAST] * (1 - exp(-184 / 1024.0)) - 1) < 1e-6);
	assert_string_equal(weigh_heap_label(graph, MODULE), "bus");
	assert_null(weigh_heap_label(graph, LIST));
	assert_null(strchr(weigh_heap_label(graph, BIG), 0x1b));
	weigh_heap_graph_close(graph);
	fake_snapshot_destroy(fake);
}

static void test_facts(void **state)
{
	struct fake_snapshot *fake = fake_snapshot_create();
	uint32_t set = fake_snapshot_type(fake, "builtins", "set", WEIGH_SNAPSHOT_SET, 0);
	uint32_t str = fake_snapshot_type(fake, "builtins", "str", WEIGH_SNAPSHOT_STR, 0);
	uint32_t sets = fake_snapshot_shape(fake, set, 0, WEIGH_TAIL_NONE);
	uint32_t strs = fake_snapshot_shape(fake, str, WEIGH_SHAPE_VALUED, WEIGH_TAIL_NONE);
	uint32_t wide = fake_snapshot_value(fake, WEIGH_VALUE_TEXT, 16, NULL);
	uint32_t a = fake_snapshot_text(fake, "aa"), b = fake_snapshot_text(fake, "b");
	uint64_t cache[] = {WEIGH_FACT_CACHE, 3, 5, 0};
	uint64_t texts[] = {WEIGH_FACT_TEXTS, 3, 2, a, b, 0, 1, a};
	uint64_t numbers[] = {WEIGH_FACT_NUMBERS, 9, 8, WEIGH_VALUE_INTEGER, 9, WEIGH_NUMBERS_NEGATIVE, b, a};

	(void)state;
	for (int i = 0; i < 4; i++)
		fake_snapshot_object(fake, sets, 216);
	fake_snapshot_at(fake, fake_snapshot_object(fake, strs, 80))->value = wide;
	fake_snapshot_wide(fake, wide, 31);
	fake_snapshot_fact(fake, 1, cache, 4);
	fake_snapshot_fact(fake, 2, texts, 8);
	fake_snapshot_fact(fake, 3, numbers, 8);
	struct weigh_heap_graph *graph = open_fake(fake);
	assert_null(weigh_heap_fact_of(graph, 0, WEIGH_FACT_CACHE));
	assert_null(weigh_heap_fact_of(graph, 1, WEIGH_FACT_TEXTS));
	assert_int_equal(weigh_heap_fact_of(graph, 1, WEIGH_FACT_CACHE)->cache.misses, 5);
	const struct weigh_heap_texts *found = &weigh_heap_fact_of(graph, 2, WEIGH_FACT_TEXTS)->texts;
	assert_int_equal(found->stretches, 3);
	assert_int_equal(found->count, 3);
	assert_int_equal(found->lengths[0], 2);
	assert_int_equal(found->lengths[1], 0);
	assert_string_equal(weigh_heap_text(graph, found->texts[0], NULL), "aa");
	assert_int_equal(found->texts[2], a);
	assert_int_equal(weigh_heap_fact_of(graph, 3, WEIGH_FACT_NUMBERS)->numbers.filled, 8);
	assert_int_equal(weigh_heap_wide(graph, graph->value[4]), 31);
	assert_int_equal(weigh_heap_wide(graph, 7), 0);
	weigh_heap_graph_close(graph);
	fake_snapshot_destroy(fake);
}

static void test_references(void **state)
{
	static const uint32_t expected[][2] = {
		{MODULE, NAMES},    {NAMES, TEXT_A},
		{NAMES, LIST},      {LIST, ROW},
		{LIST, ROW_LAST},   {ROW, TEXT_A},
		{ROW, NUMBER},      {ROW_LAST, TEXT_B},
		{ROW_LAST, NUMBER}, {INSTANCE, WEIGH_NO_OBJECT},
	};
	struct fake_snapshot *fake = example();
	struct weigh_heap_graph *graph = open_fake(fake);
	size_t at = 0;

	(void)state;
	for (uint32_t i = 0; i < OBJECTS; i++) {
		for (uint32_t t = graph->first[i]; t < graph->first[i + 1]; t++, at++) {
			assert_true(at < sizeof(expected) / sizeof(*expected));
			assert_int_equal(i, expected[at][0]);
			assert_int_equal(graph->targets[t], expected[at][1]);
		}
	}
	assert_int_equal(at, sizeof(expected) / sizeof(*expected));
	assert_int_equal(weigh_heap_shape(graph, ROW)->slots[1].key, KEY_N);
	assert_int_equal(graph->types[weigh_heap_shape(graph, INSTANCE)->type].object, TYPE);
	weigh_heap_graph_close(graph);
	fake_snapshot_destroy(fake);
}

static const char *edge(const struct weigh_heap_graph *graph, uint32_t object, uint32_t place, bool general)
{
	static char name[WEIGH_HEAP_NAME];
	return weigh_heap_edge_name(graph, object, weigh_heap_edge_at(graph, object, place), general, name);
}

static void test_names(void **state)
{
	struct fake_snapshot *fake = example();
	struct weigh_heap_graph *graph = open_fake(fake);
	char name[WEIGH_HEAP_NAME];

	(void)state;
	assert_string_equal(weigh_heap_type_name(graph, weigh_heap_shape(graph, INSTANCE)->type, name),
			    "bus.Trip");
	assert_string_equal(weigh_heap_type_name(graph, weigh_heap_shape(graph, LIST)->type, name), "list");
	assert_string_equal(edge(graph, MODULE, 0, false), ".__dict__");
	assert_string_equal(edge(graph, NAMES, 0, false), "(keys)");
	assert_string_equal(edge(graph, NAMES, 1, false), "['22']");
	assert_string_equal(edge(graph, NAMES, 1, true), "[*]");
	assert_string_equal(edge(graph, LIST, 1, false), "[1]");
	assert_string_equal(edge(graph, LIST, 1, true), "[*]");
	assert_string_equal(edge(graph, ROW, 0, true), "['route']");
	assert_string_equal(edge(graph, INSTANCE, 0, true), ".route");
	weigh_heap_graph_close(graph);
	fake_snapshot_destroy(fake);
}

/* Of own keys, pairs and members, with holes, and shapes whose slots have guesses of their own. */
static void test_all_kinds_of_references(void **state)
{
	enum { COUNT = 300, SHAPES = 6 };
	struct fake_snapshot *fake = fake_snapshot_create();
	uint32_t type = fake_snapshot_type(fake, "", "t", WEIGH_SNAPSHOT_PLAIN, 0);
	static uint32_t put[COUNT][16], many[COUNT];

	(void)state;
	srandom(6);
	for (uint32_t s = 0; s < SHAPES; s++) {
		fake_snapshot_shape(fake, type, s % 2 ? WEIGH_SHAPE_OWN_KEYS : 0, s % 4);
		for (uint32_t i = 0; i < s; i++)
			fake_snapshot_slot(fake, WEIGH_SLOT_PART, "p", FAKE_NONE);
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		uint32_t s = (uint32_t)random() % SHAPES, slots = s % 2 ? s * 2 : s;
		fake_snapshot_object(fake, s, 32);
		many[i] = slots + (s % 4 ? (uint32_t)random() % 3 * 2 : 0);
		for (uint32_t n = 0; n < many[i]; n++) {
			put[i][n] = random() % 4 ? (uint32_t)random() % COUNT : FAKE_NONE;
			fake_snapshot_refer(fake, i, put[i][n]);
		}
	}
	struct weigh_heap_graph *graph = open_fake(fake);
	for (uint32_t i = 0; i < COUNT; i++) {
		assert_int_equal(graph->first[i + 1] - graph->first[i], many[i]);
		assert_memory_equal(graph->targets + graph->first[i], put[i], many[i] * sizeof(uint32_t));
	}
	weigh_heap_graph_close(graph);
	fake_snapshot_destroy(fake);
}

static void assert_refused(const uint8_t *bytes, size_t size, const char *with)
{
	struct weigh_heap_graph *graph = NULL;
	struct weigh_error *error = weigh_heap_graph_read(bytes, size, "a.heap", &graph);

	if (!error)
		fail_msg("opened, though: %s", with);
	assert_int_equal(error->code, WEIGH_ERROR_FORMAT);
	if (!strstr(error->message, with) || strncmp(error->message, "a.heap: ", 8))
		fail_msg("'%s' does not say '%s'", error->message, with);
	weigh_error_destroy(error);
}

static void test_header(void **state)
{
	struct fake_snapshot *fake = example();
	size_t size;
	uint8_t *bytes = fake_snapshot_build(fake, &size);
	struct weigh_snapshot_header *header = (struct weigh_snapshot_header *)bytes;

	(void)state;
	assert_refused(bytes, 0, "empty");
	assert_refused((const uint8_t *)"#!/bin/sh\n", 10, "not a snapshot");
	assert_refused(bytes, 12, "cut short");
	assert_refused(bytes, sizeof(*header) - 1, "cut short");
	assert_refused(bytes, size - 1, "cut short");
	header->version++;
	assert_refused(bytes, size, "newer weigh");
	header->version--;
	header->state = WEIGH_SNAPSHOT_WRITING;
	header->progress = 12;
	header->expected = 40;
	assert_refused(bytes, size, "not written to its end (12 of 40 objects)");
	header->state = WEIGH_SNAPSHOT_COMPLETE;
	assert_refused(bytes, size, "seal");
	header->sections[WEIGH_SNAPSHOT_EDGES].offset = size;
	assert_refused(bytes, size, "a section outside the file");
	free(bytes);
	fake_snapshot_destroy(fake);
}

/* A header that promises what is not there is refused before room is made for it. */
static void test_promises(void **state)
{
	struct fake_snapshot *fake = example();
	size_t size;
	uint8_t *bytes = fake_snapshot_build(fake, &size);
	struct weigh_snapshot_header *header = (struct weigh_snapshot_header *)bytes, good = *header;

	(void)state;
	header->objects = 1ull << 33;
	fake_snapshot_seal(bytes);
	assert_refused(bytes, size, "more than weigh can number");
	header->objects = 1ull << 30;
	fake_snapshot_seal(bytes);
	assert_refused(bytes, size, "more objects than there are entries for");
	*header = good;
	header->sections[WEIGH_SNAPSHOT_EDGES].bytes = 1ull << 50;
	fake_snapshot_seal(bytes);
	assert_refused(bytes, size, "larger than its bytes can hold");
	*header = good;
	header->sections[WEIGH_SNAPSHOT_TYPES].entries = 1ull << 50;
	fake_snapshot_seal(bytes);
	assert_refused(bytes, size, "more entries than bytes");
	free(bytes);
	fake_snapshot_destroy(fake);
}

/* Numbers that lead nowhere, sealed as if they were meant so. */
static void assert_fake_refused(struct fake_snapshot *fake, const char *with)
{
	size_t size;
	uint8_t *bytes = fake_snapshot_build(fake, &size);

	assert_refused(bytes, size, with);
	assert_refused(bytes, size, "damaged");
	free(bytes);
	fake_snapshot_destroy(fake);
}

static void test_numbers(void **state)
{
	struct fake_snapshot *fake;

	(void)state;
	fake = example();
	fake_snapshot_root(fake, WEIGH_ROOT_TYPE, "x", OBJECTS);
	assert_fake_refused(fake, "section ROOTS, byte 5: object 13 of 13");
	fake = example();
	fake_snapshot_root(fake, WEIGH_ROOT_COUNT, "x", 0);
	assert_fake_refused(fake, "kind of root 5 of 5");
	fake = example();
	fake_snapshot_type(fake, "", "t", WEIGH_SNAPSHOT_FORMS, 0);
	assert_fake_refused(fake, "section TYPES, ");
	fake = example();
	fake_snapshot_type_base(fake, 0, 1);
	fake_snapshot_type_base(fake, 1, 0);
	assert_fake_refused(fake, "bases of each other");
	fake = example();
	fake_snapshot_shape(fake, 7, 0, 0);
	assert_fake_refused(fake, "section SHAPES, ");
	fake = example();
	fake_snapshot_shape(fake, 2, WEIGH_SHAPE_KEYS, 0);
	fake_snapshot_slot(fake, WEIGH_SLOT_KEY, "k", OBJECTS);
	assert_fake_refused(fake, "object 13 of 13");
	fake = example();
	fake_snapshot_site(fake, 2);
	assert_fake_refused(fake, "section SITES, byte 3: node 2 of 2");
	fake = example();
	fake_snapshot_at(fake, ROW)->site = 1;
	assert_fake_refused(fake, "site 1 of 1");
	fake = example();
	fake->spacing = 0;
	assert_fake_refused(fake, "section ADDRESSES, ");
}

/* A reference beyond the objects: the last object is not there. */
static void test_wild_reference(void **state)
{
	struct fake_snapshot *fake = example();

	(void)state;
	fake->references.count -= 2;
	fake_snapshot_refer(fake, NAMES, OBJECTS);
	fake_snapshot_refer(fake, NAMES, OBJECTS);
	/* Counting references writes beyond the objects: there is room for one. */
	assert_fake_refused(fake, "reference to object 13 of 13");
}

/*
 * Two frames show what an instance holds alone, and its type; a key, which has
 * as many references as are found; and one shows a text that it does hold.
 */
static void test_stale_references(void **state)
{
	enum { FIRST, SECOND, HOLDER, ROWS, TEXT, KEY, CLASS, DICT, COUNT };
	struct fake_snapshot *fake = fake_snapshot_create();
	uint32_t types[] = {
		fake_snapshot_type(fake, "builtins", "frame", WEIGH_SNAPSHOT_FRAME, 0),
		fake_snapshot_type(fake, "bus", "Trip", WEIGH_SNAPSHOT_PLAIN, WEIGH_TYPE_HEAP),
		fake_snapshot_type(fake, "builtins", "str", WEIGH_SNAPSHOT_STR, 0),
		fake_snapshot_type(fake, "builtins", "dict", WEIGH_SNAPSHOT_DICT, 0),
	};
	uint32_t frame = fake_snapshot_shape(fake, types[0], 0, WEIGH_TAIL_MEMBERS);
	fake_snapshot_slot(fake, WEIGH_SLOT_LOCAL, "rows", FAKE_NONE);
	uint32_t trip = fake_snapshot_shape(fake, types[1], 0, WEIGH_TAIL_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_ATTRIBUTE, "rows", FAKE_NONE);
	uint32_t text = fake_snapshot_shape(fake, types[2], 0, WEIGH_TAIL_NONE);
	uint32_t record = fake_snapshot_shape(fake, types[3], WEIGH_SHAPE_KEYS, WEIGH_TAIL_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_KEY, "key", KEY);
	const uint32_t shapes[COUNT] = {frame, frame, trip, text, text, text, text, record};
	for (int i = 0; i < COUNT; i++)
		fake_snapshot_object(fake, shapes[i], 48);
	fake_snapshot_type_object(fake, types[1], CLASS);
	fake_snapshot_refer(fake, HOLDER, ROWS);
	fake_snapshot_refer(fake, DICT, TEXT);
	const uint32_t shown[] = {FAKE_NONE, ROWS, CLASS, KEY};
	for (uint32_t i = FIRST; i <= SECOND; i++)
		for (size_t j = 0; j < sizeof(shown) / sizeof(*shown); j++)
			fake_snapshot_refer(fake, i, shown[j]);
	fake_snapshot_refer(fake, SECOND, TEXT);
	fake_snapshot_at(fake, ROWS)->surplus = (uint32_t)-2;
	fake_snapshot_at(fake, CLASS)->surplus = (uint32_t)-2;
	fake_snapshot_at(fake, KEY)->surplus = 1;
	size_t size;
	uint8_t *bytes = fake_snapshot_build(fake, &size);
	struct weigh_heap_graph *graph;

	(void)state;
	assert_null(weigh_heap_graph_read(bytes, size, "fake", &graph));
	assert_int_equal(graph->targets[graph->first[HOLDER]], ROWS);
	for (uint32_t i = FIRST; i <= SECOND; i++) {
		const uint32_t *tail = &graph->targets[graph->first[i] + 1];
		assert_int_equal(tail[0], WEIGH_NO_OBJECT);
		assert_int_equal(tail[1], WEIGH_NO_OBJECT);
		assert_int_equal(tail[2], KEY);
	}
	assert_int_equal(graph->targets[graph->first[SECOND] + 4], TEXT);
	weigh_heap_graph_close(graph);
	free(bytes);
	fake_snapshot_destroy(fake);
}

static void test_file(void **state)
{
	struct fake_snapshot *fake = example();
	char *folder = fake_folder(), *path = NULL;
	struct weigh_heap_graph *graph;
	size_t size;
	uint8_t *bytes = fake_snapshot_build(fake, &size);

	(void)state;
	assert_true(asprintf(&path, "%s/a.heap", folder) > 0);
	fake_write(path, bytes, size);
	assert_null(weigh_heap_graph_open(path, 0, &graph));
	assert_int_equal(graph->object_count, OBJECTS);
	weigh_heap_graph_close(graph);
	struct weigh_error *error = weigh_heap_graph_open(folder, 0, &graph);
	assert_non_null(strstr(error->message, "Is a directory"));
	weigh_error_destroy(error);
	free(bytes);
	free(path);
	fake_remove(folder);
	fake_snapshot_destroy(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_all_kinds_of_references),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_promises),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_wild_reference),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_stale_references),
	};

	return cmocka_run_group_tests_name("heap_open", tests, NULL, NULL);
}
