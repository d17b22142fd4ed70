/*
 * Known pools: the survey of what was there before, pools that are cut later,
 * arenas that come and go, and a program of small blocks on top of them whose
 * live bytes are known at every step. One thread.
 *
 * The arenas are ours, cut as CPython cuts them, in memory that the survey
 * finds by itself.
 */
#include "recorder/pools.h"
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ARENA_NUMBER = 7, POOLS = 6 };

static char *arena;

/* An arena between two pages that nobody may touch, so that nothing of the test's lies in its mapping. */
static void make_arena(void)
{
	const size_t bytes = WEIGH_POOL_ARENA + WEIGH_POOL_BYTES;
	char *memory = mmap(NULL, bytes + WEIGH_POOL_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	arena = (char *)(((uintptr_t)memory + WEIGH_POOL_BYTES) & ~(uintptr_t)(WEIGH_POOL_BYTES - 1));
	assert_int_equal(mprotect(arena, WEIGH_POOL_ARENA, PROT_READ | PROT_WRITE), 0);
}

static struct weigh_pool *pool_at(unsigned number)
{
	return (struct weigh_pool *)(arena + (size_t)number * WEIGH_POOL_BYTES);
}

static void *block_at(unsigned number, unsigned block)
{
	uint32_t bytes = (pool_at(number)->size_class + 1) * 16;
	return (char *)pool_at(number) + WEIGH_POOL_FIRST + block * bytes;
}

/* A pool of which `cut` blocks exist and every third one is free. */
static void cut_pool(unsigned number, unsigned class, unsigned cut)
{
	struct weigh_pool *pool = pool_at(number);
	uint32_t bytes = (class + 1) * 16;
	*pool = (struct weigh_pool){
		.live = cut,
		.arena = ARENA_NUMBER,
		.size_class = class,
		.cut = WEIGH_POOL_FIRST + cut * bytes,
		.last = WEIGH_POOL_BYTES - bytes,
	};
	for (unsigned i = 0; i < cut; i += 3) {
		memcpy(block_at(number, i), &pool->free_block, sizeof(pool->free_block));
		pool->free_block = (uintptr_t)block_at(number, i);
		pool->live--;
	}
}

static uint64_t blocks_in_all(void)
{
	uint64_t blocks = 0;
	for (unsigned i = 0; i < POOLS; i++)
		blocks += pool_at(i)->live;
	return blocks;
}

static int begin(void **state)
{
	(void)state;
	make_arena();
	for (unsigned i = 0; i < POOLS; i++)
		cut_pool(i, i * 6, 30);
	stage_begin(false);
	stage_stack(4, 1, 1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	stage_end();
	munmap(arena, WEIGH_POOL_ARENA);
	return 0;
}

static enum weigh_block_state state_of(const void *block)
{
	return weigh_state_get(weigh_granule_make((uintptr_t)block), (uintptr_t)block);
}

static int64_t live(void)
{
	return weigh_counters_small_live(&stage_capture->counters);
}

/* What the hooks do, with the block that the allocator would return. */
static void take(void *block, size_t bytes)
{
	if (weigh_event_small_passes(bytes))
		return;
	struct weigh_thread *thread = weigh_event_enter();
	weigh_event_small(thread, block, bytes, (bytes + 15) & ~15ull, WEIGH_DOMAIN_OBJECT);
	weigh_event_leave(thread);
}

static void give(void *block)
{
	if (!weigh_event_small_free_passes(block))
		weigh_event_free(block);
}

static void test_survey_tells_strangers(void **unused)
{
	(void)unused;
	weigh_recorder_survey(blocks_in_all());
	assert_int_equal(weigh_gate.on, WEIGH_GATE_KNOWN);
	for (unsigned i = 0; i < POOLS; i++)
		for (unsigned block = 0; block < 30; block++)
			assert_int_equal(state_of(block_at(i, block)),
					 block % 3 ? WEIGH_BLOCK_NONE : WEIGH_BLOCK_SMALL);

	give(block_at(2, 1));
	assert_int_equal(live(), 0);
	assert_int_equal(state_of(block_at(2, 1)), WEIGH_BLOCK_SMALL);
	take(block_at(2, 1), 200);
	assert_int_equal(live(), 208);
	give(block_at(2, 1));
	assert_int_equal(live(), 0);
}

static void test_survey_keeps_what_was_recorded(void **unused)
{
	(void)unused;
	take(block_at(1, 4), 112);
	assert_int_equal(state_of(block_at(1, 4)), WEIGH_BLOCK_SAMPLED);
	weigh_recorder_survey(blocks_in_all());
	assert_int_equal(weigh_gate.on, WEIGH_GATE_KNOWN);
	assert_int_equal(state_of(block_at(1, 4)), WEIGH_BLOCK_SAMPLED);
	give(block_at(1, 4));
	assert_int_equal(live(), 0);
	assert_int_equal(state_of(block_at(1, 4)), WEIGH_BLOCK_SMALL);
	assert_int_equal(stage_lost_blocks(), 0);
}

static void test_survey_that_disagrees(void **unused)
{
	(void)unused;
	weigh_recorder_survey(blocks_in_all() - 40);
	assert_int_equal(weigh_gate.on, WEIGH_GATE_OPEN);
	weigh_recorder_survey(blocks_in_all() * 3);
	assert_int_equal(weigh_gate.on, WEIGH_GATE_OPEN);
	struct weigh_pool kept = *pool_at(3);
	pool_at(3)->last++;
	weigh_recorder_survey(blocks_in_all());
	assert_int_equal(weigh_gate.on, WEIGH_GATE_OPEN);
	*pool_at(3) = kept;
	pool_at(3)->live++;
	weigh_recorder_survey(blocks_in_all());
	assert_int_equal(weigh_gate.on, WEIGH_GATE_OPEN);
	*pool_at(3) = kept;
	memcpy(block_at(3, 27), &(uintptr_t){(uintptr_t)block_at(4, 0)}, sizeof(uintptr_t));
	weigh_recorder_survey(blocks_in_all());
	assert_int_equal(weigh_gate.on, WEIGH_GATE_OPEN);
	assert_int_equal(state_of(block_at(0, 0)), WEIGH_BLOCK_NONE);
}

static void test_chain_without_end(void **unused)
{
	(void)unused;
	memcpy(block_at(5, 0), &(uintptr_t){(uintptr_t)block_at(5, 27)}, sizeof(uintptr_t));
	weigh_recorder_survey(blocks_in_all() - pool_at(5)->live);
	assert_int_equal(weigh_gate.on, WEIGH_GATE_KNOWN);
	assert_int_equal(state_of(block_at(5, 0)), WEIGH_BLOCK_NONE);
}

static void test_pool_cut_later(void **unused)
{
	(void)unused;
	weigh_recorder_survey(blocks_in_all());
	assert_int_equal(weigh_pools_settle(weigh_granule_make((uintptr_t)pool_at(POOLS)),
					    (uintptr_t)pool_at(POOLS) + WEIGH_POOL_FIRST),
			 WEIGH_BLOCK_NONE);
	cut_pool(POOLS, 3, 20);
	take(block_at(POOLS, 1), 64);
	take(block_at(POOLS, 2), 60);
	assert_int_equal(live(), 128);
	give(block_at(POOLS, 1));
	give(block_at(POOLS, 2));
	assert_int_equal(live(), 0);
	assert_int_equal(state_of(block_at(POOLS, 7)), WEIGH_BLOCK_NONE);

	stage_capture->counters.small_allocated += 64; /* as of a block that passed */
	give(block_at(POOLS, 7));
	assert_int_equal(live(), 0);
	assert_int_equal(state_of(block_at(POOLS, 8)), WEIGH_BLOCK_SMALL);
	assert_int_equal(stage_lost_blocks(), 0);
}

static void test_refused_realloc_of_a_stranger(void **unused)
{
	struct weigh_taken taken;
	(void)unused;
	weigh_recorder_survey(blocks_in_all());
	weigh_event_remove((uintptr_t)block_at(1, 1), WEIGH_REMOVE_REALLOC, &taken);
	weigh_event_put_back(&taken);
	assert_int_equal(state_of(block_at(1, 1)), WEIGH_BLOCK_NONE);
	give(block_at(1, 1));
	assert_int_equal(live(), 0);
}

static void test_arena_comes_and_goes(void **unused)
{
	(void)unused;
	weigh_recorder_survey(blocks_in_all());
	weigh_pools_remove((uintptr_t)arena);
	assert_int_equal(state_of(block_at(0, 0)), WEIGH_BLOCK_NONE);
	assert_true(weigh_pools_add((uintptr_t)arena + 4096));
	assert_int_equal(state_of(pool_at(0)), WEIGH_BLOCK_NONE);
	assert_int_equal(state_of(block_at(1, 0)), WEIGH_BLOCK_SMALL);
	assert_int_equal(state_of((char *)pool_at(64) - 16), WEIGH_BLOCK_SMALL);
	assert_int_equal(state_of(pool_at(64)), WEIGH_BLOCK_NONE);
	weigh_pools_remove((uintptr_t)arena + 4096);
	assert_int_equal(state_of(block_at(1, 0)), WEIGH_BLOCK_NONE);
}

/* Blocks of six classes come, go and are reallocated at random; the first ones sampled, later ones not. */
static void test_live_bytes_at_every_step(void **unused)
{
	enum { STEPS = 400000, BLOCKS = 30 };
	static bool held[POOLS][BLOCKS];
	int64_t expected = 0;
	uint64_t strangers = 0;
	(void)unused;
	weigh_recorder_survey(blocks_in_all());
	memset(held, 0, sizeof(held));
	srandom(11);
	for (int step = 0; step < STEPS; step++) {
		unsigned number = (unsigned)random() % POOLS;
		unsigned i = (unsigned)random() % BLOCKS;
		void *block = block_at(number, i);
		size_t bytes = (pool_at(number)->size_class + 1) * 16 - (unsigned)random() % 16;
		bool stranger = state_of(block) == WEIGH_BLOCK_NONE;
		if (stranger || held[number][i]) {
			give(block);
			expected -= stranger ? 0 : (int64_t)weigh_pool_footprint((uintptr_t)block);
			strangers += stranger;
			held[number][i] = false;
		} else {
			take(block, bytes);
			expected += (int64_t)weigh_pool_footprint((uintptr_t)block);
			held[number][i] = true;
			if (step % 5 == 0 && weigh_event_small_realloc_passes(block, bytes))
				weigh_event_small_moved(weigh_pool_footprint((uintptr_t)block), block, bytes);
		}
		assert_int_equal(live(), expected);
	}
	assert_int_equal(strangers, POOLS * 20);
	assert_true(stage_capture->counters.sampled_blocks < STEPS / 4);
	assert_int_equal(stage_lost_blocks(), 0);
	assert_true(stage_capture->peak.footprint >= (uint64_t)expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_survey_tells_strangers, begin, end),
		cmocka_unit_test_setup_teardown(test_survey_keeps_what_was_recorded, begin, end),
		cmocka_unit_test_setup_teardown(test_survey_that_disagrees, begin, end),
		cmocka_unit_test_setup_teardown(test_chain_without_end, begin, end),
		cmocka_unit_test_setup_teardown(test_pool_cut_later, begin, end),
		cmocka_unit_test_setup_teardown(test_refused_realloc_of_a_stranger, begin, end),
		cmocka_unit_test_setup_teardown(test_arena_comes_and_goes, begin, end),
		cmocka_unit_test_setup_teardown(test_live_bytes_at_every_step, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
