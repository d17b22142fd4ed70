/*
 * Asks the rules on stacks, source and time one after another; and what
 * several of them need.
 *
 * One thread; allocates with malloc, and through the collector.
 */
#include "advice/rules.h"
#include "advice/stack_rules.h"
#include "advice/tell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double weigh_stacks_capped(const struct weigh_stacks *stacks, const struct weigh_stack_line *line,
			   double saving)
{
	return fmin(saving, stacks->peak - weigh_stacks_peak_without(stacks, line));
}

struct weigh_error *weigh_rules_lines(const struct weigh_stacks *stacks, bool graph,
				      struct weigh_collector *collector)
{
	static struct weigh_error *(*const rules[])(const struct weigh_stack_case *) = {
		weigh_rules_once,     weigh_rules_growth, weigh_rules_arrays,  weigh_rules_locals,
		weigh_rules_retained, weigh_rules_mapped, weigh_rules_workers, weigh_rules_tensors};
	const struct weigh_stack_case look = {stacks, collector, graph};
	struct weigh_error *error = NULL;

	for (size_t i = 0; !error && i < sizeof(rules) / sizeof(rules[0]); i++)
		error = rules[i](&look);
	return error;
}

/* What a finding, from the first that stacks gave, says of the peak is as sure as the samples of its line. */
static void say_sampling(const struct weigh_stacks *stacks, uint32_t first, struct weigh_collector *collector)
{
	static const double z95 = 1.959964;

	for (uint32_t i = first; i < collector->advice->finding_count; i++) {
		struct weigh_finding *finding = &collector->advice->findings[i];
		for (uint32_t n = 0; finding->quantity == WEIGH_QUANTITY_PEAK && n < stacks->count; n++) {
			const struct weigh_stack_line *line = &stacks->lines[n];
			if (finding->file && finding->line == line->line &&
			    !strcmp(finding->file, line->file))
				finding->sampled_off = z95 * sqrt(line->peak_variance);
		}
	}
}

/*
 * What grows at a line the stacks tell; who keeps it is known where a snapshot
 * found a table that the same line made.
 */
static void name_holders(const struct weigh_evidence *evidence, struct weigh_collector *collector)
{
	for (uint32_t i = 0; i < collector->advice->finding_count; i++) {
		struct weigh_finding *finding = &collector->advice->findings[i];
		if (finding->quantity != WEIGH_QUANTITY_GROWTH || !finding->file)
			continue;
		for (uint32_t t = 0; t < evidence->records.count; t++) {
			const struct weigh_record_table *table = &evidence->records.tables[t];
			struct weigh_heap_frame frame = weigh_tell_frame(evidence, table);
			char name[WEIGH_TELL_NAME];
			if (!frame.file || frame.line != finding->line ||
			    strcmp(frame.file, finding->file) != 0 ||
			    !*weigh_tell_holder(evidence, table, name))
				continue;
			free(finding->change_after);
			finding->change_after = weigh_collect_text(
				collector, "drop what %s keeps, when it is done with, or bound it", name);
			weigh_collect_check(collector, finding, WEIGH_CHECK_HOLDS,
					    "%s holds %llu of them in the snapshot", name,
					    (unsigned long long)table->held);
			break;
		}
	}
}

struct weigh_error *weigh_rules_stacks(const struct weigh_evidence *evidence,
				       struct weigh_collector *collector)
{
	struct weigh_stacks stacks;
	uint32_t first = collector->advice->finding_count;

	if (!evidence->capture)
		return NULL;
	struct weigh_error *error =
		weigh_stacks_init(&stacks, evidence->capture, evidence->names, evidence->source);
	if (error)
		return error;
	error = weigh_rules_lines(&stacks, evidence->graph != NULL, collector);
	if (!error)
		say_sampling(&stacks, first, collector);
	weigh_stacks_deinit(&stacks);
	if (!error && evidence->graph)
		name_holders(evidence, collector);
	return error;
}
