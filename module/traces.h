/*
 * Traces as Python objects: what weigh.compat.tracemalloc shows of the blocks
 * that are traced. Called with the GIL, while a recording runs.
 */
#ifndef WEIGH_MODULE_TRACES_H
#define WEIGH_MODULE_TRACES_H

#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

/* Numbers of domains as filters take them. */
enum weigh_trace_domain {
	WEIGH_TRACE_PYTHON = 0,
	WEIGH_TRACE_NATIVE = 93444,  /* the letters of weigh on a telephone's keys */
	WEIGH_TRACE_ARRAYS = 389047, /* NumPy's own number, which it tells PyTraceMalloc_Track */
};

/*
 * Hides what this thread allocates from the traces until it is shown again,
 * and keeps the garbage collector from running its code meanwhile.
 */
struct weigh_hiding {
	bool collecting;
};

struct weigh_hiding weigh_traces_hide(void);
void weigh_traces_show(struct weigh_hiding hiding);

/*
 * All traced blocks, with the innermost `limit` frames of each: a new sequence
 * of (domain, bytes, frames, frames in all), frames being pairs of file and
 * line, innermost first. 12 bytes for each block, and a row for each stack.
 */
PyObject *weigh_traces_tell(uint32_t limit);

/* The frames of a site in the same form. A new reference. */
PyObject *weigh_traces_frames(uint32_t site, uint32_t limit);

/* Makes the type of the sequence and adds it to the module. False with an exception set. */
bool weigh_traces_add_type(PyObject *module);

#endif
