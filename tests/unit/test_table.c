/*
 * The arithmetic of tables against resident memory that was measured: the
 * 676,476 rows of examples/cta in each of the ways in which they are kept
 * there, in MB by the growth of RSS on CPython 3.11 and 3.13.
 */
#include "advice/blocks.h"
#include "advice/table.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 676476, FIELDS = 4, VERSIONS = 2 };

static const uint32_t versions[VERSIONS] = {0x030b07f0, 0x030d00f0};

/* As csv.DictReader reads them; single characters are the interpreter's own. */
static const struct weigh_table_field fields_read[VERSIONS][FIELDS] = {
	{
		{"route", 0, 634285, 40753433, 182, 11244, 0, 0, false, true},
		{"date", 0, 676476, 43464246, 6969, 447765, 0, 0, false, true},
		{"daytype", 0, 0, 0, 3, 0, 0, 0, false, true},
		{"rides", 0, 676303, 43453131, 32410, 2082246, 407180, 17, true, true},
	},
	{
		{"route", 0, 634285, 30565075, 182, 8433, 0, 0, false, true},
		{"date", 0, 676476, 43464246, 6969, 447765, 0, 0, false, true},
		{"daytype", 0, 0, 0, 3, 0, 0, 0, false, true},
		{"rides", 0, 676303, 32589848, 32410, 1561684, 407180, 17, true, true},
	},
};

static const struct rung {
	enum weigh_record record;
	enum weigh_content texts, rides;
	double measured[VERSIONS]; /* MB */
	double within;             /* of it */
} rungs[] = {
	{WEIGH_RECORD_DICT, WEIGH_CONTENT_AS_IS, WEIGH_CONTENT_AS_IS, {263.93, 242.87}, 0.01},
	{WEIGH_RECORD_LIST, WEIGH_CONTENT_AS_IS, WEIGH_CONTENT_AS_IS, {198.39, 177.34}, 0.01},
	{WEIGH_RECORD_TUPLE, WEIGH_CONTENT_AS_IS, WEIGH_CONTENT_AS_IS, {187.62, 166.47}, 0.01},
	{WEIGH_RECORD_NAMED_TUPLE, WEIGH_CONTENT_AS_IS, WEIGH_CONTENT_AS_IS, {187.62, 166.47}, 0.01},
	{WEIGH_RECORD_INSTANCE, WEIGH_CONTENT_AS_IS, WEIGH_CONTENT_AS_IS, {209.29, 188.58}, 0.01},
	{WEIGH_RECORD_INSTANCE_ASKED, WEIGH_CONTENT_AS_IS, WEIGH_CONTENT_AS_IS, {252.76, 232.04}, 0.01},
	{WEIGH_RECORD_SLOTS, WEIGH_CONTENT_AS_IS, WEIGH_CONTENT_AS_IS, {176.66, 155.60}, 0.01},
	{WEIGH_RECORD_SLOTS, WEIGH_CONTENT_AS_IS, WEIGH_CONTENT_FLOAT, {155.01, 144.73}, 0.02},
	{WEIGH_RECORD_SLOTS, WEIGH_CONTENT_SHARED, WEIGH_CONTENT_FLOAT, {71.29, 71.17}, 0.02},
	{WEIGH_RECORD_COLUMNS, WEIGH_CONTENT_SHARED, WEIGH_CONTENT_FLOAT, {44.01, 44.20}, 0.02},
	{WEIGH_RECORD_COLUMNS, WEIGH_CONTENT_SHARED, WEIGH_CONTENT_ARRAY, {19.60, 19.60}, 0.02},
};

static double predict(int version, const struct rung *rung)
{
	struct weigh_table_field fields[FIELDS];
	memcpy(fields, fields_read[version], sizeof(fields));
	for (int i = 0; i < FIELDS; i++)
		fields[i].content = fields[i].numbers ? rung->rides : rung->texts;
	struct weigh_table table = {
		.python = versions[version],
		.records = ROWS,
		.record = rung->record,
		.room = FIELDS,
		.str_keys = true,
		.fields = fields,
		.field_count = FIELDS,
	};
	return weigh_table_resident(&table);
}

static void test_ladder(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rungs) / sizeof(*rungs); i++) {
		for (int version = 0; version < VERSIONS; version++) {
			double measured = rungs[i].measured[version] * 1e6;
			double error = predict(version, &rungs[i]) / measured - 1;
			if (fabs(error) > rungs[i].within)
				fail_msg("rung %zu, Python %x: %.2f MB predicted, %.2f measured", i,
					 versions[version], predict(version, &rungs[i]) / 1e6,
					 measured / 1e6);
		}
	}
}

static void test_nothing_kept(void **state)
{
	(void)state;
	struct rung none = {.record = WEIGH_RECORD_NONE};
	assert_true(predict(0, &none) == 0);
}

static void test_blocks(void **state)
{
	(void)state;
	assert_true(fabs(weigh_block_resident(32) - 32.13) < 0.01);
	assert_true(fabs(weigh_block_resident(80) - 80.3) < 0.05);
	assert_true(fabs(weigh_block_resident(224) - 227.6) < 0.1);
	assert_true(weigh_block_resident(513) == 528);
	assert_true(weigh_block_resident(0) == 0);
}

static void test_widths(void **state)
{
	(void)state;
	assert_int_equal(weigh_width_of_bits(17), 4);
	assert_int_equal(weigh_width_of_bits(8), 1);
	assert_int_equal(weigh_width_of_bits(64), 8);
	assert_int_equal(weigh_width_of_codes(256), 1);
	assert_int_equal(weigh_width_of_codes(257), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ladder),
		cmocka_unit_test(test_nothing_kept),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_widths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
