/*
 * Line tables of real interpreters against the lines that the interpreters
 * themselves read from them (tests/unit/lines/), and damaged tables.
 */
#include "capture/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *file;
	uint32_t python;
} versions[] = {
	{"3.10.txt", 0x030a0df0}, {"3.11.txt", 0x030b07f0}, {"3.12.txt", 0x030c01f0},
	{"3.13.txt", 0x030d00f0}, {"3.14.txt", 0x030e00f0}, {"3.15.txt", 0x030f00f0},
};

enum { VERSIONS = sizeof(versions) / sizeof(versions[0]), TABLE = 4096 };

struct code {
	uint32_t first_line;
	uint8_t table[TABLE];
	size_t length;
	const char *runs;
};

/* "FIRST HEX RUN RUN ..."; cuts the line up. */
static struct code parse(char *line)
{
	struct code code = {0};
	char *rest = line;
	unsigned byte;

	code.first_line = (uint32_t)strtoul(strsep(&rest, " "), NULL, 10);
	for (const char *hex = strsep(&rest, " "); sscanf(hex, "%2x", &byte) == 1; hex += 2) {
		assert_true(code.length < TABLE);
		code.table[code.length++] = (uint8_t)byte;
	}
	code.runs = rest;
	return code;
}

static uint32_t find(uint32_t python, const struct code *code, int32_t instruction)
{
	/* A copy of just its length: the sanitizers see a read beyond it. */
	uint8_t *table = malloc(code->length ? code->length : 1);

	memcpy(table, code->table, code->length);
	uint32_t line = weigh_line_find(python, table, code->length, code->first_line, instruction);
	free(table);
	return line;
}

static int check_code(uint32_t python, const struct code *code)
{
	int32_t instruction = 0;
	int checked = 0, used;
	unsigned count;
	char line[16];

	assert_int_equal(find(python, code, -1), code->first_line);
	for (const char *run = code->runs; sscanf(run, "%ux%15s%n", &count, line, &used) == 2; run += used) {
		for (; count; count--, instruction += 2) {
			if (line[0] == '-')
				continue;
			assert_int_equal(find(python, code, instruction), strtoul(line, NULL, 10));
			checked++;
		}
	}
	return checked;
}

static void for_each_code(int version, int (*check)(uint32_t python, const struct code *code), int least)
{
	char path[4096], *line = NULL;
	size_t room = 0;
	int checked = 0;

	snprintf(path, sizeof(path), "%s/%s", LINES_FOLDER, versions[version].file);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (getline(&line, &room, file) > 0) {
		struct code code = parse(line);
		checked += check(versions[version].python, &code);
	}
	free(line);
	fclose(file);
	assert_true(checked > least);
}

static void test_tables(void **state)
{
	(void)state;
	for (int v = 0; v < VERSIONS; v++)
		for_each_code(v, check_code, 300);
}

/* Cut, flipped and read as another version's: any line is right, no crash is. */
static int damage_code(uint32_t python, const struct code *code)
{
	for (size_t i = 0; i < code->length; i++) {
		struct code damaged = *code;

		damaged.length = i;
		find(python, &damaged, 1 << 20);
		damaged.length = code->length;
		damaged.table[i] ^= (uint8_t)(1u << (i % 8));
		find(python, &damaged, 1 << 20);
		damaged.table[i] = 0xff;
		find(python, &damaged, (int32_t)i);
		find(python ^ 0x00010000, code, (int32_t)i);
	}
	return 1;
}

static void test_damage(void **state)
{
	(void)state;
	for (int v = 0; v < VERSIONS; v++)
		for_each_code(v, damage_code, 10);
}

static void test_empty(void **state)
{
	(void)state;
	assert_int_equal(weigh_line_find(0x030d00f0, NULL, 0, 7, 0), 7);
	assert_int_equal(weigh_line_find(0x030a00f0, NULL, 0, 7, 100), 7);
	assert_int_equal(weigh_line_find(0x030d00f0, NULL, 0, 7, INT32_MIN), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
