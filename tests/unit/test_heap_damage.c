/*
 * Damaged snapshots: a flipped bit or a cut is never taken for a snapshot, and
 * bytes that are sealed though they are wrong never crash what reads them.
 */
#include "fake_heap.h"
#include "fake_packed.h"
#include "heap/holders.h"
#include "heap/outline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t *example;
static size_t example_size;

static int set_up(void **state)
{
	struct fake_heap heap;

	(void)state;
	fake_heap_init(&heap, true);
	example = fake_snapshot_build(heap.snapshot, &example_size);
	fake_heap_deinit(&heap);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(example);
	return 0;
}

static void assert_refused(const uint8_t *bytes, size_t size)
{
	struct weigh_heap_graph *graph = NULL;
	struct weigh_error *error = weigh_heap_graph_read(bytes, size, "a.heap", &graph);

	assert_non_null(error);
	assert_int_equal(error->code, WEIGH_ERROR_FORMAT);
	assert_true(!strncmp(error->message, "a.heap: ", 8));
	weigh_error_destroy(error);
}

static void test_flips(void **state)
{
	(void)state;
	for (size_t i = 0; i < example_size; i++) {
		uint8_t bit = (uint8_t)(1 << i % 8);
		example[i] ^= bit;
		assert_refused(example, example_size);
		example[i] ^= bit;
	}
}

static void test_cuts(void **state)
{
	(void)state;
	for (size_t size = 0; size < example_size; size++) {
		/* Memory that ends where the file does, so that reading beyond is seen. */
		uint8_t *cut = malloc(size ? size : 1);
		memcpy(cut, example, size);
		assert_refused(cut, size);
		free(cut);
	}
}

/* Opened, all of it is gone through. */
static void use(const struct weigh_heap_graph *graph)
{
	struct weigh_heap_dominators *dominators;
	struct weigh_heap_below *below;
	struct weigh_heap_places *places;
	struct weigh_heap_holders *holders;
	struct weigh_outline outline;
	char name[WEIGH_HEAP_NAME];
	uint64_t gross = 0;

	assert_null(weigh_heap_dominators_create(graph, &dominators));
	assert_null(weigh_heap_below_create(graph, dominators, &below));
	assert_null(weigh_heap_places_create(graph, &places));
	assert_null(weigh_heap_holders_create(graph, dominators, below, places, &holders));
	assert_null(weigh_outline_init(&outline, holders, 0, 0));
	for (uint32_t i = 0; i < graph->object_count; i++)
		gross += weigh_heap_gross(graph, i);
	assert_int_equal(dominators->retained[graph->object_count], gross);
	assert_int_equal(holders->holders[0].retained, gross);
	for (uint32_t i = 0; i < outline.count; i++) {
		if (outline.rows[i].holder != WEIGH_NO_OBJECT)
			weigh_holder_name(holders, outline.rows[i].holder, name);
	}
	weigh_outline_deinit(&outline);
	weigh_heap_holders_destroy(holders);
	weigh_heap_places_destroy(places);
	weigh_heap_below_destroy(below);
	weigh_heap_dominators_destroy(dominators);
}

/* Returns whether it opened. */
static bool read_plain(const uint8_t *plain, size_t length)
{
	struct weigh_heap_graph *graph = NULL;
	size_t size;
	uint8_t *bytes = fake_plain_pack(plain, length, &size);
	struct weigh_error *error = weigh_heap_graph_read(bytes, size, "a.heap", &graph);

	free(bytes);
	if (error) {
		assert_int_equal(error->code, WEIGH_ERROR_FORMAT);
		weigh_error_destroy(error);
		return false;
	}
	use(graph);
	weigh_heap_graph_close(graph);
	return true;
}

static void change(uint8_t *bytes, size_t length)
{
	static const uint8_t often[] = {0, 1, 2, 0x7f, 0x80, 0xff};
	size_t at = (size_t)random() % length;

	switch (random() % 4) {
	case 0:
		bytes[at] = often[(size_t)random() % sizeof(often)];
		break;
	case 1:
		bytes[at] = (uint8_t)random();
		break;
	case 2:
		bytes[at] ^= (uint8_t)(1 << random() % 8);
		break;
	default:
		bytes[at] = (uint8_t)(bytes[at] + 1 - random() % 3);
		break;
	}
}

static void test_sealed_nonsense(void **state)
{
	enum { TRIES = 1500 };
	size_t length;
	uint8_t *plain = fake_plain_unpack(example, &length), *changed = malloc(length);
	unsigned opened = 0;

	(void)state;
	assert_non_null(changed);
	assert_true(read_plain(plain, length));
	for (unsigned seed = 0; seed < TRIES; seed++) {
		srandom(seed);
		memcpy(changed, plain, length);
		/* The streams alone: sizes that do not fit are refused at once. */
		for (long n = random() % 4; n >= 0; n--)
			change(changed + sizeof(struct fake_plain), length - sizeof(struct fake_plain));
		opened += read_plain(changed, length);
	}
	/* Both ways must be gone: what opens though changed is what use() is for. */
	assert_in_range(opened, TRIES / 20, TRIES * 19 / 20);
	free(changed);
	free(plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flips),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_sealed_nonsense),
	};

	return cmocka_run_group_tests_name("heap_damage", tests, set_up, tear_down);
}
