/*
 * Two snapshots compared: see heap/diff.h.
 *
 * Groups of both sides are joined by their names, of which only a hash is
 * kept: 128 bits, so that no two different names ever share a row.
 *
 * One thread; allocates with malloc.
 */
#include "heap/diff.h"

#include "heap/index.h"
#include "heap/sites.h"
#include "heap/words.h"
#include "vendor/xxhash/xxhash.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct join {
	struct weigh_diff *diff;
	enum weigh_diff_by by;
	struct weigh_heap_index index;     /* names to rows */
	uint32_t *row_of[WEIGH_SIDES];     /* by group */
	uint32_t *object_row[WEIGH_SIDES]; /* by object; WEIGH_NO_OBJECT: in no group */
	struct weigh_diff_row *rows;
	uint32_t count;
};

static uint32_t group_count(const struct weigh_diff_side *side, enum weigh_diff_by by)
{
	switch (by) {
	case WEIGH_DIFF_TYPES:
		return side->graph->type_count;
	case WEIGH_DIFF_HOLDERS:
		return side->routes->count;
	default:
		return side->lines->count;
	}
}

static uint32_t group_of(const struct weigh_diff_side *side, enum weigh_diff_by by, uint32_t object)
{
	switch (by) {
	case WEIGH_DIFF_TYPES:
		return weigh_heap_shape(side->graph, object)->type;
	case WEIGH_DIFF_HOLDERS:
		return side->routes->route_of[object];
	default:
		return weigh_heap_line_of(side->graph, side->lines, object);
	}
}

static char *line_text(const struct weigh_heap_line *line)
{
	char *text = NULL;
	int made;

	if (line->own.file)
		made = asprintf(&text, "%s:%u", line->own.file, line->own.line);
	else
		made = asprintf(&text, "%s", line->own.function);
	return made < 0 ? NULL : text;
}

static char *route_words(const struct weigh_routes *routes, uint32_t route, const char *arrow)
{
	struct weigh_words words;
	struct weigh_error *error = weigh_words_of_route(routes, route, &words);
	char *text = error ? NULL : weigh_words_join(&words, arrow, 0);

	if (!error)
		weigh_words_deinit(&words);
	weigh_error_destroy(error);
	return text;
}

static char *group_name(const struct weigh_diff_side *side, enum weigh_diff_by by, uint32_t group,
			const char *arrow)
{
	char name[WEIGH_HEAP_NAME];

	switch (by) {
	case WEIGH_DIFF_TYPES:
		return strdup(weigh_heap_type_name(side->graph, group, name));
	case WEIGH_DIFF_HOLDERS:
		return route_words(side->routes, group, arrow);
	default:
		return line_text(&side->lines->lines[group]);
	}
}

char *weigh_diff_name(const struct weigh_diff *diff, enum weigh_diff_by by, const struct weigh_diff_row *row,
		      const char *arrow)
{
	int side = row->group[WEIGH_AFTER] != WEIGH_NO_OBJECT ? WEIGH_AFTER : WEIGH_BEFORE;

	return group_name(&diff->sides[side], by, row->group[side], arrow);
}

static bool join_groups(struct join *j, int side)
{
	const struct weigh_diff_side *s = &j->diff->sides[side];
	uint32_t count = group_count(s, j->by);

	j->row_of[side] = malloc(((size_t)count + 1) * sizeof(*j->row_of[side]));
	if (!j->row_of[side])
		return false;
	for (uint32_t group = 0; group < count; group++) {
		char *name = group_name(s, j->by, group, "\n");
		if (!name)
			return false;
		XXH128_hash_t hash = XXH3_128bits(name, strlen(name));
		free(name);
		uint32_t row = weigh_heap_index_put(&j->index, hash.low64, hash.high64);
		if (row == WEIGH_NO_OBJECT)
			return false;
		j->row_of[side][group] = row;
	}
	return true;
}

static bool place_objects(struct join *j, int side)
{
	const struct weigh_diff_side *s = &j->diff->sides[side];
	uint32_t count = s->graph->object_count;

	j->object_row[side] = malloc(((size_t)count + 1) * sizeof(*j->object_row[side]));
	if (!j->object_row[side])
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t group = group_of(s, j->by, i);
		j->object_row[side][i] = group == WEIGH_NO_OBJECT ? group : j->row_of[side][group];
	}
	return true;
}

static bool make_rows(struct join *j)
{
	j->count = j->index.count;
	j->rows = calloc((size_t)j->count + 1, sizeof(*j->rows));
	if (!j->rows)
		return false;
	for (uint32_t i = 0; i < j->count; i++)
		j->rows[i].group[WEIGH_BEFORE] = j->rows[i].group[WEIGH_AFTER] = WEIGH_NO_OBJECT;
	for (int side = 0; side < WEIGH_SIDES; side++) {
		for (uint32_t g = group_count(&j->diff->sides[side], j->by); g-- > 0;)
			j->rows[j->row_of[side][g]].group[side] = g;
	}
	return true;
}

static bool add_retained(struct join *j, int side)
{
	uint64_t *retained = calloc((size_t)j->count + 1, sizeof(*retained));
	bool good = retained && weigh_heap_below_groups(j->diff->sides[side].below, j->object_row[side],
							j->count, retained, NULL);

	for (uint32_t i = 0; good && i < j->count; i++)
		j->rows[i].retained[side] = retained[i];
	free(retained);
	return good;
}

static void add_sizes(struct join *j, int side)
{
	const struct weigh_heap_graph *graph = j->diff->sides[side].graph;

	for (uint32_t i = 0; i < graph->object_count; i++) {
		if (j->object_row[side][i] == WEIGH_NO_OBJECT)
			continue;
		struct weigh_diff_row *row = &j->rows[j->object_row[side][i]];
		row->count[side]++;
		row->gross[side] += weigh_heap_gross(graph, i);
	}
}

/* Of lines what the objects stand for, with the interval of the sum of all that share a row. */
static struct weigh_error *estimate_lines(struct join *j, int side)
{
	const struct weigh_diff_side *s = &j->diff->sides[side];
	struct weigh_heap_sites sites;
	struct weigh_tally *tallies = calloc((size_t)j->count + 1, sizeof(*tallies));
	struct weigh_error *error =
		tallies ? weigh_heap_sites_init(&sites, s->graph, s->lines) : weigh_error_create_memory();

	for (uint32_t i = 0; !error && i < sites.count; i++)
		weigh_tally_add(&tallies[j->row_of[side][sites.rows[i].line]], &sites.rows[i].tally);
	for (uint32_t i = 0; !error && i < j->count; i++) {
		struct weigh_diff_row *row = &j->rows[i];
		if (!tallies[i].samples)
			continue;
		row->estimate[side] = weigh_estimate_bytes(&tallies[i], &sites.chance);
		row->count[side] = (uint64_t)llround(tallies[i].blocks);
		row->gross[side] = (uint64_t)llround(tallies[i].bytes);
	}
	if (!error)
		weigh_heap_sites_deinit(&sites);
	free(tallies);
	return error;
}

static bool add_born(struct join *j, const uint8_t *born)
{
	const struct weigh_heap_graph *graph = j->diff->sides[WEIGH_AFTER].graph;
	struct sum {
		double count, gross;
	} *sums = calloc((size_t)j->count + 1, sizeof(*sums));

	if (!sums)
		return false;
	for (uint32_t i = 0; i < graph->object_count; i++) {
		uint32_t row = j->object_row[WEIGH_AFTER][i];
		if (!born[i] || row == WEIGH_NO_OBJECT)
			continue;
		double weight = j->by == WEIGH_DIFF_LINES ? weigh_heap_weight(graph, i) : 1;
		sums[row].count += weight;
		sums[row].gross += weight * (double)weigh_heap_gross(graph, i);
	}
	for (uint32_t i = 0; i < j->count; i++) {
		j->rows[i].born = (uint64_t)llround(sums[i].count);
		j->rows[i].born_gross = (uint64_t)llround(sums[i].gross);
	}
	free(sums);
	return true;
}

static bool has_changed(const struct weigh_diff_row *row)
{
	return row->count[0] != row->count[1] || row->gross[0] != row->gross[1] ||
	       row->retained[0] != row->retained[1] || row->born;
}

static int64_t growth(const uint64_t sizes[WEIGH_SIDES])
{
	return (int64_t)(sizes[WEIGH_AFTER] - sizes[WEIGH_BEFORE]);
}

static int compare(const void *left, const void *right)
{
	const struct weigh_diff_row *a = left, *b = right;

	if (growth(a->gross) != growth(b->gross))
		return growth(a->gross) < growth(b->gross) ? 1 : -1;
	if (growth(a->retained) != growth(b->retained))
		return growth(a->retained) < growth(b->retained) ? 1 : -1;
	if (a->born_gross != b->born_gross)
		return a->born_gross < b->born_gross ? 1 : -1;
	if (a->group[1] != b->group[1])
		return a->group[1] > b->group[1] ? 1 : -1;
	return (a->group[0] > b->group[0]) - (a->group[0] < b->group[0]);
}

static void keep_rows(struct join *j, struct weigh_diff_table *table)
{
	for (uint32_t i = 0; i < j->count; i++) {
		if (has_changed(&j->rows[i]))
			j->rows[table->count++] = j->rows[i];
	}
	qsort(j->rows, table->count, sizeof(*j->rows), compare);
	table->rows = j->rows;
	j->rows = NULL;
}

static struct weigh_error *fill(struct join *j, const uint8_t *born)
{
	bool good = true;

	for (int side = 0; side < WEIGH_SIDES && good; side++)
		good = join_groups(j, side) && place_objects(j, side);
	good = good && make_rows(j);
	for (int side = 0; side < WEIGH_SIDES && good; side++) {
		add_sizes(j, side);
		good = add_retained(j, side);
		struct weigh_error *error =
			good && j->by == WEIGH_DIFF_LINES ? estimate_lines(j, side) : NULL;
		if (error)
			return error;
	}
	good = good && (!born || add_born(j, born));
	if (!good)
		return weigh_error_create_memory();
	keep_rows(j, &j->diff->tables[j->by]);
	return NULL;
}

static struct weigh_error *compare_by(struct weigh_diff *diff, enum weigh_diff_by by, const uint8_t *born)
{
	struct join j = {.diff = diff, .by = by};
	struct weigh_error *error = weigh_heap_index_init(&j.index);

	if (!error)
		error = fill(&j, born);
	weigh_heap_index_deinit(&j.index);
	for (int side = 0; side < WEIGH_SIDES; side++) {
		free(j.row_of[side]);
		free(j.object_row[side]);
	}
	free(j.rows);
	return error;
}

static void add_sums(struct weigh_diff *diff, const uint8_t *born)
{
	for (int side = 0; side < WEIGH_SIDES; side++) {
		const struct weigh_heap_graph *graph = diff->sides[side].graph;

		diff->count[side] = graph->object_count;
		for (uint32_t i = 0; i < graph->object_count; i++) {
			uint64_t gross = weigh_heap_gross(graph, i);
			diff->gross[side] += gross;
			if (side == WEIGH_AFTER && born && born[i]) {
				diff->born++;
				diff->born_gross += gross;
			}
		}
	}
}

struct weigh_error *weigh_diff_init(struct weigh_diff *diff, const struct weigh_diff_side *before,
				    const struct weigh_diff_side *after)
{
	struct weigh_error *error = NULL;
	uint8_t *born = NULL;

	*diff = (struct weigh_diff){
		.sides = {*before, *after},
		.same_process = weigh_diff_same_process(before->graph, after->graph),
	};
	if (diff->same_process) {
		born = weigh_diff_born(before->graph, after->graph);
		if (!born)
			error = weigh_error_create_memory();
	}
	if (!error)
		add_sums(diff, born);
	for (enum weigh_diff_by by = 0; by < WEIGH_DIFF_BYS && !error; by++)
		error = compare_by(diff, by, born);
	free(born);
	if (error)
		weigh_diff_deinit(diff);
	return error;
}

void weigh_diff_deinit(struct weigh_diff *diff)
{
	for (int by = 0; by < WEIGH_DIFF_BYS; by++)
		free(diff->tables[by].rows);
	*diff = (struct weigh_diff){0};
}
