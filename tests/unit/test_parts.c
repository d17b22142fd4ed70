/*
 * Snapshots beside a capture become its parts: put in when they are whole,
 * found again, and a file that is not whole with them is refused.
 */
#include "capture/beside.h"
#include "capture/finish.h"
#include "capture/open.h"
#include "capture/parts.h"
#include "fake_capture.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PID = 4711, END_BYTES = 1111, PEAK_BYTES = 2222 };

static char *folder, *path;

static int set_up(void **state)
{
	(void)state;
	folder = fake_folder();
	return asprintf(&path, "%s/a.weigh", folder) > 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	free(path);
	fake_remove(folder);
	return 0;
}

/* A capture of process PID that took snapshots at the times given. */
static void write_capture(bool peak, bool end)
{
	struct fake_capture fake;
	size_t size;

	fake_example(&fake, WEIGH_MODE_SAMPLED, "/home/ada/bus");
	fake.header.pid = PID;
	fake.header.parts[WEIGH_PART_PEAK].state = peak ? WEIGH_PART_TAKEN : WEIGH_PART_NONE;
	fake.header.parts[WEIGH_PART_END].state = end ? WEIGH_PART_TAKEN : WEIGH_PART_NONE;
	uint8_t *bytes = fake_layout(&fake, 2, false, &size);
	fake_write(path, bytes, size);
	free(bytes);
	fake_deinit(&fake);
}

static void write_beside(const char *ending, size_t size, enum weigh_snapshot_state state, uint32_t pid)
{
	char name[4096];
	uint8_t *bytes = calloc(1, size);
	struct weigh_snapshot_header *header = (struct weigh_snapshot_header *)bytes;

	assert_non_null(bytes);
	memset(bytes, 'x', size);
	memset(header, 0, sizeof(*header));
	memcpy(header->magic, WEIGH_SNAPSHOT_MAGIC, sizeof(header->magic));
	header->state = state;
	header->size = size;
	header->pid = pid;
	snprintf(name, sizeof(name), "%s%s", path, ending);
	fake_write(name, bytes, size);
	free(bytes);
}

static bool exists(const char *ending)
{
	char name[4096];
	snprintf(name, sizeof(name), "%s%s", path, ending);
	return access(name, F_OK) == 0;
}

static void finish(void)
{
	struct weigh_error *error = weigh_capture_finish(path);
	if (error)
		fail_msg("%s", error->message);
}

static struct weigh_header read_header(void)
{
	struct weigh_capture *capture;
	struct weigh_error *error = weigh_capture_open(path, &capture);
	if (error)
		fail_msg("%s", error->message);
	struct weigh_header header = *capture->header;
	assert_true(capture->sealed);
	weigh_capture_close(capture);
	return header;
}

/* The size of the part that is found, of which the first and last byte are looked at; 0: none, as `message` says. */
static uint64_t find(enum weigh_snapshot_when when, const char *message)
{
	uint64_t offset, size;
	char magic[8] = "", last = 0;
	int fd = open(path, O_RDONLY);
	struct weigh_error *error = weigh_part_find(fd, path, when, &offset, &size);
	if (error) {
		if (!message || !strstr(error->message, message))
			fail_msg("'%s' does not say '%s'", error->message, message ? message : "nothing");
		weigh_error_destroy(error);
		close(fd);
		return 0;
	}
	assert_null(message);
	assert_int_equal(pread(fd, magic, 8, (off_t)offset), 8);
	assert_memory_equal(magic, WEIGH_SNAPSHOT_MAGIC, 8);
	assert_int_equal(pread(fd, &last, 1, (off_t)(offset + size - 1)), 1);
	assert_int_equal(last, 'x');
	close(fd);
	return size;
}

static void test_both(void **state)
{
	(void)state;
	write_capture(true, true);
	write_beside(".heap-end", END_BYTES, WEIGH_SNAPSHOT_COMPLETE, PID);
	write_beside(".heap-peak", PEAK_BYTES, WEIGH_SNAPSHOT_COMPLETE, PID);
	finish();
	assert_false(exists(".heap-end"));
	assert_false(exists(".heap-peak"));
	assert_int_equal(find(0, NULL), END_BYTES);
	assert_int_equal(find(WEIGH_SNAPSHOT_END, NULL), END_BYTES);
	assert_int_equal(find(WEIGH_SNAPSHOT_PEAK, NULL), PEAK_BYTES);
	struct weigh_header header = read_header();
	assert_int_equal(header.parts[WEIGH_PART_END].state, WEIGH_PART_HERE);
	assert_int_equal(header.parts[WEIGH_PART_END].offset % 64, 0);
	/* Once more changes nothing. */
	finish();
	assert_int_equal(find(WEIGH_SNAPSHOT_PEAK, NULL), PEAK_BYTES);
}

static void test_one(void **state)
{
	(void)state;
	write_capture(true, false);
	write_beside(".heap-peak", PEAK_BYTES, WEIGH_SNAPSHOT_COMPLETE, PID);
	assert_int_equal(find(WEIGH_SNAPSHOT_PEAK, "a.weigh.heap-peak"), 0);
	finish();
	assert_int_equal(find(0, NULL), PEAK_BYTES);
	assert_int_equal(find(WEIGH_SNAPSHOT_END, "of the peak only"), 0);
}

static void test_none(void **state)
{
	(void)state;
	write_capture(false, false);
	/* Nobody says that it belongs here. */
	write_beside(".heap-end", END_BYTES, WEIGH_SNAPSHOT_COMPLETE, PID);
	finish();
	assert_true(exists(".heap-end"));
	assert_int_equal(find(0, "weigh run --heap"), 0);
	read_header();
}

static void test_not_whole(void **state)
{
	(void)state;
	const struct {
		size_t size;
		enum weigh_snapshot_state written;
		uint32_t pid;
	} cases[] = {
		{END_BYTES, WEIGH_SNAPSHOT_WRITING, PID},
		{END_BYTES, WEIGH_SNAPSHOT_COMPLETE, PID + 1},
		{sizeof(struct weigh_snapshot_header) - 1, WEIGH_SNAPSHOT_COMPLETE, PID},
		{0, 0, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_capture(false, true);
		weigh_beside_remove(path, WEIGH_PART_END);
		if (cases[i].size >= sizeof(struct weigh_snapshot_header))
			write_beside(".heap-end", cases[i].size, cases[i].written, cases[i].pid);
		finish();
		assert_int_equal(find(0, "was ended"), 0);
		assert_int_equal(read_header().parts[WEIGH_PART_END].error, WEIGH_PART_DIED);
	}
}

static void assert_refused(const uint8_t *bytes, size_t size, const char *with)
{
	struct weigh_capture *capture = NULL;
	fake_write(path, bytes, size);
	struct weigh_error *error = weigh_capture_open(path, &capture);
	if (!error)
		fail_msg("%zu bytes opened, though: %s", size, with);
	if (!strstr(error->message, with))
		fail_msg("'%s' does not say '%s'", error->message, with);
	weigh_error_destroy(error);
}

static uint8_t *read_file(size_t *size)
{
	struct stat status;
	int fd = open(path, O_RDONLY);
	assert_int_equal(fstat(fd, &status), 0);
	uint8_t *bytes = malloc((size_t)status.st_size);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, (size_t)status.st_size), status.st_size);
	close(fd);
	*size = (size_t)status.st_size;
	return bytes;
}

static void test_cut(void **state)
{
	size_t size;
	(void)state;
	test_both(state);
	uint8_t *bytes = read_file(&size);
	const struct weigh_header *header = (const struct weigh_header *)bytes;
	assert_int_equal(size, weigh_parts_end(header));
	for (size_t cut = header->file_size - 1; cut < size; cut += 97)
		assert_refused(bytes, cut, "cut short");
	assert_refused(bytes, size - 1, "cut short");
	uint8_t *longer = realloc(bytes, size + 1);
	assert_non_null(longer);
	longer[size] = 0;
	assert_refused(longer, size + 1, "damaged");
	free(longer);
}

static void test_misplaced(void **state)
{
	size_t size;
	(void)state;
	test_both(state);
	uint8_t *bytes = read_file(&size);
	struct weigh_header *header = (struct weigh_header *)bytes;
	struct weigh_part *parts = header->parts, kept[WEIGH_PART_COUNT];
	memcpy(kept, parts, sizeof(kept));
	struct {
		void *at;
		uint64_t number;
		size_t bytes;
	} cases[] = {
		{&parts[0].offset, 0, 8},
		{&parts[1].offset, kept[1].offset + 64, 8},
		{&parts[1].offset, UINT64_MAX, 8},
		{&parts[0].size, 1, 8},
		{&parts[1].size, UINT64_MAX, 8},
		{&parts[0].state, 77, 4},
		{&parts[1].state, WEIGH_PART_WANTED, 4},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(cases[i].at, &cases[i].number, cases[i].bytes);
		assert_refused(bytes, size, "a part that is not where it should be");
		memcpy(parts, kept, sizeof(kept));
	}
	parts[1].size--;
	assert_refused(bytes, size, "damaged");
	free(bytes);
}

static void test_writing(void **state)
{
	struct weigh_beside_progress progress;
	char name[4096];
	(void)state;
	snprintf(name, sizeof(name), "%s.heap-end.tmp", path);
	assert_false(weigh_beside_written(path, WEIGH_PART_END, &progress));
	write_beside(".heap-end.tmp", END_BYTES, WEIGH_SNAPSHOT_WRITING, PID);
	assert_false(weigh_beside_written(path, WEIGH_PART_END, &progress));
	int fd = open(name, O_RDWR);
	struct weigh_snapshot_header header;
	assert_int_equal(pread(fd, &header, sizeof(header), 0), sizeof(header));
	header.progress = 3;
	header.expected = 7;
	assert_int_equal(pwrite(fd, &header, sizeof(header), 0), sizeof(header));
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_true(weigh_beside_written(path, WEIGH_PART_END, &progress));
	assert_int_equal(progress.done, 3);
	assert_int_equal(progress.expected, 7);
	assert_false(weigh_beside_written(path, WEIGH_PART_PEAK, &progress));
	close(fd);
	assert_false(weigh_beside_written(path, WEIGH_PART_END, &progress));
	weigh_beside_remove(path, WEIGH_PART_END);
	assert_false(exists(".heap-end.tmp"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_both, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_not_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_misplaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_writing, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
