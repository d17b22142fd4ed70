/*
 * Code objects by address, and their text in the capture.
 *
 * An address names a code object only while it lives: the block map watches it
 * and weigh_codes_forget ends the name. What was stored stays; a code object
 * made anew from the same text finds it again. Called under the intern lock,
 * weigh_codes_forget excepted.
 */
#ifndef WEIGH_RECORDER_CODES_H
#define WEIGH_RECORDER_CODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weigh/format.h"

/* Room for `codes` entries; false when there is no memory. */
bool weigh_codes_init(uint32_t codes);

/*
 * The index in the capture of the code object at an address; 0 when it is not
 * kept. The last of the room is for stacks of large blocks.
 */
uint32_t weigh_codes_intern(const void *code, bool large);

/* The code object at an address is going. Takes the intern lock. */
void weigh_codes_forget(const void *code);

/* Changes whenever an address stops naming its code object: a seed for hashes of addresses. */
uint64_t weigh_codes_epoch(void);

/* Stores text, each run once; an empty run when there is no room. */
struct weigh_text weigh_text_intern(const char *text, size_t bytes);

void weigh_codes_deinit(void);

#endif
