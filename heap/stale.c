/*
 * References that frames do not have. Of a frame that runs, nobody can tell
 * how many values of computations it holds, so a snapshot tells every word
 * there that is the address of an object; some are left over from computations
 * that are done. An object to which more references were found than its count
 * says gives them away, and they are taken back.
 *
 * One thread; allocates with malloc, a bit for each object and 16 bytes for
 * each value of a frame.
 */
#include "heap/held.h"
#include "heap/store.h"

#include <stdlib.h>

/* An object that a frame holds as a value of a computation. */
struct suspect {
	uint32_t object;
	uint32_t found; /* references to it */
};

struct suspects {
	struct suspect *entries; /* by ascending object, each once */
	size_t count;
	uint64_t *marks; /* a bit for each object */
};

/* Where the tail of a frame begins among the references; that of anything else has nothing in it. */
static uint32_t tail_of(const struct weigh_heap_graph *graph, uint32_t object)
{
	const struct weigh_heap_shape *shape = weigh_heap_shape(graph, object);
	uint8_t form = graph->types[shape->type].form;

	if ((form != WEIGH_SNAPSHOT_FRAME && form != WEIGH_SNAPSHOT_GENERATOR) ||
	    shape->tail != WEIGH_TAIL_MEMBERS)
		return graph->first[object + 1];
	return graph->first[object] + shape->slot_count;
}

static bool is_counted(const struct weigh_heap_graph *graph, uint32_t target)
{
	return target != WEIGH_NO_OBJECT && graph->counted[target] != UINT32_MAX;
}

static int compare(const void *a, const void *b)
{
	const struct suspect *first = a, *second = b;

	return (first->object > second->object) - (first->object < second->object);
}

/* Those of all frames; false without memory. */
static bool list_suspects(struct suspects *suspects, const struct weigh_heap_graph *graph)
{
	size_t room = 0;

	for (uint32_t i = 0; i < graph->object_count; i++)
		room += graph->first[i + 1] - tail_of(graph, i);
	if (!room)
		return true;
	suspects->entries = malloc(room * sizeof(*suspects->entries));
	suspects->marks = calloc((size_t)graph->object_count / 64 + 1, sizeof(*suspects->marks));
	if (!suspects->entries || !suspects->marks)
		return false;
	for (uint32_t i = 0; i < graph->object_count; i++) {
		for (uint32_t at = tail_of(graph, i); at < graph->first[i + 1]; at++) {
			uint32_t target = graph->targets[at];
			uint64_t bit = (uint64_t)1 << target % 64;
			if (!is_counted(graph, target) || suspects->marks[target / 64] & bit)
				continue;
			suspects->marks[target / 64] |= bit;
			suspects->entries[suspects->count++] = (struct suspect){target, 0};
		}
	}
	qsort(suspects->entries, suspects->count, sizeof(*suspects->entries), compare);
	return true;
}

/* NULL for an object that no frame holds so. */
static struct suspect *suspect_of(const struct suspects *suspects, uint32_t object)
{
	struct suspect wanted = {object, 0};

	if (object == WEIGH_NO_OBJECT || !(suspects->marks[object / 64] >> object % 64 & 1))
		return NULL;
	return bsearch(&wanted, suspects->entries, suspects->count, sizeof(wanted), compare);
}

static void count_references(const struct suspects *suspects, const struct weigh_heap_graph *graph)
{
	for (size_t i = 0; i < graph->first[graph->object_count]; i++) {
		struct suspect *suspect = suspect_of(suspects, graph->targets[i]);
		if (suspect)
			suspect->found++;
	}
}

/* Types and keys are held by every object of a shape. */
static bool count_implied(const struct suspects *suspects, const struct weigh_heap_graph *graph)
{
	uint32_t *members = calloc((size_t)graph->shape_count + 1, sizeof(*members));

	if (!members)
		return false;
	for (uint32_t i = 0; i < graph->object_count; i++)
		members[graph->shape_of[i]]++;
	for (uint32_t s = 0; s < graph->shape_count; s++) {
		const struct weigh_heap_shape *shape = &graph->shapes[s];
		struct suspect *suspect = NULL;
		if (weigh_heap_implies_type(graph, shape))
			suspect = suspect_of(suspects, graph->types[shape->type].object);
		if (suspect)
			suspect->found += members[s];
		for (uint32_t i = 0; shape->flags & WEIGH_SHAPE_KEYS && i < shape->slot_count; i++) {
			suspect = suspect_of(suspects, shape->slots[i].key);
			if (suspect)
				suspect->found += members[s];
		}
	}
	free(members);
	return true;
}

static void take_back(const struct suspects *suspects, struct weigh_heap_graph *graph)
{
	for (uint32_t i = 0; i < graph->object_count; i++) {
		for (uint32_t at = tail_of(graph, i); at < graph->first[i + 1]; at++) {
			struct suspect *suspect = suspect_of(suspects, graph->targets[at]);
			if (!suspect || suspect->found <= graph->counted[suspect->object])
				continue;
			suspect->found--;
			graph->targets[at] = WEIGH_NO_OBJECT;
		}
	}
}

struct weigh_error *weigh_heap_drop_stale(struct weigh_heap_graph *graph)
{
	struct suspects suspects = {.count = 0};
	bool done = list_suspects(&suspects, graph);

	if (done && suspects.count) {
		count_references(&suspects, graph);
		done = count_implied(&suspects, graph);
		if (done)
			take_back(&suspects, graph);
	}
	free(suspects.entries);
	free(suspects.marks);
	return done ? NULL : weigh_error_create_memory();
}
