/*
 * Rounding that keeps sums: weigh_whole_next() of report/json.h.
 *
 * Any thread; allocates nothing.
 */
#include "report/json.h"

#include <math.h>

static uint64_t clamp(double number)
{
	return number > 0 ? (uint64_t)fmin(number, 0x1p62) : 0;
}

struct weigh_whole weigh_whole_next(double *carry, struct weigh_estimate estimate)
{
	double whole = fmax(round(estimate.value + *carry), 0);
	struct weigh_whole result = {clamp(whole), clamp(floor(estimate.low)), clamp(ceil(estimate.high))};

	*carry += estimate.value - whole;
	if (result.low > result.value || weigh_estimate_is_exact(estimate))
		result.low = result.value;
	if (result.high < result.value || weigh_estimate_is_exact(estimate))
		result.high = result.value;
	return result;
}
