/*
 * Sizes added up over several calls, as weigh.compat.asizeof needs them: each
 * object counts once in the life of a tally, some are barred from it, and each
 * size is rounded up by itself. The way goes level by level, so that a limit on
 * the levels means the same whatever the order of references.
 *
 * What the interpreter keeps for everybody (small ints, None) counts here, with
 * the bytes it has, since the users of asizeof are used to that.
 *
 * With the GIL. One call is one instant, during which no Python code runs; in
 * between, a tally holds addresses only, and keeps no object alive.
 */
#ifndef WEIGH_CPYTHON_OBJECTS_TALLY_H
#define WEIGH_CPYTHON_OBJECTS_TALLY_H

#include "base/pile.h"
#include "cpython/objects/blocks.h"
#include "cpython/objects/edges.h"

#define WEIGH_TALLY_ALL UINT64_MAX /* levels */

/* What lasts. */
struct weigh_tally {
	struct weigh_marks counted;
	struct weigh_marks barred; /* never counted */
	struct weigh_marks given;  /* counted only when asked for by name, not when referred to */
	struct weigh_marks again;  /* met more than once */
	bool used;                 /* something is in one of the first three */
	uint64_t objects;
	uint64_t visits;
	uint64_t duplicates;
	uint64_t depth; /* of the deepest level with an object */
};

/* An object that was counted, when the walk keeps them. */
struct weigh_tally_node {
	PyObject *object;
	uint64_t parent; /* number of the node; its own for a root */
	uint64_t flat;
	uint64_t total; /* with what was first met below it; valid after weigh_tally_sum */
	uint64_t depth;
};

/* What one call needs. */
struct weigh_tally_walk {
	struct weigh_tally *tally;
	struct weigh_heap heap; /* its set: met in this call */
	struct weigh_kinds kinds;
	struct weigh_sink sink;
	struct weigh_pile now; /* the level being looked at: objects, or numbers of nodes */
	struct weigh_pile next;
	uint64_t level;
	uint64_t base;  /* level of what is asked for; above 0 it counts as referred to */
	uint64_t limit; /* level down to which references are followed */
	uint64_t mask;  /* sizes are rounded up to this plus 1, a power of 2 */
	uint64_t bytes; /* sum of what was counted */
	uint64_t objects;
	uint64_t visits;
	uint64_t depth;
	bool keeps; /* nodes */
	struct weigh_tally_node *nodes;
	size_t node_count;
	size_t node_room;
	uint64_t parent; /* node that is being looked at, or the number of the next */
	uint64_t next_look;
	bool interrupted; /* a signal waits for its handler */
	bool failed;      /* no memory */
};

/* False without memory. Deinit is due in any case. */
bool weigh_tally_init(struct weigh_tally *tally);

/* Gives all memory back. */
void weigh_tally_deinit(struct weigh_tally *tally);

/* Bars an object, or what refers to it. False without memory. */
bool weigh_tally_bar(struct weigh_tally *tally, PyObject *object, bool references_only);

/* Begins a call; the fields base, limit, mask and keeps are the caller's to change. False without memory. */
bool weigh_tally_begin(struct weigh_tally_walk *walk, struct weigh_tally *tally, unsigned follow);

/*
 * Counts an object that is asked for and what it leads to; `flat` gets its own
 * bytes, 0 when it was counted before or is not to be. False when interrupted
 * or without memory: the walk is then of no use, and the tally as it was.
 */
bool weigh_tally_add(struct weigh_tally_walk *walk, PyObject *root, uint64_t *flat);

/* Works out the totals of the nodes. */
void weigh_tally_sum(struct weigh_tally_walk *walk);

/* Puts what the walk has met into its tally, if that shall last. False without memory. */
bool weigh_tally_keep(struct weigh_tally_walk *walk);

/* Ends a call, kept or not; gives its memory back. */
void weigh_tally_end(struct weigh_tally_walk *walk);

/* An object's own bytes, whatever was counted before; static objects included, types among them not. */
uint64_t weigh_tally_flat(struct weigh_tally_walk *walk, PyObject *object);

#endif
