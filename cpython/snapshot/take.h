/*
 * Writing the object graph of this process, as it is at one instant, into a
 * file.
 *
 * weigh_take_prepare() is called with the GIL in the program, and takes well
 * under a millisecond. weigh_take_write() is called where nothing changes any
 * more: in a forked child that has only the forking thread, or in the program
 * itself, without giving up the GIL. It runs no Python code, makes no object,
 * changes no reference count and takes memory from the kernel alone; malloc
 * only with `may_allocate`. It reads every object, so in a child the kernel
 * copies no page.
 */
#ifndef WEIGH_CPYTHON_SNAPSHOT_TAKE_H
#define WEIGH_CPYTHON_SNAPSHOT_TAKE_H

#include "snapshot/writer.h"

#include <stdbool.h>
#include <stdint.h>

/* How the recorder saw a block being allocated. */
struct weigh_take_seen {
	uint32_t site;      /* its number in SITES */
	uint8_t period_log; /* log2 of the sampling period; 0: taken for certain */
	uint64_t bytes;     /* requested */
};

/* The recorder, as far as a snapshot asks it. */
struct weigh_take_sites {
	/*
	 * Whether the block that begins at an address has been seen. The
	 * numbers of sites are those of the snapshot: from 0, in the order in
	 * which they are first told.
	 */
	bool (*find)(uintptr_t block, struct weigh_take_seen *seen, void *arg);

	/* Fills CODES, NODES and SITES with all that were told, when no more will be. */
	void (*write)(struct weigh_writer *writer, void *arg);
	void *arg;
};

struct weigh_take {
	/*
	 * The caller sets: when, mode, taken_unix_ns, taken_ns, recording_ns,
	 * live, rss, anonymous, pause_ns. All other fields are filled in here.
	 * With the mode SAMPLED what `find` says of periods and bytes is written.
	 */
	struct weigh_snapshot_header known;
	const struct weigh_take_sites *sites; /* NULL: nothing was recorded */
	int fd;            /* written from its beginning; shows state and progress meanwhile */
	bool may_allocate; /* malloc works: objects may be asked that answer by way of it */
	struct weigh_scan *scan; /* private: zero before prepare */
};

/* False without memory. Release is due in any case. */
bool weigh_take_prepare(struct weigh_take *take);

/* 0, or an errno: ENOMEM, or what writing met. Once for each prepare. */
int weigh_take_write(struct weigh_take *take);

/* Gives all memory back; a child that ends may do without. */
void weigh_take_release(struct weigh_take *take);

#endif
