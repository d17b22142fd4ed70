/*
 * Paths, retained bytes, modules and suspects of a heap whose counts are known:
 * see fake_heap.h.
 */
#include "heap/paths.h"

#include "fake_heap.h"
#include "heap/retained.h"
#include "heap/suspects.h"
#include "heap/words.h"
#include "opened_heap.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct stage {
	struct fake_heap heap;
	struct opened_heap opened;
};

static void stage_init(struct stage *stage)
{
	fake_heap_init(&stage->heap, false);
	opened_heap_init(&stage->opened, open_fake(stage->heap.snapshot));
}

static void stage_deinit(struct stage *stage)
{
	opened_heap_deinit(&stage->opened);
	fake_heap_deinit(&stage->heap);
}

static char *text_of(const struct weigh_words *words)
{
	char *text = weigh_words_join(words, " > ", 0);
	assert_non_null(text);
	return text;
}

/* The path that reads so; ends the test when there is none. */
static const struct weigh_heap_path *path(const struct stage *stage, const struct weigh_heap_paths *paths,
					  const char *reads)
{
	for (uint32_t i = 0; i < paths->count; i++) {
		struct weigh_words words;
		good(weigh_words_of_route(stage->opened.routes, paths->paths[i].route, &words));
		char *text = text_of(&words);
		bool same = !strcmp(text, reads);
		free(text);
		weigh_words_deinit(&words);
		if (same)
			return &paths->paths[i];
	}
	fail_msg("no path reads %s", reads);
	return NULL;
}

static void init_paths(struct stage *stage, const char *word, struct weigh_heap_paths *paths)
{
	struct weigh_heap_selection selection;

	good(weigh_heap_selection_init(&selection, stage->opened.graph, "--paths", word));
	good(weigh_heap_paths_init(paths, stage->opened.routes, stage->opened.below, &selection));
	assert_int_equal(paths->objects, selection.count);
	weigh_heap_selection_deinit(&selection);
}

static void test_types(void **state)
{
	struct stage stage;
	struct weigh_heap_paths paths;

	(void)state;
	stage_init(&stage);
	init_paths(&stage, "str", &paths);
	/* The route of every row, of which the first FAKE_TRIPS are as near from the trips. */
	const struct weigh_heap_path *route =
		path(&stage, &paths, "main() rows > list[*] > dict['route'] > str");
	assert_int_equal(route->objects, FAKE_ROWS);
	assert_int_equal(route->gross, FAKE_ROWS * FAKE_STR);
	assert_int_equal(route->shared, FAKE_TRIPS);
	const struct weigh_heap_path *trips =
		path(&stage, &paths, "main() trips > list[*] > Trip.route > str");
	assert_int_equal(trips->objects, FAKE_TRIPS);
	assert_int_equal(trips->shared, FAKE_TRIPS);
	assert_int_equal(path(&stage, &paths, "main() rows > list[*] > dict['daytype'] > str")->objects,
			 FAKE_DAYTYPES);
	assert_int_equal(paths.gross, paths.objects * FAKE_STR);
	assert_int_equal(paths.cut, 0);
	weigh_heap_paths_deinit(&paths);

	init_paths(&stage, "Trip", &paths);
	assert_int_equal(paths.count, 1);
	assert_int_equal(paths.gross, FAKE_TRIPS * FAKE_TRIP);
	weigh_heap_paths_deinit(&paths);

	/* Lists keep all they hold; the dicts in one are not outermost beside it. */
	init_paths(&stage, "[ld]i[sc]t", &paths);
	assert_int_equal(path(&stage, &paths, "main() rows > list[*] > dict")->retained, 0);
	assert_int_equal(path(&stage, &paths, "main() rows > list")->retained,
			 stage.opened.dominators->retained[stage.heap.rows]);
	weigh_heap_paths_deinit(&paths);
	stage_deinit(&stage);
}

static void test_line(void **state)
{
	struct stage stage;
	struct weigh_heap_paths paths;

	(void)state;
	stage_init(&stage);
	/* Rows and their strings are made below main's line 21, trips in it. */
	init_paths(&stage, "bus.py:21", &paths);
	assert_int_equal(paths.objects, 4 * FAKE_ROWS + FAKE_TRIPS);
	weigh_heap_paths_deinit(&paths);
	init_paths(&stage, "bus/bus.py:9", &paths);
	assert_int_equal(paths.objects, 4 * FAKE_ROWS);
	weigh_heap_paths_deinit(&paths);
	stage_deinit(&stage);
}

static void refuses(const struct stage *stage, const char *word, const char *says)
{
	struct weigh_heap_selection selection;
	struct weigh_error *error =
		weigh_heap_selection_init(&selection, stage->opened.graph, "--paths", word);

	assert_non_null(error);
	assert_int_equal(error->code, WEIGH_ERROR_USAGE);
	assert_non_null(strstr(error->message, says));
	weigh_error_destroy(error);
}

static void test_refusals(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage);
	refuses(&stage, "Missing", "no object of such a type");
	refuses(&stage, "us.py:21", "made there");
	refuses(&stage, "bus.py:22", "made there");
	refuses(&stage, "0x10", "no object began at this address");
	refuses(&stage, "0xzz", "no object of such a type");
	stage_deinit(&stage);
}

static void test_ways(void **state)
{
	struct stage stage;
	struct weigh_heap_ways ways;
	struct weigh_heap_referrers referrers;
	struct weigh_words words;

	(void)state;
	stage_init(&stage);
	const struct weigh_heap_graph *graph = stage.opened.graph;
	uint32_t route = graph->targets[graph->first[stage.heap.first_row]];
	good(weigh_heap_ways_init(&ways, stage.opened.routes, route, 5));
	assert_int_equal(ways.count, 2);
	assert_false(ways.more);
	bool rows = false, trips = false;
	for (uint32_t i = 0; i < ways.count; i++) {
		const struct weigh_heap_way *way = &ways.ways[i];
		good(weigh_words_of_way(stage.opened.routes, way->objects, way->places, way->count, &words));
		char *text = text_of(&words);
		rows |= !strcmp(text, "main() rows > list[0] > dict['route'] > str");
		trips |= !strcmp(text, "main() trips > list[0] > Trip.route > str");
		free(text);
		weigh_words_deinit(&words);
	}
	assert_true(rows && trips);
	weigh_heap_ways_deinit(&ways);
	good(weigh_heap_ways_init(&ways, stage.opened.routes, route, 1));
	assert_int_equal(ways.count, 1);
	assert_true(ways.more);
	weigh_heap_ways_deinit(&ways);

	good(weigh_heap_referrers_init(&referrers, stage.opened.routes, route, 1));
	assert_int_equal(referrers.total, 2);
	assert_int_equal(referrers.count, 1);
	assert_int_equal(referrers.elsewhere, 0);
	weigh_heap_referrers_deinit(&referrers);
	stage_deinit(&stage);
}

static void test_retained(void **state)
{
	struct stage stage;
	struct weigh_retained retained;

	(void)state;
	stage_init(&stage);
	good(weigh_retained_init(&retained, stage.opened.routes, stage.opened.below, NULL, 3));
	assert_int_equal(retained.count, 3);
	/* The frame keeps little beside its rows, which stand for it. */
	const uint64_t *kept = stage.opened.dominators->retained;
	assert_true(kept[stage.heap.rows] >= kept[stage.heap.frame] - kept[stage.heap.frame] / 20);
	assert_int_equal(retained.rows[0].object, stage.heap.rows);
	assert_int_equal(retained.rows[0].below, weigh_heap_below_count(stage.opened.below, stage.heap.rows));
	/* The list, its rows, two strings of each, the routes that no trip has, and the four keys. */
	assert_int_equal(retained.rows[0].below, 1 + FAKE_ROWS * 4 - FAKE_TRIPS + 4);
	for (uint32_t i = 1; i < retained.count; i++)
		assert_true(retained.rows[i - 1].retained >= retained.rows[i].retained);
	uint64_t rest = retained.rest;
	weigh_retained_deinit(&retained);
	good(weigh_retained_init(&retained, stage.opened.routes, stage.opened.below, NULL, 0));
	assert_int_equal(retained.count, rest + 3);
	weigh_retained_deinit(&retained);
	stage_deinit(&stage);
}

static void test_modules(void **state)
{
	struct stage stage;
	struct weigh_modules modules;

	(void)state;
	stage_init(&stage);
	good(weigh_modules_init(&modules, stage.opened.routes, stage.opened.below, "__main__"));
	assert_int_equal(modules.count, 1);
	const struct weigh_module_row *row = &modules.rows[0];
	assert_int_equal(row->name_count, 2);
	assert_int_equal(row->retained, stage.opened.dominators->retained[row->module]);
	assert_int_equal(row->names[0].retained, 56 + 8 * FAKE_SETS + FAKE_SETS * FAKE_SET);
	assert_true(row->names[0].alone);
	weigh_modules_deinit(&modules);
	good(weigh_modules_init(&modules, stage.opened.routes, stage.opened.below, "json*"));
	assert_int_equal(modules.count, 0);
	weigh_modules_deinit(&modules);
	stage_deinit(&stage);
}

/*
 * A module with five names: two for one list, one for a list that another list
 * holds as well, one for an object that refers to itself, and that other list;
 * and a chain of links under it.
 */
static void test_alone(void **state)
{
	enum { LINKS = 50 };
	struct stage stage = {.heap = {.snapshot = fake_snapshot_create()}};
	struct fake_snapshot *s = stage.heap.snapshot;
	struct weigh_modules modules;
	struct weigh_retained retained;

	(void)state;
	uint32_t list =
		fake_snapshot_shape(s, fake_snapshot_type(s, "builtins", "list", WEIGH_SNAPSHOT_LIST, 0),
				    WEIGH_SHAPE_SIZED, WEIGH_TAIL_ITEMS);
	uint32_t module = fake_snapshot_shape(
		s, fake_snapshot_type(s, "builtins", "module", WEIGH_SNAPSHOT_MODULE, 0), 0, 0);
	fake_snapshot_slot(s, WEIGH_SLOT_PART, "__dict__", FAKE_NONE);
	uint32_t link =
		fake_snapshot_shape(s, fake_snapshot_type(s, "app", "Link", WEIGH_SNAPSHOT_PLAIN, 0), 0, 0);
	fake_snapshot_slot(s, WEIGH_SLOT_ATTRIBUTE, "next", FAKE_NONE);
	uint32_t home =
		fake_snapshot_shape(s, fake_snapshot_type(s, "builtins", "dict", WEIGH_SNAPSHOT_DICT, 0),
				    WEIGH_SHAPE_OWN_KEYS, 0);
	static const char *const names[] = {"twice", "again", "shared", "itself", "holder"};
	for (int i = 0; i < 5; i++)
		fake_snapshot_slot(s, WEIGH_SLOT_KEY, names[i], FAKE_NONE);
	uint32_t app = fake_snapshot_object(s, module, 64), dict = fake_snapshot_object(s, home, 200);
	uint32_t twice = fake_snapshot_object(s, list, 100), shared = fake_snapshot_object(s, list, 101);
	uint32_t itself = fake_snapshot_object(s, list, 102), holder = fake_snapshot_object(s, list, 103);
	const uint32_t objects[] = {twice, twice, shared, itself, holder};
	fake_snapshot_refer(s, app, dict);
	for (int i = 0; i < 5; i++) {
		fake_snapshot_refer(s, dict, FAKE_NONE);
		fake_snapshot_refer(s, dict, objects[i]);
	}
	fake_snapshot_refer(s, itself, itself);
	fake_snapshot_refer(s, holder, shared);
	uint32_t last = holder;
	for (int i = 0; i < LINKS; i++) {
		uint32_t next = fake_snapshot_object(s, link, 50);
		fake_snapshot_refer(s, last, next);
		last = next;
	}
	fake_snapshot_label(s, app, "app");
	fake_snapshot_root(s, WEIGH_ROOT_MODULES, "sys.modules", app);
	opened_heap_init(&stage.opened, open_fake(s));

	good(weigh_modules_init(&modules, stage.opened.routes, stage.opened.below, NULL));
	assert_int_equal(modules.count, 1);
	for (uint32_t i = 0; i < modules.rows[0].name_count; i++) {
		const struct weigh_module_name *name = &modules.rows[0].names[i];
		assert_true(name->within);
		assert_int_equal(name->alone, name->object == itself || name->object == holder);
	}
	weigh_modules_deinit(&modules);

	/* Of the chain the first link stands for all; the holder keeps little more, so it gives way. */
	good(weigh_retained_init(&retained, stage.opened.routes, stage.opened.below, NULL, 0));
	assert_int_equal(retained.count, 1);
	assert_int_equal(retained.rows[0].below, LINKS);
	assert_int_equal(retained.rows[0].retained, LINKS * 50);
	weigh_retained_deinit(&retained);
	stage_deinit(&stage);
}

static void test_suspects(void **state)
{
	struct stage stage;
	struct weigh_suspects suspects;

	(void)state;
	stage_init(&stage);
	good(weigh_suspects_init(&suspects, stage.opened.routes, stage.opened.below, stage.opened.lines,
				 0.1));
	assert_int_equal(suspects.count, 1);
	const struct weigh_suspect *rows = &suspects.suspects[0];
	assert_int_equal(rows->object, stage.heap.rows);
	assert_int_equal(rows->retained, stage.opened.dominators->retained[stage.heap.rows]);
	assert_int_equal(rows->children, FAKE_ROWS + 4);
	assert_int_equal(rows->types[0].type, stage.heap.dict);
	assert_int_equal(rows->types[0].count, FAKE_ROWS);
	assert_int_equal(rows->types[0].gross, FAKE_ROWS * FAKE_DICT);
	assert_int_equal(rows->steps[rows->step_count - 1], stage.heap.rows);
	assert_int_equal(rows->steps[0], stage.heap.frame);
	/* All below was made at the line of read() from which csv was called. */
	assert_int_not_equal(rows->line, WEIGH_NO_OBJECT);
	assert_int_equal(stage.opened.lines->lines[rows->line].own.line, 9);
	weigh_suspects_deinit(&suspects);
	good(weigh_suspects_init(&suspects, stage.opened.routes, stage.opened.below, NULL, 1));
	assert_int_equal(suspects.count, 0);
	weigh_suspects_deinit(&suspects);
	stage_deinit(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),    cmocka_unit_test(test_line),
		cmocka_unit_test(test_refusals), cmocka_unit_test(test_ways),
		cmocka_unit_test(test_retained), cmocka_unit_test(test_modules),
		cmocka_unit_test(test_alone),    cmocka_unit_test(test_suspects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
