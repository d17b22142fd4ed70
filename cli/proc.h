/*
 * The memory of another process as the kernel reports it under /proc.
 */
#ifndef WEIGH_CLI_PROC_H
#define WEIGH_CLI_PROC_H

#include "weigh/format.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* All in bytes. */
struct weigh_proc_memory {
	uint64_t resident; /* 0: not read, the process has no memory any more */
	uint64_t shared;   /* the part that is file pages or shared memory */
	uint64_t shmem;    /* the part of `shared` that no file is behind, as of the last close look */
	uint64_t untouched; /* bytes of large blocks that are not resident, as of the last weigh_proc_touch */
	uint64_t reserved; /* bytes of reservations that are resident, likewise */
	uint64_t highest; /* highest `resident` ever, as of the last close look; 0: unknown */
};

/* Files of one process, kept open: they follow it through exec. */
struct weigh_proc {
	int statm;
	int status;
	int pagemap;
	uint64_t page_size;
	struct weigh_proc_memory memory;
};

/* Opens the files of `pid`; what cannot be opened reads as 0. Never fails. */
void weigh_proc_init(struct weigh_proc *p, pid_t pid);
void weigh_proc_deinit(struct weigh_proc *p);

/*
 * Reads `p->memory` anew. Costs about 1 us; with `closely`, which also brings
 * `shmem` and `highest` up to date, about 15 us.
 */
void weigh_proc_read(struct weigh_proc *p, bool closely);

/*
 * Asks the kernel which pages of large blocks and reservations are resident.
 * Reads 8 bytes for each of their pages: about 1 ms for a GiB.
 */
void weigh_proc_touch(struct weigh_proc *p, const struct weigh_large *entries, uint32_t count);

/* Signals pending for a process as a whole, bit 0 for signal 1; 0 when it is gone. */
uint64_t weigh_proc_pending(pid_t pid);

/*
 * True when process `pid` is `ancestor` or descends from it, as far as /proc
 * still shows.
 */
bool weigh_proc_descends(pid_t pid, pid_t ancestor);

#endif
