/*
 * Rules that add up rows, and lines by vote: see advice/sums.h.
 *
 * One thread; allocates with malloc.
 */
#include "advice/sums.h"

#include "heap/sites.h"

struct weigh_error *weigh_sums_ask(const struct weigh_sums_rule *rule, const struct weigh_evidence *evidence,
				   struct weigh_collector *collector)
{
	struct weigh_heap_rows sums;
	struct weigh_error *error = weigh_heap_rows_init(&sums, rule->size);

	if (!error && !rule->seek(evidence, &sums))
		error = weigh_error_create_memory();
	for (uint32_t i = 0; !error && i < sums.index.count; i++)
		rule->report(evidence, collector, &sums, i);
	weigh_heap_rows_deinit(&sums);
	return error;
}

void weigh_line_vote(struct weigh_line_vote *vote, const struct weigh_evidence *evidence, uint32_t object)
{
	uint32_t line = weigh_heap_line_of(evidence->graph, evidence->lines, object);

	if (line == WEIGH_NO_OBJECT)
		return;
	if (!vote->votes)
		vote->line = line;
	vote->votes += vote->line == line ? 1 : (uint32_t)-1;
	vote->known = true;
}

struct weigh_heap_frame weigh_line_vote_frame(const struct weigh_line_vote *vote,
					      const struct weigh_evidence *evidence)
{
	return vote->known ? evidence->lines->lines[vote->line].own : (struct weigh_heap_frame){0};
}

void weigh_line_vote_place(const struct weigh_line_vote *vote, const struct weigh_evidence *evidence,
			   struct weigh_collector *collector, struct weigh_finding *finding)
{
	struct weigh_heap_frame frame = weigh_line_vote_frame(vote, evidence);

	weigh_collect_place(collector, finding, frame.file, frame.line, frame.function);
}
