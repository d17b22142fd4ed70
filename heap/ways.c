/*
 * The ways to one object, and what refers to it: see heap/paths.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/paths.h"

#include "base/grow.h"
#include "heap/references.h"

#include <stdlib.h>
#include <string.h>

struct step {
	uint32_t object, place; /* place in the object before */
};

struct walk {
	const struct weigh_routes *routes;
	uint8_t *marked; /* objects on a shortest way to the one asked for */
	uint32_t from;
	/* Steps that lie open, the deepest last; those of one object follow each other. */
	struct step *open;
	uint32_t open_count, open_room;
	bool failed;
};

static bool is_step(const struct walk *w, uint32_t target)
{
	return w->marked[target] && w->routes->distance[target] == w->routes->distance[w->from] + 1;
}

static void visit_marking(void *arg, uint32_t target, uint32_t place)
{
	struct walk *w = arg;

	(void)place;
	if (is_step(w, target))
		w->marked[w->from] = 1;
}

static void mark(struct walk *w, uint32_t object)
{
	const struct weigh_routes *routes = w->routes;
	uint32_t i = routes->graph->object_count;

	w->marked[object] = 1;
	while (i && routes->order[i - 1] != object)
		i--;
	while (i-- > 0) {
		w->from = routes->order[i];
		weigh_references_each(routes->graph, w->from, visit_marking, w);
	}
}

static void visit_opening(void *arg, uint32_t target, uint32_t place)
{
	struct walk *w = arg;

	if (!is_step(w, target) || w->failed ||
	    weigh_reference_is_named(w->routes->graph, w->from, place, target))
		return;
	if (!weigh_grow(&w->open, &w->open_room, w->open_count, sizeof(*w->open))) {
		w->failed = true;
		return;
	}
	w->open[w->open_count++] = (struct step){target, place};
}

/* Whether a way begins here: its route does, or is that of a module's own dict. */
static bool begins(const struct weigh_routes *routes, uint32_t object)
{
	const struct weigh_route *route = &routes->routes[routes->route_of[object]];

	return routes->routes[route->parent].parent == route->parent &&
	       (route->parent == routes->route_of[object] ||
		(routes->routes[route->parent].step == WEIGH_ROUTE_MODULE &&
		 weigh_route_is_home(routes, routes->route_of[object])));
}

static bool keep_way(struct weigh_heap_ways *ways, const struct step *steps, uint32_t count)
{
	struct weigh_heap_way *larger = realloc(ways->ways, ((size_t)ways->count + 1) * sizeof(*ways->ways));
	struct weigh_heap_way way = {
		.objects = malloc(count * sizeof(*way.objects)),
		.places = malloc(count * sizeof(*way.places)),
		.count = count,
	};

	if (larger)
		ways->ways = larger;
	if (!larger || !way.objects || !way.places) {
		free(way.objects);
		free(way.places);
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		way.objects[i] = steps[i].object;
		way.places[i] = steps[i].place;
	}
	ways->ways[ways->count++] = way;
	return true;
}

struct home {
	uint32_t dict, place;
};

static void visit_home(void *arg, uint32_t target, uint32_t place)
{
	struct home *home = arg;

	if (target == home->dict && home->place == UINT32_MAX)
		home->place = place;
}

/* A module's dict stands for the module: the way begins at that. Returns the steps so far. */
static uint32_t begin_way(const struct walk *w, uint32_t object, struct step steps[2])
{
	const struct weigh_routes *routes = w->routes;
	const struct weigh_route *route = &routes->routes[routes->route_of[object]];
	struct home home = {object, UINT32_MAX};

	if (route->parent == routes->route_of[object]) {
		steps[0] = (struct step){object, 0};
		return 1;
	}
	uint32_t module = routes->routes[route->parent].name;
	weigh_references_each(routes->graph, module, visit_home, &home);
	steps[0] = (struct step){module, 0};
	steps[1] = (struct step){object, home.place};
	return 2;
}

/* All ways from one beginning: down through what is marked, depth first. */
static void search(struct walk *w, struct weigh_heap_ways *ways, uint32_t beginning, uint32_t object,
		   uint32_t limit)
{
	const uint32_t *distance = w->routes->distance;
	size_t longest = (size_t)distance[object] - distance[beginning] + 3;
	struct step *steps = malloc(longest * sizeof(*steps));

	if (!steps) {
		w->failed = true;
		return;
	}
	uint32_t first = begin_way(w, beginning, steps);
	w->open_count = 0;
	uint32_t count = first;
	for (;;) {
		w->from = steps[count - 1].object;
		if (w->from == object) {
			ways->more = ways->count == limit;
			w->failed |= !ways->more && !keep_way(ways, steps, count);
		} else {
			weigh_references_each(w->routes->graph, w->from, visit_opening, w);
		}
		if (!w->open_count || w->failed || ways->more)
			break;
		struct step next = w->open[--w->open_count];
		count = first + distance[next.object] - distance[beginning];
		steps[count - 1] = next;
	}
	free(steps);
}

struct weigh_error *weigh_heap_ways_init(struct weigh_heap_ways *ways, const struct weigh_routes *routes,
					 uint32_t object, uint32_t limit)
{
	const struct weigh_heap_graph *graph = routes->graph;
	struct walk w = {.routes = routes, .marked = calloc((size_t)graph->object_count + 1, 1)};

	*ways = (struct weigh_heap_ways){0};
	if (!w.marked)
		return weigh_error_create_memory();
	mark(&w, object);
	for (uint32_t i = 0; i < graph->object_count && !w.failed && !ways->more; i++) {
		uint32_t beginning = routes->order[i];
		if (routes->distance[beginning] > routes->distance[object])
			break;
		if (w.marked[beginning] && begins(routes, beginning))
			search(&w, ways, beginning, object, limit);
	}
	free(w.open);
	free(w.marked);
	if (!w.failed)
		return NULL;
	weigh_heap_ways_deinit(ways);
	return weigh_error_create_memory();
}

void weigh_heap_ways_deinit(struct weigh_heap_ways *ways)
{
	for (uint32_t i = 0; i < ways->count; i++) {
		free(ways->ways[i].objects);
		free(ways->ways[i].places);
	}
	free(ways->ways);
	*ways = (struct weigh_heap_ways){0};
}

struct looking {
	struct weigh_heap_referrers *referrers;
	uint32_t object, from, room;
	bool failed;
};

static void visit_referrer(void *arg, uint32_t target, uint32_t place)
{
	struct looking *l = arg;
	struct weigh_heap_referrers *referrers = l->referrers;

	if (target != l->object || l->failed)
		return;
	if (!weigh_grow(&referrers->referrers, &l->room, referrers->count, sizeof(*referrers->referrers))) {
		l->failed = true;
		return;
	}
	referrers->referrers[referrers->count++] = (struct weigh_heap_referrer){l->from, place};
}

static int compare_referrers(const void *left, const void *right, void *context)
{
	const struct weigh_heap_referrer *a = left, *b = right;
	const uint32_t *distance = context;

	if (distance[a->object] != distance[b->object])
		return distance[a->object] > distance[b->object] ? 1 : -1;
	if (a->object != b->object)
		return a->object > b->object ? 1 : -1;
	return (a->place > b->place) - (a->place < b->place);
}

struct weigh_error *weigh_heap_referrers_init(struct weigh_heap_referrers *referrers,
					      const struct weigh_routes *routes, uint32_t object,
					      uint32_t limit)
{
	const struct weigh_heap_graph *graph = routes->graph;
	struct looking l = {.referrers = referrers, .object = object};

	*referrers = (struct weigh_heap_referrers){.immortal = graph->counted[object] == UINT32_MAX};
	for (l.from = 0; l.from < graph->object_count && !l.failed; l.from++)
		weigh_references_each(graph, l.from, visit_referrer, &l);
	if (l.failed) {
		weigh_heap_referrers_deinit(referrers);
		return weigh_error_create_memory();
	}
	qsort_r(referrers->referrers, referrers->count, sizeof(*referrers->referrers), compare_referrers,
		routes->distance);
	referrers->total = referrers->count;
	if (!referrers->immortal && graph->counted[object] > referrers->total)
		referrers->elsewhere = graph->counted[object] - referrers->total;
	if (referrers->count > limit)
		referrers->count = limit;
	return NULL;
}

void weigh_heap_referrers_deinit(struct weigh_heap_referrers *referrers)
{
	free(referrers->referrers);
	*referrers = (struct weigh_heap_referrers){0};
}
