/*
 * Asks the rules on stacks, source and time one after another; and what
 * several of them need.
 *
 * One thread; allocates with malloc, and through the collector.
 */
#include "advice/rules.h"
#include "advice/stack_rules.h"

#include <math.h>

double weigh_stacks_capped(const struct weigh_stacks *stacks, const struct weigh_stack_line *line,
			   double saving)
{
	return fmin(saving, stacks->peak - weigh_stacks_peak_without(stacks, line));
}

struct weigh_error *weigh_rules_lines(const struct weigh_stacks *stacks, bool graph,
				      struct weigh_collector *collector)
{
	static struct weigh_error *(*const rules[])(const struct weigh_stack_case *) = {
		weigh_rules_once,     weigh_rules_growth, weigh_rules_arrays, weigh_rules_locals,
		weigh_rules_retained, weigh_rules_mapped, weigh_rules_workers};
	const struct weigh_stack_case look = {stacks, collector, graph};
	struct weigh_error *error = NULL;

	for (size_t i = 0; !error && i < sizeof(rules) / sizeof(rules[0]); i++)
		error = rules[i](&look);
	return error;
}

struct weigh_error *weigh_rules_stacks(const struct weigh_evidence *evidence,
				       struct weigh_collector *collector)
{
	struct weigh_stacks stacks;

	if (!evidence->capture)
		return NULL;
	struct weigh_error *error =
		weigh_stacks_init(&stacks, evidence->capture, evidence->names, evidence->source);
	if (error)
		return error;
	error = weigh_rules_lines(&stacks, evidence->graph != NULL, collector);
	weigh_stacks_deinit(&stacks);
	return error;
}
