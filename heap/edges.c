/*
 * Decodes the references of a snapshot: see EDGES in weigh/snapshot.h. Most
 * are one byte, because objects that are made together lie together.
 *
 * One thread per graph; allocates with malloc.
 */
#include "heap/store.h"

#include <stdlib.h>

/* What each slot of each shape referred to last. */
struct guesses {
	uint32_t *of_shape; /* for each shape: where its own begin in `last`; UINT32_MAX: unseen */
	uint32_t *last;
	uint32_t *begins;
};

static uint32_t slots_of(const struct weigh_heap_shape *shape)
{
	return shape->flags & WEIGH_SHAPE_OWN_KEYS ? shape->slot_count * 2 : shape->slot_count;
}

static void guesses_deinit(struct guesses *guesses)
{
	free(guesses->of_shape);
	free(guesses->last);
	free(guesses->begins);
}

static bool guesses_init(struct guesses *guesses, const struct weigh_heap_graph *graph)
{
	uint32_t count = graph->shape_count ? graph->shape_count : 1;
	size_t slots = 0;

	*guesses = (struct guesses){
		.of_shape = malloc(count * sizeof(uint32_t)),
		.begins = malloc(count * sizeof(uint32_t)),
	};
	for (uint32_t i = 0; i < graph->shape_count && guesses->begins && guesses->of_shape; i++) {
		guesses->begins[i] = (uint32_t)slots;
		guesses->of_shape[i] = UINT32_MAX;
		slots += slots_of(&graph->shapes[i]);
	}
	guesses->last = malloc((slots ? slots : 1) * sizeof(uint32_t));
	return guesses->of_shape && guesses->begins && guesses->last && slots < UINT32_MAX;
}

/* The guesses for an object: at the first of its shape all are the object itself. */
static uint32_t *guesses_for(struct guesses *guesses, const struct weigh_heap_graph *graph, uint32_t object)
{
	uint32_t shape = graph->shape_of[object];
	uint32_t *last = guesses->last + guesses->begins[shape];

	if (guesses->of_shape[shape] == UINT32_MAX) {
		guesses->of_shape[shape] = object;
		for (uint32_t i = 0, n = slots_of(&graph->shapes[shape]); i < n; i++)
			last[i] = object;
	}
	return last;
}

static inline uint32_t decode_target(struct weigh_heap_stream *stream, uint32_t count, uint32_t *guess)
{
	uint64_t entry = weigh_heap_stream_next(stream);
	if (!entry)
		return WEIGH_NO_OBJECT;
	entry--;
	uint64_t target = *guess + (entry >> 1 ^ -(entry & 1));
	if (__builtin_expect(target >= count, 0)) {
		weigh_heap_stream_damaged(stream, "reference to object %lld of %u", (long long)target, count);
		return WEIGH_NO_OBJECT;
	}
	*guess = (uint32_t)target;
	return (uint32_t)target;
}

/* All tails at once: those of pairs have two guesses that take turns. */
static void decode_tail(struct weigh_heap_stream *stream, const struct weigh_heap_graph *graph,
			uint32_t object, uint32_t *at, const uint32_t *end)
{
	uint32_t guesses[2] = {object, object};
	unsigned turn = 0, turns = weigh_heap_shape(graph, object)->tail == WEIGH_TAIL_PAIRS;

	for (; at < end; at++, turn ^= turns)
		*at = decode_target(stream, graph->object_count, &guesses[turn]);
}

static void decode_references(struct weigh_heap_stream *stream, struct weigh_heap_graph *graph,
			      struct guesses *guesses)
{
	for (uint32_t i = 0; i < graph->object_count && !weigh_heap_stream_failed(stream); i++) {
		uint32_t *at = graph->targets + graph->first[i];
		const uint32_t *end = graph->targets + graph->first[i + 1];
		if (at == end)
			continue;
		uint32_t *last = guesses_for(guesses, graph, i);
		uint32_t slots = slots_of(weigh_heap_shape(graph, i));
		for (uint32_t s = 0; s < slots; s++)
			*at++ = decode_target(stream, graph->object_count, &last[s]);
		decode_tail(stream, graph, i, at, end);
	}
}

struct weigh_error *weigh_heap_decode_edges(const struct weigh_heap_source *source,
					    struct weigh_heap_graph *graph)
{
	size_t count = graph->first[graph->object_count];
	struct weigh_heap_stream stream;
	struct guesses guesses;

	weigh_heap_source_open(source, WEIGH_SNAPSHOT_EDGES, &stream);
	graph->targets = malloc((count ? count : 1) * sizeof(*graph->targets));
	bool ready = guesses_init(&guesses, graph) && graph->targets;
	if (!ready && !stream.error)
		stream.error = weigh_error_create_memory();
	if (ready)
		decode_references(&stream, graph, &guesses);
	guesses_deinit(&guesses);
	return weigh_heap_stream_close(&stream);
}
