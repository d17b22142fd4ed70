/*
 * Adding up, sorting and cutting rows; rounding that keeps sums; numbers in
 * the forms people read.
 */
#include "fake_capture.h"
#include "report/json.h"
#include "report/rows.h"
#include "report/sizes.h"
#include "weigh/format_math.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct opened {
	char *folder, *path;
	struct weigh_capture *capture;
	struct weigh_names *names;
};

static struct opened opened;

static int set_up(void **state)
{
	struct fake_capture fake;
	size_t size;

	(void)state;
	opened.folder = fake_folder();
	assert_true(asprintf(&opened.path, "%s/a.weigh", opened.folder) > 0);
	fake_example(&fake, WEIGH_MODE_SAMPLED, "/home/ada/bus");
	uint8_t *bytes = fake_layout(&fake, 0, true, &size);
	fake_write(opened.path, bytes, size);
	free(bytes);
	fake_deinit(&fake);
	assert_null(weigh_capture_open(opened.path, &opened.capture));
	assert_null(weigh_names_create(opened.capture, &opened.names));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	weigh_names_destroy(opened.names);
	weigh_capture_close(opened.capture);
	free(opened.path);
	fake_remove(opened.folder);
	return 0;
}

static struct weigh_rows rows_of(enum weigh_at at, struct weigh_query query)
{
	struct weigh_view view;
	struct weigh_rows rows;

	assert_null(weigh_view_init(&view, opened.capture, at, 0));
	assert_null(weigh_rows_init(&rows, &view, opened.names, &query));
	weigh_view_deinit(&view);
	return rows;
}

/* However they are grouped, sorted and cut, the rows are all there is. */
static void test_sums(void **state)
{
	(void)state;
	for (int at = WEIGH_AT_PEAK; at <= WEIGH_AT_MOMENT; at++) {
		for (int by = WEIGH_BY_LINE; by <= WEIGH_BY_THREAD; by++) {
			for (uint32_t limit = 0; limit < 4; limit++) {
				struct weigh_rows rows = rows_of(
					at, (struct weigh_query){.by = by, .sort = limit, .limit = limit});
				double bytes = rows.cut ? rows.others.tally.bytes : 0;

				for (uint32_t i = 0; i < rows.count; i++)
					bytes += rows.rows[i].tally.bytes;
				assert_true(fabs(bytes - rows.sum.bytes) < 1e-3);
				assert_true(fabs(rows.shown.bytes - rows.sum.bytes) < 1e-3);
				assert_true(!limit || rows.count <= limit);
				weigh_rows_deinit(&rows);
			}
		}
	}
}

static void test_order(void **state)
{
	struct weigh_rows rows = rows_of(WEIGH_AT_PEAK, (struct weigh_query){0});

	(void)state;
	for (uint32_t i = 1; i < rows.count; i++)
		assert_true(rows.rows[i - 1].tally.bytes >= rows.rows[i].tally.bytes);
	assert_int_equal(rows.rows[0].line, 24);
	assert_string_equal(rows.rows[0].function, "load");
	weigh_rows_deinit(&rows);

	rows = rows_of(WEIGH_AT_PEAK, (struct weigh_query){.sort = WEIGH_SORT_NAME});
	for (uint32_t i = 1; i < rows.count; i++)
		assert_true(strcmp(rows.rows[i - 1].file ? rows.rows[i - 1].file : "",
				   rows.rows[i].file ? rows.rows[i].file : "") <= 0);
	weigh_rows_deinit(&rows);
}

static void test_filter(void **state)
{
	struct weigh_rows rows = rows_of(WEIGH_AT_PEAK, (struct weigh_query){.filter = "parse"});

	(void)state;
	assert_int_equal(rows.count, 1);
	assert_int_equal(rows.rows[0].line, 55);
	assert_true(rows.shown.bytes < rows.sum.bytes);
	weigh_rows_deinit(&rows);
	assert_true(weigh_filter_meets("*.py", "/a/b.py", NULL));
	assert_true(weigh_filter_meets("b.*", "/a/b.py", NULL));
	assert_false(weigh_filter_meets("b.?", "/a/b.py", "f"));
	assert_true(weigh_filter_meets("Parser.*", "/a/b.py", "Parser.feed"));
	assert_false(weigh_filter_meets("x", NULL, NULL));
}

static void test_whole_numbers_add_up(void **state)
{
	double carry = 0, sum = 0;
	uint64_t whole = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		double value = i % 7 == 0 ? i : i * 0.37;
		struct weigh_whole w =
			weigh_whole_next(&carry, (struct weigh_estimate){value, value * 0.9, value * 1.1});
		assert_true(w.low <= w.value && w.value <= w.high);
		assert_true(fabs((double)w.value - value) <= 1);
		sum += value;
		whole += w.value;
	}
	assert_true(fabs((double)whole - sum) <= 0.5 + 1e-6);
	carry = 0.25;
	struct weigh_whole exact = weigh_whole_next(&carry, (struct weigh_estimate){42, 42, 42});
	assert_true(exact.value == 42 && exact.low == 42 && exact.high == 42);
}

static void assert_text(const char *is, const char *should)
{
	assert_string_equal(is, should);
}

static void test_numbers_as_text(void **state)
{
	char text[WEIGH_NUMBER];

	(void)state;
	assert_text(weigh_bytes_text(0, text), "0 B");
	assert_text(weigh_bytes_text(1023, text), "1023 B");
	assert_text(weigh_bytes_text(1024, text), "1.0 KiB");
	assert_text(weigh_bytes_text(1048575, text), "1.0 MiB");
	assert_text(weigh_bytes_text(1.5 * (1 << 20), text), "1.5 MiB");
	assert_text(weigh_bytes_text(-2048, text), "-2.0 KiB");
	assert_text(weigh_bytes_text(0x1p60, text), "1024.0 PiB");
	assert_text(weigh_count_text(999, text), "999");
	assert_text(weigh_count_text(1352952, text), "1,352,952");
	assert_text(weigh_blocks_text(1, text), "1 block");
	assert_text(weigh_blocks_text(1000, text), "1,000 blocks");
	assert_text(weigh_share_text(0, text), "0.0 %");
	assert_text(weigh_share_text(0.0004, text), "<0.1 %");
	assert_text(weigh_share_text(1, text), "100.0 %");
	assert_text(weigh_time_text(0, text), "0 ms");
	assert_text(weigh_time_text(12345678, text), "12 ms");
	assert_text(weigh_time_text(999600000, text), "1.00 s");
	assert_text(weigh_time_text(3210000000, text), "3.21 s");
	assert_text(weigh_time_text(134900000000, text), "2 min 14 s");
	assert_text(weigh_time_text(7300000000000, text), "2 h 01 min");
}

static void test_text_width(void **state)
{
	(void)state;
	assert_int_equal(weigh_text_width("größe"), 5);
	assert_int_equal(weigh_text_width("漢字"), 4);
	assert_int_equal(weigh_text_width("e\xcc\x81"), 1);
}

static void test_size_bands(void **state)
{
	struct weigh_size_band bands[WEIGH_SIZE_BANDS];
	int count = weigh_size_bands(opened.capture, bands);
	uint64_t next = 0;
	double blocks = 0;

	(void)state;
	for (int i = 0; i < count; i++) {
		assert_true(bands[i].from == next);
		next = bands[i].limit + 1;
		blocks += bands[i].blocks;
	}
	assert_true(blocks == 12 + 40000 + 1352952 + 676476 + 2000 + 3);
	for (uint64_t size = 1; size < 1 << 22; size += 1 + size / 9) {
		uint32_t bucket = weigh_size_bucket_index(size);
		assert_true(size <= weigh_size_bucket_limit(bucket));
		assert_true(size > weigh_size_bucket_limit(bucket - 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_whole_numbers_add_up),
		cmocka_unit_test(test_numbers_as_text),
		cmocka_unit_test(test_text_width),
		cmocka_unit_test(test_size_bands),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
