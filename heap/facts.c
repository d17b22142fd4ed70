/*
 * What was seen in single large objects: see heap/facts.h.
 *
 * One thread per graph; decoding allocates with malloc, 4 bytes for each text.
 */
#include "heap/facts.h"

#include "heap/store.h"

#include <stdlib.h>

struct reader {
	struct weigh_heap_stream stream;
	struct weigh_heap_store *store;
	uint64_t used, room; /* of the store's numbers */
};

/* A number more for what facts refer to; the section's bytes bound how many there can be. */
static void keep(struct reader *r, uint32_t number)
{
	if (r->used == r->room)
		weigh_heap_stream_damaged(&r->stream, "more texts than bytes");
	else
		r->store->fact_numbers[r->used++] = number;
}

static uint32_t text(struct reader *r)
{
	return weigh_heap_stream_index(&r->stream, r->store->text_count, "text");
}

static void read_cache(struct reader *r, struct weigh_heap_cache *cache)
{
	cache->hits = weigh_heap_stream_next(&r->stream);
	cache->misses = weigh_heap_stream_next(&r->stream);
	cache->most = weigh_heap_stream_next(&r->stream);
}

static void read_numbers(struct reader *r, struct weigh_heap_numbers *numbers)
{
	numbers->items = weigh_heap_stream_next(&r->stream);
	numbers->filled = weigh_heap_stream_next(&r->stream);
	numbers->class = (uint8_t)weigh_heap_stream_index(&r->stream, WEIGH_VALUE_CLASSES, "class");
	numbers->bits = (uint8_t)weigh_heap_stream_index(&r->stream, UINT8_MAX, "bits");
	numbers->flags = (uint8_t)weigh_heap_stream_index(&r->stream, UINT8_MAX, "flags");
	numbers->low = text(r);
	numbers->high = text(r);
}

/* Lengths stand before all texts, so they are put first and filled in as they come. */
static void read_texts(struct reader *r, struct weigh_heap_texts *texts)
{
	texts->stretches = weigh_heap_stream_index(&r->stream, r->room - r->used + 1, "stretches");
	uint32_t *lengths = r->store->fact_numbers + r->used;
	for (uint32_t i = 0; i < texts->stretches; i++)
		keep(r, 0);
	texts->lengths = lengths;
	texts->texts = r->store->fact_numbers + r->used;
	for (uint32_t i = 0; i < texts->stretches && !weigh_heap_stream_failed(&r->stream); i++) {
		uint32_t length = weigh_heap_stream_index(&r->stream, r->room - r->used + 1, "texts");
		for (uint32_t t = 0; t < length && !weigh_heap_stream_failed(&r->stream); t++)
			keep(r, text(r));
		lengths[i] = length;
		texts->count += length;
	}
}

static void read_fact(struct reader *r, struct weigh_heap_fact *fact)
{
	fact->kind = weigh_heap_stream_index(&r->stream, WEIGH_FACT_COUNT, "kind of fact");
	switch (fact->kind) {
	case WEIGH_FACT_CACHE:
		read_cache(r, &fact->cache);
		break;
	case WEIGH_FACT_NUMBERS:
		read_numbers(r, &fact->numbers);
		break;
	default:
		read_texts(r, &fact->texts);
	}
}

struct weigh_error *weigh_heap_decode_facts(const struct weigh_heap_source *source,
					    struct weigh_heap_graph *graph)
{
	struct weigh_heap_store *store = graph->store;
	struct reader r = {.store = store, .room = source->header->sections[WEIGH_SNAPSHOT_FACTS].bytes};
	uint64_t object = 0;
	uint32_t count;

	weigh_heap_source_open(source, WEIGH_SNAPSHOT_FACTS, &r.stream);
	store->facts = weigh_heap_table(source, &r.stream, sizeof(*store->facts), &count);
	store->fact_numbers = malloc((r.room + 1) * sizeof(*store->fact_numbers));
	if (!store->fact_numbers && !r.stream.error)
		r.stream.error = weigh_error_create_memory();
	for (uint32_t i = 0; i < count && !weigh_heap_stream_failed(&r.stream); i++) {
		uint64_t step = weigh_heap_stream_index(&r.stream, graph->object_count - object, "step");
		if (i && !step)
			weigh_heap_stream_damaged(&r.stream, "a second fact about one object");
		object += step;
		store->facts[i].object = (uint32_t)object;
		read_fact(&r, &store->facts[i]);
	}
	store->fact_count = count;
	return weigh_heap_stream_close(&r.stream);
}

static int compare_facts(const void *a, const void *b)
{
	uint32_t x = ((const struct weigh_heap_fact *)a)->object;
	uint32_t y = ((const struct weigh_heap_fact *)b)->object;

	return x < y ? -1 : x > y;
}

const struct weigh_heap_fact *weigh_heap_fact_of(const struct weigh_heap_graph *graph, uint32_t object,
						 enum weigh_snapshot_fact kind)
{
	const struct weigh_heap_fact key = {.object = object};
	const struct weigh_heap_fact *found =
		bsearch(&key, graph->store->facts, graph->store->fact_count, sizeof(key), compare_facts);

	return found && found->kind == kind ? found : NULL;
}
