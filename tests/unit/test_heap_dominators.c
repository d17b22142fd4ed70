/*
 * Dominators and retained bytes against the definition: take each object away
 * and see what cannot be reached any more. On random graphs with everything
 * that holds objects, and on shapes that would overflow a recursion or take a
 * careless algorithm hours.
 */
#include "heap/dominators.h"
#include "opened_heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	GRAPHS = 2000,
	OBJECTS_MAX = 24,
	VERTICES_MAX = OBJECTS_MAX + WEIGH_OWNERS,
	REFERENCES_MAX = 5,
};

static uint32_t below(uint32_t limit)
{
	return (uint32_t)random() % limit;
}

/* The graph as a matrix, owners included. */
struct model {
	uint32_t objects;
	bool edge[VERTICES_MAX][VERTICES_MAX];
	uint32_t found[OBJECTS_MAX];
	uint64_t gross[VERTICES_MAX];
};

static void refer(struct model *model, uint32_t from, uint32_t to)
{
	model->edge[from][to] = true;
	model->found[to]++;
}

enum { SHAPE_LEAF, SHAPE_LIST, SHAPE_PAIRS, SHAPE_INSTANCE, SHAPE_OWN_KEYS, SHAPE_KEYS, SHAPE_FRAME, SHAPES };

/* With keys, types and the like chosen among all objects, whatever they are. */
static void add_shapes(struct fake_snapshot *fake, uint32_t objects, uint32_t *type_object, uint32_t keys[2])
{
	uint32_t plain = fake_snapshot_type(fake, "builtins", "plain", WEIGH_SNAPSHOT_PLAIN, 0);
	uint32_t heap = fake_snapshot_type(fake, "bus", "Trip", WEIGH_SNAPSHOT_PLAIN, WEIGH_TYPE_HEAP);
	uint32_t frame = fake_snapshot_type(fake, "builtins", "frame", WEIGH_SNAPSHOT_FRAME, 0);

	*type_object = below(objects);
	fake_snapshot_type_object(fake, heap, *type_object);
	fake_snapshot_shape(fake, plain, 0, WEIGH_TAIL_NONE);
	fake_snapshot_shape(fake, plain, WEIGH_SHAPE_SIZED, WEIGH_TAIL_ITEMS);
	fake_snapshot_shape(fake, plain, WEIGH_SHAPE_SIZED, WEIGH_TAIL_PAIRS);
	fake_snapshot_shape(fake, heap, WEIGH_SHAPE_DATA, WEIGH_TAIL_MEMBERS);
	fake_snapshot_slot(fake, WEIGH_SLOT_ATTRIBUTE, "route", FAKE_NONE);
	fake_snapshot_shape(fake, plain, WEIGH_SHAPE_OWN_KEYS, WEIGH_TAIL_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_KEY, "route", FAKE_NONE);
	fake_snapshot_shape(fake, plain, WEIGH_SHAPE_KEYS, WEIGH_TAIL_NONE);
	for (int i = 0; i < 2; i++) {
		keys[i] = below(objects);
		fake_snapshot_slot(fake, WEIGH_SLOT_KEY, "route", keys[i]);
	}
	fake_snapshot_shape(fake, frame, 0, WEIGH_TAIL_ITEMS);
}

static void add_object(struct fake_snapshot *fake, struct model *model, uint32_t i, uint32_t shape,
		       uint32_t type_object, const uint32_t keys[2])
{
	static const uint32_t most[SHAPES] = {
		[SHAPE_LIST] = REFERENCES_MAX, [SHAPE_PAIRS] = 4, [SHAPE_INSTANCE] = 3,
		[SHAPE_OWN_KEYS] = 2,          [SHAPE_KEYS] = 2,  [SHAPE_FRAME] = 3,
	};
	uint32_t count = shape == SHAPE_PAIRS ? below(3) * 2 : most[shape] ? below(most[shape] + 1) : 0;

	for (uint32_t n = 0; n < count; n++) {
		uint32_t target = below(5) ? below(model->objects) : FAKE_NONE;
		fake_snapshot_refer(fake, i, target);
		if (target != FAKE_NONE)
			refer(model, i, target);
	}
	if (shape == SHAPE_INSTANCE)
		refer(model, i, type_object);
	for (int k = 0; shape == SHAPE_KEYS && k < 2; k++)
		refer(model, i, keys[k]);
}

/* What holds an object from outside, in both. */
static void hold(struct fake_snapshot *fake, struct model *model, uint32_t i, uint32_t shape)
{
	struct fake_object *object = fake_snapshot_at(fake, i);
	uint32_t kind = below(12);

	if (kind == 0)
		object->surplus = FAKE_IMMORTAL;
	else if (kind == 1)
		object->surplus = 1 + below(3);
	else if (kind == 2)
		fake_snapshot_root(fake, WEIGH_ROOT_THREAD, "MainThread", i);
	if (kind == 2)
		model->edge[model->objects + WEIGH_OWNER_ROOTS][i] = true;
	/* The count of a frame says nothing when it says 0. */
	if (kind == 0 && shape != SHAPE_FRAME)
		model->edge[model->objects + WEIGH_OWNER_IMMORTAL][i] = true;
	if (kind == 1 || (kind > 1 && !model->found[i]))
		model->edge[model->objects + WEIGH_OWNER_ELSEWHERE][i] = true;
}

static struct fake_snapshot *random_graph(struct model *model)
{
	struct fake_snapshot *fake = fake_snapshot_create();
	uint32_t type_object, keys[2], shapes[OBJECTS_MAX];

	memset(model, 0, sizeof(*model));
	model->objects = 1 + below(OBJECTS_MAX);
	add_shapes(fake, model->objects, &type_object, keys);
	for (uint32_t i = 0; i < model->objects; i++) {
		shapes[i] = below(3) ? 1 + below(SHAPES - 1) : SHAPE_LEAF;
		model->gross[i] = 1ull << below(40);
		fake_snapshot_object(fake, shapes[i], model->gross[i]);
	}
	for (uint32_t i = 0; i < model->objects; i++)
		add_object(fake, model, i, shapes[i], type_object, keys);
	for (uint32_t i = 0; i < model->objects; i++)
		hold(fake, model, i, shapes[i]);
	for (uint32_t owner = 1; owner < WEIGH_OWNERS; owner++)
		model->edge[model->objects + WEIGH_OWNER_ROOTS][model->objects + owner] = true;
	return fake;
}

/* What `from` leads to without passing through `without`. */
static void reach(const struct model *model, uint32_t from, uint32_t without, bool *reached)
{
	uint32_t pile[VERTICES_MAX], height = 0, vertices = model->objects + WEIGH_OWNERS;

	memset(reached, 0, VERTICES_MAX * sizeof(*reached));
	if (from == without)
		return;
	reached[from] = true;
	pile[height++] = from;
	while (height) {
		uint32_t at = pile[--height];
		for (uint32_t to = 0; to < vertices; to++) {
			if (model->edge[at][to] && to != without && !reached[to]) {
				reached[to] = true;
				pile[height++] = to;
			}
		}
	}
}

/*
 * Of each cycle that nothing else leads to exactly one object must hang below
 * GARBAGE; which, is free. The model takes over the choice.
 */
static void adopt_garbage(struct model *model, const struct weigh_heap_dominators *dominators)
{
	static bool from[OBJECTS_MAX][VERTICES_MAX];
	bool reached[VERTICES_MAX];
	uint32_t garbage = model->objects + WEIGH_OWNER_GARBAGE;

	reach(model, model->objects, FAKE_NONE, reached);
	for (uint32_t i = 0; i < model->objects; i++)
		reach(model, i, FAKE_NONE, from[i]);
	for (uint32_t i = 0; i < model->objects; i++) {
		bool source = !reached[i];
		uint32_t entries = 0;
		for (uint32_t j = 0; j < model->objects; j++)
			source &= !from[j][i] || from[i][j];
		for (uint32_t j = 0; source && j < model->objects; j++)
			entries += from[i][j] && from[j][i] && dominators->idom[j] == garbage;
		if (source)
			assert_int_equal(entries, 1);
		model->edge[garbage][i] = source && dominators->idom[i] == garbage;
	}
}

static void compare(const struct model *model, const struct weigh_heap_dominators *dominators)
{
	static bool dominates[VERTICES_MAX][VERTICES_MAX];
	uint32_t vertices = model->objects + WEIGH_OWNERS, roots = model->objects, above[VERTICES_MAX] = {0};
	bool all[VERTICES_MAX], left[VERTICES_MAX];

	reach(model, roots, FAKE_NONE, all);
	for (uint32_t v = 0; v < vertices; v++) {
		uint64_t retained = 0;
		reach(model, roots, v, left);
		for (uint32_t w = 0; w < vertices; w++) {
			assert_true(all[w]);
			dominates[v][w] = !left[w];
			above[w] += !left[w];
			retained += left[w] ? 0 : model->gross[w];
		}
		assert_int_equal(dominators->retained[v], retained);
	}
	/* Of those that dominate an object, the immediate one is dominated by most. */
	for (uint32_t w = 0; w < model->objects; w++) {
		uint32_t idom = dominators->idom[w];
		assert_true(idom < vertices && idom != w);
		assert_true(dominates[idom][w]);
		assert_int_equal(above[idom], above[w] - 1);
	}
}

static uint64_t named_objects(struct model *model)
{
	bool reached[VERTICES_MAX];
	uint64_t count = 0;

	for (uint32_t owner = 1; owner < WEIGH_OWNERS; owner++)
		model->edge[model->objects][model->objects + owner] = false;
	reach(model, model->objects, FAKE_NONE, reached);
	for (uint32_t i = 0; i < model->objects; i++)
		count += reached[i];
	return count;
}

static void test_random(void **state)
{
	static struct model model;

	(void)state;
	for (unsigned seed = 0; seed < GRAPHS; seed++) {
		struct weigh_heap_dominators *dominators;
		srandom(seed);
		struct fake_snapshot *fake = random_graph(&model);
		struct weigh_heap_graph *graph = open_fake(fake);
		assert_null(weigh_heap_dominators_create(graph, &dominators));
		adopt_garbage(&model, dominators);
		compare(&model, dominators);
		assert_int_equal(dominators->reached, named_objects(&model));
		weigh_heap_dominators_destroy(dominators);
		weigh_heap_graph_close(graph);
		fake_snapshot_destroy(fake);
	}
}

/* Plain objects: shape 0 holds one, shape 1 any number. */
static struct fake_snapshot *plain(void)
{
	struct fake_snapshot *fake = fake_snapshot_create();
	uint32_t type = fake_snapshot_type(fake, "builtins", "node", WEIGH_SNAPSHOT_PLAIN, 0);

	fake_snapshot_shape(fake, type, 0, WEIGH_TAIL_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_ATTRIBUTE, "next", FAKE_NONE);
	fake_snapshot_shape(fake, type, 0, WEIGH_TAIL_ITEMS);
	return fake;
}

/* A linked list of a million, each of which also refers to one shared leaf. */
static void test_deep(void **state)
{
	enum { LENGTH = 1000000, SIZE = 48 };
	struct fake_snapshot *fake = plain();
	struct weigh_heap_dominators *dominators;

	(void)state;
	for (uint32_t i = 0; i < LENGTH; i++)
		fake_snapshot_object(fake, 1, SIZE);
	uint32_t shared = fake_snapshot_object(fake, 1, 1000);
	for (uint32_t i = 0; i < LENGTH; i++) {
		if (i + 1 < LENGTH)
			fake_snapshot_refer(fake, i, i + 1);
		if (i >= 10)
			fake_snapshot_refer(fake, i, shared);
	}
	fake_snapshot_root(fake, WEIGH_ROOT_INTERPRETER, "builtins", 0);
	struct weigh_heap_graph *graph = open_fake(fake);
	assert_null(weigh_heap_dominators_create(graph, &dominators));
	for (uint32_t i = 1; i < LENGTH; i++) {
		assert_int_equal(dominators->idom[i], i - 1);
		assert_int_equal(dominators->retained[i], (LENGTH - i) * SIZE + (i <= 10 ? 1000 : 0));
	}
	assert_int_equal(dominators->idom[shared], 10);
	assert_int_equal(dominators->reached, LENGTH + 1);
	weigh_heap_dominators_destroy(dominators);
	weigh_heap_graph_close(graph);
	fake_snapshot_destroy(fake);
}

/* The same with ways back: each refers to the one before it, which compression has to bear. */
static void test_deep_both_ways(void **state)
{
	enum { LENGTH = 300000 };
	struct fake_snapshot *fake = plain();
	struct weigh_heap_dominators *dominators;

	(void)state;
	for (uint32_t i = 0; i < LENGTH; i++)
		fake_snapshot_object(fake, 1, 1);
	for (uint32_t i = 0; i < LENGTH; i++) {
		fake_snapshot_refer(fake, i, i + 1 < LENGTH ? i + 1 : 0);
		fake_snapshot_refer(fake, i, i ? i - 1 : LENGTH - 1);
	}
	struct weigh_heap_graph *graph = open_fake(fake);
	assert_null(weigh_heap_dominators_create(graph, &dominators));
	/* All of it is garbage, under one object from which both ways lead around. */
	uint32_t garbage = graph->object_count + WEIGH_OWNER_GARBAGE, entry = FAKE_NONE;
	for (uint32_t i = 0; i < LENGTH; i++) {
		if (dominators->idom[i] == garbage) {
			assert_int_equal(entry, FAKE_NONE);
			entry = i;
		}
	}
	assert_int_not_equal(entry, FAKE_NONE);
	assert_int_equal(dominators->retained[entry], LENGTH);
	for (uint32_t i = 0; i < LENGTH; i++) {
		if (i != entry)
			assert_int_equal(dominators->idom[i], entry);
	}
	weigh_heap_dominators_destroy(dominators);
	weigh_heap_graph_close(graph);
	fake_snapshot_destroy(fake);
}

/* A list of half a million boxes; pairs of neighbours share a leaf. */
static void test_wide(void **state)
{
	enum { WIDTH = 500000 };
	struct fake_snapshot *fake = plain();
	struct weigh_heap_dominators *dominators;

	(void)state;
	uint32_t list = fake_snapshot_object(fake, 1, 8 * WIDTH);
	for (uint32_t i = 1; i <= WIDTH; i++) {
		fake_snapshot_object(fake, 0, 48);
		fake_snapshot_refer(fake, list, i);
		fake_snapshot_refer(fake, i, WIDTH + 1 + (i - 1) / 2);
	}
	for (uint32_t i = 0; i < WIDTH / 2; i++)
		fake_snapshot_object(fake, 0, 50);
	fake_snapshot_root(fake, WEIGH_ROOT_FRAME, "MainThread", list);
	struct weigh_heap_graph *graph = open_fake(fake);
	assert_null(weigh_heap_dominators_create(graph, &dominators));
	for (uint32_t i = 1; i < graph->object_count; i++)
		assert_int_equal(dominators->idom[i], list);
	assert_int_equal(dominators->retained[list], 8 * WIDTH + 48 * WIDTH + 50 * WIDTH / 2);
	assert_int_equal(dominators->retained[graph->object_count], dominators->retained[list]);
	weigh_heap_dominators_destroy(dominators);
	weigh_heap_graph_close(graph);
	fake_snapshot_destroy(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_deep_both_ways),
		cmocka_unit_test(test_wide),
	};

	return cmocka_run_group_tests_name("heap_dominators", tests, NULL, NULL);
}
