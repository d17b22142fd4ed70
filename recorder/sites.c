/*
 * Sites and their tallies, on the recording path of any thread. Making a site
 * takes the intern lock; everything else is a hash, a look-up and sums.
 */
#include "recorder/sites.h"

#include "base/hash.h"
#include "base/pages.h"
#include "recorder/prune.h"

#include <string.h>

enum { LOCKS = 64 };

static uint32_t *sites_index; /* site number + 1 by key; 0 is free */
static uint32_t mask;
uint32_t weigh_sites_generation = 1;
static struct weigh_spin locks[LOCKS];

static size_t index_bytes(void)
{
	return ((size_t)mask + 1) * sizeof(*sites_index);
}

bool weigh_sites_init(uint32_t sites)
{
	uint32_t cells = 64;
	while (cells < sites * 2)
		cells *= 2;
	mask = cells - 1;
	weigh_sites_generation++;
	sites_index = weigh_pages_take(index_bytes());
	return sites_index != NULL;
}

void weigh_sites_begin(void)
{
	uint32_t site;
	for (unsigned domain = 0; domain < WEIGH_DOMAIN_COUNT; domain++)
		weigh_site_intern(0, 0, (enum weigh_domain)domain, WEIGH_CLAIM_LARGE, &site);
}

void weigh_sites_deinit(void)
{
	weigh_pages_give(sites_index, sites_index ? index_bytes() : 0);
	sites_index = NULL;
}

static uint64_t key_of(uint32_t node, uint16_t thread, enum weigh_domain domain)
{
	return weigh_hash_step((uint64_t)node << 24 | (uint64_t)thread << 8 | domain, WEIGH_HASH_ODD) | 1;
}

static uint32_t *cell_of(uint64_t key)
{
	uint32_t i = (uint32_t)(key >> 24) & mask;
	while (sites_index[i] && weigh_recorder.sites[sites_index[i] - 1].key != key)
		i = (i + 1) & mask;
	return &sites_index[i];
}

void weigh_sites_renew(void)
{
	__atomic_fetch_add(&weigh_sites_generation, 1, __ATOMIC_SEQ_CST);
}

static uint32_t home_of(uint32_t cell)
{
	return (uint32_t)(weigh_recorder.sites[cell - 1].key >> 24) & mask;
}

void weigh_site_forget(uint32_t site)
{
	struct weigh_site *entry = &weigh_recorder.sites[site];
	uint32_t hole = (uint32_t)(cell_of(entry->key) - sites_index);
	for (uint32_t i = (hole + 1) & mask; sites_index[i]; i = (i + 1) & mask) {
		if (((i - home_of(sites_index[i])) & mask) < ((i - hole) & mask))
			continue;
		sites_index[hole] = sites_index[i];
		hole = i;
	}
	sites_index[hole] = 0;
	entry->flags = 0;
	entry->key = 0;
}

bool weigh_site_intern(uint32_t node, uint16_t thread, enum weigh_domain domain, enum weigh_claim claim,
		       uint32_t *site)
{
	uint64_t key = key_of(node, thread, domain);
	uint32_t *cell = cell_of(key);
	if (*cell) {
		*site = *cell - 1;
		return true;
	}
	if (!weigh_prune_take(claim, site))
		return false;
	struct weigh_site *entry = &weigh_recorder.sites[*site];
	memset(entry, 0, sizeof(*entry));
	entry->key = key;
	entry->node = node;
	entry->thread = thread;
	entry->domain = (uint8_t)domain;
	entry->peak_epoch = weigh_recorder.header->peak.epoch;
	entry->flags = WEIGH_SITE_USED;
	weigh_stacks_hold(node);
	*cell = *site + 1;
	return true;
}

/* What a stack that the thread has not met lately is looked up with. */
struct lookup {
	struct weigh_thread *thread;
	uint32_t frames; /* of thread->frames */
	enum weigh_domain domain;
	bool large;
	bool whole;    /* found: the node has all callers */
	uint32_t node; /* found; without a site nothing holds it yet */
};

static bool intern(struct lookup *wanted, uint32_t *site)
{
	struct weigh_thread *thread = wanted->thread;
	enum weigh_claim claim = wanted->large ? WEIGH_CLAIM_LARGE : WEIGH_CLAIM_USUAL;
	wanted->node = weigh_stacks_intern(&thread->stack, thread->frames, wanted->frames, wanted->large,
					   &wanted->whole);
	if (!wanted->whole && !wanted->large)
		claim = WEIGH_CLAIM_LINE;
	return weigh_site_intern(wanted->node, thread->index, wanted->domain, claim, site);
}

/* Frees a node that was made for nothing. */
static void drop(uint32_t node)
{
	weigh_stacks_hold(node);
	weigh_stacks_release(node);
}

/* The site of the innermost line alone, or the one for all that has no room. */
static uint32_t site_of_line(const struct lookup *wanted)
{
	uint32_t site, line = weigh_stacks_shorten(wanted->node);
	bool found = line &&
		     weigh_site_intern(line, wanted->thread->index, wanted->domain, WEIGH_CLAIM_LINE, &site);
	drop(line);
	if (line != wanted->node)
		drop(wanted->node);
	return found ? site : wanted->domain;
}

static __attribute__((noinline)) bool find_or_make(struct weigh_thread *thread, enum weigh_domain domain,
						   bool large, uint32_t *site)
{
	bool gil = weigh_domain_under_gil(domain);
	struct weigh_section *sections = weigh_recorder.header->sections;
	struct lookup wanted = {.thread = thread, .domain = domain, .large = large};
	wanted.frames = weigh_recorder.walker->list(gil, thread->frames, WEIGH_STACK_DEPTH);
	if (!weigh_spin_take(&weigh_recorder.intern))
		return false;
	bool found = intern(&wanted, site);
	if ((!found || !wanted.whole) && weigh_prune(gil))
		found = intern(&wanted, site);
	if (!found) {
		*site = site_of_line(&wanted);
		sections[WEIGH_SECTION_SITES].refused++;
	}
	if (!wanted.whole)
		sections[WEIGH_SECTION_NODES].refused++;
	thread->generation = weigh_sites_generation;
	weigh_spin_give(&weigh_recorder.intern);
	return true;
}

static void remember(struct weigh_site_memo *set, struct weigh_site_memo memo)
{
	memmove(set + 1, set, (WEIGH_MEMO_WAYS - 1) * sizeof(*set));
	set[0] = memo;
}

bool weigh_site_here(struct weigh_thread *thread, enum weigh_domain domain, bool large, uint32_t *site)
{
	uint32_t now = __atomic_load_n(&weigh_sites_generation, __ATOMIC_ACQUIRE);
	uint64_t key = weigh_site_key(thread, domain, large, now);
	struct weigh_site_memo *set = weigh_site_memos(thread, key);
	thread->generation = now;
	*site = weigh_site_remembered(set, key);
	if (*site != WEIGH_SITE_UNKNOWN)
		return true;
	if (!find_or_make(thread, domain, large, site))
		return false;
	remember(set, (struct weigh_site_memo){.key = key, .site = *site});
	return true;
}

static inline void tally_add(struct weigh_tally *tally, const struct weigh_weight *weight)
{
	tally->bytes += weight->bytes;
	tally->footprint += weight->footprint;
	tally->blocks += weight->blocks;
	tally->samples++;
	if (weight->doubt > 0) {
		tally->bytes_variance += weight->doubt * weight->bytes * weight->bytes;
		tally->footprint_variance += weight->doubt * weight->footprint * weight->footprint;
		tally->blocks_variance += weight->doubt * weight->blocks * weight->blocks;
		tally->unseen += weight->doubt * weight->bytes;
	}
}

/* What rounding would take below zero is zero. */
static double rest(double sum, double less)
{
	return sum > less ? sum - less : 0;
}

/* Sums of floating point do not return to zero by themselves: without samples they are set to it. */
static inline void tally_subtract(struct weigh_tally *tally, const struct weigh_weight *weight)
{
	if (--tally->samples <= 0) {
		*tally = (struct weigh_tally){0};
		return;
	}
	tally->bytes -= weight->bytes;
	tally->footprint -= weight->footprint;
	tally->blocks -= weight->blocks;
	if (weight->doubt > 0) {
		tally->bytes_variance =
			rest(tally->bytes_variance, weight->doubt * weight->bytes * weight->bytes);
		tally->footprint_variance = rest(tally->footprint_variance,
						 weight->doubt * weight->footprint * weight->footprint);
		tally->blocks_variance =
			rest(tally->blocks_variance, weight->doubt * weight->blocks * weight->blocks);
		tally->unseen = rest(tally->unseen, weight->doubt * weight->bytes);
	}
}

static inline void settle(struct weigh_site *site)
{
	uint64_t epoch = weigh_recorder.header->peak.epoch;
	if (site->peak_epoch != epoch) {
		site->at_peak = site->live;
		site->peak_epoch = epoch;
	}
}

void weigh_site_settle(struct weigh_site *site)
{
	settle(site);
}

static __attribute__((noinline)) void apply_seldom(struct weigh_site *site, const struct weigh_weight *weight,
						   enum weigh_site_change change)
{
	if (change == WEIGH_SITE_BACK) {
		tally_add(&site->live, weight);
	} else {
		tally_subtract(&site->total, weight);
		tally_subtract(&site->live, weight);
	}
}

static inline void apply_born(struct weigh_site *site, const struct weigh_weight *weight)
{
	settle(site);
	tally_add(&site->total, weight);
	tally_add(&site->live, weight);
}

static inline void apply(struct weigh_site *site, const struct weigh_weight *weight,
			 enum weigh_site_change change)
{
	if (change == WEIGH_SITE_BORN) {
		apply_born(site, weight);
		return;
	}
	settle(site);
	if (change == WEIGH_SITE_BACK || change == WEIGH_SITE_RETRACT) {
		apply_seldom(site, weight, change);
		return;
	}
	if (change == WEIGH_SITE_BRIEF)
		tally_add(&site->temporary, weight);
	tally_subtract(&site->live, weight);
}

void weigh_site_born_certain(uint32_t site, uint64_t bytes, uint64_t footprint)
{
	struct weigh_weight weight = weigh_weight_of(bytes, footprint, 1);
	apply_born(&weigh_recorder.sites[site], &weight);
}

void weigh_site_ended_certain(uint32_t site, uint64_t bytes, uint64_t footprint, bool brief)
{
	struct weigh_weight weight = weigh_weight_of(bytes, footprint, 1);
	apply(&weigh_recorder.sites[site], &weight, brief ? WEIGH_SITE_BRIEF : WEIGH_SITE_FREED);
}

bool weigh_site_lock(uint32_t site)
{
	return weigh_spin_take(&locks[site % LOCKS]);
}

bool weigh_site_lock_second(uint32_t held, uint32_t site)
{
	return site % LOCKS != held % LOCKS && weigh_site_lock(site);
}

void weigh_site_unlock(uint32_t site)
{
	weigh_spin_give(&locks[site % LOCKS]);
}

/* A site that was found may be pruned and its place reused before its lock is had: the generation tells. */
static __attribute__((noinline)) bool born_locked(const struct weigh_thread *thread, uint32_t index,
						  const struct weigh_weight *weight)
{
	if (!weigh_site_lock(index))
		return false;
	bool same = __atomic_load_n(&weigh_sites_generation, __ATOMIC_SEQ_CST) == thread->generation;
	if (same)
		apply_born(&weigh_recorder.sites[index], weight);
	weigh_site_unlock(index);
	return same;
}

bool weigh_site_born(struct weigh_thread *thread, enum weigh_domain domain, const struct weigh_weight *weight,
		     uint32_t *site)
{
	enum { TRIES = 4 };
	bool large = weight->bytes >= WEIGH_SITE_LARGE * weight->blocks;
	for (int try = 0; try < TRIES; try++) {
		if (!weigh_site_here(thread, domain, large, site))
			return false;
		if (weigh_domain_under_gil(domain)) {
			apply_born(&weigh_recorder.sites[*site], weight);
			return true;
		}
		if (born_locked(thread, *site, weight))
			return true;
	}
	return false;
}

static __attribute__((noinline)) bool apply_locked(uint32_t index, const struct weigh_weight *weight,
						   enum weigh_site_change change)
{
	struct weigh_site *site = &weigh_recorder.sites[index];
	if (!weigh_site_lock(index))
		return false;
	bool used = site->flags & WEIGH_SITE_USED;
	if (used)
		apply(site, weight, change);
	weigh_site_unlock(index);
	return used;
}

bool weigh_site_apply(uint32_t index, const struct weigh_weight *weight, enum weigh_site_change change)
{
	struct weigh_site *site = &weigh_recorder.sites[index];
	if (!weigh_domain_under_gil((enum weigh_domain)site->domain))
		return apply_locked(index, weight, change);
	apply(site, weight, change);
	return true;
}
