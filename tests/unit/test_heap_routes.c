/*
 * Routes from the roots, and what they read like.
 */
#include "heap/routes.h"
#include "heap/words.h"
#include "opened_heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Types, shapes and objects of a program with a cache, a chain, a thread and things that no one named. */
struct program {
	struct fake_snapshot *s;
	uint32_t dict, list, str, entry; /* types */
	uint32_t slotted, records, items, text, pairs, frame, module, home; /* shapes */
	struct weigh_heap_graph *graph;
	struct weigh_routes *routes;
};

static uint32_t shape(struct program *p, const char *module, const char *name, enum weigh_snapshot_form form,
		      enum weigh_snapshot_tail tail)
{
	uint32_t type = fake_snapshot_type(p->s, module, name, form, 0);
	return fake_snapshot_shape(p->s, type, tail ? WEIGH_SHAPE_SIZED : 0, tail);
}

static void init(struct program *p)
{
	*p = (struct program){.s = fake_snapshot_create()};
	p->items = shape(p, "builtins", "list", WEIGH_SNAPSHOT_LIST, WEIGH_TAIL_ITEMS);
	p->pairs = shape(p, "builtins", "dict", WEIGH_SNAPSHOT_DICT, WEIGH_TAIL_PAIRS);
	p->text = shape(p, "builtins", "str", WEIGH_SNAPSHOT_STR, 0);
	p->module = shape(p, "builtins", "module", WEIGH_SNAPSHOT_MODULE, 0);
	fake_snapshot_slot(p->s, WEIGH_SLOT_PART, "__dict__", FAKE_NONE);
	p->frame = shape(p, "builtins", "frame", WEIGH_SNAPSHOT_FRAME, 0);
	fake_snapshot_slot(p->s, WEIGH_SLOT_LOCAL, "rows", FAKE_NONE);
	p->slotted = shape(p, "app", "Entry", WEIGH_SNAPSHOT_PLAIN, 0);
	fake_snapshot_slot(p->s, WEIGH_SLOT_ATTRIBUTE, "data", FAKE_NONE);
	fake_snapshot_slot(p->s, WEIGH_SLOT_ATTRIBUTE, "next", FAKE_NONE);
	fake_snapshot_slot(p->s, WEIGH_SLOT_PART, "__dict__", FAKE_NONE);
	p->home = fake_snapshot_shape(p->s,
				      fake_snapshot_type(p->s, "builtins", "dict", WEIGH_SNAPSHOT_DICT, 0),
				      WEIGH_SHAPE_SIZED | WEIGH_SHAPE_OWN_KEYS, 0);
	fake_snapshot_slot(p->s, WEIGH_SLOT_KEY, "cache", FAKE_NONE);
	fake_snapshot_slot(p->s, WEIGH_SLOT_KEY, "two words", FAKE_NONE);
}

static uint32_t object(struct program *p, uint32_t its_shape)
{
	return fake_snapshot_object(p->s, its_shape, 64);
}

static void refer(struct program *p, uint32_t from, uint32_t to)
{
	fake_snapshot_refer(p->s, from, to);
}

/* A module in sys.modules, its dict with two keys of its own. Returns the dict. */
static uint32_t add_module(struct program *p, const char *name)
{
	uint32_t modules = object(p, p->pairs), module = object(p, p->module), home = object(p, p->home);

	refer(p, modules, object(p, p->text));
	refer(p, modules, module);
	refer(p, module, home);
	fake_snapshot_label(p->s, module, name);
	fake_snapshot_root(p->s, WEIGH_ROOT_MODULES, "", modules);
	return home;
}

static void finish(struct program *p)
{
	p->graph = open_fake(p->s);
	good(weigh_routes_create(p->graph, NULL, &p->routes));
}

static void deinit(struct program *p)
{
	weigh_routes_destroy(p->routes);
	weigh_heap_graph_close(p->graph);
	fake_snapshot_destroy(p->s);
}

static void reads(struct program *p, uint32_t of, const char *expected)
{
	struct weigh_words words;

	good(weigh_words_of_route(p->routes, p->routes->route_of[of], &words));
	char *text = weigh_words_join(&words, " > ", 0);
	assert_string_equal(text, expected);
	free(text);
	weigh_words_deinit(&words);
}

static void test_globals(void **state)
{
	struct program p;

	(void)state;
	init(&p);
	uint32_t home = add_module(&p, "app"), cache = object(&p, p.pairs), entry = object(&p, p.slotted);
	uint32_t data = object(&p, p.items), last = object(&p, p.text), other = object(&p, p.items);
	refer(&p, home, object(&p, p.text));
	refer(&p, home, cache);
	refer(&p, home, object(&p, p.text));
	refer(&p, home, other);
	refer(&p, cache, object(&p, p.text));
	refer(&p, cache, entry);
	refer(&p, entry, data);
	refer(&p, data, last);
	finish(&p);
	reads(&p, 0, "sys.modules");
	reads(&p, home, "app.__dict__ > dict");
	reads(&p, cache, "app.cache > dict");
	reads(&p, other, "app['two words'] > list");
	reads(&p, entry, "app.cache > dict[*] > app.Entry");
	reads(&p, last, "app.cache > dict[*] > app.Entry.data > list[*] > str");
	assert_int_equal(p.routes->distance[cache], 1);
	assert_int_equal(p.routes->distance[last], 4);
	deinit(&p);
}

/* sys, builtins, an importer and what it imports: each of the three has the same list. */
static void test_imports(void **state)
{
	static const char *const names[] = {"sys", "builtins", "__main__", "app"};
	struct program p;
	uint32_t modules[4], homes[4];

	(void)state;
	init(&p);
	uint32_t all = object(&p, p.pairs), shared = object(&p, p.items), common = object(&p, p.items);
	for (int i = 0; i < 4; i++) {
		modules[i] = object(&p, p.module);
		homes[i] = object(&p, p.home);
		refer(&p, all, object(&p, p.text));
		refer(&p, all, modules[i]);
		refer(&p, modules[i], homes[i]);
		refer(&p, homes[i], FAKE_NONE);
		refer(&p, homes[i], i >= 2 ? shared : FAKE_NONE);
		refer(&p, homes[i], FAKE_NONE);
		refer(&p, homes[i], i >= 1 ? common : FAKE_NONE);
		fake_snapshot_label(p.s, modules[i], names[i]);
	}
	fake_snapshot_root(p.s, WEIGH_ROOT_MODULES, "", all);
	finish(&p);
	reads(&p, shared, "app.cache > list");
	reads(&p, common, "builtins['two words'] > list");
	deinit(&p);
}

/* A global is a better name than a local; what only the frame has is a local. */
static void test_frames(void **state)
{
	struct program p;

	(void)state;
	init(&p);
	uint32_t frame = object(&p, p.frame), twin = object(&p, p.frame), rows = object(&p, p.items);
	uint32_t mine = object(&p, p.items), row = object(&p, p.text);
	fake_snapshot_label(p.s, frame, "main (/srv/app.py:3)");
	fake_snapshot_label(p.s, twin, "main (/srv/app.py:3)");
	uint32_t home = add_module(&p, "__main__");
	refer(&p, frame, rows);
	refer(&p, twin, mine);
	refer(&p, mine, row);
	refer(&p, home, object(&p, p.text));
	refer(&p, home, rows);
	fake_snapshot_root(p.s, WEIGH_ROOT_FRAME, "MainThread", frame);
	fake_snapshot_root(p.s, WEIGH_ROOT_FRAME, "MainThread", twin);
	finish(&p);
	reads(&p, rows, "__main__.cache > list");
	reads(&p, mine, "main() rows > list");
	reads(&p, row, "main() rows > list[*] > str");
	assert_int_equal(p.routes->route_of[frame], p.routes->route_of[twin]);
	deinit(&p);
}

/* A list of 1,000 links is one route that repeats, and what hangs on each has one too. */
static void test_chain(void **state)
{
	enum { LINKS = 1000 };
	struct program p;
	uint32_t links[LINKS], data[LINKS];

	(void)state;
	init(&p);
	for (int i = 0; i < LINKS; i++) {
		links[i] = object(&p, p.slotted);
		data[i] = object(&p, p.text);
	}
	for (int i = 0; i < LINKS; i++) {
		refer(&p, links[i], data[i]);
		refer(&p, links[i], i + 1 < LINKS ? links[i + 1] : FAKE_NONE);
	}
	fake_snapshot_root(p.s, WEIGH_ROOT_INTERPRETER, "codecs", links[0]);
	finish(&p);
	reads(&p, links[0], "(interpreter: codecs)");
	reads(&p, links[1], "(interpreter: codecs) > app.Entry.next... > app.Entry");
	assert_int_equal(p.routes->route_of[links[1]], p.routes->route_of[links[LINKS - 1]]);
	assert_int_equal(p.routes->route_of[data[2]], p.routes->route_of[data[LINKS - 1]]);
	assert_int_equal(p.routes->distance[links[LINKS - 1]], LINKS - 1);
	deinit(&p);
}

/* Attributes in a __dict__ of their own read like any others. */
static void test_homes(void **state)
{
	struct program p;

	(void)state;
	init(&p);
	uint32_t entry = object(&p, p.slotted), dict = object(&p, p.home), cache = object(&p, p.items);
	uint32_t second = object(&p, p.slotted), second_dict = object(&p, p.home);
	refer(&p, entry, FAKE_NONE);
	refer(&p, entry, FAKE_NONE);
	refer(&p, entry, dict);
	refer(&p, dict, object(&p, p.text));
	refer(&p, dict, second);
	refer(&p, second, FAKE_NONE);
	refer(&p, second, FAKE_NONE);
	refer(&p, second, second_dict);
	refer(&p, second_dict, FAKE_NONE);
	refer(&p, second_dict, FAKE_NONE);
	refer(&p, second_dict, object(&p, p.text));
	refer(&p, second_dict, cache);
	fake_snapshot_root(p.s, WEIGH_ROOT_THREAD, "worker", entry);
	finish(&p);
	reads(&p, second, "(thread worker) > app.Entry.cache > app.Entry");
	reads(&p, dict, "(thread worker) > app.Entry.__dict__ > dict");
	reads(&p, cache, "(thread worker) > app.Entry.cache > app.Entry['two words'] > list");
	deinit(&p);
}

static void test_garbage(void **state)
{
	struct program p;

	(void)state;
	init(&p);
	uint32_t one = object(&p, p.items), two = object(&p, p.items);
	refer(&p, one, two);
	refer(&p, two, one);
	finish(&p);
	reads(&p, one, "(garbage)");
	reads(&p, two, "(garbage) > list[*] > list");
	deinit(&p);
}

static void test_join(void **state)
{
	char *texts[] = {"a", "b", "c", "d", "e"};
	const struct weigh_words words = {.words = texts, .count = 5};

	(void)state;
	char *all = weigh_words_join(&words, "-", 5), *some = weigh_words_join(&words, "-", 3);
	assert_string_equal(all, "a-b-c-d-e");
	assert_string_equal(some, "a-b-(2 more)-e");
	free(all);
	free(some);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_globals), cmocka_unit_test(test_imports),
		cmocka_unit_test(test_frames),  cmocka_unit_test(test_chain),
		cmocka_unit_test(test_homes),   cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_join),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
