/*
 * A walk through all objects that refer to something: see heap/walk.h.
 *
 * One thread; allocates with malloc. No recursion: a linked list would be as
 * deep as it is long.
 */
#include "heap/walk.h"

#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

/* An object whose references are being followed. */
struct step {
	uint32_t object;
	uint32_t number;
	uint32_t at, end;       /* in targets */
	uint32_t implied_at, implied_end;
};

struct walker {
	const struct weigh_heap_graph *graph;
	const struct weigh_heap_held *held;
	struct weigh_heap_walk *walk;
	struct step *steps;
	uint32_t depth, room;
	uint32_t numbers_room;
	bool failed; /* no memory */
};

static bool has_references(const struct weigh_heap_graph *graph, const struct weigh_heap_held *held,
			   uint32_t object)
{
	uint32_t shape = graph->shape_of[object];

	if (held->first[shape] != held->first[shape + 1])
		return true;
	for (uint32_t i = graph->first[object]; i < graph->first[object + 1]; i++) {
		if (graph->targets[i] != WEIGH_NO_OBJECT)
			return true;
	}
	return false;
}

/* Returns how many objects will be walked. */
static uint32_t find_leaves(const struct weigh_heap_graph *graph, const struct weigh_heap_held *held,
			    uint32_t *number)
{
	uint32_t walked = 0;

	for (uint32_t i = 0; i < graph->object_count; i++) {
		bool more = has_references(graph, held, i);
		number[i] = more ? WEIGH_WALK_UNSEEN : WEIGH_WALK_LEAF;
		walked += more;
	}
	return walked;
}

static void split_implied(struct weigh_heap_walk *walk, const struct weigh_heap_graph *graph,
			  struct weigh_heap_held *held)
{
	for (uint32_t s = 0; s < graph->shape_count; s++) {
		uint32_t split = held->first[s];
		for (uint32_t i = split; i < held->first[s + 1]; i++) {
			uint32_t target = held->implied[i];
			if (walk->number[target] == WEIGH_WALK_LEAF)
				continue;
			held->implied[i] = held->implied[split];
			held->implied[split++] = target;
		}
		walk->split[s] = split;
	}
}

static uint32_t give_number(struct weigh_heap_walk *walk, uint32_t vertex, uint32_t parent)
{
	uint32_t number = walk->count++;

	walk->number[vertex] = number;
	walk->vertex[number] = vertex;
	walk->parent[number] = parent;
	return number;
}

static void enter(struct walker *walker, uint32_t object, uint32_t parent)
{
	const struct weigh_heap_graph *graph = walker->graph;
	struct weigh_heap_walk *walk = walker->walk;
	uint32_t shape = graph->shape_of[object];

	if (!weigh_grow(&walker->steps, &walker->room, walker->depth, sizeof(*walker->steps))) {
		walker->failed = true;
		return;
	}
	walker->steps[walker->depth++] = (struct step){
		.object = object,
		.number = give_number(walk, object, parent),
		.at = graph->first[object],
		.end = graph->first[object + 1],
		.implied_at = walker->held->first[shape],
		.implied_end = walk->split[shape],
	};
	if (walker->depth > walk->depth)
		walk->depth = walker->depth;
}

/* The next object that the step leads to and that was not met yet; WEIGH_NO_OBJECT: none. */
static uint32_t next_unseen(const struct walker *walker, struct step *step)
{
	const uint32_t *targets = walker->graph->targets, *number = walker->walk->number;

	/* An empty slot, WEIGH_NO_OBJECT, must not be looked up. */
	while (step->at < step->end) {
		uint32_t target = targets[step->at++];
		if (target != WEIGH_NO_OBJECT && number[target] == WEIGH_WALK_UNSEEN)
			return target;
	}
	while (step->implied_at < step->implied_end) {
		uint32_t target = walker->held->implied[step->implied_at++];
		if (number[target] == WEIGH_WALK_UNSEEN)
			return target;
	}
	return WEIGH_NO_OBJECT;
}

static void walk_from(struct walker *walker, uint32_t object, uint32_t parent)
{
	if (walker->walk->number[object] != WEIGH_WALK_UNSEEN)
		return;
	enter(walker, object, parent);
	while (walker->depth && !walker->failed) {
		struct step *step = &walker->steps[walker->depth - 1];
		uint32_t next = next_unseen(walker, step);
		if (next == WEIGH_NO_OBJECT)
			walker->depth--;
		else
			enter(walker, next, step->number);
	}
}

static void walk_owner(struct walker *walker, enum weigh_heap_owner owner, enum weigh_heap_held_by by)
{
	uint32_t number = give_number(walker->walk, walker->graph->object_count + owner, 0);

	for (uint32_t i = 0; i < walker->graph->object_count && !walker->failed; i++) {
		if (walker->held->by[i] & by)
			walk_from(walker, i, number);
	}
}

/* Every object not met before, in trial; where each try began is put into `begun`. Returns how many. */
static uint32_t try_garbage(struct walker *walker, uint32_t *begun)
{
	uint32_t tries = 0;

	for (uint32_t i = 0; i < walker->graph->object_count && !walker->failed; i++) {
		if (walker->walk->number[i] != WEIGH_WALK_UNSEEN)
			continue;
		begun[tries++] = i;
		walk_from(walker, i, 0);
	}
	return tries;
}

/*
 * Objects that only lead to each other. A try may begin in the midst of what a
 * later one leads to; but whatever leads to a beginning was begun later. So
 * taking the beginnings from the last to the first finds one way into each
 * cycle that nothing else leads to, and nothing more.
 */
static void walk_garbage(struct walker *walker)
{
	struct weigh_heap_walk *walk = walker->walk;
	uint32_t number = give_number(walk, walker->graph->object_count + WEIGH_OWNER_GARBAGE, 0);
	uint32_t before = walk->count, depth = walk->depth;
	uint32_t *begun = malloc(((size_t)walker->numbers_room - before + 1) * sizeof(*begun));

	if (!begun) {
		walker->failed = true;
		return;
	}
	uint32_t tries = try_garbage(walker, begun);
	for (uint32_t i = before; i < walk->count; i++)
		walk->number[walk->vertex[i]] = WEIGH_WALK_UNSEEN;
	walk->count = before;
	walk->depth = depth;
	while (tries && !walker->failed)
		walk_from(walker, begun[--tries], number);
	free(begun);
}

static void walk_all(struct walker *walker)
{
	struct weigh_heap_walk *walk = walker->walk;
	const struct weigh_heap_graph *graph = walker->graph;

	give_number(walk, graph->object_count + WEIGH_OWNER_ROOTS, 0);
	for (uint32_t i = 0; i < graph->root_count && !walker->failed; i++)
		walk_from(walker, graph->roots[i].object, 0);
	walk->named = walk->count;
	walk_owner(walker, WEIGH_OWNER_ELSEWHERE, WEIGH_HELD_ELSEWHERE);
	walk_owner(walker, WEIGH_OWNER_IMMORTAL, WEIGH_HELD_IMMORTAL);
	if (!walker->failed)
		walk_garbage(walker);
}

struct weigh_error *weigh_heap_walk_init(struct weigh_heap_walk *walk, const struct weigh_heap_graph *graph,
					 struct weigh_heap_held *held)
{
	struct walker walker = {.graph = graph, .held = held, .walk = walk};

	*walk = (struct weigh_heap_walk){
		.number = malloc(((size_t)graph->object_count + WEIGH_OWNERS) * sizeof(uint32_t)),
		.split = malloc(((size_t)graph->shape_count + 1) * sizeof(uint32_t)),
	};
	if (!walk->number || !walk->split)
		return weigh_error_create_memory();
	walker.numbers_room = find_leaves(graph, held, walk->number) + WEIGH_OWNERS;
	walk->vertex = malloc(walker.numbers_room * sizeof(uint32_t));
	walk->parent = malloc(walker.numbers_room * sizeof(uint32_t));
	if (!walk->vertex || !walk->parent)
		return weigh_error_create_memory();
	split_implied(walk, graph, held);
	walk_all(&walker);
	free(walker.steps);
	/* Owners stand between ROOTS and the first step. */
	walk->depth += 2;
	return walker.failed ? weigh_error_create_memory() : NULL;
}

void weigh_heap_walk_deinit(struct weigh_heap_walk *walk)
{
	free(walk->number);
	free(walk->vertex);
	free(walk->parent);
	free(walk->split);
	*walk = (struct weigh_heap_walk){0};
}
