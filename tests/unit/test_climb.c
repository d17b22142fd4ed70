/*
 * When a snapshot of the peak is due: at every tenth of a climb, on every
 * plateau, and never for what is not worth it.
 */
#include "recorder/climb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint64_t mib = 1 << 20;
static const uint64_t ms = 1000000;

enum { LOOK_MS = 10, PAUSE_MS = 2 };

/* One look every 10 ms; takes what is due. */
struct watched {
	struct weigh_climb climb;
	uint64_t now_ns;
	unsigned taken;
};

static bool look(struct watched *watched, uint64_t live)
{
	watched->now_ns += LOOK_MS * ms;
	if (!weigh_climb_wants(&watched->climb, live, watched->now_ns))
		return false;
	weigh_climb_taken(&watched->climb, live, watched->now_ns, PAUSE_MS * ms);
	watched->taken++;
	return true;
}

static void hold(struct watched *watched, uint64_t live, unsigned looks)
{
	for (unsigned i = 0; i < looks; i++)
		look(watched, live);
}

static void test_small(void **state)
{
	struct watched watched = {.now_ns = 1};
	(void)state;
	weigh_climb_init(&watched.climb, 100 * mib);
	hold(&watched, 107 * mib, 100);
	assert_int_equal(watched.taken, 0);
	hold(&watched, 109 * mib, 100);
	assert_int_equal(watched.taken, 2); /* as it rose, and once it rested */
}

/* However long the climb, each step is a tenth, and the summit itself is had on the plateau. */
static void test_climb(void **state)
{
	struct watched watched = {.now_ns = 1};
	uint64_t before = 0;
	(void)state;
	weigh_climb_init(&watched.climb, 0);
	for (uint64_t live = 0; live < 1000 * mib; live += mib)
		if (look(&watched, live)) {
			assert_true(live >= before + before / 10);
			before = live;
		}
	assert_in_range(watched.taken, 20, 51); /* log(1000 / 8) / log(1.1) = 50.7 */
	hold(&watched, 1000 * mib, 20);
	assert_int_equal(watched.climb.kept, 1000 * mib);
	unsigned taken = watched.taken;
	hold(&watched, 1000 * mib, 1000);
	hold(&watched, 500 * mib, 1000);
	hold(&watched, 1003 * mib, 1000);
	assert_int_equal(watched.taken, taken);
	hold(&watched, 1006 * mib, 20);
	assert_int_equal(watched.taken, taken + 1);
}

/* Growth that goes on is no plateau. */
static void test_slow(void **state)
{
	struct watched watched = {.now_ns = 1};
	(void)state;
	weigh_climb_init(&watched.climb, 0);
	hold(&watched, 100 * mib, 50);
	assert_int_equal(watched.taken, 2);
	for (uint64_t live = 100 * mib; live < 109 * mib; live += mib / 4)
		look(&watched, live);
	assert_int_equal(watched.taken, 2);
}

/* One that fell into the climb, close below the summit, is taken once more when that is reached. */
static void test_rising(void **state)
{
	struct weigh_climb climb;
	(void)state;
	weigh_climb_init(&climb, 0);
	assert_true(weigh_climb_wants(&climb, 1000 * mib, 1 * ms));
	weigh_climb_taken(&climb, 1000 * mib, 3 * ms, 2 * ms);
	assert_false(weigh_climb_wants(&climb, 1002 * mib, 40 * ms));
	assert_false(weigh_climb_wants(&climb, 1002 * mib, 80 * ms));
	assert_false(weigh_climb_wants(&climb, 994 * mib, 95 * ms));
	assert_true(weigh_climb_wants(&climb, 996 * mib, 95 * ms));
	assert_true(weigh_climb_wants(&climb, 1002 * mib, 95 * ms));
	weigh_climb_taken(&climb, 1002 * mib, 97 * ms, 2 * ms);
	assert_false(weigh_climb_wants(&climb, 1002 * mib, 1000 * ms));
	assert_false(weigh_climb_wants(&climb, 1008 * mib, 1000 * ms));
	assert_true(weigh_climb_wants(&climb, 1008 * mib, 1100 * ms));
}

static void test_rest(void **state)
{
	struct weigh_climb climb;
	(void)state;
	weigh_climb_init(&climb, 0);
	assert_true(weigh_climb_wants(&climb, 10 * mib, 1 * ms));
	weigh_climb_taken(&climb, 10 * mib, 1 * ms, 5 * ms);
	assert_false(weigh_climb_wants(&climb, 90 * mib, 20 * ms));
	assert_false(weigh_climb_wants(&climb, 91 * mib, 50 * ms));
	assert_true(weigh_climb_wants(&climb, 92 * mib, 52 * ms));
	/* On a plateau sooner, if that is one. */
	weigh_climb_taken(&climb, 92 * mib, 100 * ms, 30 * ms);
	assert_false(weigh_climb_wants(&climb, 110 * mib, 150 * ms));
	assert_false(weigh_climb_wants(&climb, 110 * mib, 215 * ms));
	assert_true(weigh_climb_wants(&climb, 110 * mib, 225 * ms));
}

static void test_failed(void **state)
{
	struct weigh_climb climb;
	(void)state;
	weigh_climb_init(&climb, 0);
	weigh_climb_taken(&climb, 10 * mib, 1 * ms, 0);
	weigh_climb_taken(&climb, 20 * mib, 2 * ms, 0);
	weigh_climb_failed(&climb, 3 * ms);
	assert_int_equal(climb.kept, 10 * mib);
	assert_false(weigh_climb_wants(&climb, 20 * mib, 10 * ms));
	assert_true(weigh_climb_wants(&climb, 20 * mib, 1100 * ms));
}

/* One that gives way to a higher one does not count; that before it does. */
static void test_dropped(void **state)
{
	struct weigh_climb climb;
	(void)state;
	weigh_climb_init(&climb, 0);
	weigh_climb_taken(&climb, 10 * mib, 1 * ms, 0);
	weigh_climb_taken(&climb, 20 * mib, 2 * ms, 0);
	weigh_climb_dropped(&climb);
	weigh_climb_taken(&climb, 30 * mib, 3 * ms, 0);
	weigh_climb_failed(&climb, 4 * ms);
	assert_int_equal(climb.kept, 10 * mib);
}

static void test_last(void **state)
{
	struct weigh_climb climb;
	(void)state;
	weigh_climb_init(&climb, 0);
	assert_true(weigh_climb_wants_last(&climb, 1));
	weigh_climb_taken(&climb, 10 * mib, 1 * ms, 0);
	assert_false(weigh_climb_wants_last(&climb, 10 * mib));
	assert_true(weigh_climb_wants_last(&climb, 11 * mib));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),   cmocka_unit_test(test_climb),  cmocka_unit_test(test_slow),
		cmocka_unit_test(test_rest),    cmocka_unit_test(test_failed), cmocka_unit_test(test_last),
		cmocka_unit_test(test_dropped), cmocka_unit_test(test_rising),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
