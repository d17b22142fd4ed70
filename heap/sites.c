/*
 * The objects of a snapshot by the lines that made them: see heap/sites.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/sites.h"

#include "heap/rows.h"

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

/* `parts`: tallies by line and type, which are then added up to the lines. */
static struct weigh_error *add_objects(struct weigh_heap_sites *sites, struct weigh_heap_rows *parts,
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
		struct weigh_tally *part = weigh_heap_rows_put(parts, line, weigh_heap_shape(graph, i)->type);
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

static struct weigh_error *add_up(struct weigh_heap_sites *sites, const struct weigh_heap_rows *parts,
				  const struct weigh_heap_graph *graph, const struct weigh_heap_lines *lines)
{
	sites->rows = calloc((size_t)lines->count + 1, sizeof(*sites->rows));
	if (!sites->rows)
		return weigh_error_create_memory();
	for (uint32_t i = 0; i < parts->index.count; i++) {
		const struct weigh_heap_key *key = &parts->index.keys[i];
		const struct weigh_tally *tally = weigh_heap_rows_at(parts, i);
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
	struct weigh_heap_rows parts;

	*sites = (struct weigh_heap_sites){0};
	struct weigh_error *error = weigh_heap_rows_init(&parts, sizeof(struct weigh_tally));

	if (!error)
		error = add_objects(sites, &parts, graph, lines);
	if (!error)
		error = add_up(sites, &parts, graph, lines);
	weigh_heap_rows_deinit(&parts);
	if (error)
		weigh_heap_sites_deinit(sites);
	return error;
}

void weigh_heap_sites_deinit(struct weigh_heap_sites *sites)
{
	free(sites->rows);
	*sites = (struct weigh_heap_sites){0};
}
