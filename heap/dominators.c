/*
 * Immediate dominators and retained bytes: see heap/dominators.h.
 *
 * Objects that refer to something are numbered by a deep-first walk; over
 * these runs the semi-NCA algorithm of Georgiadis, Tarjan and Werneck: the
 * semidominator of each from the highest number to the lowest, with
 * compression of the ways up, then from the lowest to the highest the nearest
 * ancestor that is not below the semidominator. Objects that refer to nothing
 * dominate nothing: theirs is the nearest common ancestor of whatever refers
 * to them, worked out afterwards in one pass.
 *
 * One thread; allocates with malloc.
 */
#include "heap/dominators.h"

#include "heap/ancestors.h"
#include "heap/held.h"
#include "heap/walk.h"

#include <stdlib.h>
#include <string.h>

/* Beside each other, as compression reads and writes both. */
struct up {
	uint32_t ancestor;
	uint32_t lowest; /* semidominator on the way there */
};

struct work {
	const struct weigh_heap_graph *graph;
	struct weigh_heap_held held;
	struct weigh_heap_walk walk;
	uint32_t *first;        /* for each number and one more: its predecessors */
	uint32_t *predecessors; /* numbers */
	struct up *up;
	uint32_t *semi;
	uint32_t *idom; /* numbers */
	uint32_t *way; /* scratch of compression: as long as the walk was deep */
	struct weigh_heap_ancestors ancestors;
};

static void count_predecessor(struct work *work, uint32_t target)
{
	uint32_t number = work->walk.number[target];
	if (number != WEIGH_WALK_LEAF)
		work->first[number]++;
}

static void put_predecessor(struct work *work, uint32_t target, uint32_t number)
{
	uint32_t of = work->walk.number[target];
	if (of != WEIGH_WALK_LEAF)
		work->predecessors[--work->first[of]] = number;
}

/*
 * Objects are taken by address, so that their references are read in order;
 * those that lead from an object to the one it was met from, or to itself, say
 * nothing, but are too few to look for.
 */
static bool list_predecessors(struct work *work)
{
	const struct weigh_heap_graph *graph = work->graph;
	const struct weigh_heap_held *held = &work->held;
	const struct weigh_heap_walk *walk = &work->walk;
	size_t total = 0;

	work->first = calloc((size_t)walk->count + 1, sizeof(*work->first));
	if (!work->first)
		return false;
	for (uint32_t i = 0; i < graph->object_count; i++) {
		uint32_t shape = graph->shape_of[i];
		for (uint32_t t = graph->first[i]; t < graph->first[i + 1]; t++) {
			if (graph->targets[t] != WEIGH_NO_OBJECT)
				count_predecessor(work, graph->targets[t]);
		}
		for (uint32_t t = held->first[shape]; t < walk->split[shape]; t++)
			count_predecessor(work, held->implied[t]);
	}
	for (uint32_t i = 0; i < walk->count; i++) {
		total += work->first[i];
		work->first[i] = (uint32_t)total;
	}
	work->first[walk->count] = (uint32_t)total;
	work->predecessors = total < UINT32_MAX ? malloc((total + 1) * sizeof(uint32_t)) : NULL;
	if (!work->predecessors)
		return false;
	for (uint32_t i = 0; i < graph->object_count; i++) {
		uint32_t shape = graph->shape_of[i], number = walk->number[i];
		for (uint32_t t = graph->first[i]; t < graph->first[i + 1]; t++) {
			if (graph->targets[t] != WEIGH_NO_OBJECT)
				put_predecessor(work, graph->targets[t], number);
		}
		for (uint32_t t = held->first[shape]; t < walk->split[shape]; t++)
			put_predecessor(work, held->implied[t], number);
	}
	return true;
}

/*
 * The lowest semidominator on the way from `v` up to what is not linked yet,
 * which are the numbers up to `w`; ways are made short as they are gone.
 */
static uint32_t lowest_above(struct work *work, uint32_t v, uint32_t w)
{
	struct up *up = work->up;
	uint32_t length = 0;

	if (up[v].ancestor <= w)
		return up[v].lowest;
	for (; up[v].ancestor > w; v = up[v].ancestor)
		work->way[length++] = v;
	uint32_t lowest = up[v].lowest, top = up[v].ancestor;
	while (length) {
		v = work->way[--length];
		if (up[v].lowest < lowest)
			lowest = up[v].lowest;
		up[v] = (struct up){top, lowest};
	}
	return lowest;
}

/* From whatever holds an object outside the graph. */
static uint32_t lowest_of_owners(struct work *work, uint32_t w, uint32_t lowest)
{
	static const struct {
		uint8_t by, owner;
	} owners[] = {
		{WEIGH_HELD_ELSEWHERE, WEIGH_OWNER_ELSEWHERE},
		{WEIGH_HELD_IMMORTAL, WEIGH_OWNER_IMMORTAL},
	};
	uint32_t objects = work->graph->object_count, vertex = work->walk.vertex[w];
	uint8_t by = vertex < objects ? work->held.by[vertex] : 0;

	if (by & WEIGH_HELD_NAMED)
		return 0;
	for (unsigned i = 0; by && i < sizeof(owners) / sizeof(*owners); i++) {
		if (!(by & owners[i].by))
			continue;
		uint32_t v = work->walk.number[objects + owners[i].owner];
		uint32_t found = v < w ? v : lowest_above(work, v, w);
		if (found < lowest)
			lowest = found;
	}
	return lowest;
}

static void find_semidominators(struct work *work)
{
	uint32_t count = work->walk.count;

	for (uint32_t i = 0; i < count; i++)
		work->up[i] = (struct up){work->walk.parent[i], i};
	for (uint32_t w = count - 1; w; w--) {
		uint32_t lowest = lowest_of_owners(work, w, work->up[w].ancestor);
		for (uint32_t i = work->first[w]; i < work->first[w + 1]; i++) {
			uint32_t v = work->predecessors[i];
			uint32_t found = v <= w ? v : lowest_above(work, v, w);
			if (found < lowest)
				lowest = found;
		}
		work->semi[w] = lowest;
		work->up[w].lowest = lowest;
	}
	for (uint32_t w = 1; w < count; w++) {
		uint32_t dominator = work->walk.parent[w];
		while (dominator > work->semi[w])
			dominator = work->idom[dominator];
		work->idom[w] = dominator;
	}
}

/* What leaves are held by so far; `at` is for each object, a number, or UNSEEN. */
static inline void hold_leaf(const struct work *work, uint32_t *at, uint32_t holder)
{
	*at = *at == WEIGH_WALK_UNSEEN ? holder : weigh_heap_ancestors_common(&work->ancestors, *at, holder);
}

/* Objects of a shape, and the lowest number among them: what holds the keys of the shape. */
struct holders {
	uint32_t common;
	uint32_t lowest;
};

static void hold_by_references(const struct work *work, uint32_t *at, struct holders *shapes, uint8_t *named)
{
	const struct weigh_heap_graph *graph = work->graph;
	const uint32_t *number = work->walk.number;

	for (uint32_t i = 0; i < graph->object_count; i++) {
		uint32_t holder = number[i], shape = graph->shape_of[i];
		if (holder == WEIGH_WALK_LEAF)
			continue;
		for (uint32_t t = graph->first[i]; t < graph->first[i + 1]; t++) {
			uint32_t target = graph->targets[t];
			if (target == WEIGH_NO_OBJECT || number[target] != WEIGH_WALK_LEAF)
				continue;
			hold_leaf(work, &at[target], holder);
			named[target] |= holder < work->walk.named;
		}
		if (work->walk.split[shape] == work->held.first[shape + 1])
			continue;
		hold_leaf(work, &shapes[shape].common, holder);
		if (holder < shapes[shape].lowest)
			shapes[shape].lowest = holder;
	}
}

static void hold_keys(const struct work *work, uint32_t *at, const struct holders *shapes, uint8_t *named)
{
	for (uint32_t s = 0; s < work->graph->shape_count; s++) {
		if (shapes[s].common == WEIGH_WALK_UNSEEN)
			continue;
		for (uint32_t i = work->walk.split[s]; i < work->held.first[s + 1]; i++) {
			uint32_t key = work->held.implied[i];
			hold_leaf(work, &at[key], shapes[s].common);
			named[key] |= shapes[s].lowest < work->walk.named;
		}
	}
}

static void hold_by_owners(const struct work *work, uint32_t *at, uint8_t *named)
{
	uint32_t objects = work->graph->object_count;
	const uint32_t *owners = work->walk.number + objects;

	for (uint32_t i = 0; i < objects; i++) {
		uint8_t by = work->held.by[i];
		if (work->walk.number[i] != WEIGH_WALK_LEAF)
			continue;
		if (by & WEIGH_HELD_NAMED)
			hold_leaf(work, &at[i], 0);
		if (by & WEIGH_HELD_ELSEWHERE)
			hold_leaf(work, &at[i], owners[WEIGH_OWNER_ELSEWHERE]);
		if (by & WEIGH_HELD_IMMORTAL)
			hold_leaf(work, &at[i], owners[WEIGH_OWNER_IMMORTAL]);
		if (at[i] == WEIGH_WALK_UNSEEN)
			at[i] = owners[WEIGH_OWNER_GARBAGE];
		named[i] |= by & WEIGH_HELD_NAMED;
	}
}

/* Leaves get their numbers in `at`; counts those that named roots lead to. */
static bool hold_leaves(struct work *work, uint32_t *at, uint64_t *reached)
{
	uint32_t shapes_count = work->graph->shape_count, objects = work->graph->object_count;
	struct holders *shapes = malloc(((size_t)shapes_count + 1) * sizeof(*shapes));
	uint8_t *named = calloc((size_t)objects + 1, 1);
	bool ready = shapes && named;

	if (ready) {
		memset(at, 0xff, (size_t)objects * sizeof(*at));
		for (uint32_t s = 0; s < shapes_count; s++)
			shapes[s] = (struct holders){WEIGH_WALK_UNSEEN, UINT32_MAX};
		hold_by_references(work, at, shapes, named);
		hold_keys(work, at, shapes, named);
		hold_by_owners(work, at, named);
		for (uint32_t i = 0; i < objects; i++)
			*reached += named[i];
	}
	free(shapes);
	free(named);
	return ready;
}

/* From numbers to objects, and sums from the leaves to the top. */
static void sum_up(struct work *work, struct weigh_heap_dominators *dominators)
{
	const struct weigh_heap_walk *walk = &work->walk;
	uint64_t *retained = dominators->retained;
	uint32_t objects = work->graph->object_count;

	for (uint32_t i = 0; i < objects; i++)
		retained[i] = weigh_heap_gross(work->graph, i);
	for (uint32_t i = 0; i < objects; i++) {
		if (walk->number[i] != WEIGH_WALK_LEAF)
			continue;
		dominators->idom[i] = walk->vertex[dominators->idom[i]];
		retained[dominators->idom[i]] += retained[i];
	}
	for (uint32_t w = walk->count - 1; w; w--) {
		uint32_t vertex = walk->vertex[w], above = walk->vertex[work->idom[w]];
		if (vertex < objects)
			dominators->idom[vertex] = above;
		retained[above] += retained[vertex];
	}
}

static bool prepare(struct work *work)
{
	size_t count = work->walk.count;

	if (!list_predecessors(work))
		return false;
	work->up = malloc(count * sizeof(*work->up));
	work->semi = malloc(count * sizeof(*work->semi));
	work->idom = calloc(count, sizeof(*work->idom));
	work->way = malloc(((size_t)work->walk.depth + 1) * sizeof(*work->way));
	return work->up && work->semi && work->idom && work->way;
}

/* What only the semidominators need, before the leaves need more. */
static void give_back(struct work *work)
{
	free(work->first);
	free(work->predecessors);
	free(work->up);
	free(work->semi);
	free(work->way);
	work->first = work->predecessors = work->semi = work->way = NULL;
	work->up = NULL;
}

static bool work_out(struct work *work, struct weigh_heap_dominators *dominators)
{
	size_t objects = work->graph->object_count;

	if (!prepare(work))
		return false;
	find_semidominators(work);
	give_back(work);
	dominators->idom = malloc((objects + 1) * sizeof(*dominators->idom));
	dominators->reached = 0;
	for (uint32_t i = 0; i < work->walk.named; i++)
		dominators->reached += work->walk.vertex[i] < objects;
	if (!dominators->idom || !weigh_heap_ancestors_init(&work->ancestors, work->idom, work->walk.count) ||
	    !hold_leaves(work, dominators->idom, &dominators->reached))
		return false;
	weigh_heap_ancestors_deinit(&work->ancestors);
	dominators->retained = calloc(objects + WEIGH_OWNERS, sizeof(*dominators->retained));
	if (!dominators->retained)
		return false;
	sum_up(work, dominators);
	return true;
}

struct weigh_error *weigh_heap_dominators_create(const struct weigh_heap_graph *graph,
						 struct weigh_heap_dominators **result)
{
	struct weigh_heap_dominators *dominators = calloc(1, sizeof(*dominators));
	struct work work = {.graph = graph};
	struct weigh_error *error;

	if (!dominators)
		return weigh_error_create_memory();
	error = weigh_heap_held_init(&work.held, graph);
	if (!error)
		error = weigh_heap_walk_init(&work.walk, graph, &work.held);
	if (!error && !work_out(&work, dominators))
		error = weigh_error_create_memory();
	give_back(&work);
	weigh_heap_ancestors_deinit(&work.ancestors);
	free(work.idom);
	weigh_heap_walk_deinit(&work.walk);
	weigh_heap_held_deinit(&work.held);
	if (error) {
		weigh_heap_dominators_destroy(dominators);
		return error;
	}
	*result = dominators;
	return NULL;
}

void weigh_heap_dominators_destroy(struct weigh_heap_dominators *dominators)
{
	if (!dominators)
		return;
	free(dominators->idom);
	free(dominators->retained);
	free(dominators);
}
