/*
 * What is not inline of the short way of small blocks in exact recordings. See
 * exact.h for threads; takes nothing from the arena itself.
 */
#include "recorder/exact.h"

static void count_born(uint32_t site, size_t bytes, uint64_t footprint)
{
	if (weigh_recorder.fileless) {
		weigh_site_hold(site);
		return;
	}
	weigh_site_born_certain(site, bytes, footprint);
	struct weigh_size_bucket *bucket = &weigh_recorder.sizes[weigh_size_bucket_index(bytes)];
	bucket->blocks += 1;
	bucket->bytes += (double)(int64_t)bytes;
}

void weigh_exact_count_born(struct weigh_thread *thread, uint32_t site, size_t bytes)
{
	uint64_t footprint = weigh_pool_rounded(bytes);
	if (weigh_unlikely(thread->profile))
		weigh_profile_charge_allocated(thread->profile, footprint);
	if (!weigh_recorder.fileless)
		weigh_event_count_small(footprint);
	count_born(site, bytes, footprint);
}

static void count_ended(const struct weigh_thread *thread, uintptr_t address, struct weigh_certain entry)
{
	uint32_t site = weigh_certain_site(entry);
	uint64_t footprint = weigh_pool_footprint(address);
	if (weigh_unlikely(thread->profile))
		weigh_profile_charge_freed(thread->profile, footprint);
	if (weigh_recorder.fileless) {
		weigh_site_release(site);
		return;
	}
	weigh_event_check_peak();
	weigh_event_count_small_freed(footprint);
	weigh_site_ended_certain(site, weigh_certain_bytes(entry), footprint,
				 weigh_event_is_brief(thread, site, weigh_certain_birth(entry)));
}

bool weigh_exact_end(const struct weigh_thread *thread, uintptr_t address)
{
	struct weigh_granule *granule = weigh_granule_at(address);
	struct weigh_certain entry;
	if (weigh_unlikely(!granule) || weigh_unlikely(!weigh_certain_take(granule, address, &entry, false)))
		return false;
	weigh_state_clear(granule, address, false);
	if (entry.head >> WEIGH_CERTAIN_TRACED & 1)
		weigh_trace_ended(WEIGH_DOMAIN_OBJECT, weigh_certain_bytes(entry));
	count_ended(thread, address, entry);
	return true;
}

bool weigh_exact_record(struct weigh_thread *thread, uintptr_t block, size_t bytes, uint64_t footprint,
			enum weigh_domain domain)
{
	uint32_t site;
	if (!weigh_exact_put(thread, block, bytes, domain, &site))
		return false;
	count_born(site, bytes, footprint);
	return true;
}
