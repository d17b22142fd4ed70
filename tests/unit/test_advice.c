/*
 * From a snapshot made by hand to findings: tables are found with what their
 * fields hold, predictions are those of the model, the gate and the order hold,
 * and changes are applied one after another.
 */
#include "advice/advise.h"
#include "advice/blocks.h"
#include "advice/ladder.h"
#include "fake_table.h"
#include "opened_heap.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct advised {
	struct weigh_heap_graph *graph;
	struct weigh_evidence evidence;
	struct weigh_advice *advice;
};

static void advise(struct fake_table *w, struct advised *a, double share)
{
	a->graph = open_fake(w->fake);
	assert_null(weigh_evidence_init(&a->evidence, NULL, a->graph));
	assert_null(weigh_advice_create(&a->evidence, share, &a->advice));
}

static void end(struct fake_table *w, struct advised *a)
{
	weigh_advice_destroy(a->advice);
	weigh_evidence_deinit(&a->evidence);
	weigh_heap_graph_close(a->graph);
	fake_table_deinit(w);
}

static void test_a_table_is_found_with_its_fields(void **state)
{
	struct fake_table w;
	struct advised a;

	(void)state;
	fake_table_init(&w, 0, NULL);
	advise(&w, &a, 0.01);
	assert_int_equal(a.evidence.records.count, 1);
	const struct weigh_record_table *table = &a.evidence.records.tables[0];
	assert_int_equal(table->model.found, WEIGH_RECORD_DICT);
	assert_int_equal(table->model.records, FAKE_ROWS);
	assert_int_equal(table->held, FAKE_ROWS);
	assert_int_equal(table->alone, FAKE_ROWS);
	assert_int_equal(table->model.field_count, 2);
	assert_string_equal(table->fields[0].name, "name");
	assert_int_equal(table->fields[0].objects, FAKE_ROWS);
	assert_int_equal(table->fields[0].values, FAKE_NAMES);
	assert_false(table->model.fields[0].numbers);
	assert_int_equal(table->fields[1].values, FAKE_ROWS);
	assert_true(table->model.fields[1].numbers);
	assert_int_equal(table->model.fields[1].bits, 17);
	assert_int_equal(table->model.fields[1].boxed, FAKE_ROWS);
	double expected = FAKE_ROWS * (8 + weigh_block_resident(64) + weigh_block_resident(128) +
				       weigh_block_resident(64) + weigh_block_resident(48));
	assert_true(fabs(weigh_table_resident(&table->model) / expected - 1) < 0.01);
	end(&w, &a);
}

static void test_the_measured_record_counts_until_it_is_changed(void **state)
{
	struct fake_table w;
	struct advised a;

	(void)state;
	fake_table_init(&w, 0, NULL);
	/* Each dict with twice the table that two keys need. */
	for (uint32_t i = 0; i < FAKE_ROWS; i++)
		fake_snapshot_at(w.fake, 3 + i * 3)->gross = 2 * FAKE_DICT_BYTES;
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
	struct fake_table w;
	struct advised a;

	(void)state;
	fake_table_init(&w, 0, NULL);
	advise(&w, &a, 0.01);
	const struct weigh_finding *slots = by_rule(a.advice, "dicts-to-slots");
	assert_non_null(slots);
	struct weigh_object_blocks blocks = weigh_blocks_slots(a.evidence.python, 2);
	double dict = a.evidence.records.tables[0].model.found_resident;
	assert_true(fabs(slots->saving - FAKE_ROWS * (dict - weigh_object_resident(&blocks))) < 1);
	assert_true(slots->saving_low < slots->saving && slots->saving < slots->saving_high);
	const struct weigh_finding *shared = by_rule(a.advice, "duplicate-strings");
	assert_non_null(shared);
	assert_string_equal(shared->id, "W09-1");
	assert_ptr_equal(weigh_advice_find(a.advice, "W09-1"), shared);
	assert_null(weigh_advice_find(a.advice, "W99-1"));
	const struct weigh_finding *ints = by_rule(a.advice, "numeric-strings");
	assert_non_null(ints);
	assert_true(fabs(ints->saving - FAKE_ROWS * (weigh_block_resident(48) - weigh_block_resident(28))) <
		    1);
	end(&w, &a);
}

static void test_the_waterfall_never_adds(void **state)
{
	struct fake_table w;
	struct advised a;
	double sum = 0;

	(void)state;
	fake_table_init(&w, 0, NULL);
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
	struct fake_table w;
	struct advised a;

	(void)state;
	fake_table_init(&w, 1, NULL);
	advise(&w, &a, 0.01);
	assert_null(by_rule(a.advice, "rows-to-columns"));
	assert_null(by_rule(a.advice, "coded-columns"));
	assert_non_null(by_rule(a.advice, "dicts-to-slots"));
	end(&w, &a);
}

static void test_nothing_passes_a_closed_gate(void **state)
{
	struct fake_table w;
	struct advised a;

	(void)state;
	fake_table_init(&w, 0, NULL);
	advise(&w, &a, 1);
	assert_int_equal(a.advice->finding_count, 0);
	assert_int_equal(a.advice->step_count, 0);
	end(&w, &a);
}

static void test_the_ladder_has_the_table_as_it_is(void **state)
{
	struct fake_table w;
	struct advised a;

	(void)state;
	fake_table_init(&w, 0, NULL);
	advise(&w, &a, 0.01);
	const struct weigh_table *table = &a.evidence.records.tables[0].model;
	assert_string_equal(weigh_rungs[0].name, "dicts");
	assert_true(weigh_rung_resident(table, &weigh_rungs[0]) == weigh_table_resident(table));
	assert_true(weigh_rung_resident(table, &weigh_rungs[WEIGH_RUNGS - 1]) == 0);
	/* A code of one byte for each name, two or four for each number, and the names. */
	for (int i = 0; i < WEIGH_RUNGS; i++) {
		if (weigh_rungs[i].codes)
			assert_true(fabs(weigh_rung_resident(table, &weigh_rungs[i]) -
					 (FAKE_ROWS * (1 + 4) + FAKE_NAMES * weigh_block_resident(64))) < 1);
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
