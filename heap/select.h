/*
 * Which objects a person means by a word on the command line:
 *   0x7f3a10c0, 139887251  the object at this address, as id() gives it
 *   app.py:12              all made there: in line 12 of a file whose path ends so, or
 *                          in a function called from there
 *   Entry, app.Entry, *Row all of a type by its name, with or without its module
 *
 * One thread; allocates with malloc, one byte for each object.
 */
#ifndef WEIGH_HEAP_SELECT_H
#define WEIGH_HEAP_SELECT_H

#include "base/error.h"
#include "heap/graph.h"

#include <stdint.h>

struct weigh_heap_selection {
	uint8_t *chosen; /* for each object: 1 or 0 */
	uint32_t count;
	uint32_t object; /* the one that was asked for by address; WEIGH_NO_OBJECT otherwise */
};

/*
 * Fails with WEIGH_ERROR_USAGE when nothing is meant; `option` names in the
 * message where the word stood. End with weigh_heap_selection_deinit().
 */
struct weigh_error *weigh_heap_selection_init(struct weigh_heap_selection *selection,
					      const struct weigh_heap_graph *graph, const char *option,
					      const char *word);
void weigh_heap_selection_deinit(struct weigh_heap_selection *selection);

#endif
