/*
 * What an object refers to, with a name for each reference: the key of a dict,
 * the position in a list, an attribute, a local of a frame.
 *
 * With the GIL and without collections of garbage meanwhile. Runs no Python
 * code; the names of named tuples are looked up in their type's dict.
 */
#ifndef WEIGH_CPYTHON_OBJECTS_NAMES_H
#define WEIGH_CPYTHON_OBJECTS_NAMES_H

#include "cpython/objects/edges.h"

enum weigh_naming {
	WEIGH_NAMED_KEY,        /* value of a dict, by its key */
	WEIGH_NAMED_KEY_ITSELF, /* key of a dict */
	WEIGH_NAMED_INDEX,
	WEIGH_NAMED_MEMBER,    /* of a set */
	WEIGH_NAMED_ATTRIBUTE, /* by a str */
	WEIGH_NAMED_LOCAL,     /* of a frame or generator, by a str */
	WEIGH_NAMED_TEXT,      /* an attribute, by constant text */
	WEIGH_NAMED_FIELD,     /* the n-th of those without a name */
};

/* All borrowed. */
struct weigh_edge {
	PyObject *target;
	enum weigh_naming naming;
	PyObject *key;
	const char *text;
	Py_ssize_t index;
};

/* Other than 0 stops. */
typedef int weigh_edge_visit(const struct weigh_edge *edge, void *arg);

/* Visits the same references as weigh_edges_visit, each with its name. */
int weigh_edges_named(const struct weigh_kind *kind, PyObject *object, unsigned follow,
		      weigh_edge_visit *visit, void *arg);

enum { WEIGH_EDGE_TEXT = 96 };

/*
 * Writes the name as it is shown: `['route']`, `[3]`, `.name`. With `general`
 * true positions and keys become `[*]`. NUL-terminated UTF-8.
 */
void weigh_edge_write(const struct weigh_edge *edge, bool general, char text[WEIGH_EDGE_TEXT]);

#endif
