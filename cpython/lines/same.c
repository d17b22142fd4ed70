/*
 * Whether code that something was put into is still the same code: reads what
 * was written as the interpreter does, and knows nothing of how it was made.
 * With the GIL; makes objects for the positions.
 */
#include "cpython/layout.h"

#if PY_VERSION_HEX >= 0x030c0000

#include "cpython/lines/graph.h"
#include "cpython/lines/handlers.h"
#include "cpython/lines/insert.h"
#include "cpython/lines/opcodes.h"

#include <opcode.h>

struct instruction {
	uint32_t unit;
	uint32_t after;
	uint32_t argument;
	uint8_t opcode;
};

/* One code object as it is read, with the positions of its units. */
struct reading {
	const uint8_t *bytes;
	PyObject *positions; /* an iterator */
	uint32_t count;
	uint32_t unit; /* where the next instruction begins */
};

static bool read_next(struct reading *reading, struct instruction *found)
{
	uint32_t u = reading->unit;
	*found = (struct instruction){.unit = u};
	while (u < reading->count && reading->bytes[2 * u] == EXTENDED_ARG)
		found->argument = (found->argument | reading->bytes[2 * u++ + 1]) << 8;
	if (u >= reading->count)
		return false;
	found->argument |= reading->bytes[2 * u + 1];
	found->opcode = reading->bytes[2 * u];
	reading->unit = found->after = u + 1 + weigh_opcode_caches(found->opcode);
	return found->after <= reading->count;
}

static uint32_t target_of(const struct instruction *jump)
{
	return weigh_opcode_kind(jump->opcode) == WEIGH_OPCODE_BACK ? jump->after - jump->argument
								    : jump->after + jump->argument;
}

/* Takes the positions of so many units: whether they are all one, which is `*position` then, owned. */
static bool same_positions(struct reading *reading, uint32_t units, PyObject **position)
{
	*position = NULL;
	while (units--) {
		PyObject *next = PyIter_Next(reading->positions);
		bool same = next && (!*position || PyObject_RichCompareBool(*position, next, Py_EQ) == 1);
		if (*position)
			Py_XDECREF(next);
		else
			*position = next;
		if (!same)
			return false;
	}
	return true;
}

static bool is_put(struct reading *changed, uint32_t constant)
{
	struct instruction load, negative, drop;
	return read_next(changed, &load) && load.opcode == LOAD_CONST && load.argument == constant &&
	       read_next(changed, &negative) && negative.opcode == UNARY_NEGATIVE &&
	       read_next(changed, &drop) && drop.opcode == POP_TOP;
}

/* The next instruction of both, with what was put before it; `constant` goes on. */
static bool same_instruction(const struct weigh_lines_insertion *insertion, struct reading *original,
			     struct reading *changed, uint32_t *constant)
{
	struct instruction before, after;
	PyObject *position, *other;
	uint32_t start = changed->unit;
	if (insertion->place_of[original->unit] != start)
		return false;
	if (insertion->at[original->unit] && !is_put(changed, (*constant)++))
		return false;
	if (!read_next(original, &before) || !read_next(changed, &after) || before.opcode != after.opcode)
		return false;
	if (weigh_opcode_jumps(weigh_opcode_kind(before.opcode))
		    ? insertion->place_of[target_of(&before)] != target_of(&after)
		    : before.argument != after.argument)
		return false;
	bool same = same_positions(original, before.after - before.unit, &position);
	same = same_positions(changed, after.after - start, &other) && same;
	same = same && PyObject_RichCompareBool(position, other, Py_EQ) == 1;
	Py_XDECREF(position);
	Py_XDECREF(other);
	return same;
}

static bool same_handlers(const struct weigh_lines_insertion *insertion, const PyCodeObject *changed)
{
	struct weigh_lines_handlers left = weigh_lines_handlers(insertion->code);
	struct weigh_lines_handlers changed_left = weigh_lines_handlers(changed);
	struct weigh_lines_handler before, after;
	const uint32_t *place_of = insertion->place_of;
	while (weigh_lines_handler_next(&left, &before)) {
		if (!weigh_lines_handler_next(&changed_left, &after) ||
		    after.start != place_of[before.start] || after.target != place_of[before.target] ||
		    after.start + after.length != place_of[before.start + before.length] ||
		    after.stack != before.stack)
			return false;
	}
	return !weigh_lines_handler_next(&changed_left, &after);
}

static PyObject *positions_of(PyCodeObject *code)
{
	return PyObject_CallMethod((PyObject *)code, "co_positions", NULL);
}

static bool same_instructions(const struct weigh_lines_insertion *insertion, PyCodeObject *changed)
{
	PyObject *bytes = weigh_lines_bytes(insertion->code), *changed_bytes = weigh_lines_bytes(changed);
	PyObject *positions = positions_of(insertion->code), *changed_positions = positions_of(changed);
	uint32_t constant = insertion->constant;
	bool same = bytes && changed_bytes && positions && changed_positions;
	if (same) {
		struct reading before = {(const uint8_t *)PyBytes_AS_STRING(bytes), positions,
					 weigh_code_unit_count(insertion->code), 0};
		struct reading after = {(const uint8_t *)PyBytes_AS_STRING(changed_bytes), changed_positions,
					weigh_code_unit_count(changed), 0};
		while (same && before.unit < before.count)
			same = same_instruction(insertion, &before, &after, &constant);
		same = same && after.unit == after.count;
	}
	Py_XDECREF(bytes);
	Py_XDECREF(changed_bytes);
	Py_XDECREF(positions);
	Py_XDECREF(changed_positions);
	return same && !PyErr_Occurred();
}

bool weigh_lines_insertion_holds(const struct weigh_lines_insertion *insertion, PyCodeObject *changed)
{
	return same_instructions(insertion, changed) && same_handlers(insertion, changed);
}

#endif
