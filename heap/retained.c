/*
 * The objects that keep most alive: see heap/retained.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/retained.h"

#include <stdlib.h>
#include <string.h>

enum { ALIKE = 3 }; /* objects of one route that are shown: a list's thousand records would hide the rest */

struct choice {
	const struct weigh_routes *routes;
	const struct weigh_heap_below *below;
	const uint8_t *chosen;
	uint32_t *largest; /* by object: the one below that keeps most */
	uint32_t (*alike)[ALIKE]; /* by route: those that keep most, the first most; NO_OBJECT: fewer */
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

static bool is_wanted(const struct choice *c, uint32_t object)
{
	if (c->chosen)
		return c->chosen[object];
	return c->below->dominators->retained[object] > weigh_heap_gross(c->below->graph, object) &&
	       !is_part(c, object) && !passes_on(c, object);
}

static void compete(const struct choice *c, uint32_t object)
{
	const uint64_t *retained = c->below->dominators->retained;
	uint32_t *alike = c->alike[c->routes->route_of[object]];

	for (int i = 0; i < ALIKE; i++) {
		if (alike[i] != WEIGH_NO_OBJECT && retained[alike[i]] >= retained[object])
			continue;
		uint32_t next = alike[i];
		alike[i] = object;
		object = next;
		if (object == WEIGH_NO_OBJECT)
			return;
	}
}

static bool is_foremost(const struct choice *c, uint32_t object)
{
	const uint32_t *alike = c->alike[c->routes->route_of[object]];

	return alike[0] == object || alike[1] == object || alike[2] == object;
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

	for (uint32_t i = 0; i < graph->object_count && limit; i++) {
		if (is_wanted(c, i))
			compete(c, i);
	}
	for (uint32_t i = 0; i < graph->object_count; i++) {
		const struct weigh_retained_row row = {
			.object = i,
			.retained = c->below->dominators->retained[i],
			.gross = weigh_heap_gross(graph, i),
			.below = counts[i],
		};
		if (!is_wanted(c, i))
			continue;
		if (limit && !is_foremost(c, i))
			retained->rest++;
		else if (!enter(retained, &row, limit, &room))
			return false;
	}
	return true;
}

static bool prepare(struct choice *c, uint32_t *counts)
{
	size_t routes = c->routes->count;

	if (!c->largest || !c->alike || !counts || !weigh_heap_below_number(c->below, c->largest, counts))
		return false;
	memset(c->alike, 0xff, routes * sizeof(*c->alike));
	find_largest(c);
	return true;
}

struct weigh_error *weigh_retained_init(struct weigh_retained *retained, const struct weigh_routes *routes,
					const struct weigh_heap_below *below, const uint8_t *chosen,
					uint32_t limit)
{
	size_t count = (size_t)below->graph->object_count + 1;
	uint32_t *counts = malloc(count * sizeof(*counts));
	struct choice c = {
		.routes = routes,
		.below = below,
		.chosen = chosen,
		.largest = malloc(count * sizeof(*c.largest)),
		.alike = malloc(((size_t)routes->count + 1) * sizeof(*c.alike)),
	};

	*retained = (struct weigh_retained){0};
	bool good = prepare(&c, counts) && fill(retained, &c, counts, limit);
	free(counts);
	free(c.largest);
	free(c.alike);
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
