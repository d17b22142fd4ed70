/*
 * Goes through the graph from its roots, breadth first: see heap/routes.h.
 *
 * In rounds: what the ways that people name do not reach is reached in a later
 * round, and its distances start above all before, so that a step from one
 * distance to the next always is one of a shortest way.
 *
 * One thread; allocates what heap/routes.c does.
 */
#include "heap/reach.h"

#include "heap/references.h"

#include <string.h>

enum { UNSEEN = 0xffffffff };

struct search {
	struct weigh_routes *routes;
	uint32_t count; /* objects in `order` */
	uint32_t done;  /* those whose references were followed */
	uint32_t base;  /* distance at which this round begins */
	uint32_t from;  /* the object whose references are followed */
	bool failed;
};

static void reach(struct search *s, uint32_t object, uint32_t route, uint32_t distance)
{
	if (route == UINT32_MAX) {
		s->failed = true;
		return;
	}
	s->routes->route_of[object] = route;
	s->routes->distance[object] = distance;
	s->routes->order[s->count++] = object;
}

static void begin(struct search *s, uint32_t object, enum weigh_route_step step, uint32_t name)
{
	if (s->routes->distance[object] == UNSEEN)
		reach(s, object, weigh_route_begin(s->routes, step, name, object), s->base);
}

static void visit(void *arg, uint32_t target, uint32_t place)
{
	struct search *s = arg;
	struct weigh_routes *routes = s->routes;

	if (routes->distance[target] != UNSEEN || s->failed)
		return;
	reach(s, target, weigh_route_follow(routes, routes->route_of[s->from], s->from, place, target),
	      routes->distance[s->from] + 1);
}

static void follow(struct search *s)
{
	while (s->done < s->count && !s->failed) {
		s->from = s->routes->order[s->done++];
		weigh_references_each(s->routes->graph, s->from, visit, s);
	}
	if (s->count)
		s->base = s->routes->distance[s->routes->order[s->count - 1]] + 2;
}

static enum weigh_snapshot_form form_of(const struct search *s, uint32_t object)
{
	return weigh_heap_type(s->routes->graph, object)->form;
}

static void visit_modules(void *arg, uint32_t target, uint32_t place)
{
	struct search *s = arg;

	(void)place;
	if (form_of(s, target) == WEIGH_SNAPSHOT_MODULE)
		begin(s, target, WEIGH_ROUTE_MODULE, target);
}

/* A module's own dict is as near as the module: its globals are named by it. */
static void visit_homes(void *arg, uint32_t target, uint32_t place)
{
	struct search *s = arg;
	struct weigh_routes *routes = s->routes;

	if (form_of(s, target) != WEIGH_SNAPSHOT_DICT || routes->distance[target] != UNSEEN || s->failed)
		return;
	uint32_t route = weigh_route_follow(routes, routes->route_of[s->from], s->from, place, target);
	if (route == UINT32_MAX || weigh_route_is_home(routes, route))
		reach(s, target, route, s->base);
}

/*
 * Who imports stands before whom it imports: in the other order things are
 * named by the module that made them. sys and builtins, which import nothing,
 * stay at the front.
 */
static void turn_round(struct search *s, uint32_t first)
{
	enum { AT_FRONT = 2 };
	uint32_t *order = s->routes->order;

	for (uint32_t a = first + AT_FRONT, b = s->count; a < b; a++) {
		uint32_t swap = order[a];
		order[a] = order[--b];
		order[b] = swap;
	}
}

/* Module by module, or all of sys.modules. */
static void begin_modules(struct search *s, uint32_t object)
{
	uint32_t first = s->count;

	if (form_of(s, object) == WEIGH_SNAPSHOT_MODULE) {
		begin(s, object, WEIGH_ROUTE_MODULE, object);
	} else {
		begin(s, object, WEIGH_ROUTE_MODULES, 0);
		weigh_references_each(s->routes->graph, object, visit_modules, s);
		turn_round(s, first + 1);
	}
	for (uint32_t i = first, last = s->count; i < last && !s->failed; i++) {
		s->from = s->routes->order[i];
		if (form_of(s, s->from) == WEIGH_SNAPSHOT_MODULE)
			weigh_references_each(s->routes->graph, s->from, visit_homes, s);
	}
}

/* Frames of one function at one line are one beginning: a recursion may have thousands. */
static uint32_t alike_frame(const struct search *s, uint32_t object)
{
	const struct weigh_routes *routes = s->routes;
	const char *label = weigh_heap_label(routes->graph, object);

	for (uint32_t i = 0; i < routes->count && label; i++) {
		const struct weigh_route *route = &routes->routes[i];
		if (route->step != WEIGH_ROUTE_FRAME)
			continue;
		const char *other = weigh_heap_label(routes->graph, route->name);
		if (other && !strcmp(label, other))
			return route->name;
	}
	return object;
}

static void begin_roots(struct search *s, enum weigh_snapshot_root kind)
{
	const struct weigh_heap_graph *graph = s->routes->graph;

	for (uint32_t i = 0; i < graph->root_count && !s->failed; i++) {
		const struct weigh_heap_root *root = &graph->roots[i];
		if (root->kind != kind)
			continue;
		switch (kind) {
		case WEIGH_ROOT_MODULES:
			begin_modules(s, root->object);
			break;
		case WEIGH_ROOT_FRAME:
			begin(s, root->object, WEIGH_ROUTE_FRAME, alike_frame(s, root->object));
			break;
		case WEIGH_ROOT_THREAD:
			begin(s, root->object, WEIGH_ROUTE_THREAD, root->label);
			break;
		case WEIGH_ROOT_INTERPRETER:
			begin(s, root->object, WEIGH_ROUTE_INTERPRETER, root->label);
			break;
		default:
			begin(s, root->object, WEIGH_ROUTE_STATIC, root->object);
			break;
		}
	}
}

static void begin_owned(struct search *s, const uint32_t *idom, enum weigh_heap_owner owner,
			enum weigh_route_step step)
{
	uint32_t count = s->routes->graph->object_count;

	for (uint32_t i = 0; i < count && !s->failed; i++) {
		if (s->routes->distance[i] == UNSEEN && idom[i] == count + owner)
			begin(s, i, step, 0);
	}
}

bool weigh_reach_all(struct weigh_routes *routes, const struct weigh_heap_dominators *dominators)
{
	struct search s = {.routes = routes};
	uint32_t count = routes->graph->object_count;

	memset(routes->distance, 0xff, (size_t)count * sizeof(*routes->distance));
	begin_roots(&s, WEIGH_ROOT_MODULES);
	begin_roots(&s, WEIGH_ROOT_FRAME);
	begin_roots(&s, WEIGH_ROOT_THREAD);
	follow(&s);
	begin_roots(&s, WEIGH_ROOT_TYPE);
	begin_roots(&s, WEIGH_ROOT_INTERPRETER);
	follow(&s);
	if (dominators) {
		begin_owned(&s, dominators->idom, WEIGH_OWNER_ELSEWHERE, WEIGH_ROUTE_ELSEWHERE);
		follow(&s);
		begin_owned(&s, dominators->idom, WEIGH_OWNER_IMMORTAL, WEIGH_ROUTE_IMMORTAL);
		follow(&s);
		begin_owned(&s, dominators->idom, WEIGH_OWNER_GARBAGE, WEIGH_ROUTE_GARBAGE);
		follow(&s);
	}
	/* What several owners share and no named root reaches is under ROOTS alone. */
	for (uint32_t i = 0; i < count && !s.failed; i++) {
		if (routes->distance[i] != UNSEEN)
			continue;
		begin(&s, i, dominators ? WEIGH_ROUTE_ELSEWHERE : WEIGH_ROUTE_GARBAGE, 0);
		follow(&s);
	}
	return !s.failed;
}
