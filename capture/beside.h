/*
 * Snapshots that lie in files of their own beside a capture, until they are
 * put into it as its parts: FILE.heap-end, and FILE.heap-end.tmp while it is
 * written.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_CAPTURE_BESIDE_H
#define WEIGH_CAPTURE_BESIDE_H

#include "weigh/format.h"

#include <stdbool.h>
#include <stdint.h>

/* How far the writing of a snapshot has got; zeros: not known. */
struct weigh_beside_progress {
	uint64_t done;     /* objects */
	uint64_t expected;
};

/* Whether somebody is writing the snapshot now. */
bool weigh_beside_written(const char *path, enum weigh_part_id id, struct weigh_beside_progress *progress);

/*
 * The finished snapshot of process `pid`, open for reading, the caller's, with
 * its size and live bytes in `part`; -1 when there is none.
 */
int weigh_beside_open(const char *path, enum weigh_part_id id, uint32_t pid, struct weigh_part *part);

/* Removes the finished snapshot, and one that was given up. */
void weigh_beside_remove(const char *path, enum weigh_part_id id);

/* Removes what a writer left half-written. */
void weigh_beside_sweep(const char *path, enum weigh_part_id id);

/* Whether the finished one is there. */
bool weigh_beside_exists(const char *path, enum weigh_part_id id);

#endif
