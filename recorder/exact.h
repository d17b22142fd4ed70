/*
 * Small blocks of an exact recording, which is most of what happens in one:
 * each has an entry, and all that its birth and its end change is changed here,
 * in some hundred instructions beside the look at the stack, of which a
 * recording without a file spares half. What is out of the usual goes by way
 * of events.h.
 *
 * Inside events, under the GIL. Nothing here allocates but through blocks.h.
 */
#ifndef WEIGH_RECORDER_EXACT_H
#define WEIGH_RECORDER_EXACT_H

#include "recorder/events.h"
#include "recorder/sampler.h"
#include "recorder/sites.h"
#include "recorder/traces.h"

/* What a birth changes beside the entry, in a recording with a file or while a profiled function runs. */
void weigh_exact_count_born(struct weigh_thread *thread, uint32_t site, size_t bytes);

/* Stores the entry of the thread's latest block. False, with nothing done, when that is not usual. */
static inline __attribute__((always_inline)) bool weigh_exact_put(struct weigh_thread *thread,
								  uintptr_t address, size_t bytes,
								  enum weigh_domain domain, uint32_t *site)
{
	if (weigh_unlikely(!weigh_sampler_idle(thread) || thread->name_at))
		return false;
	*site = weigh_site_recall(thread, domain);
	struct weigh_granule *granule = weigh_granule_at(address);
	if (weigh_unlikely(!granule) || weigh_unlikely(*site == WEIGH_SITE_UNKNOWN))
		return false;
	uint64_t traced = weigh_trace_is_due(thread, domain);
	struct weigh_certain entry = {
		.head = weigh_certain_head(address) | traced << WEIGH_CERTAIN_TRACED |
			thread->allocations << WEIGH_CERTAIN_BIRTH,
		.site_and_size = (uint64_t)*site | (uint64_t)bytes << WEIGH_CERTAIN_SIZE,
	};
	if (weigh_unlikely(!weigh_certain_put(granule, address, entry)))
		return false;
	weigh_state_set(granule, address, WEIGH_BLOCK_SAMPLED, false);
	if (traced)
		weigh_trace_born(WEIGH_DOMAIN_OBJECT, bytes);
	return true;
}

/* Whether an entry and its site are all there is to an event. */
static inline bool weigh_exact_is_all(const struct weigh_thread *thread)
{
	return weigh_likely(weigh_recorder.fileless) && weigh_likely(!thread->profile);
}

/*
 * Records a fresh block whose stack was seen before and whose page has room
 * for it. False, with nothing done, when it is not such a one.
 */
static inline __attribute__((always_inline)) bool weigh_exact_born(struct weigh_thread *thread,
								   uintptr_t address, size_t bytes,
								   enum weigh_domain domain)
{
	uint32_t site;
	thread->allocations++;
	if (weigh_unlikely(!weigh_exact_put(thread, address, bytes, domain, &site))) {
		thread->allocations--;
		return false;
	}
	if (weigh_exact_is_all(thread))
		weigh_site_hold(site);
	else
		weigh_exact_count_born(thread, site, bytes);
	return true;
}

/*
 * Records the end of such a block where an entry and its site are all there is
 * to it; false, with nothing done, when there is more. It calls nothing, so
 * that a hook that ends with it has nothing to save.
 */
static inline __attribute__((always_inline)) bool weigh_exact_end_plain(const struct weigh_thread *thread,
									uintptr_t address)
{
	struct weigh_granule *granule = weigh_granule_at(address);
	struct weigh_certain entry;
	if (weigh_unlikely(!granule) || !weigh_exact_is_all(thread) || weigh_unlikely(granule->pools) ||
	    weigh_unlikely(!weigh_trace_raise_alone()) ||
	    weigh_unlikely(!weigh_certain_take(granule, address, &entry, true)))
		return false;
	weigh_state_erase(granule, address);
	if (weigh_likely(entry.head >> WEIGH_CERTAIN_TRACED & 1))
		weigh_trace_born(WEIGH_DOMAIN_OBJECT, -weigh_certain_bytes(entry));
	weigh_site_release(weigh_certain_site(entry));
	return true;
}

/* Records the end of any such block; false, with nothing done, when it is none. */
bool weigh_exact_end(const struct weigh_thread *thread, uintptr_t address);

/* As weigh_exact_born, for a block that the thread and the recording's counters have already. */
bool weigh_exact_record(struct weigh_thread *thread, uintptr_t block, size_t bytes, uint64_t footprint,
			enum weigh_domain domain);

#endif
