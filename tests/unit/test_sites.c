/*
 * Sites and what happens when their table is full: lines keep their totals,
 * and only callers are forgotten. One thread.
 */
#include "recorder/recorder.h"
#include "recorder/sites.h"
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINES = 50, /* innermost codes 100 to 149 */
	FIRST = 100,
};

/* What the blocks of one line add up to, whatever their callers. */
struct line {
	uint64_t total_blocks;
	uint64_t total_bytes;
	uint64_t temporary_blocks;
	uint64_t live_blocks;
	uint64_t peak_bytes;
};

static struct weigh_site *site_at(uint32_t index)
{
	return (struct weigh_site *)stage_entries(WEIGH_SECTION_SITES) + index;
}

static uint32_t code_line(const struct weigh_site *site)
{
	const struct weigh_node *nodes = stage_entries(WEIGH_SECTION_NODES);
	const struct weigh_code *codes = stage_entries(WEIGH_SECTION_CODES);
	return codes[nodes[site->node].code].first_line;
}

static void read_lines(struct line *lines)
{
	memset(lines, 0, sizeof(*lines) * LINES);
	for (uint32_t i = 0; i < stage_used(WEIGH_SECTION_SITES); i++) {
		const struct weigh_site *site = site_at(i);
		if (!(site->flags & WEIGH_SITE_USED) || !site->node)
			continue;
		struct line *line = &lines[code_line(site) - 1 - FIRST];
		line->total_blocks += (uint64_t)site->total.blocks;
		line->total_bytes += (uint64_t)site->total.bytes;
		line->temporary_blocks += (uint64_t)site->temporary.blocks;
		line->live_blocks += (uint64_t)site->live.blocks;
		line->peak_bytes += (uint64_t)stage_at_peak(site)->bytes;
	}
}

static void assert_same_lines(const struct line *expected)
{
	struct line lines[LINES];
	read_lines(lines);
	for (int i = 0; i < LINES; i++) {
		assert_int_equal(lines[i].total_blocks, expected[i].total_blocks);
		assert_int_equal(lines[i].total_bytes, expected[i].total_bytes);
		assert_int_equal(lines[i].temporary_blocks, expected[i].temporary_blocks);
		assert_int_equal(lines[i].live_blocks, expected[i].live_blocks);
		assert_int_equal(lines[i].peak_bytes, expected[i].peak_bytes);
	}
}

static uint32_t capacity(void)
{
	return stage_capture->sections[WEIGH_SECTION_SITES].capacity;
}

/* Each number gives a stack of its own; the innermost line repeats. */
static unsigned stack_of(uint32_t number)
{
	unsigned line = number % LINES;
	uint32_t caller = number / LINES;
	const unsigned codes[] = {caller % 97, caller / 97 % 97, FIRST + line};
	stage_stack_list(4, 3, codes);
	return line;
}

/* Allocates and frees from more stacks than there is room for. */
static void churn(struct line *expected, uint32_t stacks)
{
	for (uint32_t i = 0; i < stacks; i++) {
		unsigned line = stack_of(i);
		stage_small_free(stage_small(i % 500 + 1, WEIGH_DOMAIN_OBJECT));
		expected[line].total_blocks++;
		expected[line].total_bytes += i % 500 + 1;
		expected[line].temporary_blocks++;
	}
}

static void test_lines_keep_their_totals(void **state)
{
	struct line expected[LINES] = {0};
	(void)state;
	churn(expected, capacity() * 4);
	assert_true(stage_capture->pruned_sites > capacity() * 2);
	assert_int_equal(stage_capture->sections[WEIGH_SECTION_SITES].refused, 0);
	assert_true(stage_used(WEIGH_SECTION_SITES) <= capacity());
	assert_int_equal(stage_lost_blocks(), 0);
	expected[(capacity() * 4 - 1) % LINES].peak_bytes = 0;
	struct line lines[LINES];
	read_lines(lines);
	for (int i = 0; i < LINES; i++)
		expected[i].peak_bytes = lines[i].peak_bytes;
	assert_same_lines(expected);
}

static void test_the_peak_survives_pruning(void **state)
{
	enum { KEPT = 2000 };
	struct line expected[LINES] = {0};
	static void *kept[KEPT];
	(void)state;
	for (uint32_t i = 0; i < KEPT; i++) {
		unsigned line = stack_of(i);
		kept[i] = stage_malloc(1000 + i, WEIGH_DOMAIN_MALLOC);
		expected[line].total_blocks++;
		expected[line].total_bytes += 1000 + i;
		expected[line].peak_bytes += 1000 + i;
	}
	for (uint32_t i = 0; i < KEPT; i++)
		stage_free(kept[KEPT - 1 - i]);
	for (uint32_t i = 0; i < WEIGH_TEMPORARY - 1 && i < KEPT; i++)
		expected[(KEPT - 1 - i) % LINES].temporary_blocks++;
	expected[(KEPT - WEIGH_TEMPORARY) % LINES].temporary_blocks++;
	assert_same_lines(expected);
	uint64_t peak = stage_capture->peak.footprint;
	churn(expected, capacity() * 3);
	assert_int_equal(stage_capture->peak.footprint, peak);
	assert_true(stage_capture->pruned_sites > capacity());
	assert_same_lines(expected);
}

static void test_live_sites_stay(void **state)
{
	struct line expected[LINES] = {0};
	static void *kept[1000];
	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		unsigned line = stack_of(1000000 + i);
		kept[i] = stage_small(64, WEIGH_DOMAIN_OBJECT);
		expected[line].total_blocks++;
		expected[line].total_bytes += 64;
		expected[line].live_blocks++;
	}
	const struct weigh_site first = *site_at(WEIGH_DOMAIN_COUNT);
	churn(expected, capacity() * 3);
	assert_int_equal(site_at(WEIGH_DOMAIN_COUNT)->key, first.key);
	assert_int_equal(site_at(WEIGH_DOMAIN_COUNT)->node, first.node);
	struct line lines[LINES];
	read_lines(lines);
	for (int i = 0; i < LINES; i++)
		assert_int_equal(lines[i].live_blocks, expected[i].live_blocks);
	for (uint32_t i = 0; i < 1000; i++)
		stage_small_free(kept[i]);
	assert_int_equal(weigh_counters_live(&stage_capture->counters), 0);
	read_lines(lines);
	for (int i = 0; i < LINES; i++) {
		assert_int_equal(lines[i].live_blocks, 0);
		assert_int_equal(lines[i].total_blocks, expected[i].total_blocks);
	}
}

static void test_pinned_sites_stay(void **state)
{
	struct line expected[LINES] = {0};
	(void)state;
	churn(expected, 100);
	uint32_t pinned = WEIGH_DOMAIN_COUNT + 17;
	uint64_t key = site_at(pinned)->key;
	uint32_t node = site_at(pinned)->node;
	site_at(pinned)->flags |= WEIGH_SITE_PINNED;
	churn(expected, capacity() * 3);
	assert_int_equal(site_at(pinned)->key, key);
	assert_int_equal(site_at(pinned)->node, node);
	assert_true(site_at(pinned)->flags & WEIGH_SITE_USED);
	assert_true(site_at(pinned)->total.blocks >= 1);
}

/* A stack whose innermost line is its own too. */
static void stack_of_own(uint32_t number)
{
	const unsigned codes[] = {1, 2, FIRST};
	stage_stack_list(2 * (int32_t)number, 3, codes);
}

static uint32_t refused(void)
{
	return stage_capture->sections[WEIGH_SECTION_SITES].refused;
}

static double live_bytes(void)
{
	double bytes = 0;
	for (uint32_t i = 0; i < capacity(); i++)
		bytes += site_at(i)->live.bytes;
	return bytes;
}

/* Sites of stacks that whoever has small blocks may fill, and of lines that follow them. */
static uint32_t usual_room(void)
{
	return capacity() - capacity() / 8 * 2 - WEIGH_DOMAIN_COUNT;
}

/* Stacks beyond those that there is room for stand under their lines; all is found when it ends. */
static void test_no_room_for_callers(void **state)
{
	enum { BEYOND = 500 };
	uint32_t stacks = usual_room() + BEYOND;
	void **kept = calloc(stacks, sizeof(*kept));
	struct line expected[LINES] = {0};
	(void)state;
	for (uint32_t i = 0; i < stacks; i++) {
		struct line *line = &expected[stack_of(i)];
		kept[i] = stage_small(32, WEIGH_DOMAIN_OBJECT);
		line->total_blocks++;
		line->total_bytes += 32;
		line->live_blocks++;
		line->peak_bytes += 32;
	}
	assert_int_equal(refused(), BEYOND);
	assert_same_lines(expected);
	assert_true(site_at(WEIGH_DOMAIN_OBJECT)->total.samples == 0);
	for (uint32_t i = 0; i < stacks; i++)
		stage_small_free(kept[i]);
	free(kept);
	assert_true(live_bytes() == 0);
	assert_int_equal(stage_lost_blocks(), 0);
}

static void test_no_room_at_all(void **state)
{
	enum { BEYOND = 500 };
	uint32_t lines = capacity() / 8, stacks = usual_room() + lines + BEYOND;
	void **kept = calloc(stacks, sizeof(*kept));
	(void)state;
	for (uint32_t i = 0; i < stacks; i++) {
		stack_of_own(i);
		kept[i] = stage_small(32, WEIGH_DOMAIN_OBJECT);
	}
	assert_int_equal(refused(), lines + BEYOND);
	assert_true(site_at(WEIGH_DOMAIN_OBJECT)->live.blocks == BEYOND);
	assert_int_equal(site_at(WEIGH_DOMAIN_OBJECT)->node, 0);
	assert_true(live_bytes() == 32.0 * stacks);
	for (uint32_t i = 0; i < stacks; i++)
		stage_small_free(kept[i]);
	free(kept);
	for (uint32_t i = 0; i < capacity(); i++)
		assert_true(site_at(i)->live.bytes == 0 && site_at(i)->live.samples == 0);
	assert_int_equal(stage_lost_blocks(), 0);
}

/* What small blocks left is for large ones, also on a stack that small ones were refused on. */
static void test_large_blocks_find_room(void **state)
{
	uint32_t large = capacity() / 8, small = usual_room() + large + 500;
	void **kept = calloc(small + large + 1, sizeof(*kept));
	(void)state;
	for (uint32_t i = 0; i < small; i++) {
		stack_of_own(i);
		kept[i] = stage_small(32, WEIGH_DOMAIN_OBJECT);
	}
	uint32_t before = refused();
	for (uint32_t i = 0; i <= large; i++) {
		stack_of_own(small - 1 - i);
		kept[small + i] = stage_malloc(WEIGH_SITE_LARGE, WEIGH_DOMAIN_MALLOC);
	}
	assert_int_equal(refused() - before, 1);
	assert_true(site_at(WEIGH_DOMAIN_MALLOC)->live.blocks == 1);
	const struct weigh_node *nodes = stage_entries(WEIGH_SECTION_NODES);
	uint32_t whole = 0;
	for (uint32_t i = WEIGH_DOMAIN_COUNT; i < capacity(); i++) {
		if (site_at(i)->domain == WEIGH_DOMAIN_MALLOC && site_at(i)->live.blocks == 1)
			whole += nodes[nodes[nodes[site_at(i)->node].parent].parent].code > 0;
	}
	assert_int_equal(whole, large);
	for (uint32_t i = 0; i <= large; i++)
		stage_free(kept[small + i]);
	for (uint32_t i = 0; i < small; i++)
		stage_small_free(kept[i]);
	free(kept);
	assert_true(live_bytes() == 0);
}

static void test_nodes_lead_to_the_root(void **state)
{
	struct line expected[LINES] = {0};
	(void)state;
	churn(expected, capacity() * 6);
	const struct weigh_node *nodes = stage_entries(WEIGH_SECTION_NODES);
	for (uint32_t i = 0; i < stage_used(WEIGH_SECTION_SITES); i++) {
		if (!(site_at(i)->flags & WEIGH_SITE_USED))
			continue;
		unsigned depth = 0;
		for (uint32_t node = site_at(i)->node; node; node = nodes[node].parent) {
			assert_true(node < stage_used(WEIGH_SECTION_NODES));
			assert_true(nodes[node].code > 0);
			depth++;
		}
		assert_true(depth <= 3);
	}
}

/* Deep stacks fill the tree of stacks long before the table of sites. */
static void test_deep_stacks_keep_their_lines(void **state)
{
	enum { DEPTH = 90 };
	struct line expected[LINES] = {0};
	unsigned codes[DEPTH];
	uint32_t stacks = stage_capture->sections[WEIGH_SECTION_NODES].capacity / DEPTH * 4;
	(void)state;
	for (uint32_t i = 0; i < stacks; i++) {
		unsigned line = i % LINES;
		for (unsigned depth = 0; depth < DEPTH; depth++)
			codes[depth] = (i + depth * 7) % 97;
		codes[DEPTH - 1] = FIRST + line;
		stage_stack_list((int32_t)i * 2, DEPTH, codes);
		stage_small_free(stage_small(24, WEIGH_DOMAIN_OBJECT));
		expected[line].total_blocks++;
		expected[line].total_bytes += 24;
		expected[line].temporary_blocks++;
	}
	struct line lines[LINES];
	read_lines(lines);
	for (int i = 0; i < LINES; i++)
		expected[i].peak_bytes = lines[i].peak_bytes;
	assert_same_lines(expected);
	assert_int_equal(site_at(WEIGH_DOMAIN_OBJECT)->total.blocks, 0);
	assert_true(stage_capture->pruned_sites > 0);
}

static void test_weights(void **state)
{
	(void)state;
	struct weigh_weight certain = weigh_weight_of(100, 112, 1);
	assert_true(certain.bytes == 100 && certain.footprint == 112 && certain.blocks == 1);
	assert_true(certain.doubt == 0);
	struct weigh_weight quarter = weigh_weight_of(100, 112, 0.25);
	assert_true(quarter.bytes == 400 && quarter.footprint == 448 && quarter.blocks == 4);
	assert_true(quarter.doubt == 0.75);
}

#define SITES(test) cmocka_unit_test_setup_teardown(test, stage_set_up_exact, stage_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SITES(test_weights),
		SITES(test_lines_keep_their_totals),
		SITES(test_the_peak_survives_pruning),
		SITES(test_live_sites_stay),
		SITES(test_pinned_sites_stay),
		SITES(test_no_room_for_callers),
		SITES(test_no_room_at_all),
		SITES(test_large_blocks_find_room),
		SITES(test_nodes_lead_to_the_root),
		SITES(test_deep_stacks_keep_their_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
