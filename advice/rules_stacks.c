/*
 * Asks the rules on stacks, source and time one after another; and what
 * several of them need.
 *
 * One thread; allocates with malloc, and through the collector.
 */
#include "advice/stack_rules.h"

#include <math.h>
#include <stdio.h>

char *weigh_amount_text(double bytes, char text[static WEIGH_AMOUNT])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	int unit = 0;

	while (bytes >= 1023.95 && unit < 4) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, WEIGH_AMOUNT, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
	return text;
}

double weigh_stacks_capped(const struct weigh_stacks *stacks, const struct weigh_stack_line *line,
			   double saving)
{
	return fmin(saving, stacks->peak - weigh_stacks_peak_without(stacks, line));
}

struct weigh_error *weigh_rules_lines(const struct weigh_stacks *stacks, bool graph,
				      struct weigh_collector *collector)
{
	static struct weigh_error *(*const rules[])(const struct weigh_stack_case *) = {
		weigh_rules_once, weigh_rules_growth, weigh_rules_arrays, weigh_rules_retained};
	const struct weigh_stack_case look = {stacks, collector, graph};
	struct weigh_error *error = NULL;

	for (size_t i = 0; !error && i < sizeof(rules) / sizeof(rules[0]); i++)
		error = rules[i](&look);
	return error;
}
