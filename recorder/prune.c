/*
 * Pruning of sites. Rare (a table of thousands of sites is full), takes some
 * milliseconds, on whatever thread met the full table.
 */
#include "recorder/prune.h"

#include "recorder/recorder.h"
#include "recorder/stacks.h"

enum { SPARE_MAX = 1 << 15 };

static uint32_t spare[SPARE_MAX];
static uint32_t spare_count;
static uint32_t pause; /* calls to let pass */

void weigh_prune_init(void)
{
	spare_count = 0;
	pause = 0;
}

bool weigh_prune_spare(uint32_t *site)
{
	if (!spare_count)
		return false;
	*site = spare[--spare_count];
	return true;
}

static void fold_tally(struct weigh_tally *into, const struct weigh_tally *from)
{
	into->bytes += from->bytes;
	into->footprint += from->footprint;
	into->blocks += from->blocks;
	into->bytes_variance += from->bytes_variance;
	into->footprint_variance += from->footprint_variance;
	into->blocks_variance += from->blocks_variance;
	into->unseen += from->unseen;
	into->samples += from->samples;
}

static void fold_sums(uint32_t target, const struct weigh_site *old)
{
	struct weigh_site *line = &weigh_recorder.sites[target];
	weigh_site_settle(line);
	fold_tally(&line->at_peak, &old->at_peak);
	fold_tally(&line->total, &old->total);
	fold_tally(&line->temporary, &old->temporary);
}

/* Frees the site and adds its sums to the one of its line. The freed place may serve for that one. */
static bool fold(uint32_t index, bool python)
{
	struct weigh_site *site = &weigh_recorder.sites[index];
	struct weigh_site old = *site;
	uint32_t node = weigh_stacks_shorten(old.node);
	uint32_t target;
	if (!node)
		return false;
	site->flags = 0;
	site->key = 0;
	spare[spare_count++] = index;
	if (!weigh_site_intern(node, old.thread, (enum weigh_domain)old.domain, &target))
		return false;
	bool locked = !python && weigh_site_lock_second(index, target);
	fold_sums(target, &old);
	if (locked)
		weigh_site_unlock(target);
	weigh_recorder.header->pruned_sites++;
	return true;
}

static bool foldable(const struct weigh_site *site, bool also_at_peak)
{
	if (!(site->flags & WEIGH_SITE_USED) || site->flags & WEIGH_SITE_PINNED)
		return false;
	if (site->live.samples > 0 || !weigh_recorder.nodes[site->node].parent)
		return false;
	return also_at_peak || site->at_peak.samples == 0;
}

static void prune_pass(bool gil, bool also_at_peak)
{
	uint32_t used = weigh_recorder.header->sections[WEIGH_SECTION_SITES].used;
	for (uint32_t i = 0; i < used && spare_count < SPARE_MAX; i++) {
		struct weigh_site *site = &weigh_recorder.sites[i];
		bool python = weigh_domain_under_gil((enum weigh_domain)site->domain);
		if (python ? !gil : !weigh_site_lock(i))
			continue;
		weigh_site_settle(site);
		if (foldable(site, also_at_peak))
			fold(i, python);
		if (!python)
			weigh_site_unlock(i);
	}
}

bool weigh_prune(bool gil)
{
	uint32_t capacity = weigh_recorder.header->sections[WEIGH_SECTION_SITES].capacity;
	uint32_t had = spare_count;
	if (pause) {
		pause--;
		return false;
	}
	weigh_sites_renew();
	prune_pass(gil, false);
	if (spare_count < capacity / 8 && spare_count < SPARE_MAX / 2)
		prune_pass(gil, true);
	weigh_sites_reindex();
	weigh_stacks_collect();
	if (spare_count - had < capacity / 64)
		pause = capacity / 64;
	return spare_count > had;
}
