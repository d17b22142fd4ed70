/*
 * Pruning of sites. Rare (a table of thousands of sites is full), takes some
 * milliseconds, on whatever thread met the full table.
 */
#include "recorder/prune.h"

#include "recorder/recorder.h"
#include "recorder/sampler.h"
#include "recorder/stacks.h"

enum {
	SPARE_MAX = 1 << 17,
	PART_WANTED = 8,  /* an eighth of the tables free: enough */
	PART_NEEDED = 32, /* less than that: sites of the peak go too, and then samples become rarer */
	PART_LITTLE = 64, /* less than that: the next calls do not try */
};

static uint32_t spare[SPARE_MAX];
static uint32_t spare_count;
static uint32_t pause; /* calls to let pass */
static uint32_t hand;  /* the site to go on with */

void weigh_prune_init(void)
{
	spare_count = 0;
	pause = 0;
	hand = 0;
}

static uint32_t room_for(enum weigh_claim claim)
{
	/* Of the table, that are not to be touched. */
	static const uint32_t eighths[] = {
		[WEIGH_CLAIM_USUAL] = 2, [WEIGH_CLAIM_LINE] = 1, [WEIGH_CLAIM_LARGE] = 0};
	const struct weigh_section *section = &weigh_recorder.header->sections[WEIGH_SECTION_SITES];
	uint32_t left = spare_count + section->capacity - section->used;
	uint32_t kept = section->capacity / 8 * eighths[claim];
	return left > kept ? left - kept : 0;
}

bool weigh_prune_take(enum weigh_claim claim, uint32_t *site)
{
	if (!room_for(claim))
		return false;
	*site = spare_count ? spare[--spare_count]
			    : weigh_recorder.header->sections[WEIGH_SECTION_SITES].used++;
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
	struct weigh_site old = weigh_recorder.sites[index];
	uint32_t node = weigh_stacks_shorten(old.node);
	uint32_t target;
	if (!node)
		return false;
	weigh_site_forget(index);
	spare[spare_count++] = index;
	bool found = weigh_site_intern(node, old.thread, (enum weigh_domain)old.domain, WEIGH_CLAIM_LARGE,
				       &target);
	weigh_stacks_release(old.node);
	if (!found)
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

/* Whether this part of both tables is free for whole stacks. */
static bool has_free(uint32_t part)
{
	const struct weigh_section *sections = weigh_recorder.header->sections;
	return room_for(WEIGH_CLAIM_USUAL) >= sections[WEIGH_SECTION_SITES].capacity / part &&
	       weigh_stacks_room() >= sections[WEIGH_SECTION_NODES].capacity / part;
}

static uint32_t prune_pass(bool gil, bool also_at_peak)
{
	uint32_t used = weigh_recorder.header->sections[WEIGH_SECTION_SITES].used;
	uint32_t folded = 0;
	for (uint32_t i = 0; i < used && spare_count < SPARE_MAX && !has_free(PART_WANTED); i++) {
		hand = hand + 1 < used ? hand + 1 : 0;
		struct weigh_site *site = &weigh_recorder.sites[hand];
		bool python = weigh_domain_under_gil((enum weigh_domain)site->domain);
		if (python ? !gil : !weigh_site_lock(hand))
			continue;
		weigh_site_settle(site);
		if (foldable(site, also_at_peak))
			folded += fold(hand, python);
		if (!python)
			weigh_site_unlock(hand);
	}
	return folded;
}

bool weigh_prune(bool gil)
{
	if (pause) {
		pause--;
		return false;
	}
	weigh_sites_renew();
	uint32_t folded = prune_pass(gil, false);
	if (!has_free(PART_NEEDED))
		folded += prune_pass(gil, true);
	weigh_sites_renew();
	if (!has_free(PART_NEEDED))
		weigh_sampler_crowded();
	if (!has_free(PART_LITTLE))
		pause = weigh_recorder.header->sections[WEIGH_SECTION_SITES].capacity / PART_LITTLE;
	return folded > 0;
}
