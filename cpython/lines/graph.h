/*
 * The flow of control in a code object, and which starts of lines need no
 * counting because they follow from others. With the GIL; takes pages and
 * gives them back.
 */
#ifndef WEIGH_CPYTHON_LINES_GRAPH_H
#define WEIGH_CPYTHON_LINES_GRAPH_H

#include <Python.h>

#include "base/flow.h"
#include "recorder/profile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place where the interpreter tells that a line starts. */
struct weigh_lines_start {
	uint32_t unit;
	uint32_t node;    /* of the flow: passed as often as the line starts here */
	uint32_t depth;   /* loops around it */
	bool slow;        /* its instruction is one that loses its speed when lines are told of */
	bool must_count;  /* depends on where an exception came from */
	bool inside; /* it can be counted by an instruction before it, that needs a place on the stack */
};

struct weigh_lines_graph {
	struct weigh_flow flow;
	uint32_t *node_of; /* unit to the node whose passes reach it */
	struct weigh_lines_start *starts;
	uint32_t start_count;
	uint32_t *
		passed; /* unit to index + 1 of an edge that is an event of its own: a start, return, yield */
	uint32_t unit_count;
	uint32_t entry; /* the first unit after the start of a function */
	void *pages;
	size_t bytes;
};

/* False without memory, or for code that is not understood; nothing is to be given back then. */
bool weigh_lines_graph_init(struct weigh_lines_graph *graph, PyCodeObject *code);
void weigh_lines_graph_deinit(struct weigh_lines_graph *graph);

/* Nothing but what the interpreter tells without being asked is known; counts and leaks are 0. */
void weigh_lines_graph_reset(struct weigh_lines_graph *graph);

/* How a start of a line is counted. */
enum weigh_lines_way {
	WEIGH_LINES_BY_EVENT = 0,
	WEIGH_LINES_DERIVED, /* not: it follows from others */
	WEIGH_LINES_INSIDE, /* by the code itself: see copy.h */
	WEIGH_LINES_WAY = 3, /* the bits of the above */
	WEIGH_LINES_CATCHES, /* a bit: an instruction that a StopIteration does not leave */
};

/*
 * Finds a way for each start, by unit: by event or derived, and where `inside`,
 * as many as can be inside. False without memory, or for code that is not
 * understood: then all are counted by event.
 */
bool weigh_lines_plan(PyCodeObject *code, bool inside, uint8_t *ways);

/* Marks the instructions that catch, as the above does. False without memory. */
bool weigh_lines_mark(PyCodeObject *code, uint8_t *ways);

/*
 * Fills in what was left out of the counts of a code object, by unit; `units`
 * holds what all threads counted, with what is under way as exceptions.
 */
bool weigh_lines_derive(PyCodeObject *code, const uint8_t *ways, struct weigh_profile_unit *units);

/* The bytes of a code object as the compiler made them; NULL with an exception. */
PyObject *weigh_lines_bytes(PyCodeObject *code);

#endif
