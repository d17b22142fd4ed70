/*
 * Decodes the sections that have an entry for each object, and lays out where
 * the references of each begin.
 *
 * One thread per graph; allocates with malloc.
 */
#include "base/grow.h"
#include "heap/store.h"

#include "weigh/format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* No address on any machine is above. */
static const uint64_t address_end = 1ull << 57;

/* An array with an entry for each object and `more` beside; NULL notes the error. */
static void *array(struct weigh_heap_stream *stream, const struct weigh_heap_graph *graph, size_t size,
		   size_t more)
{
	size_t count = graph->object_count + more;
	void *memory = malloc((count ? count : 1) * size);
	if (!memory && !stream->error)
		stream->error = weigh_error_create_memory();
	return memory;
}

static struct weigh_error *decode_addresses(const struct weigh_heap_source *source,
					    struct weigh_heap_graph *graph)
{
	struct weigh_heap_stream stream;
	uint64_t address = 0;

	weigh_heap_source_open(source, WEIGH_SNAPSHOT_ADDRESSES, &stream);
	graph->addresses = array(&stream, graph, sizeof(*graph->addresses), 0);
	for (uint32_t i = 0; i < graph->object_count && !weigh_heap_stream_failed(&stream); i++) {
		uint64_t step = weigh_heap_stream_next(&stream);
		if (step >= (address_end - address) / 8 || (i && !step)) {
			weigh_heap_stream_damaged(&stream, "an impossible address");
			break;
		}
		address += step * 8;
		graph->addresses[i] = address;
	}
	return weigh_heap_stream_close(&stream);
}

static struct weigh_error *decode_shaped(const struct weigh_heap_source *source,
					 struct weigh_heap_graph *graph)
{
	struct weigh_heap_stream stream;

	weigh_heap_source_open(source, WEIGH_SNAPSHOT_SHAPED, &stream);
	graph->shape_of = array(&stream, graph, sizeof(*graph->shape_of), 0);
	for (uint32_t i = 0; i < graph->object_count && !weigh_heap_stream_failed(&stream); i++)
		graph->shape_of[i] = weigh_heap_stream_index(&stream, graph->shape_count, "shape");
	return weigh_heap_stream_close(&stream);
}

/* Sizes of 4 GiB and more are few: they have a list of their own. */
bool weigh_heap_larges_put(struct weigh_heap_larges *larges, uint32_t object, uint64_t bytes)
{
	if (!weigh_grow(&larges->entries, &larges->room, larges->count, sizeof(*larges->entries)))
		return false;
	larges->entries[larges->count++] = (struct weigh_heap_large){object, bytes};
	return true;
}

static struct weigh_error *decode_sizes(const struct weigh_heap_source *source,
					enum weigh_snapshot_section_id id,
					const struct weigh_heap_graph *graph, uint32_t **sizes,
					struct weigh_heap_larges *larges)
{
	struct weigh_heap_stream stream;

	weigh_heap_source_open(source, id, &stream);
	*sizes = array(&stream, graph, sizeof(**sizes), 0);
	for (uint32_t i = 0; i < graph->object_count && !weigh_heap_stream_failed(&stream); i++) {
		uint64_t bytes = weigh_heap_stream_next(&stream);
		(*sizes)[i] = bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
		if (bytes < UINT32_MAX)
			continue;
		/* Sums over all objects must not overflow. */
		if (bytes >= address_end)
			weigh_heap_stream_damaged(&stream, "an impossible size");
		else if (!weigh_heap_larges_put(larges, i, bytes) && !stream.error)
			stream.error = weigh_error_create_memory();
	}
	return weigh_heap_stream_close(&stream);
}

static struct weigh_error *decode_counted(const struct weigh_heap_source *source,
					  struct weigh_heap_graph *graph)
{
	struct weigh_heap_stream stream;

	weigh_heap_source_open(source, WEIGH_SNAPSHOT_COUNTED, &stream);
	graph->counted = array(&stream, graph, sizeof(*graph->counted), 0);
	for (uint32_t i = 0; i < graph->object_count && !weigh_heap_stream_failed(&stream); i++) {
		uint64_t count = weigh_heap_stream_next(&stream);
		graph->counted[i] = !count               ? UINT32_MAX
				    : count < UINT32_MAX ? (uint32_t)count
							 : UINT32_MAX - 1;
	}
	return weigh_heap_stream_close(&stream);
}

/* References that an object has in EDGES beside `tail` ones behind its slots. */
static uint64_t references(const struct weigh_heap_shape *shape, uint64_t tail)
{
	uint64_t slots = shape->slot_count;

	if (shape->flags & WEIGH_SHAPE_OWN_KEYS)
		slots *= 2;
	return slots + (shape->tail == WEIGH_TAIL_PAIRS ? tail * 2 : tail);
}

/* Each reference is at least one byte of EDGES, which bounds what is allocated for them. */
static struct weigh_error *decode_lengths(const struct weigh_heap_source *source,
					  struct weigh_heap_graph *graph)
{
	uint64_t limit = source->header->sections[WEIGH_SNAPSHOT_EDGES].bytes, total = 0;
	struct weigh_heap_stream stream;

	if (limit > UINT32_MAX - 1)
		limit = UINT32_MAX - 1;
	weigh_heap_source_open(source, WEIGH_SNAPSHOT_LENGTHS, &stream);
	graph->length = array(&stream, graph, sizeof(*graph->length), 0);
	graph->first = array(&stream, graph, sizeof(*graph->first), 1);
	for (uint32_t i = 0; i < graph->object_count && !weigh_heap_stream_failed(&stream); i++) {
		const struct weigh_heap_shape *shape = weigh_heap_shape(graph, i);
		graph->first[i] = (uint32_t)total;
		graph->length[i] = shape->tail ? weigh_heap_stream_index(&stream, UINT32_MAX, "length") : 0;
		total += references(shape, graph->length[i]);
		if (total > limit)
			weigh_heap_stream_damaged(&stream, "more references than there are bytes for");
	}
	if (graph->first)
		graph->first[graph->object_count] = (uint32_t)total;
	return weigh_heap_stream_close(&stream);
}

static uint32_t clamped(struct weigh_heap_stream *stream)
{
	uint64_t value = weigh_heap_stream_next(stream);
	return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

static struct weigh_error *decode_rooms(const struct weigh_heap_source *source,
					struct weigh_heap_graph *graph)
{
	struct weigh_heap_stream stream;

	weigh_heap_source_open(source, WEIGH_SNAPSHOT_ROOMS, &stream);
	graph->room = array(&stream, graph, sizeof(*graph->room), 0);
	for (uint32_t i = 0; i < graph->object_count && !weigh_heap_stream_failed(&stream); i++) {
		bool sized = weigh_heap_shape(graph, i)->flags & WEIGH_SHAPE_SIZED;
		if (sized)
			graph->length[i] = clamped(&stream);
		graph->room[i] = sized ? clamped(&stream) : 0;
	}
	return weigh_heap_stream_close(&stream);
}

static struct weigh_error *decode_valued(const struct weigh_heap_source *source,
					 struct weigh_heap_graph *graph)
{
	struct weigh_heap_stream stream;
	uint32_t next = 0;

	weigh_heap_source_open(source, WEIGH_SNAPSHOT_VALUED, &stream);
	if (source->header->sections[WEIGH_SNAPSHOT_VALUED].bytes)
		graph->value = array(&stream, graph, sizeof(*graph->value), 0);
	for (uint32_t i = 0; i < graph->object_count && !weigh_heap_stream_failed(&stream); i++) {
		if (!(weigh_heap_shape(graph, i)->flags & WEIGH_SHAPE_VALUED)) {
			if (graph->value)
				graph->value[i] = UINT32_MAX;
			continue;
		}
		uint32_t back = weigh_heap_stream_index(&stream, (uint64_t)next + 1, "value");
		uint32_t value = next - back;
		if (!back && next++ == graph->value_count)
			weigh_heap_stream_damaged(&stream, "more values than are described");
		if (graph->value)
			graph->value[i] = value;
	}
	return weigh_heap_stream_close(&stream);
}

/* 1 / the probability with which the recorder sampled a block: see recorder/sampler.h. */
static float weight_of(uint64_t period_log, uint64_t requested)
{
	if (!period_log)
		return 1;
	return (float)(-1 / expm1(-(double)(requested ? requested : 1) / (double)(1ull << period_log)));
}

static uint32_t decode_site(struct weigh_heap_stream *stream, const struct weigh_heap_graph *graph,
			    uint32_t *before)
{
	uint64_t entry = weigh_heap_stream_next(stream);
	if (!entry)
		return UINT32_MAX;
	entry--;
	uint64_t site = *before + (entry >> 1 ^ -(entry & 1));
	if (site >= graph->site_count) {
		weigh_heap_stream_damaged(stream, "site %llu of %u", (unsigned long long)site,
					  graph->site_count);
		return UINT32_MAX;
	}
	*before = (uint32_t)site;
	return (uint32_t)site;
}

static struct weigh_error *decode_sited(const struct weigh_heap_source *source,
					struct weigh_heap_graph *graph)
{
	bool sampled = source->header->mode == WEIGH_MODE_SAMPLED;
	struct weigh_heap_stream stream;

	if (!source->header->sections[WEIGH_SNAPSHOT_SITED].bytes)
		return NULL;
	weigh_heap_source_open(source, WEIGH_SNAPSHOT_SITED, &stream);
	uint32_t *before = calloc(graph->shape_count ? graph->shape_count : 1, sizeof(*before));
	if (!before && !stream.error)
		stream.error = weigh_error_create_memory();
	if (graph->site_count)
		graph->site = array(&stream, graph, sizeof(*graph->site), 0);
	if (graph->site_count && sampled)
		graph->weight = array(&stream, graph, sizeof(*graph->weight), 0);
	for (uint32_t i = 0; i < graph->object_count && !weigh_heap_stream_failed(&stream); i++) {
		uint32_t site = decode_site(&stream, graph, &before[graph->shape_of[i]]);
		if (graph->site)
			graph->site[i] = site;
		if (graph->weight)
			graph->weight[i] = 0;
		if (site == UINT32_MAX || !sampled)
			continue;
		uint64_t period_log = weigh_heap_stream_index(&stream, 64, "period");
		graph->weight[i] = weight_of(period_log, weigh_heap_stream_next(&stream));
	}
	free(before);
	return weigh_heap_stream_close(&stream);
}

struct weigh_error *weigh_heap_decode_objects(const struct weigh_heap_source *source,
					      struct weigh_heap_graph *graph)
{
	struct weigh_heap_store *store = graph->store;
	struct weigh_error *error = decode_addresses(source, graph);

	if (!error)
		error = decode_shaped(source, graph);
	if (!error)
		error = decode_sizes(source, WEIGH_SNAPSHOT_GROSS, graph, &graph->gross, &store->gross);
	if (!error)
		error = decode_sizes(source, WEIGH_SNAPSHOT_NET, graph, &graph->net, &store->net);
	if (!error)
		error = decode_counted(source, graph);
	if (!error)
		error = decode_lengths(source, graph);
	if (!error)
		error = decode_rooms(source, graph);
	if (!error)
		error = decode_valued(source, graph);
	return error ? error : decode_sited(source, graph);
}
