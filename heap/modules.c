/*
 * What the globals of modules keep: see heap/retained.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/retained.h"

#include "heap/references.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

struct collecting {
	const struct weigh_routes *routes;
	const struct weigh_heap_below *below;
	struct weigh_module_row *row;
	uint32_t room;
	bool failed;
};

static void visit_dict(void *arg, uint32_t target, uint32_t place)
{
	struct collecting *c = arg;
	uint32_t route = c->routes->route_of[target];

	(void)place;
	if (c->row->dict == WEIGH_NO_OBJECT && weigh_route_is_home(c->routes, route) &&
	    c->routes->routes[route].parent == c->routes->route_of[c->row->module])
		c->row->dict = target;
}

static void visit_name(void *arg, uint32_t target, uint32_t place)
{
	struct collecting *c = arg;
	struct weigh_module_row *row = c->row;
	struct weigh_heap_edge edge;

	if (place >= WEIGH_PLACE_KEYS || c->failed)
		return;
	edge = weigh_heap_edge_at(c->routes->graph, row->dict, place);
	if (edge.kind != WEIGH_EDGE_SLOT && edge.kind != WEIGH_EDGE_PAIR)
		return;
	if (row->name_count == c->room) {
		uint32_t room = c->room ? c->room * 2 : 64;
		struct weigh_module_name *larger = realloc(row->names, room * sizeof(*larger));
		if (!larger) {
			c->failed = true;
			return;
		}
		row->names = larger;
		c->room = room;
	}
	row->names[row->name_count++] = (struct weigh_module_name){
		.place = place,
		.object = target,
		.retained = c->below->dominators->retained[target],
		.alone = c->below->dominators->idom[target] == row->dict,
	};
}

static int compare_names(const void *left, const void *right)
{
	const struct weigh_module_name *a = left, *b = right;

	if (a->retained != b->retained)
		return a->retained < b->retained ? 1 : -1;
	return (a->place > b->place) - (a->place < b->place);
}

static int compare_modules(const void *left, const void *right)
{
	const struct weigh_module_row *a = left, *b = right;

	if (a->retained != b->retained)
		return a->retained < b->retained ? 1 : -1;
	return (a->module > b->module) - (a->module < b->module);
}

static bool collect(struct collecting *c)
{
	const struct weigh_heap_dominators *dominators = c->below->dominators;
	struct weigh_module_row *row = c->row;

	weigh_references_each(c->routes->graph, row->module, visit_dict, c);
	row->retained = dominators->retained[row->module];
	if (row->dict == WEIGH_NO_OBJECT)
		return true;
	/* A running frame or a function elsewhere may hold the dict as well: it goes, if they go too. */
	if (dominators->idom[row->dict] != row->module)
		row->retained += dominators->retained[row->dict];
	weigh_references_each(c->routes->graph, row->dict, visit_name, c);
	if (row->name_count)
		qsort(row->names, row->name_count, sizeof(*row->names), compare_names);
	return !c->failed;
}

static bool is_wanted(const struct weigh_routes *routes, uint32_t object, const char *pattern)
{
	const struct weigh_route *route = &routes->routes[routes->route_of[object]];
	const char *name = weigh_heap_label(routes->graph, object);

	if (route->step != WEIGH_ROUTE_MODULE || route->name != object)
		return false;
	return !pattern || (name && !fnmatch(pattern, name, 0));
}

struct weigh_error *weigh_modules_init(struct weigh_modules *modules, const struct weigh_routes *routes,
				       const struct weigh_heap_below *below, const char *pattern)
{
	bool good = true;

	*modules = (struct weigh_modules){0};
	for (uint32_t i = 0; i < routes->graph->object_count && good; i++) {
		if (!is_wanted(routes, i, pattern))
			continue;
		struct weigh_module_row *larger =
			realloc(modules->rows, ((size_t)modules->count + 1) * sizeof(*larger));
		good = larger;
		if (!good)
			break;
		modules->rows = larger;
		larger[modules->count] = (struct weigh_module_row){.module = i, .dict = WEIGH_NO_OBJECT};
		struct collecting c = {.routes = routes, .below = below, .row = &larger[modules->count++]};
		good = collect(&c);
	}
	if (!good) {
		weigh_modules_deinit(modules);
		return weigh_error_create_memory();
	}
	if (modules->count)
		qsort(modules->rows, modules->count, sizeof(*modules->rows), compare_modules);
	return NULL;
}

void weigh_modules_deinit(struct weigh_modules *modules)
{
	for (uint32_t i = 0; i < modules->count; i++)
		free(modules->rows[i].names);
	free(modules->rows);
	*modules = (struct weigh_modules){0};
}
