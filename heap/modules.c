/*
 * What the globals of modules keep: see heap/retained.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/retained.h"

#include "base/grow.h"
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
	if (!weigh_grow(&row->names, &c->room, row->name_count, sizeof(*row->names))) {
		c->failed = true;
		return;
	}
	row->names[row->name_count++] = (struct weigh_module_name){
		.place = place,
		.object = target,
		.retained = c->below->dominators->retained[target],
		.within = c->below->dominators->idom[target] == row->dict,
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

/* References to globals from what they do not keep themselves. */
struct references {
	const uint32_t *positions, *counts; /* in the tree of dominators */
	uint32_t *outside;                  /* by object; UINT32_MAX: no global */
	uint32_t from;
};

static void visit_reference(void *arg, uint32_t target, uint32_t place)
{
	struct references *r = arg;

	(void)place;
	if (r->outside[target] == UINT32_MAX)
		return;
	/* Below the target are positions from its own on; the difference wraps for those before. */
	if (r->positions[r->from] - r->positions[target] >= r->counts[target])
		r->outside[target]++;
}

static void count_outside(struct weigh_modules *modules, const struct weigh_heap_graph *graph,
			  struct references *r)
{
	memset(r->outside, 0xff, (size_t)graph->object_count * sizeof(*r->outside));
	for (uint32_t i = 0; i < modules->count; i++) {
		for (uint32_t n = 0; n < modules->rows[i].name_count; n++)
			r->outside[modules->rows[i].names[n].object] = 0;
	}
	for (r->from = 0; r->from < graph->object_count; r->from++)
		weigh_references_each(graph, r->from, visit_reference, r);
	for (uint32_t i = 0; i < modules->count; i++) {
		for (uint32_t n = 0; n < modules->rows[i].name_count; n++) {
			struct weigh_module_name *name = &modules->rows[i].names[n];
			name->alone = name->within && r->outside[name->object] == 1;
		}
	}
}

static bool tell_alone(struct weigh_modules *modules, const struct weigh_heap_below *below)
{
	size_t count = (size_t)below->graph->object_count + 1;
	uint32_t *positions = malloc(count * sizeof(*positions)), *counts = malloc(count * sizeof(*counts));
	struct references r = {
		.positions = positions, .counts = counts, .outside = malloc(count * sizeof(*r.outside))};
	bool good = positions && counts && r.outside && weigh_heap_below_number(below, positions, counts);

	if (good)
		count_outside(modules, below->graph, &r);
	free(positions);
	free(counts);
	free(r.outside);
	return good;
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
	if (!good || !tell_alone(modules, below)) {
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
