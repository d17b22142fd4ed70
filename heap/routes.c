/*
 * The table of routes: see heap/routes.h. What fills it is in heap/reach.c.
 *
 * A route is found by its holder's route and the step from there. What a step
 * leads back to (see `repeats`) is found once and remembered like the rest.
 *
 * One thread; allocates with malloc.
 */
#include "heap/routes.h"

#include "base/grow.h"
#include "base/hash.h"
#include "heap/reach.h"
#include "heap/references.h"

#include <stdlib.h>
#include <string.h>

/* A way from a route: `step` of `naming` to `name`, to an object of `type`. */
struct way {
	uint32_t parent, type, name;
	uint8_t step, naming;
};

struct entry {
	struct way way;
	uint32_t route; /* plus 1; 0: free */
};

struct weigh_route_hash {
	struct entry *entries;
	uint32_t mask, used;
	struct entry last; /* items of a list ask for the same again and again */
};

static bool same(const struct way *a, const struct way *b)
{
	return a->parent == b->parent && a->type == b->type && a->name == b->name && a->step == b->step &&
	       a->naming == b->naming;
}

static struct entry *find(const struct weigh_route_hash *hash, const struct way *way)
{
	uint64_t mixed = weigh_hash_step(
		weigh_hash_step((uint64_t)way->parent << 32 | way->name, (uint64_t)way->type + 1),
		(uint64_t)way->step << 8 | way->naming);
	uint32_t at = (uint32_t)mixed & hash->mask;

	while (hash->entries[at].route && !same(&hash->entries[at].way, way))
		at = (at + 1) & hash->mask;
	return &hash->entries[at];
}

static bool grow_hash(struct weigh_route_hash *hash)
{
	struct weigh_route_hash larger = {.mask = hash->mask * 2 + 1, .used = hash->used};

	larger.entries = calloc((size_t)larger.mask + 1, sizeof(*larger.entries));
	if (!larger.entries)
		return false;
	for (uint32_t i = 0; i <= hash->mask; i++) {
		if (hash->entries[i].route)
			*find(&larger, &hash->entries[i].way) = hash->entries[i];
	}
	free(hash->entries);
	*hash = larger;
	return true;
}

static bool is_home(const struct weigh_heap_graph *graph, uint8_t step, uint32_t name, uint32_t type)
{
	return step == WEIGH_ROUTE_SLOT && graph->types[type].form == WEIGH_SNAPSHOT_DICT &&
	       !strcmp(weigh_heap_text(graph, name, NULL), "__dict__");
}

/*
 * A route that `way` leads back to: the same step between the same types,
 * further up. What goes round through a __dict__ is found at what that holds.
 */
static uint32_t find_above(const struct weigh_routes *routes, const struct way *way)
{
	if (is_home(routes->graph, way->step, way->name, way->type))
		return UINT32_MAX;
	uint32_t holder = routes->routes[way->parent].type;

	for (uint32_t at = way->parent;; at = routes->routes[at].parent) {
		const struct weigh_route *route = &routes->routes[at];
		if (route->parent == at)
			return UINT32_MAX;
		if (route->step == way->step && route->naming == way->naming && route->name == way->name &&
		    route->type == way->type && routes->routes[route->parent].type == holder)
			return at;
	}
}

static uint32_t add(struct weigh_routes *routes, const struct way *way)
{
	if (!weigh_grow(&routes->routes, &routes->room, routes->count, sizeof(*routes->routes)))
		return UINT32_MAX;
	uint32_t route = routes->count++;
	routes->routes[route] = (struct weigh_route){
		.parent = way->parent == UINT32_MAX ? route : way->parent,
		.type = way->type,
		.name = way->name,
		.step = way->step,
		.naming = way->naming,
	};
	return route;
}

static uint32_t intern(struct weigh_routes *routes, const struct way *way)
{
	struct weigh_route_hash *hash = routes->hash;
	uint32_t route = UINT32_MAX;

	if (hash->last.route && same(&hash->last.way, way))
		return hash->last.route - 1;
	struct entry *entry = find(hash, way);
	if (!entry->route) {
		if (hash->used > hash->mask / 2) {
			if (!grow_hash(hash))
				return UINT32_MAX;
			entry = find(hash, way);
		}
		if (way->parent != UINT32_MAX)
			route = find_above(routes, way);
		if (route != UINT32_MAX)
			routes->routes[route].repeats = true;
		else
			route = add(routes, way);
		if (route == UINT32_MAX)
			return UINT32_MAX;
		*entry = (struct entry){.way = *way, .route = route + 1};
		hash->used++;
	}
	hash->last = *entry;
	return entry->route - 1;
}

uint32_t weigh_route_begin(struct weigh_routes *routes, enum weigh_route_step step, uint32_t name,
			   uint32_t object)
{
	const struct way way = {
		.parent = UINT32_MAX,
		.type = weigh_heap_shape(routes->graph, object)->type,
		.name = name,
		.step = (uint8_t)step,
	};

	return intern(routes, &way);
}

static void set_slot(struct way *way, const struct weigh_heap_slot *slot, enum weigh_route_step step)
{
	way->step = (uint8_t)step;
	way->naming = slot->naming;
	way->name = slot->name;
}

/* Which attribute a pair of a home is: the value of its key plus 1; 0 when it was not kept. */
static uint32_t pair_name(const struct weigh_routes *routes, uint32_t route, uint32_t object, uint32_t place)
{
	const struct weigh_heap_graph *graph = routes->graph;

	if (!graph->value || !weigh_route_is_home(routes, route))
		return 0;
	uint32_t key = graph->targets[graph->first[object] + place - 1];
	if (key == WEIGH_NO_OBJECT || graph->value[key] == UINT32_MAX ||
	    !weigh_heap_sample(graph, graph->value[key]))
		return 0;
	return graph->value[key] + 1;
}

static void set_step(const struct weigh_routes *routes, struct way *way, uint32_t object, uint32_t place)
{
	const struct weigh_heap_graph *graph = routes->graph;
	const struct weigh_heap_slot *slots = weigh_heap_shape(graph, object)->slots;
	struct weigh_heap_edge edge;

	if (place == WEIGH_PLACE_CLASS) {
		way->step = WEIGH_ROUTE_CLASS;
		return;
	}
	if (place >= WEIGH_PLACE_KEYS) {
		/* Which key it is tells the value's own way. */
		way->step = WEIGH_ROUTE_PAIR_KEY;
		return;
	}
	edge = weigh_heap_edge_at(graph, object, place);
	switch (edge.kind) {
	case WEIGH_EDGE_SLOT:
		set_slot(way, &slots[edge.index], WEIGH_ROUTE_SLOT);
		break;
	case WEIGH_EDGE_KEY:
		set_slot(way, &slots[edge.index], WEIGH_ROUTE_SLOT_KEY);
		break;
	case WEIGH_EDGE_ITEM:
		way->step = WEIGH_ROUTE_ITEM;
		break;
	case WEIGH_EDGE_PAIR_KEY:
		way->step = WEIGH_ROUTE_PAIR_KEY;
		break;
	case WEIGH_EDGE_PAIR:
		way->step = WEIGH_ROUTE_PAIR;
		way->name = pair_name(routes, way->parent, object, place);
		break;
	case WEIGH_EDGE_MEMBER:
		way->step = WEIGH_ROUTE_MEMBER;
		break;
	case WEIGH_EDGE_SHAPE_KEY:
	case WEIGH_EDGE_TYPE:
		/* Implied: these have places of their own. */
		break;
	}
}

uint32_t weigh_route_follow(struct weigh_routes *routes, uint32_t route, uint32_t object, uint32_t place,
			    uint32_t target)
{
	struct way way = {.parent = route, .type = weigh_heap_shape(routes->graph, target)->type};

	set_step(routes, &way, object, place);
	return intern(routes, &way);
}

bool weigh_route_is_home(const struct weigh_routes *routes, uint32_t route)
{
	const struct weigh_route *r = &routes->routes[route];

	return is_home(routes->graph, r->step, r->name, r->type);
}

bool weigh_route_is_link(const struct weigh_routes *routes, const struct weigh_heap_dominators *dominators,
			 uint32_t object)
{
	const struct weigh_heap_graph *graph = routes->graph;
	uint32_t above = dominators->idom[object];

	if (!routes->routes[routes->route_of[object]].repeats || above >= graph->object_count)
		return false;
	if (weigh_route_is_home(routes, routes->route_of[above]))
		above = dominators->idom[above];
	return above < graph->object_count &&
	       weigh_heap_shape(graph, above)->type == weigh_heap_shape(graph, object)->type;
}

void weigh_routes_destroy(struct weigh_routes *routes)
{
	if (!routes)
		return;
	if (routes->hash)
		free(routes->hash->entries);
	free(routes->hash);
	free(routes->routes);
	free(routes->route_of);
	free(routes->distance);
	free(routes->order);
	free(routes);
}

struct weigh_error *weigh_routes_create(const struct weigh_heap_graph *graph,
					const struct weigh_heap_dominators *dominators,
					struct weigh_routes **result)
{
	enum { ENTRIES_FIRST = 1024 };
	struct weigh_routes *routes = calloc(1, sizeof(*routes));
	size_t count = (size_t)graph->object_count + 1;

	if (!routes)
		return weigh_error_create_memory();
	routes->graph = graph;
	routes->route_of = malloc(count * sizeof(*routes->route_of));
	routes->distance = malloc(count * sizeof(*routes->distance));
	routes->order = malloc(count * sizeof(*routes->order));
	routes->hash = calloc(1, sizeof(*routes->hash));
	if (routes->hash) {
		routes->hash->entries = calloc(ENTRIES_FIRST, sizeof(*routes->hash->entries));
		routes->hash->mask = ENTRIES_FIRST - 1;
	}
	if (!routes->route_of || !routes->distance || !routes->order || !routes->hash ||
	    !routes->hash->entries || !weigh_reach_all(routes, dominators)) {
		weigh_routes_destroy(routes);
		return weigh_error_create_memory();
	}
	*result = routes;
	return NULL;
}
