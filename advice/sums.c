/*
 * Rows that rules add up: see advice/sums.h.
 *
 * One thread; allocates with malloc.
 */
#include "advice/sums.h"

#include "base/grow.h"
#include "heap/sites.h"

#include <stdlib.h>
#include <string.h>

struct weigh_error *weigh_sums_init(struct weigh_sums *rows, size_t size)
{
	*rows = (struct weigh_sums){.size = size};
	return weigh_heap_index_init(&rows->index);
}

void weigh_sums_deinit(struct weigh_sums *rows)
{
	weigh_heap_index_deinit(&rows->index);
	free(rows->rows);
	rows->rows = NULL;
}

void *weigh_sums_put(struct weigh_sums *rows, uint64_t a, uint64_t b)
{
	uint32_t before = rows->index.count, number = weigh_heap_index_put(&rows->index, a, b);

	if (number == WEIGH_NO_OBJECT || !weigh_grow(&rows->rows, &rows->room, number, rows->size))
		return NULL;
	void *row = weigh_sums_at(rows, number);
	if (number == before)
		memset(row, 0, rows->size);
	return row;
}

struct weigh_error *weigh_sums_ask(const struct weigh_sums_rule *rule, const struct weigh_evidence *evidence,
				   struct weigh_collector *collector)
{
	struct weigh_sums sums;
	struct weigh_error *error = weigh_sums_init(&sums, rule->size);

	if (!error && !rule->seek(evidence, &sums))
		error = weigh_error_create_memory();
	for (uint32_t i = 0; !error && i < sums.index.count; i++)
		rule->report(evidence, collector, &sums, i);
	weigh_sums_deinit(&sums);
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
}

struct weigh_heap_frame weigh_line_vote_frame(const struct weigh_line_vote *vote,
					      const struct weigh_evidence *evidence)
{
	return vote->votes ? evidence->lines->lines[vote->line].own : (struct weigh_heap_frame){0};
}

void weigh_line_vote_place(const struct weigh_line_vote *vote, const struct weigh_evidence *evidence,
			   struct weigh_collector *collector, struct weigh_finding *finding)
{
	struct weigh_heap_frame frame = weigh_line_vote_frame(vote, evidence);

	weigh_collect_place(collector, finding, frame.file, frame.line, frame.function);
}
