/*
 * The hooks on CPython's three allocation domains and on its arenas.
 */
#ifndef WEIGH_CPYTHON_DOMAINS_H
#define WEIGH_CPYTHON_DOMAINS_H

#include <stdbool.h>

/*
 * Finds out which allocator is below and puts the hooks in front of it. Once;
 * they stay for ever and only forward while nothing is recorded, because
 * another tool may have put its own in front of them meanwhile. With the GIL.
 */
void weigh_domains_install(void);

/*
 * Puts the hooks back where they are gone: a tool that began before us and ends
 * now restores what it found. With the GIL, outside events.
 */
void weigh_domains_restore(void);

/*
 * Tells the recorder, right after the start, what the small-object allocator
 * holds, when that can be known. With the GIL.
 */
void weigh_domains_survey(void);

/* Whether block sizes cannot be read back, so that every block must be recorded. */
bool weigh_domains_opaque(void);

#endif
