/*
 * Equal objects that exist more than once: see heap/duplicates.h.
 *
 * Objects are put in the order of their rows first; then one counter for each
 * value serves all rows, one after the other.
 *
 * One thread; allocates with malloc.
 */
#include "heap/duplicates.h"

#include "heap/index.h"

#include <stdlib.h>
#include <string.h>

struct sorter {
	const struct weigh_heap_graph *graph;
	const struct weigh_heap_places *places;
	const struct weigh_heap_equal *equal;
	struct weigh_heap_index index; /* rows by type and place */
	uint32_t *row;    /* by object; WEIGH_NO_OBJECT: takes no part */
	uint32_t *sorted; /* objects in the order of their rows */
	uint32_t *ends;   /* by row, into sorted */
	uint32_t *counts; /* by value; all 0 between rows */
};

void weigh_heap_often_add(struct weigh_heap_often often[WEIGH_HEAP_OFTEN], uint32_t object, uint32_t count)
{
	int at = WEIGH_HEAP_OFTEN;

	while (at > 0 && often[at - 1].count < count)
		at--;
	if (at == WEIGH_HEAP_OFTEN)
		return;
	memmove(often + at + 1, often + at, (size_t)(WEIGH_HEAP_OFTEN - 1 - at) * sizeof(*often));
	often[at] = (struct weigh_heap_often){object, count};
}

static struct weigh_error *find_rows(struct sorter *s)
{
	const struct weigh_heap_graph *graph = s->graph;

	for (uint32_t i = 0; i < graph->object_count; i++) {
		bool part = s->equal->of[i] != WEIGH_NO_OBJECT && weigh_heap_gross(graph, i);

		s->row[i] = WEIGH_NO_OBJECT;
		if (!part)
			continue;
		s->row[i] =
			weigh_heap_index_put(&s->index, weigh_heap_shape(graph, i)->type, s->places->of[i]);
		if (s->row[i] == WEIGH_NO_OBJECT)
			return weigh_error_create_memory();
	}
	return NULL;
}

/* After this ends[row] is where the row ends, and row 0 begins at 0. */
static struct weigh_error *sort_by_row(struct sorter *s)
{
	s->ends = calloc((size_t)s->index.count + 2, sizeof(*s->ends));
	if (!s->ends)
		return weigh_error_create_memory();
	for (uint32_t i = 0; i < s->graph->object_count; i++) {
		if (s->row[i] != WEIGH_NO_OBJECT)
			s->ends[s->row[i] + 1]++;
	}
	for (uint32_t r = 0; r < s->index.count; r++)
		s->ends[r + 1] += s->ends[r];
	for (uint32_t i = 0; i < s->graph->object_count; i++) {
		if (s->row[i] != WEIGH_NO_OBJECT)
			s->sorted[s->ends[s->row[i]]++] = i;
	}
	return NULL;
}

static struct weigh_heap_duplicate count_row(const struct sorter *s, uint32_t row)
{
	uint32_t from = row ? s->ends[row - 1] : 0, to = s->ends[row];
	struct weigh_heap_duplicate result = {
		.type = (uint32_t)s->index.keys[row].a,
		.place = (uint32_t)s->index.keys[row].b,
		.objects = to - from,
	};

	for (uint32_t i = from; i < to; i++) {
		uint64_t gross = weigh_heap_gross(s->graph, s->sorted[i]);

		result.gross += gross;
		if (s->counts[s->equal->of[s->sorted[i]]]++)
			result.saving += gross;
		else
			result.values++;
	}
	for (uint32_t i = from; i < to; i++) {
		uint32_t *count = &s->counts[s->equal->of[s->sorted[i]]];

		if (*count > 1)
			weigh_heap_often_add(result.often, s->sorted[i], *count);
		*count = 0;
	}
	return result;
}

static void count_all(const struct sorter *s, struct weigh_heap_duplicate *sum)
{
	uint32_t total = s->index.count ? s->ends[s->index.count - 1] : 0;

	for (uint32_t i = 0; i < total; i++) {
		uint64_t gross = weigh_heap_gross(s->graph, s->sorted[i]);

		sum->objects++;
		sum->gross += gross;
		if (s->counts[s->equal->of[s->sorted[i]]]++)
			sum->saving += gross;
		else
			sum->values++;
	}
	sum->type = sum->place = WEIGH_NO_OBJECT;
}

static int compare(const void *left, const void *right)
{
	const struct weigh_heap_duplicate *a = left, *b = right;

	if (a->saving != b->saving)
		return a->saving < b->saving ? 1 : -1;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return (a->place > b->place) - (a->place < b->place);
}

static struct weigh_error *make_rows(struct weigh_heap_duplicates *duplicates, struct sorter *s)
{
	struct weigh_error *error = weigh_heap_index_init(&s->index);
	size_t objects = s->graph->object_count;

	s->row = malloc((objects + 1) * sizeof(*s->row));
	s->sorted = malloc((objects + 1) * sizeof(*s->sorted));
	s->counts = calloc((size_t)s->equal->count + 1, sizeof(*s->counts));
	if (!error && (!s->row || !s->sorted || !s->counts))
		error = weigh_error_create_memory();
	if (!error)
		error = find_rows(s);
	if (!error)
		error = sort_by_row(s);
	if (error)
		return error;
	duplicates->rows = malloc(((size_t)s->index.count + 1) * sizeof(*duplicates->rows));
	if (!duplicates->rows)
		return weigh_error_create_memory();
	for (uint32_t r = 0; r < s->index.count; r++) {
		struct weigh_heap_duplicate row = count_row(s, r);
		if (row.saving)
			duplicates->rows[duplicates->count++] = row;
	}
	count_all(s, &duplicates->sum);
	qsort(duplicates->rows, duplicates->count, sizeof(*duplicates->rows), compare);
	return NULL;
}

struct weigh_error *weigh_heap_duplicates_init(struct weigh_heap_duplicates *duplicates,
					       const struct weigh_heap_graph *graph,
					       const struct weigh_heap_places *places,
					       const struct weigh_heap_equal *equal)
{
	struct sorter s = {.graph = graph, .places = places, .equal = equal};

	*duplicates = (struct weigh_heap_duplicates){0};
	struct weigh_error *error = make_rows(duplicates, &s);
	weigh_heap_index_deinit(&s.index);
	free(s.row);
	free(s.sorted);
	free(s.ends);
	free(s.counts);
	if (error)
		weigh_heap_duplicates_deinit(duplicates);
	return error;
}

void weigh_heap_duplicates_deinit(struct weigh_heap_duplicates *duplicates)
{
	free(duplicates->rows);
	*duplicates = (struct weigh_heap_duplicates){0};
}
