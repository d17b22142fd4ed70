/*
 * The objects of a snapshot by the lines that made them: see heap/sites.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/sites.h"

#include "base/grow.h"
#include "heap/index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a sampled object stands for, as capture/estimate.h wants it. */
static struct weigh_tally tally_of(double gross, double weight)
{
	double variance = (weight - 1) * weight;

	return (struct weigh_tally){
		.bytes = weight * gross,
		.footprint = weight * gross,
		.blocks = weight,
		.bytes_variance = variance * gross * gross,
		.footprint_variance = variance * gross * gross,
		.blocks_variance = variance,
		.unseen = (weight - 1) * gross,
		.samples = 1,
	};
}

static void add_type(struct weigh_heap_site_row *row, struct weigh_heap_site_type type)
{
	int at = WEIGH_HEAP_SITE_TYPES;

	while (at > 0 && row->types[at - 1].gross < type.gross)
		at--;
	if (at == WEIGH_HEAP_SITE_TYPES)
		return;
	memmove(row->types + at + 1, row->types + at,
		(size_t)(WEIGH_HEAP_SITE_TYPES - 1 - at) * sizeof(type));
	row->types[at] = type;
}

/* By line and type first; these are then added up to the lines. */
struct parts {
	struct weigh_heap_index index;
	struct weigh_tally *tallies;
	uint32_t room;
};

static struct weigh_tally *part_of(struct parts *parts, uint32_t line, uint32_t type)
{
	uint32_t before = parts->index.count;
	uint32_t number = weigh_heap_index_put(&parts->index, line, type);

	if (number == WEIGH_NO_OBJECT ||
	    !weigh_grow(&parts->tallies, &parts->room, number, sizeof(*parts->tallies)))
		return NULL;
	if (number == before)
		parts->tallies[number] = (struct weigh_tally){0};
	return &parts->tallies[number];
}

static struct weigh_error *add_objects(struct weigh_heap_sites *sites, struct parts *parts,
				       const struct weigh_heap_graph *graph,
				       const struct weigh_heap_lines *lines)
{
	for (uint32_t i = 0; i < graph->object_count; i++) {
		uint32_t line = weigh_heap_line_of(graph, lines, i);
		uint64_t gross = weigh_heap_gross(graph, i);

		if (line == WEIGH_NO_OBJECT) {
			sites->unknown += gross != 0;
			sites->unknown_gross += gross;
			continue;
		}
		struct weigh_tally *part = part_of(parts, line, weigh_heap_shape(graph, i)->type);
		if (!part)
			return weigh_error_create_memory();
		struct weigh_tally one = tally_of((double)gross, fmax(weigh_heap_weight(graph, i), 1));
		weigh_tally_add(part, &one);
	}
	return NULL;
}

static int compare(const void *left, const void *right)
{
	const struct weigh_heap_site_row *a = left, *b = right;

	if (a->tally.bytes != b->tally.bytes)
		return a->tally.bytes < b->tally.bytes ? 1 : -1;
	return (a->line > b->line) - (a->line < b->line);
}

static struct weigh_error *add_up(struct weigh_heap_sites *sites, const struct parts *parts,
				  const struct weigh_heap_graph *graph, const struct weigh_heap_lines *lines)
{
	sites->rows = calloc((size_t)lines->count + 1, sizeof(*sites->rows));
	if (!sites->rows)
		return weigh_error_create_memory();
	for (uint32_t i = 0; i < parts->index.count; i++) {
		const struct weigh_heap_key *key = &parts->index.keys[i];
		const struct weigh_tally *tally = &parts->tallies[i];
		struct weigh_heap_site_row *row = &sites->rows[key->a];

		weigh_tally_add(&row->tally, tally);
		add_type(row, (struct weigh_heap_site_type){(uint32_t)key->b, tally->blocks, tally->bytes});
		weigh_chance_add(&sites->chance, tally);
		weigh_tally_add(&sites->sum, tally);
	}
	if (graph->weight)
		weigh_chance_settle(&sites->chance, HUGE_VAL, (double)sites->unknown_gross);
	for (uint32_t i = 0; i < lines->count; i++)
		sites->rows[i].line = i;
	qsort(sites->rows, lines->count, sizeof(*sites->rows), compare);
	while (sites->count < lines->count && sites->rows[sites->count].tally.samples)
		sites->count++;
	return NULL;
}

struct weigh_error *weigh_heap_sites_init(struct weigh_heap_sites *sites,
					  const struct weigh_heap_graph *graph,
					  const struct weigh_heap_lines *lines)
{
	struct parts parts = {0};

	*sites = (struct weigh_heap_sites){0};
	struct weigh_error *error = weigh_heap_index_init(&parts.index);
	if (!error)
		error = add_objects(sites, &parts, graph, lines);
	if (!error)
		error = add_up(sites, &parts, graph, lines);
	weigh_heap_index_deinit(&parts.index);
	free(parts.tallies);
	if (error)
		weigh_heap_sites_deinit(sites);
	return error;
}

void weigh_heap_sites_deinit(struct weigh_heap_sites *sites)
{
	free(sites->rows);
	*sites = (struct weigh_heap_sites){0};
}
