/*
 * Code objects whose lines are profiled. With the GIL.
 */
#ifndef WEIGH_CPYTHON_LINES_CODES_H
#define WEIGH_CPYTHON_LINES_CODES_H

#include <Python.h>

#include "recorder/profile.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether line starts are counted by unit of bytecode: where sys.monitoring tells of them. */
extern const bool weigh_lines_by_unit;

struct weigh_lines_code {
	struct weigh_profile_code profile;
	PyCodeObject *code; /* owned, for ever: threads may still write to its tables */
	bool watched;       /* its events arrive */
	bool refused;       /* nobody wants it profiled: nothing else of it is there */
	const uint8_t
		*ways; /* by unit: enum weigh_lines_way of a start of a line there; NULL: all by event */
	PyCodeObject *copy;  /* owned: runs in its place, see copy.h; NULL: none */
	struct weigh_lines_code *outer; /* what it lies within, registered with it; NULL: nothing */
	struct weigh_lines_code *family; /* of a root: all that were registered with it, */
	struct weigh_lines_code *sibling; /* by this */
};

/* What was registered for a code object; NULL: nothing. It stays for ever. */
struct weigh_lines_code *weigh_lines_find(const PyCodeObject *code);

/*
 * Registers a code object and those among its constants, or finds it. NULL
 * without memory, as an exception.
 */
struct weigh_lines_code *weigh_lines_register(PyCodeObject *code);

/* All that share a code object's rows, itself included; by `sibling`. */
static inline struct weigh_lines_code *weigh_lines_family(const struct weigh_lines_code *entry)
{
	return ((struct weigh_lines_code *)entry->profile.root)->family;
}

/* Notes that a code object is not to be profiled, so that nobody need ask again. */
void weigh_lines_refuse(PyCodeObject *code);

/* Notes that a copy runs in place of a code object that is not profiled itself. */
void weigh_lines_refer(PyCodeObject *original, PyCodeObject *copy);

/* Asks a chooser whether an unregistered code object is to be profiled: what was registered, or NULL. */
struct weigh_lines_code *weigh_lines_ask(PyObject *chooser, PyCodeObject *code);

/* Whether a code object is another one or lies within it. */
bool weigh_lines_is_within(const struct weigh_lines_code *entry, const struct weigh_lines_code *outer);

#endif
