/*
 * What the objects of a group have in common, for groups that share out all
 * objects: how many distinct values they have, and the line that made most of
 * them.
 *
 * One thread; allocates with malloc, about 8 bytes for each object while it
 * works.
 */
#ifndef WEIGH_HEAP_GROUPS_H
#define WEIGH_HEAP_GROUPS_H

#include "base/error.h"
#include "heap/equal.h"
#include "heap/frames.h"
#include "heap/graph.h"

#include <stdint.h>

struct weigh_heap_common {
	uint64_t compared; /* objects that have a value */
	uint64_t values;   /* distinct ones among these */
	uint32_t line;     /* of most of the bytes that have a site; WEIGH_NO_OBJECT: none has */
	double line_gross; /* bytes made there; sampled objects stand for their kind */
	double sited_gross; /* bytes that have a site, in the same way */
};

/*
 * For each of `groups` groups; `group_of` has the group of each object, or
 * WEIGH_NO_OBJECT. The caller frees what it gets.
 */
struct weigh_error *weigh_heap_common_create(const struct weigh_heap_graph *graph,
					     const struct weigh_heap_equal *equal,
					     const struct weigh_heap_lines *lines, const uint32_t *group_of,
					     uint32_t groups, struct weigh_heap_common **common);

#endif
