/*
 * Objects added up by type: see heap/types.h.
 *
 * One thread; allocates with malloc, 8 bytes for each object while it looks
 * for what the types retain.
 */
#include "heap/types.h"

#include "heap/index.h"

#include <stdlib.h>
#include <string.h>

uint32_t *weigh_heap_types_alike(const struct weigh_heap_graph *graph)
{
	uint32_t *alike = malloc(((size_t)graph->type_count + 1) * sizeof(*alike));
	uint32_t *firsts = malloc(((size_t)graph->type_count + 1) * sizeof(*firsts));
	struct weigh_heap_index index = {0};
	struct weigh_error *error = alike && firsts ? weigh_heap_index_init(&index) : NULL;
	bool good = alike && firsts && !error;

	for (uint32_t t = 0; good && t < graph->type_count; t++) {
		const struct weigh_heap_type *type = &graph->types[t];
		uint32_t before = index.count;
		uint32_t number = weigh_heap_index_put(&index, (uint64_t)type->name << 32 | type->module,
						       type->variant);
		good = number != WEIGH_NO_OBJECT;
		if (number == before)
			firsts[number] = t;
		if (good)
			alike[t] = firsts[number];
	}
	weigh_heap_index_deinit(&index);
	weigh_error_destroy(error);
	free(firsts);
	if (good)
		return alike;
	free(alike);
	return NULL;
}

/* The tree of dominators from above: first child and next sibling of each object and owner. */
struct below {
	uint32_t *first, *next;
};

static bool below_init(struct below *below, const struct weigh_heap_graph *graph,
		       const struct weigh_heap_dominators *dominators)
{
	size_t count = (size_t)graph->object_count + WEIGH_OWNERS;

	below->first = malloc(count * sizeof(*below->first));
	below->next = malloc(count * sizeof(*below->next));
	if (!below->first || !below->next)
		return false;
	memset(below->first, 0xff, count * sizeof(*below->first));
	for (uint32_t i = 0; i < graph->object_count; i++) {
		below->next[i] = below->first[dominators->idom[i]];
		below->first[dominators->idom[i]] = i;
	}
	return true;
}

/* One owner's objects, depth first; `open` counts the objects of each type on the way down. */
static void walk(struct weigh_heap_type_row *rows, uint32_t *open, const uint32_t *alike,
		 const struct below *below, const struct weigh_heap_graph *graph,
		 const struct weigh_heap_dominators *dominators, uint32_t owner)
{
	uint32_t at = below->first[owner];

	while (at != WEIGH_NO_OBJECT) {
		uint32_t type = alike[weigh_heap_shape(graph, at)->type];

		if (!open[type]++)
			rows[type].retained += dominators->retained[at];
		if (below->first[at] != WEIGH_NO_OBJECT) {
			at = below->first[at];
			continue;
		}
		/* Along, or up and along; each object is closed on the way. */
		for (;;) {
			open[alike[weigh_heap_shape(graph, at)->type]]--;
			uint32_t above = dominators->idom[at];
			at = below->next[at];
			if (at != WEIGH_NO_OBJECT || above >= graph->object_count)
				break;
			at = above;
		}
	}
}

static struct weigh_error *add_retained(struct weigh_heap_type_row *rows, const uint32_t *alike,
					const struct weigh_heap_graph *graph,
					const struct weigh_heap_dominators *dominators)
{
	uint32_t *open = calloc((size_t)graph->type_count + 1, sizeof(*open));
	struct below below = {0};
	struct weigh_error *error = NULL;

	if (open && below_init(&below, graph, dominators)) {
		/* An owner's list ends before the next one's: owners have no siblings here. */
		for (uint32_t owner = 0; owner < WEIGH_OWNERS; owner++)
			walk(rows, open, alike, &below, graph, dominators, graph->object_count + owner);
	} else {
		error = weigh_error_create_memory();
	}
	free(open);
	free(below.first);
	free(below.next);
	return error;
}

static int compare(const void *left, const void *right)
{
	const struct weigh_heap_type_row *a = left, *b = right;

	if (a->gross != b->gross)
		return a->gross < b->gross ? 1 : -1;
	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return (a->type > b->type) - (a->type < b->type);
}

static void add_up(struct weigh_heap_types *types, const uint32_t *alike,
		   const struct weigh_heap_graph *graph)
{
	for (uint32_t i = 0; i < graph->object_count; i++) {
		struct weigh_heap_type_row *row = &types->rows[alike[weigh_heap_shape(graph, i)->type]];

		row->count++;
		row->gross += weigh_heap_gross(graph, i);
		row->net += weigh_heap_net(graph, i);
	}
	for (uint32_t t = 0; t < graph->type_count; t++) {
		types->rows[t].type = t;
		types->sum.count += types->rows[t].count;
		types->sum.gross += types->rows[t].gross;
		types->sum.net += types->rows[t].net;
	}
}

struct weigh_error *weigh_heap_types_init(struct weigh_heap_types *types,
					  const struct weigh_heap_graph *graph,
					  const struct weigh_heap_dominators *dominators)
{
	uint32_t *alike = weigh_heap_types_alike(graph);
	struct weigh_error *error = NULL;

	*types = (struct weigh_heap_types){
		.rows = calloc((size_t)graph->type_count + 1, sizeof(*types->rows))};
	if (!alike || !types->rows) {
		error = weigh_error_create_memory();
	} else {
		add_up(types, alike, graph);
		if (dominators)
			error = add_retained(types->rows, alike, graph, dominators);
		qsort(types->rows, graph->type_count, sizeof(*types->rows), compare);
		while (types->count < graph->type_count && types->rows[types->count].count)
			types->count++;
	}
	free(alike);
	if (error)
		weigh_heap_types_deinit(types);
	return error;
}

void weigh_heap_types_deinit(struct weigh_heap_types *types)
{
	free(types->rows);
	*types = (struct weigh_heap_types){0};
}
