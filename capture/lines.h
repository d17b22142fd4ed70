/*
 * From an instruction to a line, by the line tables that CPython keeps with
 * its code objects (co_linetable).
 *
 * Any thread; allocates nothing.
 */
#ifndef WEIGH_CAPTURE_LINES_H
#define WEIGH_CAPTURE_LINES_H

#include <stddef.h>
#include <stdint.h>

/*
 * The line of the instruction at byte offset `instruction` in a code object of
 * the Python version `python` (PY_VERSION_HEX) that starts at `first_line`.
 * Instructions that belong to no line get that of the instruction before them;
 * -1, and what lies beyond the table or after damage in it, gets the line
 * found last, `first_line` to begin with.
 */
uint32_t weigh_line_find(uint32_t python, const uint8_t *table, size_t length, uint32_t first_line,
			 int32_t instruction);

#endif
