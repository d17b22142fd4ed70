/*
 * Profiled code objects by address, and the lines of their instructions. With
 * the GIL; allocates when one is registered.
 */
#include "cpython/layout.h"

#include "cpython/lines/codes.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

static struct {
	struct weigh_lines_code **slots; /* open addressing, at most half full */
	uint32_t capacity;
	uint32_t count;
} map;

static uint32_t home_of(const PyCodeObject *code)
{
	return (uint32_t)(weigh_hash_step((uintptr_t)code, 0) >> 32) & (map.capacity - 1);
}

struct weigh_lines_code *weigh_lines_find(const PyCodeObject *code)
{
	if (!map.count)
		return NULL;
	for (uint32_t slot = home_of(code); map.slots[slot]; slot = (slot + 1) & (map.capacity - 1))
		if (map.slots[slot]->code == code)
			return map.slots[slot];
	return NULL;
}

static void put(struct weigh_lines_code *entry)
{
	uint32_t slot = home_of(entry->code);
	while (map.slots[slot])
		slot = (slot + 1) & (map.capacity - 1);
	map.slots[slot] = entry;
}

static bool has_room(void)
{
	struct weigh_lines_code **old = map.slots;
	uint32_t old_capacity = map.capacity;
	if (2 * (map.count + 1) <= map.capacity)
		return true;
	uint32_t capacity = map.capacity ? 2 * map.capacity : FIRST_CAPACITY;
	struct weigh_lines_code **slots = weigh_profile_take(capacity * sizeof(*slots));
	if (!slots)
		return false;
	map.slots = slots;
	map.capacity = capacity;
	for (uint32_t i = 0; i < old_capacity; i++)
		if (old[i])
			put(old[i]);
	return true;
}

/* The line of each unit, and of the function; one without a line is part of what stands before it. */
static void read_lines(PyCodeObject *code, uint32_t *line_of, uint32_t count)
{
	int before = code->co_firstlineno;
	for (uint32_t unit = 0; unit < count; unit++) {
		int line = PyCode_Addr2Line(code, (int)unit * 2);
		if (line >= 0)
			before = line;
		line_of[unit] = (uint32_t)before;
	}
	line_of[count] = (uint32_t)code->co_firstlineno;
}

static int compare(const void *one, const void *other)
{
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
	return (a > b) - (a < b);
}

/* Sorts the lines and keeps one of each; how many. */
static uint32_t unique(uint32_t *lines, uint32_t count)
{
	uint32_t kept = 0;
	qsort(lines, count, sizeof(*lines), compare);
	for (uint32_t i = 0; i < count; i++)
		if (!kept || lines[kept - 1] != lines[i])
			lines[kept++] = lines[i];
	return kept;
}

/* Replaces each unit's line by its place among the sorted ones. */
static void number(uint32_t *row_of, uint32_t units, const uint32_t *lines, uint32_t count)
{
	for (uint32_t unit = 0; unit < units; unit++) {
		const uint32_t *found = bsearch(&row_of[unit], lines, count, sizeof(*lines), compare);
		row_of[unit] = (uint32_t)(found - lines);
	}
}

/* A code object and those within it, as they are registered together. */
struct family {
	struct weigh_lines_code *first; /* by `sibling` */
	uint32_t units;
};

static bool gather(struct family *family, PyCodeObject *code, struct weigh_lines_code *outer)
{
	struct weigh_lines_code *entry = weigh_profile_take(sizeof(*entry));
	uint32_t units = weigh_code_unit_count(code);
	uint32_t *row_of = entry ? weigh_profile_take((units + 1) * sizeof(*row_of)) : NULL;
	if (!row_of || !has_room())
		return false;
	read_lines(code, row_of, units);
	entry->profile.index = map.count++;
	entry->profile.unit_count = units;
	entry->profile.row_of = row_of;
	entry->profile.by_unit = weigh_lines_by_unit;
	entry->code = (PyCodeObject *)Py_NewRef((PyObject *)code);
	entry->outer = outer;
	entry->sibling = family->first;
	family->first = entry;
	family->units += units + 1;
	put(entry);
	for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(code->co_consts); i++) {
		PyCodeObject *inner = (PyCodeObject *)PyTuple_GET_ITEM(code->co_consts, i);
		if (PyCode_Check(inner) && !weigh_lines_find(inner) && !gather(family, inner, entry))
			return false;
	}
	return true;
}

/* Numbers the lines of a family; `family->first` is the last that was gathered. */
static bool number_all(const struct family *family, struct weigh_profile_code *root)
{
	uint32_t *lines = weigh_profile_take(family->units * sizeof(*lines));
	uint32_t used = 0;
	if (!lines)
		return false;
	for (const struct weigh_lines_code *entry = family->first; entry; entry = entry->sibling) {
		uint32_t count = entry->profile.unit_count + 1;
		memcpy(lines + used, entry->profile.row_of, count * sizeof(*lines));
		used += count;
	}
	uint32_t count = unique(lines, used);
	for (struct weigh_lines_code *entry = family->first; entry; entry = entry->sibling) {
		entry->profile.root = root;
		entry->profile.lines = lines;
		entry->profile.row_count = count;
		number((uint32_t *)entry->profile.row_of, entry->profile.unit_count + 1, lines, count);
	}
	return true;
}

struct weigh_lines_code *weigh_lines_register(PyCodeObject *code)
{
	struct family family = {0};
	struct weigh_lines_code *entry = weigh_lines_find(code);
	if (entry && !entry->refused)
		return entry;
	if (entry)
		entry->code =
			NULL; /* its place in the map is not used again; a code object more or less lives on */
	if (gather(&family, code, NULL) && (entry = weigh_lines_find(code)) &&
	    number_all(&family, &entry->profile)) {
		entry->family = family.first;
		return entry;
	}
	for (entry = family.first; entry; entry = entry->sibling)
		Py_CLEAR(entry->code);
	PyErr_NoMemory();
	return NULL;
}

/* Enters a code object that is not profiled itself; NULL without memory. */
static struct weigh_lines_code *enter_alone(PyCodeObject *code)
{
	struct weigh_lines_code *entry = weigh_profile_take(sizeof(*entry));
	if (!entry || !has_room())
		return NULL;
	entry->profile.index = map.count++;
	entry->code = (PyCodeObject *)Py_NewRef((PyObject *)code);
	entry->refused = true;
	put(entry);
	return entry;
}

void weigh_lines_refuse(PyCodeObject *code)
{
	enter_alone(code);
}

void weigh_lines_refer(PyCodeObject *original, PyCodeObject *copy)
{
	struct weigh_lines_code *entry = enter_alone(original);
	if (entry)
		entry->copy = (PyCodeObject *)Py_NewRef((PyObject *)copy);
}

struct weigh_lines_code *weigh_lines_ask(PyObject *chooser, PyCodeObject *code)
{
	PyObject *type, *value, *traceback;
	/* What the asking takes is no doing of the line that calls the code. */
	struct weigh_profile *profile = weigh_self ? weigh_self->profile : NULL;
	if (profile)
		weigh_self->profile = NULL;
	PyErr_Fetch(&type, &value, &traceback);
	PyObject *answer = PyObject_CallOneArg(chooser, (PyObject *)code);
	if (!answer)
		PyErr_Clear();
	Py_XDECREF(answer);
	PyErr_Restore(type, value, traceback);
	if (profile)
		weigh_self->profile = profile;
	struct weigh_lines_code *entry = weigh_lines_find(code);
	return entry && !entry->refused ? entry : NULL;
}

bool weigh_lines_is_within(const struct weigh_lines_code *entry, const struct weigh_lines_code *outer)
{
	while (entry && entry != outer)
		entry = entry->outer;
	return entry != NULL;
}
