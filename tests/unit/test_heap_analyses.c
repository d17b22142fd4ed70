/*
 * Types, duplicates, fields, containers and sites of a heap whose counts are
 * known: see fake_heap.h.
 */
#include "fake_heap.h"
#include "heap/containers.h"
#include "heap/duplicates.h"
#include "heap/equal.h"
#include "heap/fields.h"
#include "heap/frames.h"
#include "heap/graph.h"
#include "heap/groups.h"
#include "heap/places.h"
#include "heap/sites.h"
#include "heap/types.h"
#include "opened_heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct stage {
	struct fake_heap heap;
	struct weigh_heap_graph *graph;
	struct weigh_heap_places *places;
	struct weigh_heap_equal *equal;
};

static void stage_init(struct stage *stage, bool sampled)
{
	fake_heap_init(&stage->heap, sampled);
	stage->graph = open_fake(stage->heap.snapshot);
	good(weigh_heap_places_create(stage->graph, &stage->places));
	good(weigh_heap_equal_create(stage->graph, &stage->equal));
}

static void stage_deinit(struct stage *stage)
{
	weigh_heap_equal_destroy(stage->equal);
	weigh_heap_places_destroy(stage->places);
	weigh_heap_graph_close(stage->graph);
	fake_heap_deinit(&stage->heap);
}

static void test_types(void **state)
{
	struct stage stage;
	struct weigh_heap_types types;
	uint64_t count = 0, gross = 0;

	(void)state;
	stage_init(&stage, false);
	good(weigh_heap_types_init(&types, stage.graph, NULL));
	for (uint32_t i = 0; i < types.count; i++) {
		if (i)
			assert_true(types.rows[i - 1].gross >= types.rows[i].gross);
		count += types.rows[i].count;
		gross += types.rows[i].gross;
		if (types.rows[i].type == stage.heap.dict)
			assert_int_equal(types.rows[i].count, FAKE_ROWS + 1);
		if (types.rows[i].type == stage.heap.trip)
			assert_int_equal(types.rows[i].gross, FAKE_TRIPS * FAKE_TRIP);
	}
	assert_int_equal(count, stage.graph->object_count);
	assert_int_equal(types.sum.gross, gross);
	weigh_heap_types_deinit(&types);
	stage_deinit(&stage);
}

static const struct weigh_heap_duplicate *find_duplicate(const struct stage *stage,
							 const struct weigh_heap_duplicates *duplicates,
							 const char *where, uint32_t type)
{
	char name[WEIGH_HEAP_NAME];

	for (uint32_t i = 0; i < duplicates->count; i++) {
		const struct weigh_heap_duplicate *row = &duplicates->rows[i];
		weigh_heap_place_name(stage->graph, stage->places, row->place, name);
		if (row->type == type && !strcmp(name, where))
			return row;
	}
	return NULL;
}

static void check_duplicate(const struct stage *stage, const struct weigh_heap_duplicates *duplicates,
			    const char *where, uint32_t type, uint64_t objects, uint64_t values,
			    uint64_t gross)
{
	const struct weigh_heap_duplicate *row = find_duplicate(stage, duplicates, where, type);

	if (!row)
		fail_msg("%s: no row", where);
	assert_int_equal(row->objects, objects);
	assert_int_equal(row->values, values);
	assert_int_equal(row->gross, objects * gross);
	assert_int_equal(row->saving, (objects - values) * gross);
	assert_int_equal(row->often[0].count, objects / values);
}

static void test_duplicates(void **state)
{
	struct stage stage;
	struct weigh_heap_duplicates duplicates;

	(void)state;
	stage_init(&stage, false);
	good(weigh_heap_duplicates_init(&duplicates, stage.graph, stage.places, stage.equal));
	check_duplicate(&stage, &duplicates, "dict['route']", stage.heap.str, FAKE_ROWS, FAKE_ROUTES,
			FAKE_STR);
	check_duplicate(&stage, &duplicates, "dict['date']", stage.heap.str, FAKE_ROWS, FAKE_DATES, FAKE_STR);
	check_duplicate(&stage, &duplicates, "list[*]", stage.heap.tuple, FAKE_PAIRS, 3, FAKE_TUPLE);
	check_duplicate(&stage, &duplicates, "tuple[*]", stage.heap.integer, FAKE_PAIRS, 3, 32);
	assert_null(find_duplicate(&stage, &duplicates, "dict['rides']", stage.heap.str));
	assert_null(find_duplicate(&stage, &duplicates, "dict['daytype']", stage.heap.str));
	assert_int_equal(duplicates.sum.saving, (FAKE_ROWS - FAKE_ROUTES) * FAKE_STR +
							(FAKE_ROWS - FAKE_DATES) * FAKE_STR +
							(FAKE_PAIRS - 3) * (FAKE_TUPLE + 32));
	weigh_heap_duplicates_deinit(&duplicates);
	stage_deinit(&stage);
}

static const struct weigh_heap_field *find_field(const struct stage *stage,
						 const struct weigh_heap_fields *fields, uint32_t type,
						 const char *name)
{
	for (uint32_t i = 0; i < fields->field_count; i++) {
		const struct weigh_heap_field *field = &fields->fields[i];
		if (fields->records[field->record].type == type &&
		    !strcmp(weigh_heap_text(stage->graph, field->name, NULL), name))
			return field;
	}
	fail_msg("%s: no such field", name);
	return NULL;
}

static void test_fields(void **state)
{
	struct stage stage;
	struct weigh_heap_fields fields;
	char name[WEIGH_HEAP_NAME];

	(void)state;
	stage_init(&stage, false);
	good(weigh_heap_fields_init(&fields, stage.graph, stage.equal));
	assert_int_equal(fields.record_count, 2);
	assert_int_equal(fields.records[0].count, FAKE_ROWS);
	assert_int_equal(fields.records[0].gross, FAKE_ROWS * FAKE_DICT);
	assert_string_equal(weigh_heap_record_name(stage.graph, &fields.records[0], name),
			    "dict(route, date, daytype, rides)");

	const struct weigh_heap_field *field = find_field(&stage, &fields, stage.heap.dict, "route");
	assert_int_equal(field->records, FAKE_ROWS);
	assert_int_equal(field->objects, FAKE_ROWS);
	assert_int_equal(field->values, FAKE_ROUTES);
	assert_int_equal(field->gross, FAKE_ROWS * FAKE_STR);
	assert_int_equal(field->type_count, 1);
	assert_int_equal(field->types[0].type, stage.heap.str);
	assert_int_equal(field->types[0].count, FAKE_ROWS);
	assert_int_equal(field->classes[WEIGH_VALUE_INTEGER_TEXT], FAKE_ROWS);
	assert_int_equal(field->bits[WEIGH_VALUE_INTEGER_TEXT], 8);

	field = find_field(&stage, &fields, stage.heap.dict, "daytype");
	assert_int_equal(field->objects, FAKE_DAYTYPES);
	assert_int_equal(field->gross, FAKE_DAYTYPES * FAKE_STR);
	assert_int_equal(field->often[0].count, (FAKE_ROWS + 2) / 3);

	field = find_field(&stage, &fields, stage.heap.trip, "note");
	assert_int_equal(field->records, FAKE_TRIPS);
	assert_int_equal(field->none, FAKE_TRIPS / 2);
	assert_int_equal(field->empty, FAKE_TRIPS / 2);
	assert_int_equal(field->objects, 0);
	assert_int_equal(find_field(&stage, &fields, stage.heap.trip, "route")->values, FAKE_ROUTES);
	weigh_heap_fields_deinit(&fields);
	stage_deinit(&stage);
}

static void test_containers(void **state)
{
	struct stage stage;
	struct weigh_heap_containers containers;

	(void)state;
	stage_init(&stage, false);
	good(weigh_heap_containers_init(&containers, stage.graph, stage.places));
	for (uint32_t i = 0; i < containers.type_count; i++) {
		const struct weigh_heap_container *row = &containers.types[i];
		if (row->type == stage.heap.set) {
			assert_int_equal(row->empty, FAKE_SETS);
			assert_int_equal(row->waste, FAKE_SETS * FAKE_SET);
		} else if (row->type == stage.heap.list) {
			uint64_t variable = 56 + 8 * 1200 - 32; /* an instance without items, and a head */
			assert_int_equal(row->count, 4);
			assert_int_equal(row->items, FAKE_ROWS + FAKE_TRIPS + FAKE_PAIRS + FAKE_SETS);
			assert_int_equal(row->room - row->items, 200);
			assert_int_equal(row->slack, variable * 200 / 1200);
		} else if (row->type == stage.heap.tuple) {
			assert_int_equal(row->few, FAKE_PAIRS);
		}
	}
	/* The sets, the rows' room for a fifth key, the list of rows. */
	assert_int_equal(containers.place_count, 3);
	weigh_heap_containers_deinit(&containers);
	stage_deinit(&stage);
}

static const struct weigh_heap_site_row *find_site(const struct weigh_heap_sites *sites,
						   const struct weigh_heap_lines *lines, uint32_t own,
						   uint32_t via)
{
	for (uint32_t i = 0; i < sites->count; i++) {
		const struct weigh_heap_line *line = &lines->lines[sites->rows[i].line];
		if (line->own.line == own && line->via.line == via)
			return &sites->rows[i];
	}
	fail_msg("line %u by %u: no row", own, via);
	return NULL;
}

static void test_sites(void **state)
{
	struct stage stage;
	struct weigh_heap_sites sites;
	struct weigh_heap_lines *lines;

	(void)state;
	stage_init(&stage, false);
	good(weigh_heap_lines_create(stage.graph, &lines));
	good(weigh_heap_sites_init(&sites, stage.graph, lines));
	assert_int_equal(sites.count, 3);
	const struct weigh_heap_site_row *row = find_site(&sites, lines, 9, 178);
	assert_string_equal(lines->lines[row->line].own.function, "read");
	assert_true(row->tally.blocks == FAKE_ROWS && row->tally.bytes == FAKE_ROWS * FAKE_DICT);
	assert_int_equal(row->types[0].type, stage.heap.dict);
	assert_true(find_site(&sites, lines, 9, 172)->tally.blocks == 3 * FAKE_ROWS);
	assert_null(lines->lines[find_site(&sites, lines, 21, 0)->line].via.file);
	assert_true(weigh_estimate_is_exact(weigh_estimate_bytes(&row->tally, &sites.chance)));
	weigh_heap_sites_deinit(&sites);
	weigh_heap_lines_destroy(lines);
	stage_deinit(&stage);
}

/* What a named tuple's constructor makes is made where it is called; of python -c the text itself counts. */
static void test_code_without_a_file(void **state)
{
	struct fake_snapshot *fake = fake_snapshot_create();
	uint32_t point = fake_snapshot_type(fake, "__main__", "Point", WEIGH_SNAPSHOT_TUPLE, 0);
	uint32_t shape = fake_snapshot_shape(fake, point, 0, WEIGH_TAIL_NONE);
	uint32_t main = fake_snapshot_node(fake, 0, "/app/run.py", "main", 12);
	uint32_t made = fake_snapshot_node(fake, main, "<string>", "<lambda>", 1);
	uint32_t text = fake_snapshot_node(fake, 0, "<string>", "<module>", 3);
	uint32_t nodes[] = {made, fake_snapshot_node(fake, text, "<string>", "<lambda>", 1)};
	struct weigh_heap_graph *graph;
	struct weigh_heap_lines *lines;
	size_t size;

	(void)state;
	for (int i = 0; i < 2; i++)
		fake_snapshot_at(fake, fake_snapshot_object(fake, shape, 64))->site =
			fake_snapshot_site(fake, nodes[i]);
	uint8_t *bytes = fake_snapshot_build(fake, &size);
	good(weigh_heap_graph_read(bytes, size, "fake", &graph));
	free(bytes);
	good(weigh_heap_lines_create(graph, &lines));
	const struct weigh_heap_line *called = &lines->lines[lines->of_site[0]];
	assert_string_equal(called->own.file, "/app/run.py");
	assert_int_equal(called->own.line, 12);
	assert_string_equal(called->via.file, "<string>");
	const struct weigh_heap_line *alone = &lines->lines[lines->of_site[1]];
	assert_string_equal(alone->own.function, "<lambda>");
	assert_null(alone->via.file);
	weigh_heap_lines_destroy(lines);
	weigh_heap_graph_close(graph);
	fake_snapshot_destroy(fake);
}

static void test_sites_sampled(void **state)
{
	struct stage stage;
	struct weigh_heap_sites sites;
	struct weigh_heap_lines *lines;

	(void)state;
	stage_init(&stage, true);
	good(weigh_heap_lines_create(stage.graph, &lines));
	good(weigh_heap_sites_init(&sites, stage.graph, lines));
	const struct weigh_heap_site_row *row = find_site(&sites, lines, 9, 178);
	struct weigh_estimate estimate = weigh_estimate_bytes(&row->tally, &sites.chance);
	assert_int_equal(row->tally.samples, FAKE_ROWS / 10);
	assert_true(estimate.low < FAKE_ROWS * FAKE_DICT && estimate.high > FAKE_ROWS * FAKE_DICT);
	assert_true(estimate.high < estimate.value * 1.5 && estimate.low > estimate.value / 1.5);
	assert_true(sites.unknown > FAKE_ROWS / 2);
	weigh_heap_sites_deinit(&sites);
	weigh_heap_lines_destroy(lines);
	stage_deinit(&stage);
}

/* Groups by type: the rows were all made at one line, the strings at another. */
static void test_groups(void **state)
{
	struct stage stage;
	struct weigh_heap_lines *lines;
	struct weigh_heap_common *common;

	(void)state;
	stage_init(&stage, false);
	const struct weigh_heap_graph *graph = stage.graph;
	uint32_t *group_of = malloc(graph->object_count * sizeof(*group_of));
	for (uint32_t i = 0; i < graph->object_count; i++)
		group_of[i] = weigh_heap_shape(graph, i)->type;
	good(weigh_heap_lines_create(graph, &lines));
	good(weigh_heap_common_create(graph, stage.equal, lines, group_of, graph->type_count, &common));
	assert_int_equal(lines->lines[common[stage.heap.dict].line].via.line, 178);
	assert_true(common[stage.heap.dict].line_gross == FAKE_ROWS * FAKE_DICT);
	assert_int_equal(lines->lines[common[stage.heap.str].line].via.line, 172);
	assert_int_equal(common[stage.heap.tuple].compared, FAKE_PAIRS);
	assert_int_equal(common[stage.heap.tuple].values, 3);
	assert_int_equal(common[stage.heap.list].line, WEIGH_NO_OBJECT);
	free(common);
	free(group_of);
	weigh_heap_lines_destroy(lines);
	stage_deinit(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_sites),
		cmocka_unit_test(test_code_without_a_file),
		cmocka_unit_test(test_sites_sampled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
