/*
 * Random lists of events through the recorder and through the plain model:
 * the same live bytes after every event, and at the end the same peak with
 * its composition, live blocks, temporaries and totals of every site.
 *
 * WEIGH_TEST_LISTS and WEIGH_TEST_SEED change how many lists and which. A
 * failure names the seed of its list.
 */
#include "model.h"
#include "recorder/mappings.h"
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	STACKS = 7, /* stack 0 is empty */
	LIST_MAX = 120,
	HELD_MAX = 64,
	UNTRACKED_MAX = 4,
};

#define MAPPED ((uintptr_t)0x510000000000)

enum shape { NATIVE, SMALL };

/* A block that the list still holds. */
struct held {
	void *address;
	enum shape shape;
	enum weigh_domain domain;
};

static struct model model;
static struct held held[HELD_MAX];
static unsigned held_count;
static void *untracked[UNTRACKED_MAX]; /* an extension's own blocks, unknown to the recorder */
static uint64_t random_state;
static unsigned stack_now;

static uint32_t draw(uint32_t below)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((random_state >> 33) % below);
}

static unsigned site_of(enum weigh_domain domain)
{
	return stack_now * WEIGH_DOMAIN_COUNT + domain;
}

static void change_stack(void)
{
	stack_now = draw(STACKS);
	switch (stack_now) {
	case 0:
		stage_stack(0, 0);
		break;
	case 1:
	case 2:
		stage_stack(6, 2, 1, 10 + stack_now);
		break;
	default:
		stage_stack(8, 4, 1, 2, 3, 10 + stack_now);
	}
}

static size_t draw_size(void)
{
	switch (draw(4)) {
	case 0:
		return draw(40);
	case 1:
		return draw(600);
	case 2:
		return draw(20000);
	default:
		return 1u << draw(17);
	}
}

static enum weigh_domain draw_native_domain(void)
{
	static const enum weigh_domain domains[] = {WEIGH_DOMAIN_RAW, WEIGH_DOMAIN_MALLOC,
						    WEIGH_DOMAIN_OBJECT};
	return domains[draw(3)];
}

static void do_alloc(void)
{
	struct held *block = &held[held_count];
	size_t bytes = draw_size();
	if (held_count == HELD_MAX)
		return;
	block->shape = draw(2) ? NATIVE : SMALL;
	if (block->shape == NATIVE) {
		block->domain = draw_native_domain();
		block->address = stage_malloc(bytes, block->domain);
		model_alloc(&model, block->address, bytes, stage_footprint(block->address),
			    site_of(block->domain));
	} else {
		bytes = bytes % STAGE_SMALL_MAX + 1;
		block->domain = draw(2) ? WEIGH_DOMAIN_MEM : WEIGH_DOMAIN_OBJECT;
		block->address = stage_small(bytes, block->domain);
		model_alloc(&model, block->address, bytes, (bytes + 15) / 16 * 16, site_of(block->domain));
	}
	held_count++;
}

static void do_free(void)
{
	if (!held_count)
		return;
	struct held *block = &held[draw(held_count)];
	model_free(&model, block->address);
	if (block->shape == NATIVE)
		stage_free(block->address);
	else
		stage_small_free(block->address);
	*block = held[--held_count];
}

static void do_realloc(void)
{
	if (!held_count)
		return;
	struct held *block = &held[draw(held_count)];
	if (block->shape != NATIVE)
		return;
	size_t bytes = draw(8) ? draw_size() + 1 : 0;
	if (!bytes) {
		model_free(&model, block->address);
		stage_realloc(block->address, 0, block->domain, false);
		*block = held[--held_count];
		return;
	}
	model_move(&model, block->address);
	block->address = stage_realloc(block->address, bytes, block->domain, false);
	model_alloc(&model, block->address, bytes, stage_footprint(block->address), site_of(block->domain));
}

static void do_failing_realloc(void)
{
	if (!held_count)
		return;
	struct held *block = &held[draw(held_count)];
	assert_null(stage_realloc(block->address, draw_size() + 1, block->domain, true));
	model.standing = false;
}

static void track(void *address, size_t bytes)
{
	struct weigh_thread *thread = weigh_event_enter();
	weigh_event_track(thread, (uintptr_t)address, bytes);
	weigh_event_leave(thread);
}

/* An extension reports a block that malloc gave it. */
static void do_track(void)
{
	size_t bytes = draw_size();
	if (!held_count)
		return;
	struct held *block = &held[draw(held_count)];
	if (block->shape != NATIVE)
		return;
	bool known = model_knows(&model, block->address);
	if (!known)
		return;
	bool standing = model.standing;
	model_retract(&model, block->address);
	model_alloc(&model, block->address, bytes, stage_footprint(block->address),
		    site_of(WEIGH_DOMAIN_ARRAY));
	model.standing = standing;
	track(block->address, bytes);
	block->domain = WEIGH_DOMAIN_ARRAY;
}

/* An extension hands out, or takes back, a block of a cache of its own. */
static void do_cached(void)
{
	void *address = untracked[draw(UNTRACKED_MAX)];
	size_t bytes = draw(1024);
	uint64_t footprint = (bytes + 8 + 15) / 16 * 16;
	if (draw(2)) {
		model_free(&model, address);
		weigh_event_free(address);
		return;
	}
	model_retract(&model, address);
	model_alloc(&model, address, bytes, footprint < 32 ? 32 : footprint, site_of(WEIGH_DOMAIN_ARRAY));
	track(address, bytes);
}

static void do_map(void)
{
	unsigned first = draw(MODEL_PAGES);
	uint64_t bytes = draw((MODEL_PAGES - first) * MODEL_PAGE) + 1;
	struct weigh_thread *thread = weigh_event_enter();
	weigh_mapping_add(thread, MAPPED + (uintptr_t)first * MODEL_PAGE, bytes);
	weigh_event_leave(thread);
	model_map(&model, first, bytes, site_of(WEIGH_DOMAIN_MMAP));
}

static void do_unmap(void)
{
	unsigned first = draw(MODEL_PAGES);
	unsigned pages = draw(12) + 1;
	struct weigh_thread *thread = weigh_event_enter();
	weigh_mapping_cut(MAPPED + (uintptr_t)first * MODEL_PAGE, (size_t)pages * MODEL_PAGE);
	weigh_event_leave(thread);
	model_unmap(&model, first, pages);
}

static void do_unknown_free(void)
{
	static char never_recorded[64] __attribute__((aligned(64)));
	weigh_event_free(never_recorded + 16 * draw(4));
}

static void do_event(void)
{
	uint32_t kind = draw(100);
	if (draw(3) == 0)
		change_stack();
	if (kind < 38)
		do_alloc();
	else if (kind < 65)
		do_free();
	else if (kind < 75)
		do_realloc();
	else if (kind < 80)
		do_failing_realloc();
	else if (kind < 85)
		do_track();
	else if (kind < 90)
		do_cached();
	else if (kind < 94)
		do_map();
	else if (kind < 98)
		do_unmap();
	else
		do_unknown_free();
}

static bool equal(const struct weigh_tally *tally, const struct model_sum *sum)
{
	return tally->bytes == (double)sum->bytes && tally->footprint == (double)sum->footprint &&
	       tally->blocks == (double)sum->blocks && tally->samples == (int64_t)sum->blocks &&
	       tally->bytes_variance == 0 && tally->footprint_variance == 0 && tally->blocks_variance == 0 &&
	       tally->unseen == 0;
}

static void differ(uint64_t seed, const char *what, const struct weigh_tally *tally,
		   const struct model_sum *sum)
{
	fail_msg("seed %llu: %s: recorder %.0f bytes %.0f footprint %.0f blocks, model %llu %llu %llu",
		 (unsigned long long)seed, what, tally->bytes, tally->footprint, tally->blocks,
		 (unsigned long long)sum->bytes, (unsigned long long)sum->footprint,
		 (unsigned long long)sum->blocks);
}

/* The recorder's site for one of the model's; the empty stack has no node. */
static const struct weigh_site *find_site(unsigned number)
{
	enum weigh_domain domain = (enum weigh_domain)(number % WEIGH_DOMAIN_COUNT);
	const struct weigh_site *sites = stage_entries(WEIGH_SECTION_SITES);
	if (number >= WEIGH_DOMAIN_COUNT)
		return stage_site(10 + number / WEIGH_DOMAIN_COUNT, domain);
	for (uint32_t i = 0; i < stage_used(WEIGH_SECTION_SITES); i++)
		if (!sites[i].node && sites[i].thread && sites[i].domain == domain)
			return &sites[i];
	return NULL;
}

static void compare_sites(uint64_t seed)
{
	static const struct weigh_site never;
	struct model_sum live[MODEL_SITES];
	model_live(&model, live);
	for (unsigned number = 0; number < STACKS * WEIGH_DOMAIN_COUNT; number++) {
		const struct weigh_site *site = find_site(number);
		const struct weigh_tally *at_peak = site ? stage_at_peak(site) : &never.at_peak;
		if (!site)
			site = &never;
		if (!equal(&site->live, &live[number]))
			differ(seed, "live", &site->live, &live[number]);
		if (!equal(&site->total, &model.total[number]))
			differ(seed, "total", &site->total, &model.total[number]);
		if (!equal(&site->temporary, &model.temporary[number]))
			differ(seed, "temporary", &site->temporary, &model.temporary[number]);
		if (!equal(at_peak, &model.at_peak[number]))
			differ(seed, "at peak", at_peak, &model.at_peak[number]);
	}
}

static void compare_counters(uint64_t seed, unsigned event)
{
	struct model_sum sites[MODEL_SITES];
	struct model_sum live = model_live(&model, sites);
	const struct weigh_counters *counters = &stage_capture->counters;
	if (weigh_counters_live(counters) != live.footprint || weigh_counters_blocks(counters) != live.blocks)
		fail_msg(
			"seed %llu, event %u: recorder has %llu bytes in %llu blocks live, model %llu in %llu",
			(unsigned long long)seed, event, (unsigned long long)weigh_counters_live(counters),
			(unsigned long long)weigh_counters_blocks(counters),
			(unsigned long long)live.footprint, (unsigned long long)live.blocks);
}

static void compare_end(uint64_t seed)
{
	const struct weigh_size_bucket *buckets = stage_entries(WEIGH_SECTION_SIZES);
	struct model_sum recorded = {0};
	for (unsigned i = 0; i < stage_used(WEIGH_SECTION_SIZES); i++) {
		recorded.blocks += (uint64_t)buckets[i].blocks;
		recorded.bytes += (uint64_t)buckets[i].bytes;
	}
	if (recorded.blocks != model.recorded.blocks || recorded.bytes != model.recorded.bytes)
		fail_msg("seed %llu: histogram of sizes", (unsigned long long)seed);
	if (stage_capture->peak.footprint != model.peak.footprint ||
	    stage_capture->peak.blocks != model.peak.blocks)
		fail_msg("seed %llu: peak: recorder %llu in %llu, model %llu in %llu",
			 (unsigned long long)seed, (unsigned long long)stage_capture->peak.footprint,
			 (unsigned long long)stage_capture->peak.blocks,
			 (unsigned long long)model.peak.footprint, (unsigned long long)model.peak.blocks);
	if (stage_lost_blocks())
		fail_msg("seed %llu: records were lost", (unsigned long long)seed);
}

static void play(uint64_t seed)
{
	random_state = seed * 0x9E3779B97F4A7C15u + 1;
	held_count = 0;
	model_init(&model);
	stage_begin(true);
	change_stack();
	unsigned events = draw(LIST_MAX) + 1;
	for (unsigned event = 0; event < events; event++) {
		do_event();
		model_settle(&model);
		compare_counters(seed, event);
	}
	compare_sites(seed);
	stage_stop();
	compare_sites(seed);
	compare_end(seed);
	for (unsigned i = 0; i < held_count; i++) {
		if (held[i].shape == NATIVE)
			stage_free(held[i].address);
		else
			stage_small_free(held[i].address);
	}
	stage_end();
}

static unsigned long setting(const char *name, unsigned long usual)
{
	const char *value = getenv(name);
	return value ? strtoul(value, NULL, 10) : usual;
}

static void test_random_lists(void **state)
{
	unsigned long lists = setting("WEIGH_TEST_LISTS", 10000);
	unsigned long seed = setting("WEIGH_TEST_SEED", 1);
	(void)state;
	for (int i = 0; i < UNTRACKED_MAX; i++)
		untracked[i] = malloc(1024);
	for (unsigned long i = 0; i < lists; i++)
		play(seed + i);
	for (int i = 0; i < UNTRACKED_MAX; i++)
		free(untracked[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
