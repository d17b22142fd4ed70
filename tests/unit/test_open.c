/*
 * Opening captures: what is whole opens, what is not gives one line that says
 * where and why, and nothing crashes.
 */
#include "capture/finish.h"
#include "capture/names.h"
#include "capture/open.h"
#include "fake_capture.h"
#include "report/json.h"
#include "report/rows.h"
#include "report/summary.h"
#include "report/timeline.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char *folder, *path;
static uint8_t *example; /* not sealed */
static size_t example_size;

static int set_up(void **state)
{
	struct fake_capture fake;

	(void)state;
	folder = fake_folder();
	assert_true(asprintf(&path, "%s/a.weigh", folder) > 0);
	fake_example(&fake, WEIGH_MODE_SAMPLED, "/home/ada/bus");
	example = fake_layout(&fake, 2, false, &example_size);
	fake_deinit(&fake);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(example);
	free(path);
	fake_remove(folder);
	return 0;
}

static void assert_refused(const char *with)
{
	struct weigh_capture *capture = NULL;
	struct weigh_error *error = weigh_capture_open(path, &capture);

	if (!error)
		fail_msg("opened, though: %s", with);
	if (!strstr(error->message, with) || !strstr(error->message, path))
		fail_msg("'%s' does not say '%s'", error->message, with);
	assert_null(strchr(error->message, '\n'));
	weigh_error_destroy(error);
}

static void assert_refused_bytes(const void *bytes, size_t size, const char *with)
{
	fake_write(path, bytes, size);
	assert_refused(with);
}

static void assert_opens(void)
{
	struct weigh_capture *capture;
	struct weigh_error *error = weigh_capture_open(path, &capture);

	if (error)
		fail_msg("%s", error->message);
	weigh_capture_close(capture);
}

static uint8_t *copy(void)
{
	uint8_t *bytes = malloc(example_size);

	assert_non_null(bytes);
	return memcpy(bytes, example, example_size);
}

static void test_other_files(void **state)
{
	static const char zeros[4096];

	(void)state;
	unlink(path);
	assert_refused("No such file");
	assert_refused_bytes("", 0, "empty");
	assert_refused_bytes("WEI", 3, "cut short");
	assert_refused_bytes("#!/bin/sh\necho hello\n", 21, "not a capture");
	assert_refused_bytes(zeros, sizeof(zeros), "no recording");
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_refused("Is a directory");
	rmdir(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused("not a regular file");
	unlink(path);
}

static void test_whole(void **state)
{
	(void)state;
	fake_write(path, example, example_size);
	assert_opens();
}

static void test_header(void **state)
{
	uint8_t *bytes = copy();
	struct weigh_header *header = (struct weigh_header *)bytes;

	(void)state;
	header->version = WEIGH_FORMAT_VERSION + 1;
	assert_refused_bytes(bytes, example_size, "newer weigh");
	header->version = WEIGH_FORMAT_VERSION - 1;
	assert_refused_bytes(bytes, example_size, "older weigh");
	header->version = 0;
	assert_refused_bytes(bytes, example_size, "byte 8: damaged");
	header->version = WEIGH_FORMAT_VERSION;
	header->byte_order = 0x04030201;
	assert_refused_bytes(bytes, example_size, "little endian");
	header->byte_order = WEIGH_BYTE_ORDER;
	header->header_size = 12;
	assert_refused_bytes(bytes, example_size, "header of another size");
	header->header_size = sizeof(*header);
	header->file_size += 64;
	assert_refused_bytes(bytes, example_size, "cut short");
	header->file_size = 64;
	assert_refused_bytes(bytes, example_size, "damaged");
	header->file_size = example_size;
	header->peak.footprint = UINT64_MAX;
	assert_refused_bytes(bytes, example_size, "impossible peak");
	free(bytes);
}

/* Change 8 bytes of a header's sections and records; each must be refused with its place. */
static void test_bounds(void **state)
{
	struct weigh_header *header = (struct weigh_header *)example;
	struct weigh_section *sections = header->sections;
	struct weigh_code *codes = (void *)(example + sections[WEIGH_SECTION_CODES].offset);
	struct weigh_node *nodes = (void *)(example + sections[WEIGH_SECTION_NODES].offset);
	struct weigh_site *sites = (void *)(example + sections[WEIGH_SECTION_SITES].offset);
	struct weigh_share *shares = (void *)(example + sections[WEIGH_SECTION_SHARES].offset);
	struct weigh_moment *moments = (void *)(example + sections[WEIGH_SECTION_MOMENTS].offset);
	struct weigh_tick *ticks = (void *)(example + sections[WEIGH_SECTION_TIMELINE].offset);
	const struct {
		void *at;
		size_t size;
		double number;
		const char *with;
	} cases[] = {
		{&sections[0].offset, 8, 1e18, "section strings: a section outside"},
		{&sections[1].offset, 8, 77, "section codes: a section that is not aligned"},
		{&sections[2].offset, 8, 0, "section nodes: a section outside"},
		{&sections[3].entry_size, 4, 0, "section sites: entries of another size"},
		{&sections[4].capacity, 4, 4e9, "section threads: a section outside"},
		{&sections[5].used, 4, 4e9, "section timeline: more entries"},
		{&sections[7].offset, 8, (double)sections[3].offset, "overlap"},
		{&header->mode, 4, 9, "mode"},
		{&header->state, 4, 0, "state"},
		{&header->command.offset, 4, 4e9, "command"},
		{&header->folder.length, 4, 4e9, "folder"},
		{&header->at_peak.anonymous, 8, 1e19, "resident"},
		{&codes[1].file.offset, 4, 4e9, "code object"},
		{&codes[2].lines.length, 4, 4e9, "code object"},
		{&nodes[1].parent, 4, 4e9, "without its caller"},
		{&nodes[1].code, 4, 1e6, "without its code"},
		{&nodes[1].parent, 4, 3, "its own caller"},
		{&nodes[2].parent, 4, 2, "its own caller"},
		{&sites[0].node, 4, 1e6, "without its stack"},
		{&sites[0].thread, 2, 1e4, "without its thread"},
		{&sites[0].domain, 1, 6, "domain"},
		{&ticks[5].rss, 8, 1e19, "timeline"},
		{&moments[0].shares, 4, 129, "shares outside"},
		{&shares[1].site, 4, 1e6, "without its site"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t *bytes = copy();
		uint64_t number = (uint64_t)cases[i].number;

		memcpy(bytes + ((uint8_t *)cases[i].at - example), &number, cases[i].size);
		assert_refused_bytes(bytes, example_size, cases[i].with);
		free(bytes);
	}
}

static void test_tallies(void **state)
{
	static const double bad[] = {NAN, INFINITY, -INFINITY, -1e9, 1e300};
	uint8_t *bytes = copy();
	struct weigh_header *header = (struct weigh_header *)bytes;
	struct weigh_site *sites = (void *)(bytes + header->sections[WEIGH_SECTION_SITES].offset);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		sites[1].live.bytes = bad[i];
		assert_refused_bytes(bytes, example_size, "impossible sums");
	}
	/* What rounding leaves is nothing. */
	sites[1].live = (struct weigh_tally){.bytes = -1e-7, .bytes_variance = -3, .samples = 1};
	fake_write(path, bytes, example_size);
	struct weigh_capture *capture;
	struct weigh_error *error = weigh_capture_open(path, &capture);
	assert_null(error);
	assert_true(capture->sites[1].live.bytes == 0);
	assert_true(capture->sites[1].live.bytes_variance == 0);
	weigh_capture_close(capture);
	free(bytes);
}

/* Everything that a report reads, for the sanitizers to watch. */
static void read_everything(const struct weigh_capture *capture)
{
	const struct weigh_style style = {.width = 80, .unicode = true};
	struct weigh_report report;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct weigh_error *error = weigh_summary_print(capture, out, &style);

	assert_null(error);
	error = weigh_report_init(&report, capture, &style);
	assert_null(error);
	assert_null(weigh_timeline_print(&report, out));
	for (int at = WEIGH_AT_PEAK; at <= WEIGH_AT_MOMENT; at++) {
		struct weigh_query query = {.by = WEIGH_BY_FUNCTION};
		struct weigh_view view;
		struct weigh_rows rows;
		struct weigh_tree tree;

		error = weigh_view_init(&view, capture, at, 0);
		if (error) {
			weigh_error_destroy(error);
			continue;
		}
		assert_null(weigh_rows_init(&rows, &view, report.names, &query));
		assert_null(weigh_tree_init(&tree, &report, &view, NULL));
		assert_null(weigh_tree_print(&tree, &report, 0, out));
		const struct weigh_json_parts parts = {
			.view = &view, .rows = &rows, .tree = &tree, .timeline = true, .sizes = true};
		assert_null(weigh_json_print(&report, &parts, out));
		weigh_tree_deinit(&tree);
		weigh_rows_deinit(&rows);
		weigh_view_deinit(&view);
	}
	weigh_report_deinit(&report);
	fclose(out);
	free(text);
}

static void open_and_read(int fd, const char *what)
{
	struct weigh_capture *capture;
	struct weigh_error *error = weigh_capture_open_fd(fd, "a.weigh", &capture);

	if (error) {
		if (strncmp(error->message, "a.weigh: ", 9) || strchr(error->message, '\n'))
			fail_msg("%s: %s", what, error->message);
		weigh_error_destroy(error);
		return;
	}
	read_everything(capture);
	weigh_capture_close(capture);
}

static int memory_file(const uint8_t *bytes, size_t size)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, size, 0), size);
	return fd;
}

static void test_cut_anywhere(void **state)
{
	int fd = memory_file(example, example_size);

	(void)state;
	for (size_t size = (example_size - 1) / 64 * 64;; size -= 64) {
		struct weigh_capture *capture;

		assert_int_equal(ftruncate(fd, (off_t)size), 0);
		struct weigh_error *error = weigh_capture_open_fd(fd, "a.weigh", &capture);
		if (!error)
			fail_msg("opened %zu of %zu bytes", size, example_size);
		weigh_error_destroy(error);
		if (size == 0)
			break;
	}
	close(fd);
}

/* A capture cut off in the middle, whose size was then made right: zeros follow. */
static void test_zeros_from_anywhere(void **state)
{
	uint8_t *bytes = copy();
	int fd = memory_file(bytes, example_size);

	(void)state;
	for (size_t size = (example_size - 1) / 64 * 64; size >= 64; size -= 64) {
		memset(bytes + size, 0, example_size - size);
		assert_int_equal(pwrite(fd, bytes + size, 64, (off_t)size), 64);
		open_and_read(fd, "zeros");
	}
	close(fd);
	free(bytes);
}

static void test_flip_unsealed(void **state)
{
	int fd = memory_file(example, example_size);
	uint32_t random = 12345;

	(void)state;
	for (size_t i = 0; i < example_size; i += i < 1600 ? 1 : 5) {
		random = random * 1664525 + 1013904223;
		uint8_t flipped = example[i] ^ (uint8_t)(1u << (random >> 29));

		assert_int_equal(pwrite(fd, &flipped, 1, (off_t)i), 1);
		open_and_read(fd, "flip");
		assert_int_equal(pwrite(fd, &example[i], 1, (off_t)i), 1);
	}
	close(fd);
}

static void test_flip_sealed(void **state)
{
	uint8_t *bytes = copy();

	(void)state;
	fake_seal(bytes, example_size);
	int fd = memory_file(bytes, example_size);
	for (size_t i = 0; i < example_size; i += 7) {
		struct weigh_capture *capture;
		uint8_t flipped = bytes[i] ^ 0x10;

		assert_int_equal(pwrite(fd, &flipped, 1, (off_t)i), 1);
		struct weigh_error *error = weigh_capture_open_fd(fd, "a.weigh", &capture);
		if (!error)
			fail_msg("byte %zu flipped, and it opened", i);
		weigh_error_destroy(error);
		assert_int_equal(pwrite(fd, &bytes[i], 1, (off_t)i), 1);
	}
	open_and_read(fd, "sealed");
	close(fd);
	free(bytes);
}

static char *json_of(const char *from)
{
	const struct weigh_style style = {0};
	const struct weigh_query query = {0};
	struct weigh_capture *capture;
	struct weigh_report report;
	struct weigh_view view;
	struct weigh_rows rows;
	struct weigh_tree tree;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_null(weigh_capture_open(from, &capture));
	assert_null(weigh_report_init(&report, capture, &style));
	assert_null(weigh_view_init(&view, capture, WEIGH_AT_PEAK, 0));
	assert_null(weigh_rows_init(&rows, &view, report.names, &query));
	assert_null(weigh_tree_init(&tree, &report, &view, NULL));
	const struct weigh_json_parts parts = {&view, &rows, &tree, NULL, true, true};
	assert_null(weigh_json_print(&report, &parts, out));
	weigh_tree_deinit(&tree);
	weigh_rows_deinit(&rows);
	weigh_view_deinit(&view);
	weigh_report_deinit(&report);
	weigh_capture_close(capture);
	fclose(out);
	return text;
}

static void test_finish(void **state)
{
	struct weigh_capture *capture;
	struct stat before, after;

	(void)state;
	fake_write(path, example, example_size);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(stat(path, &before), 0);
	char *expected = json_of(path);
	assert_null(weigh_capture_finish(path));
	assert_int_equal(stat(path, &after), 0);
	assert_true(after.st_size < before.st_size);
	assert_int_equal(after.st_mode, before.st_mode);
	char *is = json_of(path);
	assert_string_equal(is, expected);
	free(is);

	assert_null(weigh_capture_open(path, &capture));
	assert_true(capture->sealed);
	for (int id = 0; id < WEIGH_SECTION_COUNT; id++)
		assert_int_equal(capture->header->sections[id].capacity, capture->header->sections[id].used);
	weigh_capture_close(capture);

	/* Twice is once. */
	assert_null(weigh_capture_finish(path));
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(after.st_size, before.st_size);

	int fd = memory_file(example, example_size);
	unlink(path);
	assert_null(weigh_capture_finish_fd(fd, path));
	close(fd);
	is = json_of(path);
	assert_string_equal(is, expected);
	free(is);
	free(expected);
}

static void test_finish_without_room(void **state)
{
	char *inside;
	int fd = memory_file(example, example_size);

	(void)state;
	assert_true(asprintf(&inside, "%s/no/such/folder.weigh", folder) > 0);
	struct weigh_error *error = weigh_capture_finish_fd(fd, inside);
	assert_non_null(error);
	assert_non_null(strstr(error->message, inside));
	weigh_error_destroy(error);
	free(inside);
	close(fd);
	unlink(path);
	error = weigh_capture_finish(path);
	assert_non_null(error);
	weigh_error_destroy(error);
}

static void test_names_are_clean(void **state)
{
	static const struct {
		const char *bytes;
		const char *clean;
	} cases[] = {
		{"plain.py", "plain.py"},
		{"größe.py", "größe.py"},
		{"a\x1b[31mred", "a\xef\xbf\xbd[31mred"},
		{"line\nbreak", "line\xef\xbf\xbd"
				"break"},
		{"\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xc2\x9b"
		 "31m",
		 "\xef\xbf\xbd"
		 "31m"},
		{"\xf0\x9f\x90\x8d", "\xf0\x9f\x90\x8d"},
		{"\xf0\x9f", "\xef\xbf\xbd\xef\xbf\xbd"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *clean = weigh_text_clean(cases[i].bytes, strlen(cases[i].bytes), false);
		assert_string_equal(clean, cases[i].clean);
		free(clean);
	}
}

static void test_peak_is_now(void **state)
{
	uint8_t *bytes = copy();
	struct weigh_header *header = (struct weigh_header *)bytes;
	struct weigh_capture *capture;

	(void)state;
	header->peak.footprint = 1000;
	fake_write(path, bytes, example_size);
	assert_null(weigh_capture_open(path, &capture));
	struct weigh_peak peak = weigh_capture_peak(capture);
	assert_true(peak.footprint == 8u << 20);
	assert_int_equal(peak.blocks, 3082);
	assert_ptr_equal(weigh_capture_at_peak(capture, &capture->sites[1]), &capture->sites[1].live);
	weigh_capture_close(capture);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_files),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_tallies),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_zeros_from_anywhere),
		cmocka_unit_test(test_flip_unsealed),
		cmocka_unit_test(test_flip_sealed),
		cmocka_unit_test(test_finish),
		cmocka_unit_test(test_finish_without_room),
		cmocka_unit_test(test_names_are_clean),
		cmocka_unit_test(test_peak_is_now),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
