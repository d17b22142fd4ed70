/*
 * Shortest ways to many objects, merged: see heap/paths.h.
 *
 * The objects on shortest ways to the chosen ones are marked from the far end
 * of the search backwards; then routes are handed on from the roots through
 * those alone. What an object has of them is a set, and equal sets are one.
 *
 * One thread; allocates with malloc.
 */
#include "heap/paths.h"

#include "heap/index.h"
#include "heap/references.h"

#include <stdlib.h>
#include <string.h>

enum {
	NONE = 0xffffffff,
	SEVERAL = 0x80000000, /* plus the number of a set; else the route itself */
};

struct walk {
	struct weigh_routes *routes;
	uint8_t *marked;
	uint32_t *routes_of; /* by object: NONE, a route, or SEVERAL */
	/* Sets: each the set before it and one more route, larger than those in it. */
	struct weigh_heap_index sets;
	uint32_t from;
	uint64_t cut;
	bool failed;
};

static bool is_step(const struct walk *w, uint32_t target)
{
	return w->routes->distance[target] == w->routes->distance[w->from] + 1;
}

static void visit_marking(void *arg, uint32_t target, uint32_t place)
{
	struct walk *w = arg;

	(void)place;
	if (w->marked[target] && is_step(w, target))
		w->marked[w->from] = 1;
}

static void mark(struct walk *w, const struct weigh_heap_selection *selection)
{
	const struct weigh_heap_graph *graph = w->routes->graph;

	memcpy(w->marked, selection->chosen, graph->object_count);
	for (uint32_t i = graph->object_count; i-- > 0;) {
		w->from = w->routes->order[i];
		if (!w->marked[w->from])
			weigh_references_each(graph, w->from, visit_marking, w);
	}
}

/* The routes in a set, ascending; returns how many. */
static uint32_t unpack(const struct walk *w, uint32_t set, uint32_t routes[WEIGH_PATH_KINDS])
{
	uint32_t count = 0, reversed[WEIGH_PATH_KINDS];

	for (; set != NONE && (set & SEVERAL); set = (uint32_t)w->sets.keys[set & ~SEVERAL].a)
		reversed[count++] = (uint32_t)w->sets.keys[set & ~SEVERAL].b;
	if (set != NONE)
		reversed[count++] = set;
	for (uint32_t i = 0; i < count; i++)
		routes[i] = reversed[count - 1 - i];
	return count;
}

static uint32_t pack(struct walk *w, const uint32_t *routes, uint32_t count)
{
	uint32_t set = routes[0];

	for (uint32_t i = 1; i < count; i++) {
		uint32_t number = weigh_heap_index_put(&w->sets, set, routes[i]);
		if (number == WEIGH_NO_OBJECT || number >= SEVERAL) {
			w->failed = true;
			return set;
		}
		set = SEVERAL | number;
	}
	return set;
}

/* Enter a route among those of an object. */
static void add_route(struct walk *w, uint32_t object, uint32_t route)
{
	uint32_t routes[WEIGH_PATH_KINDS + 1], set = w->routes_of[object];

	if (set == NONE) {
		w->routes_of[object] = route;
		return;
	}
	if (set == route)
		return;
	uint32_t count = unpack(w, set, routes), at = count;
	while (at && routes[at - 1] > route)
		at--;
	if (at && routes[at - 1] == route)
		return;
	memmove(routes + at + 1, routes + at, (count - at) * sizeof(*routes));
	routes[at] = route;
	if (++count > WEIGH_PATH_KINDS)
		count--;
	w->routes_of[object] = pack(w, routes, count);
}

static void visit_handing(void *arg, uint32_t target, uint32_t place)
{
	struct walk *w = arg;
	uint32_t routes[WEIGH_PATH_KINDS];

	if (!w->marked[target] || !is_step(w, target) || w->failed)
		return;
	uint32_t count = unpack(w, w->routes_of[w->from], routes);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t route = weigh_route_follow(w->routes, routes[i], w->from, place, target);
		if (route == UINT32_MAX) {
			w->failed = true;
			return;
		}
		add_route(w, target, route);
	}
}

static void hand_on(struct walk *w)
{
	const struct weigh_routes *routes = w->routes;

	for (uint32_t i = 0; i < routes->graph->object_count && !w->failed; i++) {
		w->from = routes->order[i];
		if (!w->marked[w->from])
			continue;
		if (w->routes_of[w->from] == NONE)
			w->routes_of[w->from] = routes->route_of[w->from];
		weigh_references_each(routes->graph, w->from, visit_handing, w);
	}
}

static int compare(const void *left, const void *right)
{
	const struct weigh_heap_path *a = left, *b = right;

	if (a->retained != b->retained)
		return a->retained < b->retained ? 1 : -1;
	if (a->gross != b->gross)
		return a->gross < b->gross ? 1 : -1;
	if (a->objects != b->objects)
		return a->objects < b->objects ? 1 : -1;
	return (a->route > b->route) - (a->route < b->route);
}

static void count_object(struct weigh_heap_paths *paths, const struct walk *w,
			 const struct weigh_heap_below *below, uint32_t object, bool outermost)
{
	uint64_t gross = weigh_heap_gross(below->graph, object);
	uint64_t retained = outermost ? below->dominators->retained[object] : 0;
	uint32_t routes[WEIGH_PATH_KINDS], count = unpack(w, w->routes_of[object], routes);

	for (uint32_t i = 0; i < count; i++) {
		struct weigh_heap_path *path = &paths->paths[routes[i]];
		if (!path->objects++)
			path->example = object;
		path->gross += gross;
		path->retained += retained;
		path->shared += count > 1;
	}
	paths->objects++;
	paths->gross += gross;
	paths->retained += retained;
	paths->cut += count == WEIGH_PATH_KINDS;
}

/* One group of all chosen objects, to learn which of them are outermost. */
static uint8_t *find_outermost(const struct weigh_heap_below *below,
			       const struct weigh_heap_selection *selection)
{
	uint32_t count = below->graph->object_count;
	uint32_t *group_of = malloc(((size_t)count + 1) * sizeof(*group_of));
	uint8_t *outermost = calloc((size_t)count + 1, 1);
	uint64_t retained;

	for (uint32_t i = 0; group_of && i < count; i++)
		group_of[i] = selection->chosen[i] ? 0 : WEIGH_NO_OBJECT;
	if (!group_of || !outermost || !weigh_heap_below_groups(below, group_of, 1, &retained, outermost)) {
		free(outermost);
		outermost = NULL;
	}
	free(group_of);
	return outermost;
}

static bool add_up(struct weigh_heap_paths *paths, const struct walk *w, const struct weigh_heap_below *below,
		   const struct weigh_heap_selection *selection)
{
	uint8_t *outermost = find_outermost(below, selection);

	paths->paths = calloc((size_t)w->routes->count + 1, sizeof(*paths->paths));
	if (!outermost || !paths->paths) {
		free(outermost);
		return false;
	}
	for (uint32_t i = 0; i < w->routes->count; i++)
		paths->paths[i].route = i;
	for (uint32_t i = 0; i < below->graph->object_count; i++) {
		if (selection->chosen[i])
			count_object(paths, w, below, i, outermost[i]);
	}
	free(outermost);
	for (uint32_t i = 0; i < w->routes->count; i++) {
		if (paths->paths[i].objects)
			paths->paths[paths->count++] = paths->paths[i];
	}
	qsort(paths->paths, paths->count, sizeof(*paths->paths), compare);
	return true;
}

struct weigh_error *weigh_heap_paths_init(struct weigh_heap_paths *paths, struct weigh_routes *routes,
					  const struct weigh_heap_below *below,
					  const struct weigh_heap_selection *selection)
{
	size_t count = (size_t)routes->graph->object_count + 1;
	struct walk w = {
		.routes = routes,
		.marked = malloc(count),
		.routes_of = malloc(count * sizeof(*w.routes_of)),
	};
	struct weigh_error *error = weigh_heap_index_init(&w.sets);

	*paths = (struct weigh_heap_paths){0};
	if (!error && w.marked && w.routes_of) {
		memset(w.routes_of, 0xff, count * sizeof(*w.routes_of));
		mark(&w, selection);
		hand_on(&w);
		w.failed |= !w.failed && !add_up(paths, &w, below, selection);
	} else {
		w.failed = true;
	}
	if (!error && w.failed) {
		weigh_heap_paths_deinit(paths);
		error = weigh_error_create_memory();
	}
	weigh_heap_index_deinit(&w.sets);
	free(w.marked);
	free(w.routes_of);
	return error;
}

void weigh_heap_paths_deinit(struct weigh_heap_paths *paths)
{
	free(paths->paths);
	*paths = (struct weigh_heap_paths){0};
}
