/*
 * Putting instructions between others: see insert.h. With the GIL; takes pages
 * and makes bytes objects.
 */
#include "cpython/layout.h"

#if PY_VERSION_HEX >= 0x030c0000

#include "cpython/lines/insert.h"

#include "base/pages.h"
#include "cpython/lines/graph.h"
#include "cpython/lines/handlers.h"
#include "cpython/lines/opcodes.h"

#include <opcode.h>
#include <string.h>

enum {
	UNITS_MAX = 20000,
	CONSTANTS_MAX = 1 << 16, /* their numbers have two bytes at most */
	ENTRY_UNITS = 8,         /* of an entry of the line table, at most */
	ENTRY_BYTES = 1 + 4 * 6, /* that it takes, at most */
	NUMBER_BYTES = 6,
};

/* Kinds of entries of the line table. */
enum {
	ENTRY_ONE_LINE = 10, /* and two more: the line is so many further */
	ENTRY_NO_COLUMNS = 13,
	ENTRY_LONG = 14,
	ENTRY_NONE = 15,
};

/* An instruction is described at its first unit. */
struct unit {
	uint32_t argument;
	uint32_t target;  /* of a jump: a unit */
	uint8_t length;   /* all of it; 0: none begins here */
	uint8_t prefixes; /* EXTENDED_ARG, as many as are written */
	uint8_t caches;
	uint8_t opcode;
	uint8_t kind; /* enum weigh_opcode_kind */
};

struct writing {
	struct weigh_lines_insertion *insertion;
	struct unit *units;
	uint32_t count;
	uint32_t changed_count; /* units of what is written */
};

static bool decode_one(const struct writing *w, const uint8_t *bytes, uint32_t u)
{
	struct unit *unit = &w->units[u];
	uint32_t at = u;
	for (; at + 1 < w->count && bytes[2 * at] == EXTENDED_ARG; at++)
		unit->argument = (unit->argument | bytes[2 * at + 1]) << 8;
	unit->argument |= bytes[2 * at + 1];
	unit->opcode = bytes[2 * at];
	unit->prefixes = (uint8_t)(at - u);
	unit->caches = (uint8_t)weigh_opcode_caches(unit->opcode);
	unit->kind = (uint8_t)weigh_opcode_kind(unit->opcode);
	unit->length = (uint8_t)(at - u + 1 + unit->caches);
	uint32_t after = u + unit->length;
	unit->target = unit->kind == WEIGH_OPCODE_BACK ? after - unit->argument : after + unit->argument;
	return at - u < 4 && after <= w->count && weigh_opcode_is_known(unit->opcode);
}

static bool begins(const struct writing *w, uint32_t u)
{
	return u == w->count || (u < w->count && w->units[u].length);
}

static bool decode(const struct writing *w, const uint8_t *bytes)
{
	for (uint32_t u = 0; u < w->count; u += w->units[u].length)
		if (!decode_one(w, bytes, u))
			return false;
	for (uint32_t u = 0; u < w->count; u++) {
		const struct unit *unit = &w->units[u];
		if (unit->length && weigh_opcode_jumps(unit->kind) &&
		    (unit->target >= w->count || !begins(w, unit->target)))
			return false;
		if (!unit->length && w->insertion->at[u])
			return false;
	}
	return true;
}

static uint32_t put_length(uint32_t constant)
{
	return constant > 255 ? 4 : 3;
}

/* Where everything is, with as many prefixes as are noted now. */
static void lay_out(struct writing *w)
{
	uint32_t place = 0, constant = w->insertion->constant;
	uint32_t *place_of = w->insertion->place_of;
	for (uint32_t u = 0, length; u < w->count; u += length) {
		const struct unit *unit = &w->units[u];
		length = unit->length;
		place_of[u] = place;
		if (w->insertion->at[u])
			place += put_length(constant++);
		place += unit->prefixes + 1u + unit->caches;
		for (uint32_t k = 1; k < length; k++)
			place_of[u + k] = place - (length - k);
	}
	place_of[w->count] = w->changed_count = place;
}

static uint32_t distance(const struct writing *w, uint32_t u)
{
	const struct unit *unit = &w->units[u];
	const uint32_t *place_of = w->insertion->place_of;
	uint32_t after = place_of[u + unit->length], target = place_of[unit->target];
	return unit->kind == WEIGH_OPCODE_BACK ? after - target : target - after;
}

/* Gives jumps the prefixes that they need now; whether any needed more. */
static bool lengthen(struct writing *w)
{
	bool more = false;
	for (uint32_t u = 0; u < w->count; u++) {
		struct unit *unit = &w->units[u];
		if (!unit->length || !weigh_opcode_jumps(unit->kind))
			continue;
		unit->argument = distance(w, u);
		uint8_t needed = (uint8_t)((unit->argument > 0xff) + (unit->argument > 0xffff));
		if (needed > unit->prefixes) {
			unit->prefixes = needed;
			more = true;
		}
	}
	return more;
}

static uint8_t *write_unit(uint8_t *to, uint32_t opcode, uint32_t argument)
{
	*to++ = (uint8_t)opcode;
	*to++ = (uint8_t)argument;
	return to;
}

static uint8_t *write_put(uint8_t *to, uint32_t constant)
{
	if (constant > 255)
		to = write_unit(to, EXTENDED_ARG, constant >> 8);
	to = write_unit(to, LOAD_CONST, constant);
	to = write_unit(to, UNARY_NEGATIVE, 0);
	return write_unit(to, POP_TOP, 0);
}

static PyObject *write_bytes(const struct writing *w)
{
	PyObject *bytes = PyBytes_FromStringAndSize(NULL, 2 * (Py_ssize_t)w->changed_count);
	uint8_t *to = bytes ? (uint8_t *)PyBytes_AS_STRING(bytes) : NULL;
	uint32_t constant = w->insertion->constant;
	for (uint32_t u = 0; to && u < w->count; u += w->units[u].length) {
		const struct unit *unit = &w->units[u];
		if (w->insertion->at[u])
			to = write_put(to, constant++);
		for (uint32_t left = unit->prefixes; left; left--)
			to = write_unit(to, EXTENDED_ARG, unit->argument >> (8 * left));
		to = write_unit(to, unit->opcode, unit->argument);
		for (uint32_t left = unit->caches; left; left--)
			to = write_unit(to, CACHE, 0);
	}
	return bytes;
}

/* The same position again, from the line that the entry before has led to. Returns its length. */
static size_t repeat_entry(const uint8_t *entry, size_t length, uint8_t *again)
{
	uint32_t kind = (entry[0] >> 3) & 15;
	size_t from = 1, to = 1;
	again[0] = entry[0];
	if (kind >= ENTRY_ONE_LINE && kind < ENTRY_NO_COLUMNS) {
		again[0] = (uint8_t)(0x80 | ENTRY_ONE_LINE << 3);
	} else if (kind == ENTRY_NO_COLUMNS || kind == ENTRY_LONG) {
		while (from < length && (entry[from] & 64))
			from++;
		from++;
		again[to++] = 0;
	}
	if (from < length)
		memcpy(again + to, entry + from, length - from);
	return from < length ? to + length - from : to;
}

/* Entries of one position for so many units. */
static uint8_t *write_entries(uint8_t *to, const uint8_t *entry, size_t length, uint32_t units)
{
	uint8_t again[ENTRY_BYTES];
	size_t again_length = repeat_entry(entry, length, again);
	while (units) {
		uint32_t part = units < ENTRY_UNITS ? units : ENTRY_UNITS;
		memcpy(to, entry, length);
		to[0] = (uint8_t)((entry[0] & ~7u) | (part - 1));
		to += length;
		units -= part;
		entry = again;
		length = again_length;
	}
	return to;
}

/* An entry's first byte alone has its highest bit set. */
static size_t entry_length(const uint8_t *entry, const uint8_t *end)
{
	size_t length = 1;
	while (entry + length < end && !(entry[length] & 0x80))
		length++;
	return length;
}

static PyObject *write_line_table(const struct writing *w)
{
	PyObject *old = w->insertion->code->co_linetable;
	const uint8_t *from = (const uint8_t *)PyBytes_AS_STRING(old);
	const uint8_t *end = from + PyBytes_GET_SIZE(old);
	const uint32_t *place_of = w->insertion->place_of;
	size_t room = (size_t)(end - from) + (w->changed_count - w->count + 1) * (size_t)ENTRY_BYTES;
	PyObject *table = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)room);
	if (!table)
		return NULL;
	uint8_t *start = (uint8_t *)PyBytes_AS_STRING(table), *to = start;
	uint32_t unit = 0;
	while (from < end) {
		size_t length = entry_length(from, end);
		uint32_t after = unit + (from[0] & 7u) + 1;
		if (after > w->count || length > ENTRY_BYTES)
			break;
		to = write_entries(to, from, length, place_of[after] - place_of[unit]);
		from += length;
		unit = after;
	}
	if (from < end || unit != w->count)
		Py_CLEAR(table);
	else
		_PyBytes_Resize(&table, to - start);
	return table;
}

static uint8_t *write_number(uint8_t *to, uint32_t number, uint32_t first)
{
	int shift = 30;
	while (shift && !(number >> shift))
		shift -= 6;
	for (; shift >= 0; shift -= 6, first = 0)
		*to++ = (uint8_t)(((number >> shift) & 63) | (shift ? 64u : 0) | first);
	return to;
}

static PyObject *write_exception_table(const struct writing *w)
{
	PyObject *old = w->insertion->code->co_exceptiontable;
	const uint32_t *place_of = w->insertion->place_of;
	PyObject *table = PyBytes_FromStringAndSize(NULL, PyBytes_GET_SIZE(old) * NUMBER_BYTES);
	if (!table)
		return NULL;
	uint8_t *start = (uint8_t *)PyBytes_AS_STRING(table), *to = start;
	struct weigh_lines_handlers left = weigh_lines_handlers(w->insertion->code);
	struct weigh_lines_handler handler;
	while (weigh_lines_handler_next(&left, &handler)) {
		uint32_t end = handler.start + handler.length;
		if (!begins(w, handler.start) || !begins(w, end) || !begins(w, handler.target)) {
			Py_DECREF(table);
			return NULL;
		}
		to = write_number(to, place_of[handler.start], 0x80);
		to = write_number(to, place_of[end] - place_of[handler.start], 0);
		to = write_number(to, place_of[handler.target], 0);
		to = write_number(to, handler.stack, 0);
	}
	_PyBytes_Resize(&table, to - start);
	return table;
}

static bool write_all(struct writing *w)
{
	struct weigh_lines_insertion *insertion = w->insertion;
	PyObject *bytes = weigh_lines_bytes(insertion->code);
	bool decoded = bytes && decode(w, (const uint8_t *)PyBytes_AS_STRING(bytes));
	Py_XDECREF(bytes);
	if (!decoded)
		return false;
	do
		lay_out(w);
	while (lengthen(w));
	insertion->bytes = write_bytes(w);
	insertion->line_table = insertion->bytes ? write_line_table(w) : NULL;
	insertion->exception_table = insertion->line_table ? write_exception_table(w) : NULL;
	return insertion->exception_table != NULL;
}

bool weigh_lines_insert(struct weigh_lines_insertion *insertion)
{
	struct writing w = {.insertion = insertion, .count = weigh_code_unit_count(insertion->code)};
	size_t bytes = (w.count * sizeof(*w.units) + 4095) & ~(size_t)4095;
	insertion->bytes = insertion->line_table = insertion->exception_table = NULL;
	insertion->place_bytes = ((w.count + 1) * sizeof(uint32_t) + 4095) & ~(size_t)4095;
	insertion->place_of = NULL;
	if (w.count > UNITS_MAX || insertion->constant + w.count > CONSTANTS_MAX)
		return false;
	w.units = weigh_pages_take(bytes);
	insertion->place_of = w.units ? weigh_pages_take(insertion->place_bytes) : NULL;
	bool written = insertion->place_of && write_all(&w);
	if (w.units)
		weigh_pages_give(w.units, bytes);
	return written;
}

void weigh_lines_insertion_deinit(struct weigh_lines_insertion *insertion)
{
	Py_CLEAR(insertion->bytes);
	Py_CLEAR(insertion->line_table);
	Py_CLEAR(insertion->exception_table);
	if (insertion->place_of)
		weigh_pages_give(insertion->place_of, insertion->place_bytes);
	insertion->place_of = NULL;
}

#endif
