/*
 * What the objects of a group have in common: see heap/groups.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/groups.h"

#include "heap/rows.h"
#include "heap/sites.h"

#include <stdlib.h>

struct counter {
	const struct weigh_heap_graph *graph;
	const struct weigh_heap_equal *equal;
	const struct weigh_heap_lines *lines;
	const uint32_t *group_of;
	uint32_t groups;
	struct weigh_heap_common *common;
	uint32_t *ends, *sorted; /* objects that have a value, by group */
	uint32_t *marks;         /* by value: the group + 1 that had it last */
};

static bool compared(const struct counter *c, uint32_t object)
{
	return c->group_of[object] != WEIGH_NO_OBJECT && c->equal->of[object] != WEIGH_NO_OBJECT;
}

/* Groups one after the other, so that one mark for each value serves all. */
static struct weigh_error *count_values(struct counter *c)
{
	uint32_t objects = c->graph->object_count;

	c->ends = calloc((size_t)c->groups + 2, sizeof(*c->ends));
	c->sorted = malloc(((size_t)objects + 1) * sizeof(*c->sorted));
	c->marks = calloc((size_t)c->equal->count + 1, sizeof(*c->marks));
	if (!c->ends || !c->sorted || !c->marks)
		return weigh_error_create_memory();
	for (uint32_t i = 0; i < objects; i++) {
		if (compared(c, i))
			c->ends[c->group_of[i] + 1]++;
	}
	for (uint32_t g = 0; g < c->groups; g++)
		c->ends[g + 1] += c->ends[g];
	for (uint32_t i = 0; i < objects; i++) {
		if (compared(c, i))
			c->sorted[c->ends[c->group_of[i]]++] = i;
	}
	for (uint32_t g = 0, i = 0; g < c->groups; g++) {
		for (; i < c->ends[g]; i++) {
			uint32_t *mark = &c->marks[c->equal->of[c->sorted[i]]];
			c->common[g].compared++;
			c->common[g].values += *mark != g + 1;
			*mark = g + 1;
		}
	}
	return NULL;
}

static struct weigh_error *add_bytes(const struct counter *c, struct weigh_heap_rows *rows)
{
	for (uint32_t i = 0; i < c->graph->object_count; i++) {
		uint32_t group = c->group_of[i], line = weigh_heap_line_of(c->graph, c->lines, i);

		if (group == WEIGH_NO_OBJECT || line == WEIGH_NO_OBJECT)
			continue;
		double *bytes = weigh_heap_rows_put(rows, group, line);
		if (!bytes)
			return weigh_error_create_memory();
		*bytes += (double)weigh_heap_gross(c->graph, i) * weigh_heap_weight(c->graph, i);
	}
	return NULL;
}

static struct weigh_error *find_lines(struct counter *c)
{
	struct weigh_heap_rows rows;
	struct weigh_error *error = weigh_heap_rows_init(&rows, sizeof(double));

	if (!error)
		error = add_bytes(c, &rows);
	for (uint32_t i = 0; !error && i < rows.index.count; i++) {
		const struct weigh_heap_key *key = &rows.index.keys[i];
		struct weigh_heap_common *common = &c->common[key->a];
		double bytes = *(double *)weigh_heap_rows_at(&rows, i);

		common->sited_gross += bytes;
		if (common->line == WEIGH_NO_OBJECT || bytes > common->line_gross) {
			common->line = (uint32_t)key->b;
			common->line_gross = bytes;
		}
	}
	weigh_heap_rows_deinit(&rows);
	return error;
}

struct weigh_error *weigh_heap_common_create(const struct weigh_heap_graph *graph,
					     const struct weigh_heap_equal *equal,
					     const struct weigh_heap_lines *lines, const uint32_t *group_of,
					     uint32_t groups, struct weigh_heap_common **result)
{
	struct counter c = {
		.graph = graph, .equal = equal, .lines = lines, .group_of = group_of, .groups = groups};

	c.common = calloc((size_t)groups + 1, sizeof(*c.common));
	if (!c.common)
		return weigh_error_create_memory();
	for (uint32_t g = 0; g < groups; g++)
		c.common[g].line = WEIGH_NO_OBJECT;
	struct weigh_error *error = count_values(&c);
	if (!error)
		error = find_lines(&c);
	free(c.ends);
	free(c.sorted);
	free(c.marks);
	if (error)
		free(c.common);
	else
		*result = c.common;
	return error;
}
