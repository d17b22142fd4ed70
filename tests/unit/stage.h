/*
 * A stage for tests of the recorder: a capture in memory, an interpreter that
 * is nothing but a list of frames, pools like those of CPython's small-object
 * allocator, and the calls a hook makes, in the order a hook makes them.
 *
 * One stage at a time. Functions of a thread's own (stack, blocks) may be
 * called on any thread while the stage is up.
 */
#ifndef WEIGH_TESTS_STAGE_H
#define WEIGH_TESTS_STAGE_H

#include "base/error.h"
#include "recorder/events.h"
#include "weigh/format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	STAGE_CODES = 256,
	STAGE_SMALL_MAX = 512, /* larger blocks are malloc's, as in CPython */
	STAGE_POOLS = 512,
};

/*
 * The capture, mapped by the test beside the recorder's own mapping: the same
 * bytes, during the recording and after. From stage_begin to stage_end.
 */
extern struct weigh_header *stage_capture;

/* Starts a recording into a fresh capture; the file has the size of the mode. */
struct weigh_error *stage_try_begin(bool exact, uint64_t file_size);
void stage_begin(bool exact); /* fails the test when it cannot */

/* Stops the recording; the capture stays readable. */
void stage_stop(void);

/* Stops the recording and drops the capture. */
void stage_end(void);

/* A test's setup and teardown: a recording of every block, and its end. */
int stage_set_up_exact(void **state);
int stage_tear_down(void **state);

/* A code object: its address, and what the interpreter says of it (changeable). */
const void *stage_code(unsigned number);
void stage_code_set(unsigned number, const char *file, const char *function, uint32_t first_line);

/* The calling thread's frames from now on: codes, outermost first; each at `instruction`. */
void stage_stack(int32_t instruction, unsigned depth, ...);

/* The same from an array of code numbers. */
void stage_stack_list(int32_t instruction, unsigned depth, const unsigned *codes);

/* A block from malloc, recorded with its size for a domain. */
void *stage_malloc(size_t bytes, enum weigh_domain domain);

/* A realloc as a hook does it: `fails` makes malloc refuse. The new block, or NULL. */
void *stage_realloc(void *block, size_t bytes, enum weigh_domain domain, bool fails);

/* Records the end, then frees a block of stage_malloc. */
void stage_free(void *block);

/* The same with small blocks of our pools, at most STAGE_SMALL_MAX bytes. */
void *stage_small(size_t bytes, enum weigh_domain domain);
void stage_small_free(void *block);

/* Footprint of a block of malloc, by malloc's own word. */
uint64_t stage_footprint(const void *block);

/* Entries of a section of the capture. */
void *stage_entries(enum weigh_section_id id);
uint32_t stage_used(enum weigh_section_id id);

/* The site in use of (innermost code number, domain), whatever its callers; NULL: none, fails when several. */
const struct weigh_site *stage_site(unsigned code, enum weigh_domain domain);

/* Composition of a site at the peak, by the rule of the format. */
const struct weigh_tally *stage_at_peak(const struct weigh_site *site);

uint64_t stage_lost_blocks(void);

#endif
