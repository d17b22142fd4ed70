/*
 * What a graph keeps behind its functions, and the steps of opening: texts,
 * labels, samples and the few sizes that do not fit into 32 bits.
 *
 * One thread per graph; allocates with malloc.
 */
#ifndef WEIGH_HEAP_STORE_H
#define WEIGH_HEAP_STORE_H

#include "heap/facts.h"
#include "heap/graph.h"
#include "heap/stream.h"

struct weigh_heap_string {
	const char *bytes; /* in the blob, or in memory of its own when it had to be made clean */
	uint32_t length;
};

/* A text that belongs to a number; sorted by it. */
struct weigh_heap_note {
	uint32_t number;
	uint32_t text;
};

/* A size that does not fit into the arrays, which then say UINT32_MAX; sorted by object. */
struct weigh_heap_large {
	uint32_t object;
	uint64_t bytes;
};
struct weigh_heap_larges {
	struct weigh_heap_large *entries;
	uint32_t count, room;
};

/* Adds one; numbers ascend. False without memory. */
bool weigh_heap_larges_put(struct weigh_heap_larges *larges, uint32_t object, uint64_t bytes);

struct weigh_heap_store {
	char *blob;
	size_t blob_size;
	struct weigh_heap_string *texts;
	uint32_t text_count;
	struct weigh_heap_slot *slots; /* of all shapes */
	struct weigh_heap_note *labels;
	uint32_t label_count;
	struct weigh_heap_note *samples;
	uint32_t sample_count;
	struct weigh_heap_larges gross, net;
	struct weigh_heap_larges wide; /* of wide values their bytes as UTF-8 */
	struct weigh_heap_fact *facts; /* sorted by object */
	uint32_t fact_count;
	uint32_t *fact_numbers; /* what facts refer to: stretches and their texts */
};

/* A snapshot while it is opened. */
struct weigh_heap_source {
	const uint8_t *bytes;
	const struct weigh_snapshot_header *header; /* the graph's copy, checked */
	const char *path;
};

/* Begins to read a section. */
static inline void weigh_heap_source_open(const struct weigh_heap_source *source,
					  enum weigh_snapshot_section_id id, struct weigh_heap_stream *stream)
{
	weigh_heap_stream_open(stream, source->bytes, &source->header->sections[id], id, source->path);
}

/* Header and seal: that what follows may be decoded at all. */
struct weigh_error *weigh_heap_check(const uint8_t *bytes, uint64_t size, const char *path);

/* Texts, types, shapes, stacks, values, roots: all that is not one entry for each object. */
struct weigh_error *weigh_heap_decode_tables(const struct weigh_heap_source *source,
					     struct weigh_heap_graph *graph);

/* An array for as many entries as the section says, zeroed; never NULL for none, NULL after a failure. */
void *weigh_heap_table(const struct weigh_heap_source *source, struct weigh_heap_stream *stream, size_t size,
		       uint32_t *count);

/* What was seen in single objects; texts must be decoded. */
struct weigh_error *weigh_heap_decode_facts(const struct weigh_heap_source *source,
					    struct weigh_heap_graph *graph);

/* Arrays of one entry for each object, and where its references begin. */
struct weigh_error *weigh_heap_decode_objects(const struct weigh_heap_source *source,
					      struct weigh_heap_graph *graph);

/* The references. */
struct weigh_error *weigh_heap_decode_edges(const struct weigh_heap_source *source,
					    struct weigh_heap_graph *graph);

/* Takes back references of frames that cannot be, for all are decoded. */
struct weigh_error *weigh_heap_drop_stale(struct weigh_heap_graph *graph);

#endif
