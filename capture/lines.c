/*
 * From an instruction to a line: see capture/lines.h.
 *
 * CPython 3.10 keeps pairs of bytes: how many bytes of code, and how far the
 * line moves. Since 3.11 an entry begins with a byte whose top bit is set,
 * which holds its kind and how many code units it covers; depending on the
 * kind, numbers of six bits per byte follow.
 *
 * Any thread; allocates nothing.
 */
#include "capture/lines.h"

enum {
	CODE_UNIT = 2, /* bytes */
	NO_LINE_3_10 = -128,
};

/* Kinds of entries since 3.11; lower ones leave the line as it is. */
enum {
	KIND_ONE_LINE_0 = 10,
	KIND_ONE_LINE_2 = 12,
	KIND_NO_COLUMNS = 13,
	KIND_LONG = 14,
	KIND_NO_LINE = 15,
};

/* Lines outside 1 .. 2^31-1 can only be damage; keep the number harmless. */
static uint32_t clamp_line(int64_t line)
{
	return line < 0 || line > INT32_MAX ? 0 : (uint32_t)line;
}

static uint32_t find_3_10(const uint8_t *table, size_t length, uint32_t first_line, int32_t instruction)
{
	int64_t line = first_line, found = first_line;
	int64_t end = 0;

	for (size_t i = 0; i + 1 < length; i += 2) {
		int moved = (int8_t)table[i + 1];

		end += table[i];
		if (moved != NO_LINE_3_10) {
			line += moved;
			/* An entry of no length only moves the line on. */
			if (table[i])
				found = line;
		}
		if (instruction < end)
			break;
	}
	return clamp_line(found);
}

/* Read a number that starts at `*i`; stops at the end of the table. */
static uint64_t read_number(const uint8_t *table, size_t length, size_t *i)
{
	uint64_t value = 0;

	for (unsigned shift = 0; *i < length; shift += 6) {
		uint8_t byte = table[(*i)++];
		if (shift < 60)
			value |= (uint64_t)(byte & 63) << shift;
		if (!(byte & 64))
			break;
	}
	return value;
}

static int64_t read_signed(const uint8_t *table, size_t length, size_t *i)
{
	uint64_t value = read_number(table, length, i);

	return value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
}

static uint32_t find_3_11(const uint8_t *table, size_t length, uint32_t first_line, int32_t instruction)
{
	int64_t line = first_line, found = first_line;
	int64_t end = 0;

	for (size_t i = 0; i < length;) {
		unsigned kind = (table[i] >> 3) & 15;

		end += ((table[i] & 7) + 1) * CODE_UNIT;
		i++;
		if (kind == KIND_NO_COLUMNS || kind == KIND_LONG)
			line += read_signed(table, length, &i);
		else if (kind >= KIND_ONE_LINE_0 && kind <= KIND_ONE_LINE_2)
			line += kind - KIND_ONE_LINE_0;
		if (line < 0 || line > INT32_MAX)
			break;
		if (kind != KIND_NO_LINE)
			found = line;
		if (instruction < end)
			break;
		/* Columns and the end line: up to the next byte that starts an entry. */
		while (i < length && !(table[i] & 128))
			i++;
	}
	return clamp_line(found);
}

uint32_t weigh_line_find(uint32_t python, const uint8_t *table, size_t length, uint32_t first_line,
			 int32_t instruction)
{
	if (instruction < 0)
		return first_line;
	if (python < 0x030b0000)
		return find_3_10(table, length, first_line, instruction);
	return find_3_11(table, length, first_line, instruction);
}
