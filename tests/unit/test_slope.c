/*
 * What counts as growth, and how fast: rows of measurements made by formula.
 */
#include "advice/slope.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { COUNT = 120 };

static struct weigh_point points[COUNT];

/* One point each tenth of a second. */
static struct weigh_slope slope_of(double (*bytes)(double seconds), uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		points[i] = (struct weigh_point){i / 10.0, bytes(i / 10.0)};
	return weigh_slope_of(points, count);
}

static double steady(double seconds)
{
	return 5e6 + 40e3 * seconds;
}

/* Up, then flat from the third second on: what a cache does that fills. */
static double warm_up(double seconds)
{
	return seconds < 3 ? 1e6 * seconds : 3e6;
}

/* Rises ever slower: the logarithm never ends, but it is no steady growth. */
static double levelling(double seconds)
{
	return 1e6 * log(1 + 200 * fmax(0, seconds - 4));
}

/* Filled and emptied. */
static double sawtooth(double seconds)
{
	return 1e6 * fmod(seconds, 1.7);
}

/* Steady growth under temporaries that come and go, 30 times what grows between two points. */
static double noisy(double seconds)
{
	return steady(seconds) + 120e3 * (fmod(seconds * 7.3, 1.0) - 0.5);
}

static double falling(double seconds)
{
	return 9e6 - 40e3 * seconds;
}

/* A step at the very end: a result that is built, no growth. */
static double late_step(double seconds)
{
	return seconds < 11 ? 5e6 : 50e6;
}

static void test_steady_growth(void **state)
{
	struct weigh_slope slope = slope_of(steady, COUNT);

	(void)state;
	assert_true(slope.known && slope.growing);
	assert_float_equal(slope.rate, 40e3, 1e-3);
	assert_float_equal(slope.low, 40e3, 1e-3);
	assert_float_equal(slope.high, 40e3, 1e-3);
}

static void test_growth_under_noise(void **state)
{
	struct weigh_slope slope = slope_of(noisy, COUNT);

	(void)state;
	assert_true(slope.growing);
	assert_float_equal(slope.rate, 40e3, 4e3);
	assert_true(slope.low <= slope.rate && slope.rate <= slope.high);
}

static void test_no_growth(void **state)
{
	static double (*const rows[])(double) = {warm_up, levelling, sawtooth, falling, late_step};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct weigh_slope slope = slope_of(rows[i], COUNT);
		assert_true(slope.known);
		assert_false(slope.growing);
	}
}

static void test_too_short(void **state)
{
	(void)state;
	assert_false(slope_of(steady, 0).known);
	assert_false(slope_of(steady, 7).known);
	assert_true(slope_of(steady, 9).known);
}

static void test_points_at_one_time(void **state)
{
	(void)state;
	for (int i = 0; i < COUNT; i++)
		points[i] = (struct weigh_point){1, i};
	assert_false(weigh_slope_of(points, COUNT).known);
}

static void test_many_points(void **state)
{
	enum { MANY = 20000 };
	struct weigh_point *many = malloc(MANY * sizeof(*many));

	(void)state;
	assert_non_null(many);
	for (int i = 0; i < MANY; i++)
		many[i] = (struct weigh_point){i / 100.0, steady(i / 100.0)};
	struct weigh_slope slope = weigh_slope_of(many, MANY);
	free(many);
	assert_true(slope.growing);
	assert_float_equal(slope.rate, 40e3, 1e-3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steady_growth),      cmocka_unit_test(test_growth_under_noise),
		cmocka_unit_test(test_no_growth),          cmocka_unit_test(test_too_short),
		cmocka_unit_test(test_points_at_one_time), cmocka_unit_test(test_many_points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
