/*
 * What a set of objects refers to, in groups: references with the same name to
 * objects of the same type are one group. Ten rows with the fields a and b are
 * so two groups, `['a']` and `['b']`. Where there are more names than anybody
 * would read, positions and keys become `[*]`.
 *
 * With the GIL and without collections of garbage meanwhile. Memory comes from
 * the kernel: eight bytes for each reference.
 */
#ifndef WEIGH_CPYTHON_OBJECTS_GROUPS_H
#define WEIGH_CPYTHON_OBJECTS_GROUPS_H

#include "cpython/objects/held.h"
#include "cpython/objects/names.h"

enum { WEIGH_GROUP_RECENT = 16 };

struct weigh_group {
	struct weigh_group *next; /* in the order in which they were met */
	PyTypeObject *type;       /* borrowed */
	char name[WEIGH_EDGE_TEXT];
	uint64_t edges;
	struct weigh_pile members; /* packed by weigh_cut_pack; an object may occur again */
	uintptr_t recent[WEIGH_GROUP_RECENT]; /* members not on the pile yet, by address */
};

struct weigh_groups {
	struct weigh_group *first;
	size_t count;
};

/*
 * Groups what the members (packed words) refer to, leaving out what a sizer of
 * this `follow` would not count. At most `limit` groups, and some more only
 * when even the general names are more. False without memory; deinit is due in
 * any case.
 */
bool weigh_groups_make(struct weigh_groups *groups, const struct weigh_pile *members, unsigned follow,
		       size_t limit);

/* Gives all memory back; also right on zeros. */
void weigh_groups_deinit(struct weigh_groups *groups);

#endif
