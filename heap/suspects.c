/*
 * Where much of the heap hangs: see heap/suspects.h.
 *
 * One thread; allocates with malloc. Objects above the threshold are few (ten
 * at most on each level that share nothing), but a chain of them can be long:
 * nothing here recurses.
 */
#include "heap/suspects.h"

#include "base/grow.h"
#include "heap/sites.h"

#include <stdlib.h>
#include <string.h>

struct search {
	struct weigh_suspects *found;
	const struct weigh_routes *routes;
	const struct weigh_heap_below *below;
	const struct weigh_heap_lines *lines;
	uint64_t whole, least;
	struct weigh_suspect_type *by_type; /* zeros between uses */
	double *by_line;                    /* zeros between uses */
	uint64_t *by_route;
	uint32_t *pending; /* objects and owners that keep enough to be looked at */
	uint32_t pending_count, pending_room;
};

static uint64_t retained(const struct search *s, uint32_t at)
{
	return s->below->dominators->retained[at];
}

/* Owners and the homes of modules: that much hangs there says nothing yet. */
static bool is_transparent(const struct search *s, uint32_t at)
{
	const struct weigh_heap_graph *graph = s->below->graph;

	if (at >= graph->object_count)
		return true;
	if (weigh_heap_type(graph, at)->form == WEIGH_SNAPSHOT_MODULE)
		return true;
	uint32_t route = s->routes->route_of[at], parent = s->routes->routes[route].parent;
	if (s->routes->routes[route].step == WEIGH_ROUTE_MODULES)
		return true;
	return s->routes->routes[parent].step == WEIGH_ROUTE_MODULE && weigh_route_is_home(s->routes, route);
}

static bool push(struct search *s, uint32_t at)
{
	if (!weigh_grow(&s->pending, &s->pending_room, s->pending_count, sizeof(*s->pending)))
		return false;
	s->pending[s->pending_count++] = at;
	return true;
}

/* From `at` on to the last object of which one below keeps more than half. */
static uint32_t descend(const struct search *s, uint32_t at)
{
	for (;;) {
		uint32_t largest = WEIGH_NO_OBJECT;

		for (uint32_t c = s->below->first[at]; c != WEIGH_NO_OBJECT; c = s->below->next[c]) {
			if (largest == WEIGH_NO_OBJECT || retained(s, c) > retained(s, largest))
				largest = c;
		}
		if (largest == WEIGH_NO_OBJECT || retained(s, largest) <= retained(s, at) / 2 ||
		    weigh_route_is_link(s->routes, s->below->dominators, largest))
			return at;
		at = largest;
	}
}

static void keep_steps(const struct search *s, struct weigh_suspect *suspect)
{
	const uint32_t *idom = s->below->dominators->idom;
	uint32_t objects = s->below->graph->object_count;

	for (uint32_t at = suspect->object; at < objects; at = idom[at]) {
		if (suspect->step_count < WEIGH_SUSPECT_STEPS) {
			suspect->steps[suspect->step_count++] = at;
		} else {
			memmove(suspect->steps + 1, suspect->steps,
				(WEIGH_SUSPECT_STEPS - 1) * sizeof(*suspect->steps));
			suspect->steps[WEIGH_SUSPECT_STEPS - 1] = at;
		}
	}
	for (uint32_t i = 0; i < suspect->step_count / 2; i++) {
		uint32_t swap = suspect->steps[i];
		suspect->steps[i] = suspect->steps[suspect->step_count - 1 - i];
		suspect->steps[suspect->step_count - 1 - i] = swap;
	}
}

static void count_type(struct search *s, uint32_t object)
{
	const struct weigh_heap_graph *graph = s->below->graph;
	struct weigh_suspect_type *type = &s->by_type[weigh_heap_shape(graph, object)->type];

	type->count++;
	type->gross += weigh_heap_gross(graph, object);
	type->retained += retained(s, object);
}

static void keep_types(struct search *s, struct weigh_suspect *suspect)
{
	for (uint32_t t = 0; t < s->below->graph->type_count; t++) {
		struct weigh_suspect_type one = s->by_type[t];
		uint32_t at = suspect->type_count;

		if (!one.count)
			continue;
		one.type = t;
		while (at && suspect->types[at - 1].retained < one.retained) {
			if (at < WEIGH_SUSPECT_TYPES)
				suspect->types[at] = suspect->types[at - 1];
			at--;
		}
		if (at < WEIGH_SUSPECT_TYPES)
			suspect->types[at] = one;
		if (suspect->type_count < WEIGH_SUSPECT_TYPES)
			suspect->type_count++;
	}
	memset(s->by_type, 0, (size_t)s->below->graph->type_count * sizeof(*s->by_type));
}

/* Enter all below `top` by line; returns how many objects. */
static uint64_t count_below(struct search *s, uint32_t top)
{
	const struct weigh_heap_graph *graph = s->below->graph;
	uint64_t count = 0;

	for (uint32_t at = top; at != WEIGH_NO_OBJECT; at = weigh_heap_below_next(s->below, top, at)) {
		uint32_t line = s->lines ? weigh_heap_line_of(graph, s->lines, at) : WEIGH_NO_OBJECT;
		count++;
		if (line != WEIGH_NO_OBJECT)
			s->by_line[line] +=
				(double)weigh_heap_gross(graph, at) * weigh_heap_weight(graph, at);
	}
	return count;
}

static void keep_line(struct search *s, struct weigh_suspect *suspect)
{
	uint32_t count = s->lines ? s->lines->count : 0;
	double sum = 0;

	suspect->line = WEIGH_NO_OBJECT;
	for (uint32_t i = 0; i < count; i++) {
		sum += s->by_line[i];
		if (s->by_line[i] > 0 &&
		    (suspect->line == WEIGH_NO_OBJECT || s->by_line[i] > s->by_line[suspect->line]))
			suspect->line = i;
	}
	if (suspect->line != WEIGH_NO_OBJECT)
		suspect->line_share = s->by_line[suspect->line] / sum;
	if (count)
		memset(s->by_line, 0, count * sizeof(*s->by_line));
}

static struct weigh_suspect *add(struct search *s, uint32_t top, uint32_t route, uint64_t bytes)
{
	struct weigh_suspect *larger =
		realloc(s->found->suspects, ((size_t)s->found->count + 1) * sizeof(*larger));

	if (!larger)
		return NULL;
	s->found->suspects = larger;
	larger[s->found->count] = (struct weigh_suspect){
		.object = top,
		.route = route,
		.top = top,
		.retained = bytes,
		.share = s->whole ? (double)bytes / (double)s->whole : 0,
	};
	return &larger[s->found->count++];
}

static bool add_object(struct search *s, uint32_t top, bool ends_here)
{
	uint32_t object = ends_here ? descend(s, top) : top;
	struct weigh_suspect *suspect = add(s, top, s->routes->route_of[object], retained(s, top));

	if (!suspect)
		return false;
	suspect->object = object;
	keep_steps(s, suspect);
	for (uint32_t c = s->below->first[object]; c != WEIGH_NO_OBJECT; c = s->below->next[c]) {
		count_type(s, c);
		suspect->children++;
	}
	keep_types(s, suspect);
	suspect->below = count_below(s, top);
	keep_line(s, suspect);
	return true;
}

static bool add_shared(struct search *s, uint32_t above, uint32_t route)
{
	struct weigh_suspect *suspect = add(s, WEIGH_NO_OBJECT, route, s->by_route[route]);

	if (!suspect)
		return false;
	for (uint32_t c = s->below->first[above]; c != WEIGH_NO_OBJECT; c = s->below->next[c]) {
		if (s->routes->route_of[c] != route || retained(s, c) > s->least)
			continue;
		count_type(s, c);
		suspect->children++;
		suspect->below += count_below(s, c);
	}
	keep_types(s, suspect);
	keep_line(s, suspect);
	return true;
}

/* Small objects that hang under no one in particular, by how they are reached. */
static bool look_at_shared(struct search *s, uint32_t above)
{
	memset(s->by_route, 0, (size_t)s->routes->count * sizeof(*s->by_route));
	for (uint32_t c = s->below->first[above]; c != WEIGH_NO_OBJECT; c = s->below->next[c]) {
		if (retained(s, c) <= s->least)
			s->by_route[s->routes->route_of[c]] += retained(s, c);
	}
	for (uint32_t route = 0; route < s->routes->count; route++) {
		if (s->by_route[route] > s->least && !add_shared(s, above, route))
			return false;
	}
	return true;
}

static bool look_at(struct search *s, uint32_t at)
{
	uint64_t rest = retained(s, at);
	uint32_t before = s->pending_count;

	for (uint32_t c = s->below->first[at]; c != WEIGH_NO_OBJECT; c = s->below->next[c]) {
		if (retained(s, c) <= s->least || weigh_route_is_link(s->routes, s->below->dominators, c))
			continue;
		rest -= retained(s, c);
		if (!push(s, c))
			return false;
	}
	if (rest <= s->least)
		return true;
	if (is_transparent(s, at))
		return look_at_shared(s, at);
	return add_object(s, at, s->pending_count == before);
}

static int compare(const void *left, const void *right)
{
	const struct weigh_suspect *a = left, *b = right;

	if (a->retained != b->retained)
		return a->retained < b->retained ? 1 : -1;
	return (a->object > b->object) - (a->object < b->object);
}

struct weigh_error *weigh_suspects_init(struct weigh_suspects *suspects, const struct weigh_routes *routes,
					const struct weigh_heap_below *below,
					const struct weigh_heap_lines *lines, double least_share)
{
	const struct weigh_heap_graph *graph = below->graph;
	struct search s = {
		.found = suspects,
		.routes = routes,
		.below = below,
		.lines = lines,
		.by_type = calloc((size_t)graph->type_count + 1, sizeof(*s.by_type)),
		.by_line = calloc((size_t)(lines ? lines->count : 0) + 1, sizeof(*s.by_line)),
		.by_route = calloc((size_t)routes->count + 1, sizeof(*s.by_route)),
	};
	bool good = s.by_type && s.by_line && s.by_route;

	*suspects = (struct weigh_suspects){0};
	for (uint32_t i = 0; i < graph->object_count; i++)
		s.whole += weigh_heap_gross(graph, i);
	s.least = (uint64_t)((double)s.whole * least_share);
	for (uint32_t owner = WEIGH_OWNERS; good && owner-- > 0;)
		good = push(&s, graph->object_count + owner);
	while (good && s.pending_count)
		good = look_at(&s, s.pending[--s.pending_count]);
	free(s.by_type);
	free(s.by_line);
	free(s.by_route);
	free(s.pending);
	if (!good) {
		weigh_suspects_deinit(suspects);
		return weigh_error_create_memory();
	}
	if (suspects->count)
		qsort(suspects->suspects, suspects->count, sizeof(*suspects->suspects), compare);
	return NULL;
}

void weigh_suspects_deinit(struct weigh_suspects *suspects)
{
	free(suspects->suspects);
	*suspects = (struct weigh_suspects){0};
}
