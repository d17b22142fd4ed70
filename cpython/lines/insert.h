/*
 * Bytecode with instructions put in between: the parts of a code object that
 * change by it, written anew. From CPython 3.12 on.
 *
 * What is put before an instruction loads a constant, takes its negative, and
 * drops that. It is part of the instruction's line and position, jumps there
 * lead to it, and it needs one place on the stack. With the GIL.
 */
#ifndef WEIGH_CPYTHON_LINES_INSERT_H
#define WEIGH_CPYTHON_LINES_INSERT_H

#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

struct weigh_lines_insertion {
	PyCodeObject *code;   /* the caller's, as all that is asked for */
	const uint8_t *at;    /* by unit: not 0 where something is put before it */
	uint32_t constant;    /* the number of the first one; each place has its own */
	PyObject *bytes;      /* owned: what the code's parts become */
	PyObject *line_table;
	PyObject *exception_table;
	uint32_t *
		place_of; /* owned pages: unit to where it is now, what was put before it included; one more for the end */
	size_t place_bytes;
};

/*
 * Fills in the lower part. False for code that is not known for certain,
 * perhaps with an exception; weigh_lines_insertion_deinit() either way.
 */
bool weigh_lines_insert(struct weigh_lines_insertion *insertion);
void weigh_lines_insertion_deinit(struct weigh_lines_insertion *insertion);

/*
 * Whether `changed` is `insertion->code` but for what was put in: reads both
 * anew, instructions, jumps, positions and exception ranges.
 */
bool weigh_lines_insertion_holds(const struct weigh_lines_insertion *insertion, PyCodeObject *changed);

#endif
