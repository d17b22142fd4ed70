/*
 * Who holds it: the tree of dominators folded by kind. Objects of one type
 * that hang in the same way below holders of one kind are one holder: "the
 * dicts in the list that main() has as rows", all 676,476 of them.
 *
 * On the top stand owners: packages with the globals of their modules, frames
 * that run with their locals, what threads and the interpreter hold, what
 * several of these share, and what no name leads to. Within a way that goes
 * round (a linked list, a tree) an object belongs to the first holder of its
 * type and name on the way, so that it reads as one line.
 *
 * Each object belongs to one holder, and what a holder retains is its own
 * bytes and what the holders below it retain: sums hold everywhere.
 *
 * One thread; allocates with malloc, 4 bytes for each object, and about 100
 * for each holder.
 */
#ifndef WEIGH_HEAP_HOLDERS_H
#define WEIGH_HEAP_HOLDERS_H

#include "base/error.h"
#include "heap/below.h"
#include "heap/dominators.h"
#include "heap/graph.h"
#include "heap/homes.h"
#include "heap/index.h"
#include "heap/places.h"

#include <stdint.h>

enum weigh_holder_kind {
	WEIGH_HOLDER_TOP,         /* all of the heap; holder 0 */
	/* Owners, right below it. They have no type. */
	WEIGH_HOLDER_PACKAGE,     /* the modules of one package: label */
	WEIGH_HOLDER_FRAME,       /* frames of one function: label */
	WEIGH_HOLDER_THREAD,      /* label: the thread */
	WEIGH_HOLDER_INTERPRETER, /* label: which part of it */
	WEIGH_HOLDER_STATIC,      /* static types */
	WEIGH_HOLDER_SHARED,      /* what would stay if any one of the others went */
	WEIGH_HOLDER_ELSEWHERE,
	WEIGH_HOLDER_IMMORTAL,
	WEIGH_HOLDER_GARBAGE,
	/* Objects. */
	WEIGH_HOLDER_GLOBAL, /* below a PACKAGE: what a module has under a name */
	WEIGH_HOLDER_LOCAL,  /* below a FRAME */
	WEIGH_HOLDER_EDGE,   /* what `by` refers to at `place` */
	WEIGH_HOLDER_SHARED_BELOW, /* what several objects below the parent refer to, first of all at `place` */
	WEIGH_HOLDER_OWN, /* of one type, right below an owner */
};

struct weigh_holder {
	uint64_t count, gross; /* its own objects */
	uint64_t retained; /* these and all below */
	uint32_t parent; /* holder; the top is its own. Parents come first */
	uint32_t type; /* of its objects; WEIGH_NO_OBJECT: various */
	uint32_t by; /* GLOBAL, LOCAL, EDGE: an object that refers to one of them */
	uint32_t place; /* there; of SHARED_BELOW: number in `places` */
	uint32_t label; /* private */
	uint32_t first, children; /* its children: order[first] and so on, those that retain most first */
	uint8_t kind; /* enum weigh_holder_kind */
};

struct weigh_heap_holders {
	const struct weigh_heap_graph *graph;
	const struct weigh_heap_places *places;
	struct weigh_holder *holders;
	uint32_t count;
	uint32_t *order;
	uint32_t *holder_of; /* for each object */

	/* Private. */
	struct weigh_heap_homes homes;
	struct weigh_heap_index index;
	uint32_t *by_index;
	uint32_t by_index_room, room;
	char **labels;
	uint32_t label_count, label_room;
};

/* Graph, dominators and places must outlive the holders. */
struct weigh_error *weigh_heap_holders_create(const struct weigh_heap_graph *graph,
					      const struct weigh_heap_dominators *dominators,
					      const struct weigh_heap_below *below,
					      const struct weigh_heap_places *places,
					      struct weigh_heap_holders **holders);

/* Takes NULL. */
void weigh_heap_holders_destroy(struct weigh_heap_holders *holders);

/*
 * What people call it: "__main__.rows", "main() rows", "[*]", "['route']",
 * "json" for a package, "(held by C code)" for an owner and for what has no
 * other name below it. The type, which belongs to it, is not said again.
 * Returns `name`.
 */
char *weigh_holder_name(const struct weigh_heap_holders *holders, uint32_t holder,
			char name[WEIGH_HEAP_NAME]);

/* Whether it is an owner: its children are named in full, and it is no object that one could let go. */
static inline bool weigh_holder_is_owner(const struct weigh_holder *holder)
{
	return holder->kind < WEIGH_HOLDER_GLOBAL;
}

#endif
