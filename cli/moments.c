/*
 * Takes moments from the sites of a capture that a program is recording into.
 * One thread, the launcher's; no allocation. Sites change while they are
 * read: each number is whole, but the numbers of one site may be a few blocks
 * apart, and an entry may be reused for another site, which its key shows.
 */
#include "cli/moments.h"

#include "cli/counters.h"
#include "weigh/format_math.h"

#include <string.h>

enum {
	LIVE_APART = 64, /* what is live before and after a scan may differ by 1 / this */
	SCANS_MOST = 4,  /* of one moment, before it is taken as it is */
};

void weigh_moments_init(struct weigh_moments *m)
{
	m->used = 0;
	m->heaped = 0;
	*m->step_ns = WEIGH_MOMENT_STEP_NS;
	__atomic_store_n(&m->section->used, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&m->share_section->used, 0, __ATOMIC_RELEASE);
}

/* Sums under change, or after many roundings, may be a little below zero; readers refuse that. */
static double load(const double *p)
{
	double value;
	__atomic_load(p, &value, __ATOMIC_RELAXED);
	return value > 0 ? value : 0;
}

static void read_tally(const struct weigh_tally *from, struct weigh_tally *to)
{
	to->bytes = load(&from->bytes);
	to->footprint = load(&from->footprint);
	to->blocks = load(&from->blocks);
	to->bytes_variance = load(&from->bytes_variance);
	to->footprint_variance = load(&from->footprint_variance);
	to->blocks_variance = load(&from->blocks_variance);
	to->unseen = load(&from->unseen);
	to->samples = __atomic_load_n(&from->samples, __ATOMIC_RELAXED);
}

static void add_tally(struct weigh_tally *sum, const struct weigh_tally *t)
{
	sum->bytes += t->bytes;
	sum->footprint += t->footprint;
	sum->blocks += t->blocks;
	sum->bytes_variance += t->bytes_variance;
	sum->footprint_variance += t->footprint_variance;
	sum->blocks_variance += t->blocks_variance;
	sum->unseen += t->unseen;
	sum->samples += t->samples;
}

/* False when the site holds nothing, or became another one while it was read. */
static bool read_site(const struct weigh_moments *m, uint32_t index, struct weigh_moments_candidate *out)
{
	const struct weigh_site *site = &m->sites[index];
	if (__atomic_load_n(&site->live.samples, __ATOMIC_RELAXED) <= 0)
		return false;
	if (!(__atomic_load_n(&site->flags, __ATOMIC_RELAXED) & WEIGH_SITE_USED))
		return false;
	out->site = index;
	out->key = __atomic_load_n(&site->key, __ATOMIC_ACQUIRE);
	read_tally(&site->live, &out->live);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return out->live.samples > 0 && __atomic_load_n(&site->key, __ATOMIC_RELAXED) == out->key;
}

static void sift_down(struct weigh_moments *m, uint32_t at)
{
	struct weigh_moments_candidate moving = m->heap[at];
	for (;;) {
		uint32_t child = 2 * at + 1;
		if (child >= m->heaped)
			break;
		if (child + 1 < m->heaped && m->heap[child + 1].live.bytes < m->heap[child].live.bytes)
			child++;
		if (!(m->heap[child].live.bytes < moving.live.bytes))
			break;
		m->heap[at] = m->heap[child];
		at = child;
	}
	m->heap[at] = moving;
}

/* Keeps the candidate if it is among the largest so far; the one left out goes to `rest`. */
static void offer(struct weigh_moments *m, const struct weigh_moments_candidate *c, struct weigh_tally *rest)
{
	if (m->heaped < WEIGH_MOMENT_SHARES) {
		m->heap[m->heaped++] = *c;
		if (m->heaped == WEIGH_MOMENT_SHARES)
			for (uint32_t i = WEIGH_MOMENT_SHARES / 2; i-- > 0;)
				sift_down(m, i);
		return;
	}
	if (c->live.bytes <= m->heap[0].live.bytes) {
		add_tally(rest, &c->live);
		return;
	}
	add_tally(rest, &m->heap[0].live);
	m->heap[0] = *c;
	sift_down(m, 0);
}

/* The recorder sets flags in the same byte: change single bits atomically. */
static void pin(struct weigh_site *site)
{
	__atomic_fetch_or(&site->flags, WEIGH_SITE_PINNED, __ATOMIC_RELAXED);
}

static void unpin(struct weigh_site *site)
{
	__atomic_fetch_and(&site->flags, (uint8_t)~WEIGH_SITE_PINNED, __ATOMIC_RELAXED);
}

static uint32_t shares_of(const struct weigh_moments *m, uint32_t moment)
{
	uint32_t shares = m->moments[moment].shares;
	return shares < WEIGH_MOMENT_SHARES ? shares : WEIGH_MOMENT_SHARES;
}

static void for_each_site(struct weigh_moments *m, uint32_t moment, void (*change)(struct weigh_site *))
{
	const struct weigh_share *share = &m->shares[(uint64_t)moment * WEIGH_MOMENT_SHARES];
	for (uint32_t i = shares_of(m, moment); i-- > 0; share++)
		if (share->site < m->site_capacity && m->sites[share->site].key == share->key)
			change(&m->sites[share->site]);
}

static void publish(struct weigh_moments *m)
{
	__atomic_store_n(&m->share_section->used, m->used * WEIGH_MOMENT_SHARES, __ATOMIC_RELEASE);
	__atomic_store_n(&m->section->used, m->used, __ATOMIC_RELEASE);
}

/*
 * Drops moments 0, 2, 4 ... so that those at multiples of the wider step
 * remain. Pins are taken off all that go before they are put on again for all
 * that stay: in between, a site may be pruned that a moment still names; its
 * key then differs, which readers check.
 */
static void drop_every_second(struct weigh_moments *m)
{
	uint32_t kept = m->used / 2;
	for (uint32_t i = 0; i < m->used; i += 2)
		for_each_site(m, i, unpin);
	for (uint32_t i = 0; i < kept; i++) {
		m->moments[i] = m->moments[2 * i + 1];
		memcpy(&m->shares[(uint64_t)i * WEIGH_MOMENT_SHARES],
		       &m->shares[(2 * (uint64_t)i + 1) * WEIGH_MOMENT_SHARES],
		       WEIGH_MOMENT_SHARES * sizeof(struct weigh_share));
		for_each_site(m, i, pin);
	}
	m->used = kept;
	publish(m);
	*m->step_ns *= 2;
}

static uint32_t scan(struct weigh_moments *m, struct weigh_tally *rest)
{
	uint32_t sites = __atomic_load_n(&m->site_section->used, __ATOMIC_ACQUIRE);
	if (sites > m->site_capacity)
		sites = m->site_capacity;
	uint32_t holding = 0;
	struct weigh_moments_candidate candidate;
	m->heaped = 0;
	for (uint32_t i = 0; i < sites; i++) {
		if (!read_site(m, i, &candidate))
			continue;
		holding++;
		offer(m, &candidate, rest);
	}
	return holding;
}

static uint64_t live_now(const struct weigh_moments *m)
{
	struct weigh_counters counters;
	weigh_counters_read(m->counters, &counters);
	return weigh_counters_live(&counters);
}

static bool is_near(uint64_t a, uint64_t b)
{
	uint64_t apart = a > b ? a - b : b - a;
	return apart <= a / LIVE_APART;
}

void weigh_moments_take(struct weigh_moments *m, uint64_t time_ns)
{
	if (m->capacity < 2)
		return;
	if (m->used == m->capacity)
		drop_every_second(m);

	struct weigh_moment moment = {.time_ns = time_ns};
	uint64_t before, after = live_now(m);
	int scans = 0;
	do {
		before = after;
		moment.rest = (struct weigh_tally){0};
		moment.sites = scan(m, &moment.rest);
		after = live_now(m);
	} while (!is_near(before, after) && ++scans < SCANS_MOST);
	moment.live = after < before ? after : before;
	moment.shares = m->heaped;
	struct weigh_share *share = &m->shares[(uint64_t)m->used * WEIGH_MOMENT_SHARES];
	for (uint32_t i = 0; i < m->heaped; i++, share++) {
		*share = (struct weigh_share){
			.key = m->heap[i].key, .site = m->heap[i].site, .live = m->heap[i].live};
		pin(&m->sites[m->heap[i].site]);
	}
	m->moments[m->used++] = moment;
	publish(m);
}
