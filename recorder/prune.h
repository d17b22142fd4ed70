/*
 * Making room in a full table of sites. Sites without live blocks hand their
 * sums to the site of their innermost line alone, so that every line keeps its
 * numbers and only the callers of what is gone are forgotten; the capture
 * counts how many. Under the intern lock.
 */
#ifndef WEIGH_RECORDER_PRUNE_H
#define WEIGH_RECORDER_PRUNE_H

#include "weigh/format.h"

#include <stdbool.h>
#include <stdint.h>

void weigh_prune_init(void);

/*
 * Frees sites: those that had no part in the peak first, then those that are
 * gone now; and the nodes that they alone stood on. It goes on where it left
 * off and ends when an eighth of both tables is free beside what is kept for
 * large blocks and lines, so that what it costs is in proportion to what it
 * frees. `gil`: the caller holds the GIL, so sites of the interpreter's domains
 * may change too. False when nothing could be freed. Where most sites have live
 * blocks it widens the sampler's period, so that fewer come; after a call that
 * freed little the next ones do not even try, so that a full table does not
 * cost milliseconds for each new stack.
 */
bool weigh_prune(bool gil);

/* Whose site is made: each leaves free what is kept for those below. */
enum weigh_claim {
	WEIGH_CLAIM_USUAL,
	WEIGH_CLAIM_LINE, /* a line alone, of blocks that found no room with its callers */
	WEIGH_CLAIM_LARGE, /* a stack of large blocks, and a line that pruning makes room for */
};

/* A free site number; false when there is none that the claim may have. */
bool weigh_prune_take(enum weigh_claim claim, uint32_t *site);

/* Made for pruning by sites.c: finds or makes a site; false: no room. */
bool weigh_site_intern(uint32_t node, uint16_t thread, enum weigh_domain domain, enum weigh_claim claim,
		       uint32_t *site);

/* Made for pruning by sites.c: makes void what threads remember of sites. */
void weigh_sites_renew(void);

/* Made for pruning by sites.c: frees the entry of a site. */
void weigh_site_forget(uint32_t site);

/* Takes the lock of a site whose domain is not the interpreter's; false: busy. */
bool weigh_site_lock(uint32_t site);
void weigh_site_unlock(uint32_t site);

/* The same beside a lock held already; false also when they share one. */
bool weigh_site_lock_second(uint32_t held, uint32_t site);

/* Brings what was live at the peak up to date, before a site changes. */
void weigh_site_settle(struct weigh_site *site);

#endif
