/*
 * The objects that keep most alive: see heap/retained.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/retained.h"

#include <stdlib.h>
#include <string.h>

/* What a person would not name beside what holds it. */
static bool is_part(const struct weigh_routes *routes, const uint32_t *idom, uint32_t object)
{
	uint32_t route = routes->route_of[object], above = idom[object];

	/* The second link of a chain and those after it say no more than the first. */
	if (routes->routes[route].repeats && above < routes->graph->object_count &&
	    (routes->route_of[above] == route ||
	     (idom[above] < routes->graph->object_count && routes->route_of[idom[above]] == route)))
		return true;
	return weigh_heap_type(routes->graph, object)->form == WEIGH_SNAPSHOT_MODULE ||
	       routes->routes[route].step == WEIGH_ROUTE_MODULES || weigh_route_is_home(routes, route);
}

static int compare_rows(const void *left, const void *right)
{
	const struct weigh_retained_row *a = left, *b = right;

	if (a->retained != b->retained)
		return a->retained < b->retained ? 1 : -1;
	return (a->object > b->object) - (a->object < b->object);
}

/*
 * Enter a row; a full heap of `limit` has the least of them first, so that a
 * graph of any size is gone through once.
 */
static void sift(struct weigh_retained_row *rows, uint32_t count, uint32_t at)
{
	for (;;) {
		uint32_t least = at, child = 2 * at + 1;

		for (uint32_t c = child; c < child + 2 && c < count; c++) {
			if (compare_rows(&rows[c], &rows[least]) > 0)
				least = c;
		}
		if (least == at)
			return;
		struct weigh_retained_row swap = rows[at];
		rows[at] = rows[least];
		rows[least] = swap;
		at = least;
	}
}

static bool enter(struct weigh_retained *retained, const struct weigh_retained_row *row, uint32_t limit,
		  uint32_t *room)
{
	if (limit && retained->count == limit) {
		retained->rest++;
		if (compare_rows(row, &retained->rows[0]) >= 0)
			return true;
		retained->rows[0] = *row;
		sift(retained->rows, limit, 0);
		return true;
	}
	if (retained->count == *room) {
		uint32_t larger_room = *room ? *room * 2 : 64;
		struct weigh_retained_row *larger = realloc(retained->rows, larger_room * sizeof(*larger));
		if (!larger)
			return false;
		retained->rows = larger;
		*room = larger_room;
	}
	retained->rows[retained->count++] = *row;
	if (retained->count == limit) {
		for (uint32_t i = limit / 2; i-- > 0;)
			sift(retained->rows, limit, i);
	}
	return true;
}

/* Objects below each, added up from the leaves: children come after their dominators in depth-first order. */
static uint32_t *count_below(const struct weigh_heap_below *below)
{
	uint32_t objects = below->graph->object_count, filled = 0;
	uint32_t *order = malloc(((size_t)objects + 1) * sizeof(*order));
	uint32_t *counts = calloc((size_t)objects + WEIGH_OWNERS, sizeof(*counts));

	if (!order || !counts) {
		free(order);
		free(counts);
		return NULL;
	}
	for (uint32_t owner = 0; owner < WEIGH_OWNERS; owner++) {
		uint32_t top = objects + owner;
		for (uint32_t at = top; at != WEIGH_NO_OBJECT; at = weigh_heap_below_next(below, top, at)) {
			if (at < objects)
				order[filled++] = at;
		}
	}
	while (filled-- > 0)
		counts[below->dominators->idom[order[filled]]] += ++counts[order[filled]];
	free(order);
	return counts;
}

struct weigh_error *weigh_retained_init(struct weigh_retained *retained, const struct weigh_routes *routes,
					const struct weigh_heap_below *below, const uint8_t *chosen,
					uint32_t limit)
{
	const struct weigh_heap_graph *graph = below->graph;
	uint32_t *counts = count_below(below), room = 0;
	bool good = counts;

	*retained = (struct weigh_retained){0};
	for (uint32_t i = 0; i < graph->object_count && good; i++) {
		struct weigh_retained_row row = {
			.object = i,
			.retained = below->dominators->retained[i],
			.gross = weigh_heap_gross(graph, i),
			.below = counts[i],
		};
		if (chosen ? !chosen[i]
			   : row.retained == row.gross || is_part(routes, below->dominators->idom, i))
			continue;
		good = enter(retained, &row, limit, &room);
	}
	free(counts);
	if (!good) {
		weigh_retained_deinit(retained);
		return weigh_error_create_memory();
	}
	if (retained->count)
		qsort(retained->rows, retained->count, sizeof(*retained->rows), compare_rows);
	return NULL;
}

void weigh_retained_deinit(struct weigh_retained *retained)
{
	free(retained->rows);
	*retained = (struct weigh_retained){0};
}
