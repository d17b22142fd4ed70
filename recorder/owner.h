/*
 * What a snapshot asks of the recorder: which site allocated a block, and the
 * tables that tell what a site is, copied so that they stand still.
 *
 * Lookups run in a forked child, or in the program with the GIL held; they
 * take nothing out and wait for no lock.
 */
#ifndef WEIGH_RECORDER_OWNER_H
#define WEIGH_RECORDER_OWNER_H

#include "weigh/format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weigh_owner {
	uint32_t site;
	unsigned period_log; /* log2 of the sampling period; 0: taken for certain */
	uint64_t bytes;      /* requested */
	bool traced;         /* see traces.h */
};

/* The record of the block at an address; false when it has none, or another thread is changing it. */
bool weigh_owner_find(uintptr_t block, struct weigh_owner *owner);

struct weigh_owner_site {
	uint32_t node;
	uint16_t thread;
	uint16_t domain;
};

/*
 * Copies of what is in use of the capture's tables: the program goes on
 * writing into those that its child shares. All zeros: no recording runs.
 */
struct weigh_owner_tables {
	void *pages; /* owned; all the others point into it */
	size_t bytes;
	const struct weigh_owner_site *sites;
	const struct weigh_node *nodes;
	const struct weigh_code *codes;
	const struct weigh_thread_entry *threads;
	const char *strings;
	uint32_t site_count, node_count, code_count, thread_count, string_bytes;
};

/*
 * Under the GIL, before the fork; about 1 ms for each MiB in use. False
 * without memory; `tables` is then all zeros.
 */
bool weigh_owner_tables_init(struct weigh_owner_tables *tables);
void weigh_owner_tables_deinit(struct weigh_owner_tables *tables);

#endif
