/*
 * What people name things by and never mean themselves: modules and their
 * dicts, and the frames that run. A global is "json.decoder.NUMBER_RE", a local
 * "main() rows", whatever lies between.
 *
 * One thread; allocates with malloc, for each home a few words.
 */
#ifndef WEIGH_HEAP_HOMES_H
#define WEIGH_HEAP_HOMES_H

#include "base/error.h"
#include "heap/graph.h"

#include <stdbool.h>
#include <stdint.h>

enum weigh_heap_home_kind {
	WEIGH_HOME_MODULES, /* sys.modules */
	WEIGH_HOME_MODULE,
	WEIGH_HOME_GLOBALS, /* the dict of a module */
	WEIGH_HOME_FRAME,
};

struct weigh_heap_home {
	uint32_t object;
	uint32_t module; /* of GLOBALS: the module; else the object itself */
	uint8_t kind;    /* enum weigh_heap_home_kind */
};

struct weigh_heap_homes {
	const struct weigh_heap_graph *graph;
	struct weigh_heap_home
		*homes; /* modules by address with their dicts, then frames, the outermost first */
	uint32_t count;
	uint32_t room, mask;  /* private */
	uint32_t *slots;      /* private: homes + 1, by object */
};

/* The graph must outlive the homes. End with weigh_heap_homes_deinit(), also after an error. */
struct weigh_error *weigh_heap_homes_init(struct weigh_heap_homes *homes,
					  const struct weigh_heap_graph *graph);
void weigh_heap_homes_deinit(struct weigh_heap_homes *homes);

/* NULL when the object is no home. */
const struct weigh_heap_home *weigh_heap_homes_find(const struct weigh_heap_homes *homes, uint32_t object);

/*
 * Whether what GLOBALS refer to was made there, as far as can be told: not a
 * function with other globals or a class of another module, which were
 * imported.
 */
bool weigh_heap_homes_native(const struct weigh_heap_homes *homes, const struct weigh_heap_home *globals,
			     uint32_t object);

#endif
