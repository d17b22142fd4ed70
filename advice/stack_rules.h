/*
 * The rules on stacks, source and time, by theme; advice/rules_stacks.c asks
 * them one after another. Each looks at lines of the program and says what it
 * found there, or why not.
 *
 * One thread; they allocate through the collector, and with malloc.
 */
#ifndef WEIGH_ADVICE_STACK_RULES_H
#define WEIGH_ADVICE_STACK_RULES_H

#include "advice/collect.h"
#include "advice/stacks.h"

#include <stdbool.h>

/* What all of them look at. */
struct weigh_stack_case {
	const struct weigh_stacks *stacks;
	struct weigh_collector *collector;
	/* The objects are known too: rules on the graph speak about the same bytes. */
	bool graph;
};

/* Large blocks that are alive together though one would do: 29, 30 and 32. */
struct weigh_error *weigh_rules_arrays(const struct weigh_stack_case *look);

/* What is made as a whole and passed over once: 28, 33 and 34. */
struct weigh_error *weigh_rules_once(const struct weigh_stack_case *look);

/* What grows: caches without bound and lines that keep more and more: 24 and 25. */
struct weigh_error *weigh_rules_growth(const struct weigh_stack_case *look);

/* What a name keeps past its last use: 31. */
struct weigh_error *weigh_rules_locals(const struct weigh_stack_case *look);

/* What is free, and yet not given back: 40 and 41. */
struct weigh_error *weigh_rules_retained(const struct weigh_stack_case *look);

/* Files that are read whole and looked at in parts: 35. */
struct weigh_error *weigh_rules_mapped(const struct weigh_stack_case *look);

/* What is pickled for worker processes: 42. */
struct weigh_error *weigh_rules_workers(const struct weigh_stack_case *look);

/* Results of torch that keep the graph behind them: 39. */
struct weigh_error *weigh_rules_tensors(const struct weigh_stack_case *look);

/* All of them. */
struct weigh_error *weigh_rules_lines(const struct weigh_stacks *stacks, bool graph,
				      struct weigh_collector *collector);

/* What can be saved at most of what is at a line, for other times have peaks of their own. */
double weigh_stacks_capped(const struct weigh_stacks *stacks, const struct weigh_stack_line *line,
			   double saving);

#endif
