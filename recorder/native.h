/*
 * Native blocks: those of malloc, and those of allocators that cannot say what
 * a block occupies. Any thread, inside an event, without the GIL.
 */
#ifndef WEIGH_RECORDER_NATIVE_H
#define WEIGH_RECORDER_NATIVE_H

#include "recorder/events.h"

#include <stdbool.h>
#include <stdint.h>

/* malloc's chunk: what the program may use and the header before it. */
uint64_t weigh_native_footprint(uintptr_t address);

/* What malloc would keep for a request: for blocks of allocators that cannot be asked. */
uint64_t weigh_opaque_footprint(uint64_t bytes);

/* Counts native bytes that came (1), went (-1), came back (1, not as an allocation) or never were. */
void weigh_native_count(int64_t live, int64_t blocks, int64_t allocated, int64_t blocks_allocated);

/* Marks a block that is counted but not sampled; false when its end would not be noticed. */
bool weigh_native_mark(uintptr_t address);

/* Counts a block out of the live ones. */
void weigh_native_count_out(uintptr_t address, uint64_t footprint, enum weigh_removal why);

/* Counts back a block that was counted out for a reallocation that failed. */
void weigh_native_count_back(uintptr_t address, uint64_t footprint);

#endif
