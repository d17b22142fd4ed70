/*
 * Sites: what one thread allocates under one stack in one domain, and the
 * tallies of it. They lie in the capture itself and are updated in place.
 *
 * Threads: sites of the mem and object domains change under the GIL only;
 * those of the other domains under one of a few hashed locks. A site's number
 * holds until the table is pruned, which `generation` tells.
 */
#ifndef WEIGH_RECORDER_SITES_H
#define WEIGH_RECORDER_SITES_H

#include "recorder/codes.h"
#include "recorder/thread.h"
#include "weigh/format.h"

#include <stdbool.h>
#include <stdint.h>

/* What one block adds to a tally. A certain one, as all are in exact mode, has no doubt and counts as it is. */
struct weigh_weight {
	double bytes;
	double footprint;
	double blocks;
	double doubt; /* 1 less the probability: the variance of a sum grows by doubt times its square */
};

/* Room for an index over `sites` sites; false when there is no memory. */
bool weigh_sites_init(uint32_t sites);

/* Makes sites 0 to 5, one for each domain, that take what finds no room later. */
void weigh_sites_begin(void);

void weigh_sites_deinit(void);

/*
 * The site for an allocation now on this thread. Usually one hash of the stack
 * and one look at the thread's memo; a stack never seen before is stored.
 * Without room for it the site is that of its innermost line, and without room
 * for that one of the first. `large`: of WEIGH_SITE_LARGE bytes or more, for
 * which the last of the room is kept. False when it could not be had; the loss
 * is counted by the caller.
 */
bool weigh_site_here(struct weigh_thread *thread, enum weigh_domain domain, bool large, uint32_t *site);

/* Blocks of so many bytes are few, and what people look for. */
enum { WEIGH_SITE_LARGE = 64 << 10 };

/* The weight of a block that was sampled with this probability. */
static inline struct weigh_weight weigh_weight_of(uint64_t bytes, uint64_t footprint, double probability)
{
	struct weigh_weight weight = {
		/* Signed: one instruction instead of five, and no block has 2^63 bytes. */
		.bytes = (double)(int64_t)bytes,
		.footprint = (double)(int64_t)footprint,
		.blocks = 1,
	};
	if (probability < 1) {
		weight.bytes /= probability;
		weight.footprint /= probability;
		weight.blocks /= probability;
		weight.doubt = 1 - probability;
	}
	return weight;
}

/* Rises whenever the numbers of sites may come to mean others. */
extern uint32_t weigh_sites_generation;

/*
 * What the site for an allocation now on this thread is remembered by. Both
 * counters only rise, so that their sum never comes back once an address names
 * other code, or a number another site. Large blocks have memos of their own:
 * they find room where others on their stack found none.
 */
static inline uint64_t weigh_site_key(struct weigh_thread *thread, enum weigh_domain domain, bool large,
				      uint32_t generation)
{
	uint64_t seed = (weigh_codes_epoch() + generation) << 4 | (uint64_t)large << 3 | domain;
	return weigh_recorder.walker->hash(thread->walk, weigh_domain_under_gil(domain), seed) | 1;
}

/* The memos of a key share a cache line; the newest stands first. */
static inline struct weigh_site_memo *weigh_site_memos(struct weigh_thread *thread, uint64_t key)
{
	enum { SETS = WEIGH_THREAD_MEMOS / WEIGH_MEMO_WAYS };
	return &thread->memos[(key >> (64 - __builtin_ctz(SETS))) * WEIGH_MEMO_WAYS];
}

enum { WEIGH_SITE_UNKNOWN = 0xffffffff };

/* The site that one of these memos names. */
static inline uint32_t weigh_site_remembered(const struct weigh_site_memo *memos, uint64_t key)
{
	for (unsigned way = 0; way < WEIGH_MEMO_WAYS; way++)
		if (memos[way].key == key)
			return memos[way].site;
	return WEIGH_SITE_UNKNOWN;
}

/* The site for a small allocation now on this thread, in a domain under the GIL, if the thread remembers it. */
static inline uint32_t weigh_site_recall(struct weigh_thread *thread, enum weigh_domain domain)
{
	uint32_t now = __atomic_load_n(&weigh_sites_generation, __ATOMIC_ACQUIRE);
	uint64_t key = weigh_site_key(thread, domain, false, now);
	return weigh_site_remembered(weigh_site_memos(thread, key), key);
}

/* BORN for a certain block, at a site that changes under the GIL only. */
void weigh_site_born_certain(uint32_t site, uint64_t bytes, uint64_t footprint);

/* FREED or BRIEF of such a block. */
void weigh_site_ended_certain(uint32_t site, uint64_t bytes, uint64_t footprint, bool brief);

/*
 * The same in a recording without a file, whose sums nobody reads: that a live
 * block stands on the site is all that is noted, which keeps it from pruning.
 */
static inline void weigh_site_hold(uint32_t site)
{
	weigh_recorder.sites[site].live.samples++;
}

static inline void weigh_site_release(uint32_t site)
{
	weigh_recorder.sites[site].live.samples--;
}

enum weigh_site_change {
	WEIGH_SITE_BORN, /* allocated: live and total grow */
	WEIGH_SITE_FREED, /* live shrinks */
	WEIGH_SITE_BRIEF, /* freed, and it was temporary */
	WEIGH_SITE_MOVED, /* taken out by a realloc; live shrinks */
	WEIGH_SITE_BACK, /* put back: a realloc failed; live grows */
	WEIGH_SITE_RETRACT, /* it was never an allocation of its own: live and total shrink */
};

/*
 * Finds the site for an allocation now on this thread and applies BORN to it.
 * False when it could not be had; nothing is changed then.
 */
bool weigh_site_born(struct weigh_thread *thread, enum weigh_domain domain, const struct weigh_weight *weight,
		     uint32_t *site);

/* Applies a change; false when the site could not be had. */
bool weigh_site_apply(uint32_t site, const struct weigh_weight *weight, enum weigh_site_change change);

#endif
