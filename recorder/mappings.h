/*
 * Anonymous mappings that native code makes: a short sorted table, each range
 * a block that is always recorded. Calls come inside an event, on any thread,
 * around a system call that costs more than all of this.
 *
 * Mappings of files are not blocks: their memory is the page cache's. Nor are
 * reservations of address space (without access, or MAP_NORESERVE as
 * allocators inside extensions ask for by the gigabyte): it is nobody's yet.
 */
#ifndef WEIGH_RECORDER_MAPPINGS_H
#define WEIGH_RECORDER_MAPPINGS_H

#include "recorder/thread.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool weigh_mappings_init(void);
void weigh_mappings_deinit(void);

/* Whether a mapping with these arguments is a block. */
bool weigh_mapping_counts(int protection, int flags);

/* A range was mapped; whatever was recorded under it is replaced. */
void weigh_mapping_add(struct weigh_thread *thread, uintptr_t start, size_t bytes);

/* A range was or is about to be unmapped: mappings under it end, shrink or split. */
void weigh_mapping_cut(uintptr_t start, size_t bytes);

/* Calls back with the site and the requested bytes of each traced mapping; with `forget` it is traced no more. */
void weigh_mappings_traced(bool forget, void (*see)(uint32_t site, uint64_t bytes, void *arg), void *arg);

/* Whether a recorded mapping begins at this address. */
bool weigh_mapping_known(uintptr_t start);

#endif
