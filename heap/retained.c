/*
 * The objects that keep most alive: see heap/retained.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/retained.h"

#include <stdlib.h>
#include <string.h>

struct choice {
	const struct weigh_routes *routes;
	const struct weigh_heap_below *below;
	const uint8_t *chosen;
	uint32_t *largest; /* by object: the one below that keeps most */
};

/* What a person would not name beside what holds it. */
static bool is_part(const struct choice *c, uint32_t object)
{
	uint32_t route = c->routes->route_of[object];

	return weigh_heap_type(c->routes->graph, object)->form == WEIGH_SNAPSHOT_MODULE ||
	       c->routes->routes[route].step == WEIGH_ROUTE_MODULES ||
	       weigh_route_is_home(c->routes, route) ||
	       weigh_route_is_link(c->routes, c->below->dominators, object);
}

/* Whether nearly all that it keeps hangs on one other, which is shown in its place. */
static bool passes_on(const struct choice *c, uint32_t object)
{
	const uint64_t *retained = c->below->dominators->retained;
	uint32_t largest = c->largest[object];

	while (largest != WEIGH_NO_OBJECT && weigh_route_is_home(c->routes, c->routes->route_of[largest]))
		largest = c->largest[largest];
	return largest != WEIGH_NO_OBJECT && !is_part(c, largest) &&
	       retained[largest] >= retained[object] - retained[object] / 20;
}

static bool is_wanted(const struct choice *c, const struct weigh_retained_row *row)
{
	if (c->chosen)
		return c->chosen[row->object];
	return row->retained > row->gross && !is_part(c, row->object) && !passes_on(c, row->object);
}

static void find_largest(const struct choice *c)
{
	const struct weigh_heap_dominators *dominators = c->below->dominators;
	uint32_t count = c->below->graph->object_count;

	memset(c->largest, 0xff, (size_t)count * sizeof(*c->largest));
	for (uint32_t i = 0; i < count; i++) {
		uint32_t above = dominators->idom[i];
		if (above >= count)
			continue;
		if (c->largest[above] == WEIGH_NO_OBJECT ||
		    dominators->retained[i] > dominators->retained[c->largest[above]])
			c->largest[above] = i;
	}
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

static bool fill(struct weigh_retained *retained, const struct choice *c, const uint32_t *counts,
		 uint32_t limit)
{
	const struct weigh_heap_graph *graph = c->below->graph;
	uint32_t room = 0;

	for (uint32_t i = 0; i < graph->object_count; i++) {
		const struct weigh_retained_row row = {
			.object = i,
			.retained = c->below->dominators->retained[i],
			.gross = weigh_heap_gross(graph, i),
			.below = counts[i],
		};
		if (is_wanted(c, &row) && !enter(retained, &row, limit, &room))
			return false;
	}
	return true;
}

struct weigh_error *weigh_retained_init(struct weigh_retained *retained, const struct weigh_routes *routes,
					const struct weigh_heap_below *below, const uint8_t *chosen,
					uint32_t limit)
{
	size_t count = (size_t)below->graph->object_count + 1;
	uint32_t *positions = malloc(count * sizeof(*positions)), *counts = malloc(count * sizeof(*counts));
	struct choice c = {.routes = routes, .below = below, .chosen = chosen};

	*retained = (struct weigh_retained){0};
	bool good = positions && counts && weigh_heap_below_number(below, positions, counts);
	c.largest = positions;
	if (good) {
		find_largest(&c);
		good = fill(retained, &c, counts, limit);
	}
	free(positions);
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
