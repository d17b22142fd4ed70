/*
 * Functions whose copies count the lines they start themselves. An event of
 * sys.monitoring costs some 15 ns a line, three instructions put before it 4:
 * they load a counter, an object of ours, and take its negative, which counts.
 * From CPython 3.12 on. With the GIL.
 *
 * Instructions, lines, positions, exceptions and what debuggers are told are
 * the original's, and so is the depth of the stack. What cannot be copied for
 * certain is left to events.
 */
#ifndef WEIGH_CPYTHON_LINES_COPY_H
#define WEIGH_CPYTHON_LINES_COPY_H

#include <Python.h>

/*
 * A function that does what `function` does and counts, its code registered
 * with what lies within it; or `function` itself, when nothing would be gained
 * by it or it is not certain. The original and its code stay as they are. All
 * functions of one code have copies of one code. A new reference; never fails.
 */
PyObject *weigh_lines_copy(PyObject *function);

#endif
