/*
 * From a snapshot made by hand to findings: tables are found with what their
 * fields hold, predictions are those of the model, the gate and the order hold,
 * and changes are applied one after another.
 */
#include "advice/advise.h"
#include "advice/blocks.h"
#include "advice/ladder.h"
#include "opened_heap.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 20000, NAMES = 10, KEY_BYTES = 48, DICT_BYTES = 64 + 128, LIST_BYTES = 56 + 8 * ROWS };

/* "rows", a list of dicts {"name": a text of NAMES, each an object; "count": text of a number}. */
struct world {
	struct fake_snapshot *fake;
	uint32_t list, record, str, other;
	uint32_t names[NAMES];
};

static void make_world(struct world *w, uint32_t holders_beside)
{
	struct fake_snapshot *fake = w->fake = fake_snapshot_create();
	uint32_t list = fake_snapshot_type(fake, "builtins", "list", WEIGH_SNAPSHOT_LIST, 0);
	uint32_t dict = fake_snapshot_type(fake, "builtins", "dict", WEIGH_SNAPSHOT_DICT, 0);
	uint32_t str = fake_snapshot_type(fake, "builtins", "str", WEIGH_SNAPSHOT_STR, 0);

	w->str = fake_snapshot_shape(fake, str, WEIGH_SHAPE_VALUED, WEIGH_TAIL_NONE);
	w->list = fake_snapshot_shape(fake, list, WEIGH_SHAPE_SIZED, WEIGH_TAIL_ITEMS);
	uint32_t name_key = fake_snapshot_object(fake, w->str, KEY_BYTES);
	uint32_t count_key = fake_snapshot_object(fake, w->str, KEY_BYTES);
	w->record = fake_snapshot_shape(fake, dict, WEIGH_SHAPE_SIZED | WEIGH_SHAPE_KEYS | WEIGH_SHAPE_DATA,
					WEIGH_TAIL_NONE);
	fake_snapshot_slot(fake, WEIGH_SLOT_KEY, "name", name_key);
	fake_snapshot_slot(fake, WEIGH_SLOT_KEY, "count", count_key);
	for (int i = 0; i < NAMES; i++)
		w->names[i] = fake_snapshot_value(fake, WEIGH_VALUE_TEXT, 7, NULL);
	uint32_t rows = fake_snapshot_object(fake, w->list, LIST_BYTES);
	for (int i = 0; i < ROWS; i++) {
		uint32_t row = fake_snapshot_object(fake, w->record, DICT_BYTES);
		uint32_t name = fake_snapshot_object(fake, w->str, 64);
		fake_snapshot_at(fake, name)->value = w->names[i % NAMES];
		fake_snapshot_at(fake, row)->surplus = holders_beside;
		uint32_t count = fake_snapshot_object(fake, w->str, 48);
		fake_snapshot_at(fake, count)->value =
			fake_snapshot_value(fake, WEIGH_VALUE_INTEGER_TEXT, 17, NULL);
		fake_snapshot_refer(fake, row, name);
		fake_snapshot_refer(fake, row, count);
		fake_snapshot_refer(fake, rows, row);
	}
	fake_snapshot_root(fake, WEIGH_ROOT_INTERPRETER, "builtins", rows);
}

struct advised {
	struct weigh_heap_graph *graph;
	struct weigh_evidence evidence;
	struct weigh_advice *advice;
};

static void advise(struct world *w, struct advised *a, double share)
{
	a->graph = open_fake(w->fake);
	assert_null(weigh_evidence_init(&a->evidence, NULL, a->graph));
	assert_null(weigh_advice_create(&a->evidence, share, &a->advice));
}

static void end(struct world *w, struct advised *a)
{
	weigh_advice_destroy(a->advice);
	weigh_evidence_deinit(&a->evidence);
	weigh_heap_graph_close(a->graph);
	fake_snapshot_destroy(w->fake);
}

static void test_a_table_is_found_with_its_fields(void **state)
{
	struct world w;
	struct advised a;

	(void)state;
	make_world(&w, 0);
	advise(&w, &a, 0.01);
	assert_int_equal(a.evidence.records.count, 1);
	const struct weigh_record_table *table = &a.evidence.records.tables[0];
	assert_int_equal(table->model.found, WEIGH_RECORD_DICT);
	assert_int_equal(table->model.records, ROWS);
	assert_int_equal(table->held, ROWS);
	assert_int_equal(table->alone, ROWS);
	assert_int_equal(table->model.field_count, 2);
	assert_string_equal(table->fields[0].name, "name");
	assert_int_equal(table->fields[0].objects, ROWS);
	assert_int_equal(table->fields[0].values, NAMES);
	assert_false(table->model.fields[0].numbers);
	assert_int_equal(table->fields[1].values, ROWS);
	assert_true(table->model.fields[1].numbers);
	assert_int_equal(table->model.fields[1].bits, 17);
	assert_int_equal(table->model.fields[1].boxed, ROWS);
	double expected = ROWS * (8 + weigh_block_resident(64) + weigh_block_resident(128) +
				  weigh_block_resident(64) + weigh_block_resident(48));
	assert_true(fabs(weigh_table_resident(&table->model) / expected - 1) < 0.01);
	end(&w, &a);
}

static void test_the_measured_record_counts_until_it_is_changed(void **state)
{
	struct world w;
	struct advised a;

	(void)state;
	make_world(&w, 0);
	/* Each dict with twice the table that two keys need. */
	for (uint32_t i = 0; i < ROWS; i++)
		fake_snapshot_at(w.fake, 3 + i * 3)->gross = 2 * DICT_BYTES;
	advise(&w, &a, 0.01);
	const struct weigh_record_table *table = &a.evidence.records.tables[0];
	assert_true(fabs(table->model.found_resident / (2 * table->modelled) - 1) < 0.1);
	struct weigh_table changed = table->model;
	changed.record = WEIGH_RECORD_SLOTS;
	assert_true(weigh_table_record_resident(&changed) == weigh_table_record_modelled(&changed));
	end(&w, &a);
}

static const struct weigh_finding *by_rule(const struct weigh_advice *advice, const char *rule)
{
	for (uint32_t i = 0; i < advice->finding_count; i++) {
		if (!strcmp(advice->findings[i].rule, rule))
			return &advice->findings[i];
	}
	return NULL;
}

static void test_findings_say_what_the_model_says(void **state)
{
	struct world w;
	struct advised a;

	(void)state;
	make_world(&w, 0);
	advise(&w, &a, 0.01);
	const struct weigh_finding *slots = by_rule(a.advice, "dicts-to-slots");
	assert_non_null(slots);
	struct weigh_object_blocks blocks = weigh_blocks_slots(a.evidence.python, 2);
	double dict = a.evidence.records.tables[0].model.found_resident;
	assert_true(fabs(slots->saving - ROWS * (dict - weigh_object_resident(&blocks))) < 1);
	assert_true(slots->saving_low < slots->saving && slots->saving < slots->saving_high);
	const struct weigh_finding *shared = by_rule(a.advice, "duplicate-strings");
	assert_non_null(shared);
	assert_string_equal(shared->id, "W09-1");
	assert_ptr_equal(weigh_advice_find(a.advice, "W09-1"), shared);
	assert_null(weigh_advice_find(a.advice, "W99-1"));
	const struct weigh_finding *ints = by_rule(a.advice, "numeric-strings");
	assert_non_null(ints);
	assert_true(fabs(ints->saving - ROWS * (weigh_block_resident(48) - weigh_block_resident(28))) < 1);
	end(&w, &a);
}

static void test_the_waterfall_never_adds(void **state)
{
	struct world w;
	struct advised a;
	double sum = 0;

	(void)state;
	make_world(&w, 0);
	advise(&w, &a, 0.01);
	assert_true(a.advice->step_count > 1);
	for (uint32_t i = 0; i < a.advice->finding_count; i++)
		sum += a.advice->findings[i].saving;
	double last = a.advice->steps[a.advice->step_count - 1].after;
	double table = weigh_table_resident(&a.evidence.records.tables[0].model);
	/* Slots, columns and codes are about the same bytes. */
	assert_true(sum > table);
	assert_true(a.advice->end - last < table);
	for (uint32_t i = 1; i < a.advice->step_count; i++)
		assert_true(a.advice->steps[i].after < a.advice->steps[i - 1].after);
	end(&w, &a);
}

static void test_rows_that_others_hold_are_no_columns(void **state)
{
	struct world w;
	struct advised a;

	(void)state;
	make_world(&w, 1);
	advise(&w, &a, 0.01);
	assert_null(by_rule(a.advice, "rows-to-columns"));
	assert_null(by_rule(a.advice, "coded-columns"));
	assert_non_null(by_rule(a.advice, "dicts-to-slots"));
	end(&w, &a);
}

static void test_nothing_passes_a_closed_gate(void **state)
{
	struct world w;
	struct advised a;

	(void)state;
	make_world(&w, 0);
	advise(&w, &a, 1);
	assert_int_equal(a.advice->finding_count, 0);
	assert_int_equal(a.advice->step_count, 0);
	end(&w, &a);
}

static void test_the_ladder_has_the_table_as_it_is(void **state)
{
	struct world w;
	struct advised a;

	(void)state;
	make_world(&w, 0);
	advise(&w, &a, 0.01);
	const struct weigh_table *table = &a.evidence.records.tables[0].model;
	assert_string_equal(weigh_rungs[0].name, "dicts");
	assert_true(weigh_rung_resident(table, &weigh_rungs[0]) == weigh_table_resident(table));
	assert_true(weigh_rung_resident(table, &weigh_rungs[WEIGH_RUNGS - 1]) == 0);
	/* A code of one byte for each name, two or four for each number, and the names. */
	for (int i = 0; i < WEIGH_RUNGS; i++) {
		if (weigh_rungs[i].codes)
			assert_true(fabs(weigh_rung_resident(table, &weigh_rungs[i]) -
					 (ROWS * (1 + 4) + NAMES * weigh_block_resident(64))) < 1);
	}
	end(&w, &a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_table_is_found_with_its_fields),
		cmocka_unit_test(test_the_measured_record_counts_until_it_is_changed),
		cmocka_unit_test(test_findings_say_what_the_model_says),
		cmocka_unit_test(test_the_waterfall_never_adds),
		cmocka_unit_test(test_rows_that_others_hold_are_no_columns),
		cmocka_unit_test(test_nothing_passes_a_closed_gate),
		cmocka_unit_test(test_the_ladder_has_the_table_as_it_is),
	};

	return cmocka_run_group_tests_name("advice", tests, NULL, NULL);
}
