/*
 * What the writer of snapshots puts into a file, read back with zstd. One
 * thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/pages.h"
#include "snapshot/writer.h"
#include "vendor/xxhash/xxhash.h"
#include "vendor/zstd/zstd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct back {
	struct weigh_snapshot_header header;
	uint8_t *bytes[WEIGH_SNAPSHOT_SECTIONS];
	const uint8_t *at[WEIGH_SNAPSHOT_SECTIONS];
};

static int temporary(void)
{
	FILE *file = tmpfile();
	assert_non_null(file);
	int fd = dup(fileno(file));
	fclose(file);
	return fd;
}

static uint64_t next(struct back *back, enum weigh_snapshot_section_id id)
{
	uint64_t value = 0;
	for (unsigned shift = 0;; shift += 7) {
		uint8_t byte = *back->at[id]++;
		value |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return value;
	}
}

static void read_back(int fd, struct back *back)
{
	uint64_t words[1 + WEIGH_SNAPSHOT_SECTIONS] = {0};
	assert_int_equal(pread(fd, &back->header, sizeof(back->header), 0), sizeof(back->header));
	struct weigh_snapshot_header copy = back->header;
	copy.seal = 0;
	words[0] = XXH3_64bits(&copy, sizeof(copy));
	for (int i = 0; i < WEIGH_SNAPSHOT_SECTIONS; i++) {
		const struct weigh_snapshot_section *section = &back->header.sections[i];
		uint8_t *stored = malloc(section->stored + 1);
		back->at[i] = back->bytes[i] = malloc(section->bytes + 1);
		assert_int_equal(pread(fd, stored, section->stored, (off_t)section->offset), section->stored);
		if (section->stored) {
			words[1 + i] = XXH3_64bits(stored, section->stored);
			assert_int_equal(
				ZSTD_decompress(back->bytes[i], section->bytes, stored, section->stored),
				section->bytes);
		}
		free(stored);
	}
	assert_int_equal(back->header.seal, XXH3_64bits(words, sizeof(words)));
	assert_int_equal(lseek(fd, 0, SEEK_END), back->header.size);
}

static void drop(struct back *back, int fd)
{
	for (int i = 0; i < WEIGH_SNAPSHOT_SECTIONS; i++)
		free(back->bytes[i]);
	close(fd);
}

static uint32_t value_of(struct weigh_writer *writer, unsigned kind, const void *bytes, size_t count,
			 bool *fresh)
{
	return weigh_writer_value(writer, weigh_writer_value_hash(kind, bytes, count), kind, bytes, count,
				  fresh);
}

static void test_streams_come_back(void **state)
{
	enum { COUNT = 300000 };
	struct back back;
	size_t held = weigh_pages_held();
	(void)state;
	struct weigh_writer *writer = weigh_writer_create();
	struct weigh_stream *edges = &writer->streams[WEIGH_SNAPSHOT_EDGES];
	int fd = temporary();
	weigh_writer_begin(writer, fd);
	for (uint64_t i = 0; i < COUNT; i++)
		weigh_stream_put(edges, i * i * i * 37);
	edges->entries = COUNT;
	weigh_stream_put_signed(&writer->streams[WEIGH_SNAPSHOT_LABELS], -3);
	weigh_stream_put(&writer->streams[WEIGH_SNAPSHOT_LABELS], UINT64_MAX);
	weigh_writer_tell(writer, fd, 17);
	assert_int_equal(pread(fd, &back.header, sizeof(back.header), 0), sizeof(back.header));
	assert_int_equal(back.header.state, WEIGH_SNAPSHOT_WRITING);
	assert_int_equal(back.header.progress, 17);
	writer->header.objects = 5;
	assert_int_equal(weigh_writer_finish(writer, fd), 0);
	weigh_writer_destroy(writer);
	assert_int_equal(weigh_pages_held(), held);

	read_back(fd, &back);
	assert_int_equal(back.header.state, WEIGH_SNAPSHOT_COMPLETE);
	assert_int_equal(back.header.objects, 5);
	assert_int_equal(back.header.sections[WEIGH_SNAPSHOT_EDGES].entries, COUNT);
	for (uint64_t i = 0; i < COUNT; i++)
		assert_int_equal(next(&back, WEIGH_SNAPSHOT_EDGES), i * i * i * 37);
	assert_int_equal(next(&back, WEIGH_SNAPSHOT_LABELS), 5);
	assert_int_equal(next(&back, WEIGH_SNAPSHOT_LABELS), UINT64_MAX);
	assert_int_equal(back.header.sections[WEIGH_SNAPSHOT_ROOTS].stored, 0);
	drop(&back, fd);
}

static void test_texts_are_stored_once(void **state)
{
	enum { COUNT = 20000 };
	char text[32];
	struct back back;
	(void)state;
	struct weigh_writer *writer = weigh_writer_create();
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 1; i < COUNT; i++) {
			int bytes = snprintf(text, sizeof(text), "name_%u", i);
			assert_int_equal(weigh_writer_text(writer, text, (size_t)bytes), i);
		}
	}
	assert_int_equal(weigh_writer_text(writer, "", 0), 0);
	int fd = temporary();
	assert_int_equal(weigh_writer_finish(writer, fd), 0);
	weigh_writer_destroy(writer);
	read_back(fd, &back);
	assert_int_equal(back.header.sections[WEIGH_SNAPSHOT_TEXTS].entries, COUNT);
	assert_int_equal(next(&back, WEIGH_SNAPSHOT_TEXTS), 0);
	for (uint32_t i = 1; i < COUNT; i++) {
		int bytes = snprintf(text, sizeof(text), "name_%u", i);
		assert_int_equal(next(&back, WEIGH_SNAPSHOT_TEXTS), bytes);
		assert_memory_equal(back.at[WEIGH_SNAPSHOT_TEXTS], text, bytes);
		back.at[WEIGH_SNAPSHOT_TEXTS] += bytes;
	}
	drop(&back, fd);
}

/* Values of several sizes around those at which a record keeps them differently, twice each. */
static void test_values_are_told_apart(void **state)
{
	enum { COUNT = 100000, LONG = 9000 };
	static char first[LONG + 4], second[LONG + 4];
	bool fresh;
	(void)state;
	size_t held = weigh_pages_held();
	struct weigh_writer *writer = weigh_writer_create();
	uint64_t *numbers = malloc(COUNT * sizeof(*numbers));
	for (uint64_t i = 0; i < COUNT; i++) {
		numbers[i] = i / 2;
		assert_int_equal(value_of(writer, 3, &numbers[i], sizeof(*numbers), &fresh), i / 2);
		assert_int_equal(fresh, i % 2 == 0);
	}
	assert_int_equal(value_of(writer, 4, &numbers[0], sizeof(*numbers), &fresh), COUNT / 2);
	assert_true(fresh);
	uint32_t expected = COUNT / 2 + 1;
	for (size_t size = 8189; size < 8194; size++, expected++) {
		assert_int_equal(value_of(writer, 0, first, size, &fresh), expected);
		assert_true(fresh);
		assert_int_equal(value_of(writer, 0, second, size, &fresh), expected);
		assert_false(fresh);
	}
	second[LONG - 1] = 1;
	assert_int_equal(value_of(writer, 0, first, LONG, &fresh), expected);
	assert_int_equal(value_of(writer, 0, second, LONG, &fresh), expected + 1);
	assert_int_equal(value_of(writer, 0, "", 0, &fresh), expected + 2);
	free(numbers);
	weigh_writer_destroy(writer);
	assert_int_equal(weigh_pages_held(), held);
}

static size_t show_number(unsigned kind, const void *bytes, size_t count, char *text, size_t room, void *arg)
{
	(void)kind;
	(void)count;
	(void)arg;
	return (size_t)snprintf(text, room, "%u", *(const unsigned *)bytes);
}

/* Value i is there i times; the 100 last must be told, in order. */
static void test_samples_are_the_costliest(void **state)
{
	enum { COUNT = 500, LIMIT = 100 };
	static unsigned numbers[COUNT];
	bool fresh;
	struct back back;
	(void)state;
	struct weigh_writer *writer = weigh_writer_create();
	for (unsigned i = 0; i < COUNT; i++) {
		numbers[i] = i;
		for (unsigned time = 0; time <= i; time++)
			value_of(writer, 0, &numbers[i], sizeof(*numbers), &fresh);
	}
	weigh_writer_samples(writer, LIMIT, show_number, NULL);
	int fd = temporary();
	assert_int_equal(weigh_writer_finish(writer, fd), 0);
	weigh_writer_destroy(writer);
	read_back(fd, &back);
	assert_int_equal(back.header.sections[WEIGH_SNAPSHOT_SAMPLES].entries, LIMIT);
	for (unsigned i = 0; i < LIMIT; i++) {
		assert_int_equal(next(&back, WEIGH_SNAPSHOT_SAMPLES), i ? 1 : COUNT - LIMIT);
		assert_int_equal(next(&back, WEIGH_SNAPSHOT_SAMPLES), i + 1);
	}
	drop(&back, fd);
}

/* Whichever allocation fails, nothing breaks, nothing stays, and a finished file is whole. */
static void test_without_memory(void **state)
{
	static uint64_t numbers[30000];
	(void)state;
	size_t held = weigh_pages_held();
	int finished = 0;
	for (uint64_t n = 1; n < 120; n++) {
		int fd = temporary();
		bool fresh;
		weigh_pages_fail_from(n);
		struct weigh_writer *writer = weigh_writer_create();
		for (uint64_t i = 0; writer && i < 30000; i++) {
			char text[32];
			int bytes = snprintf(text, sizeof(text), "%u", (unsigned)i);
			weigh_writer_text(writer, text, (size_t)bytes);
			numbers[i] = i;
			value_of(writer, 0, &numbers[i], sizeof(*numbers), &fresh);
			weigh_stream_put(&writer->streams[WEIGH_SNAPSHOT_EDGES], i * i * i);
		}
		if (writer && weigh_writer_finish(writer, fd) == 0) {
			struct back back;
			finished++;
			read_back(fd, &back);
			drop(&back, fd);
		} else {
			close(fd);
		}
		weigh_writer_destroy(writer);
		weigh_pages_fail_from(0);
		assert_int_equal(weigh_pages_held(), held);
	}
	assert_true(finished > 0 && finished < 119);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streams_come_back),
		cmocka_unit_test(test_texts_are_stored_once),
		cmocka_unit_test(test_values_are_told_apart),
		cmocka_unit_test(test_samples_are_the_costliest),
		cmocka_unit_test(test_without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
