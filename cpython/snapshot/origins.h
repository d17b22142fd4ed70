/*
 * Which line made an object, as a snapshot says it: the recorder's sites, those
 * of them that objects have, with their stacks.
 *
 * Prepared in the program, used in the forked child that walks its objects.
 * Memory comes from the kernel.
 */
#ifndef WEIGH_CPYTHON_SNAPSHOT_ORIGINS_H
#define WEIGH_CPYTHON_SNAPSHOT_ORIGINS_H

#include "cpython/snapshot/take.h"
#include "recorder/owner.h"

struct weigh_origins {
	struct weigh_owner_tables tables;
	uint32_t *pages; /* what the arrays below lie in; owned */
	size_t bytes;
	uint32_t *site_number; /* by site of the recorder: its number here plus 1; 0: not told yet */
	uint32_t *site_told;   /* by number here */
	uint32_t told;
	uint32_t *node_number; /* by node of the recorder: its number here; 0: none, but for the root */
	uint32_t *code_number; /* likewise */
	uint32_t *climb;       /* nodes on the way to one that has a number */
};

/* With the GIL. False without memory; deinit is due in any case. */
bool weigh_origins_init(struct weigh_origins *origins);
void weigh_origins_deinit(struct weigh_origins *origins);

/* The two functions of struct weigh_take_sites, `arg` being the origins. */
bool weigh_origins_find(uintptr_t block, struct weigh_take_seen *seen, void *arg);
void weigh_origins_write(struct weigh_writer *writer, void *arg);

#endif
