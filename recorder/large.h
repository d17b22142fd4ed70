/*
 * Large blocks and reservations of address space, kept in the capture so that
 * whoever watches from outside can ask the kernel how much of each was ever
 * touched. A capture's footprint counts all of a block; its resident memory
 * has only the pages that were written.
 *
 * Any thread, inside an event, without locks: entries are claimed by their
 * address. One that finds no place near its home is left out.
 */
#ifndef WEIGH_RECORDER_LARGE_H
#define WEIGH_RECORDER_LARGE_H

#include "weigh/format.h"

#include <stdint.h>

enum { WEIGH_LARGE_BYTES = 1 << 20 };

void weigh_large_enter(uintptr_t address, uint64_t bytes, enum weigh_large_kind kind);
void weigh_large_erase(uintptr_t address);

/* Notes a block or reservation of at least WEIGH_LARGE_BYTES; smaller ones are ignored. */
static inline void weigh_large_note(uintptr_t address, uint64_t bytes, enum weigh_large_kind kind)
{
	if (__builtin_expect(bytes >= WEIGH_LARGE_BYTES, 0))
		weigh_large_enter(address, bytes, kind);
}

/* Forgets the one that begins at this address, if it is noted. */
static inline void weigh_large_forget(uintptr_t address, uint64_t bytes)
{
	if (__builtin_expect(bytes >= WEIGH_LARGE_BYTES, 0))
		weigh_large_erase(address);
}

#endif
