/*
 * Decodes what a snapshot has beside its objects: texts, types, shapes,
 * stacks, values, roots, labels and samples.
 *
 * One thread per graph; allocates with malloc.
 */
#include "heap/store.h"

#include "capture/names.h"

#include <stdlib.h>
#include <string.h>

void *weigh_heap_table(const struct weigh_heap_source *source, struct weigh_heap_stream *stream, size_t size,
		       uint32_t *count)
{
	uint64_t entries = source->header->sections[stream->id].entries;
	void *array;

	*count = 0;
	if (entries > 0xfffffff0) {
		weigh_heap_stream_damaged(stream, "more entries than can be numbered");
		return NULL;
	}
	array = calloc(entries ? entries : 1, size);
	if (!array && !stream->error)
		stream->error = weigh_error_create_memory();
	if (array)
		*count = (uint32_t)entries;
	return array;
}

static uint32_t text(struct weigh_heap_stream *stream, const struct weigh_heap_graph *graph)
{
	return weigh_heap_stream_index(stream, graph->store->text_count, "text");
}

/* Like text numbers, but 0 says none and the rest are one higher. */
static uint32_t optional(struct weigh_heap_stream *stream, uint64_t limit, const char *what, uint32_t none)
{
	uint32_t number = weigh_heap_stream_index(stream, limit + 1, what);
	return number ? number - 1 : none;
}

static struct weigh_error *decode_texts(const struct weigh_heap_source *source,
					struct weigh_heap_graph *graph)
{
	struct weigh_heap_store *store = graph->store;
	const struct weigh_snapshot_section *section = &source->header->sections[WEIGH_SNAPSHOT_TEXTS];
	struct weigh_heap_stream stream;
	uint64_t used = 0;

	weigh_heap_source_open(source, WEIGH_SNAPSHOT_TEXTS, &stream);
	if (!section->entries)
		weigh_heap_stream_damaged(&stream, "not even the empty text");
	/* Each text has a byte for its length at least, where its NUL finds room. */
	store->blob_size = section->bytes + 1;
	store->blob = malloc(store->blob_size);
	uint32_t count;
	store->texts = weigh_heap_table(source, &stream, sizeof(*store->texts), &count);
	if (!store->blob && !stream.error)
		stream.error = weigh_error_create_memory();
	for (uint32_t i = 0; i < count && !weigh_heap_stream_failed(&stream); i++) {
		uint64_t length = weigh_heap_stream_next(&stream);
		if (length >= store->blob_size - used || length > UINT32_MAX) {
			weigh_heap_stream_damaged(&stream, "a text longer than all texts");
			break;
		}
		char *at = store->blob + used;
		weigh_heap_stream_bytes(&stream, at, length);
		at[length] = '\0';
		store->texts[i] = (struct weigh_heap_string){at, (uint32_t)length};
		store->text_count = i + 1;
		used += length + 1;
	}
	if (store->text_count && store->texts[0].length)
		weigh_heap_stream_damaged(&stream, "text 0 is not empty");
	return weigh_heap_stream_close(&stream);
}

static bool clean_already(const struct weigh_heap_string *string)
{
	for (uint32_t i = 0; i < string->length; i++) {
		if (string->bytes[i] < ' ' || string->bytes[i] == 0x7f)
			return false;
	}
	return true;
}

/*
 * Texts go to terminals: control characters and what is no UTF-8 are replaced.
 * Line tables, which are texts of raw bytes, stay as they are.
 */
static struct weigh_error *clean_texts(struct weigh_heap_graph *graph)
{
	struct weigh_heap_store *store = graph->store;
	bool *raw = calloc(store->text_count, sizeof(*raw));

	if (!raw)
		return weigh_error_create_memory();
	for (uint32_t i = 0; i < graph->code_count; i++)
		raw[graph->codes[i].lines] = true;
	for (uint32_t i = 0; i < store->text_count; i++) {
		struct weigh_heap_string *string = &store->texts[i];
		if (raw[i] || clean_already(string))
			continue;
		char *clean = weigh_text_clean(string->bytes, string->length, false);
		if (!clean) {
			free(raw);
			return weigh_error_create_memory();
		}
		*string = (struct weigh_heap_string){clean, (uint32_t)strlen(clean)};
	}
	free(raw);
	return NULL;
}

/* Whoever follows bases must come to an end. */
static bool bases_end(const struct weigh_heap_graph *graph, uint8_t *seen)
{
	enum { NEW, ON_WAY, DONE };
	for (uint32_t i = 0; i < graph->type_count; i++) {
		uint32_t at = i;
		while (seen[at] == NEW) {
			seen[at] = ON_WAY;
			if (graph->types[at].base == at)
				break;
			at = graph->types[at].base;
			if (seen[at] == ON_WAY)
				return false;
		}
		for (at = i; seen[at] == ON_WAY; at = graph->types[at].base)
			seen[at] = DONE;
	}
	return true;
}

static struct weigh_error *decode_types(const struct weigh_heap_source *source,
					struct weigh_heap_graph *graph)
{
	struct weigh_heap_stream stream;
	uint32_t count;

	weigh_heap_source_open(source, WEIGH_SNAPSHOT_TYPES, &stream);
	graph->types = weigh_heap_table(source, &stream, sizeof(*graph->types), &count);
	for (uint32_t i = 0; i < count && !weigh_heap_stream_failed(&stream); i++) {
		struct weigh_heap_type *type = &graph->types[i];
		type->name = text(&stream, graph);
		type->module = text(&stream, graph);
		type->variant = text(&stream, graph);
		type->object = optional(&stream, graph->object_count, "object", WEIGH_NO_OBJECT);
		type->base = optional(&stream, count, "type", i);
		type->form = (uint16_t)weigh_heap_stream_index(&stream, WEIGH_SNAPSHOT_FORMS, "form");
		type->flags = (uint16_t)weigh_heap_stream_index(&stream, UINT16_MAX, "flags");
		type->basic = weigh_heap_stream_next(&stream);
		type->item = weigh_heap_stream_next(&stream);
	}
	graph->type_count = count;
	uint8_t *seen = calloc(count ? count : 1, 1);
	if (!seen && !stream.error)
		stream.error = weigh_error_create_memory();
	if (!weigh_heap_stream_failed(&stream) && !bases_end(graph, seen))
		weigh_heap_stream_damaged(&stream, "types that are bases of each other");
	free(seen);
	return weigh_heap_stream_close(&stream);
}

static void decode_slots(struct weigh_heap_stream *stream, const struct weigh_heap_graph *graph,
			 struct weigh_heap_slot *slots, const struct weigh_heap_shape *shape)
{
	for (uint32_t i = 0; i < shape->slot_count; i++) {
		slots[i].naming = (uint8_t)weigh_heap_stream_index(stream, WEIGH_SLOT_PART + 1, "naming");
		slots[i].name = text(stream, graph);
		slots[i].key = shape->flags & WEIGH_SHAPE_KEYS
				       ? weigh_heap_stream_index(stream, graph->object_count, "object")
				       : WEIGH_NO_OBJECT;
	}
}

static void decode_shape(struct weigh_heap_stream *stream, const struct weigh_heap_graph *graph,
			 struct weigh_heap_shape *shape)
{
	shape->type = weigh_heap_stream_index(stream, graph->type_count, "type");
	shape->flags = (uint16_t)weigh_heap_stream_index(stream, UINT16_MAX, "flags");
	shape->tail = (uint8_t)weigh_heap_stream_index(stream, WEIGH_TAIL_MEMBERS + 1, "tail");
	if ((shape->flags & (WEIGH_SHAPE_KEYS | WEIGH_SHAPE_OWN_KEYS)) ==
	    (WEIGH_SHAPE_KEYS | WEIGH_SHAPE_OWN_KEYS))
		weigh_heap_stream_damaged(stream, "keys both shared and own");
}

static struct weigh_error *decode_shapes(const struct weigh_heap_source *source,
					 struct weigh_heap_graph *graph)
{
	uint64_t room = source->header->sections[WEIGH_SNAPSHOT_SHAPES].bytes;
	struct weigh_heap_stream stream;
	uint32_t count;

	weigh_heap_source_open(source, WEIGH_SNAPSHOT_SHAPES, &stream);
	graph->shapes = weigh_heap_table(source, &stream, sizeof(*graph->shapes), &count);
	/* A slot takes two bytes at the least. */
	struct weigh_heap_slot *slots = malloc((room / 2 + 1) * sizeof(*slots));
	graph->store->slots = slots;
	if (!slots && !stream.error)
		stream.error = weigh_error_create_memory();
	uint64_t left = room / 2;
	for (uint32_t i = 0; i < count && !weigh_heap_stream_failed(&stream); i++) {
		struct weigh_heap_shape *shape = &graph->shapes[i];
		decode_shape(&stream, graph, shape);
		shape->slot_count = weigh_heap_stream_index(&stream, left + 1, "slots");
		shape->slots = slots;
		if (weigh_heap_stream_failed(&stream))
			break;
		decode_slots(&stream, graph, slots, shape);
		slots += shape->slot_count;
		left -= shape->slot_count;
	}
	graph->shape_count = count;
	return weigh_heap_stream_close(&stream);
}

static struct weigh_error *decode_codes(const struct weigh_heap_source *source,
					struct weigh_heap_graph *graph)
{
	struct weigh_heap_stream stream;

	weigh_heap_source_open(source, WEIGH_SNAPSHOT_CODES, &stream);
	graph->codes = weigh_heap_table(source, &stream, sizeof(*graph->codes), &graph->code_count);
	for (uint32_t i = 0; i < graph->code_count && !weigh_heap_stream_failed(&stream); i++) {
		struct weigh_heap_code *code = &graph->codes[i];
		code->file = text(&stream, graph);
		code->function = text(&stream, graph);
		code->lines = text(&stream, graph);
		code->first_line = weigh_heap_stream_index(&stream, UINT32_MAX, "line");
		code->flags = weigh_heap_stream_index(&stream, UINT32_MAX, "flags");
	}
	return weigh_heap_stream_close(&stream);
}

static struct weigh_error *decode_nodes(const struct weigh_heap_source *source,
					struct weigh_heap_graph *graph)
{
	struct weigh_heap_stream stream;

	weigh_heap_source_open(source, WEIGH_SNAPSHOT_NODES, &stream);
	graph->nodes = weigh_heap_table(source, &stream, sizeof(*graph->nodes), &graph->node_count);
	for (uint32_t i = 0; i < graph->node_count && !weigh_heap_stream_failed(&stream); i++) {
		struct weigh_heap_node *node = &graph->nodes[i];
		node->parent = weigh_heap_stream_index(&stream, i ? i : 1, "parent");
		/* The root may name code 0 where there is none. */
		node->code = weigh_heap_stream_index(&stream, i ? graph->code_count : UINT32_MAX, "code");
		node->instruction = (int32_t)weigh_heap_stream_index(&stream, INT32_MAX, "instruction") - 1;
	}
	return weigh_heap_stream_close(&stream);
}

static struct weigh_error *decode_sites(const struct weigh_heap_source *source,
					struct weigh_heap_graph *graph)
{
	struct weigh_heap_stream stream;

	weigh_heap_source_open(source, WEIGH_SNAPSHOT_SITES, &stream);
	graph->sites = weigh_heap_table(source, &stream, sizeof(*graph->sites), &graph->site_count);
	for (uint32_t i = 0; i < graph->site_count && !weigh_heap_stream_failed(&stream); i++) {
		struct weigh_heap_site *site = &graph->sites[i];
		site->node = weigh_heap_stream_index(&stream, graph->node_count, "node");
		site->domain = weigh_heap_stream_index(&stream, UINT32_MAX, "domain");
		site->thread = text(&stream, graph);
	}
	return weigh_heap_stream_close(&stream);
}

static struct weigh_error *decode_values(const struct weigh_heap_source *source,
					 struct weigh_heap_graph *graph)
{
	struct weigh_heap_stream stream;

	weigh_heap_source_open(source, WEIGH_SNAPSHOT_VALUES, &stream);
	graph->values = weigh_heap_table(source, &stream, sizeof(*graph->values), &graph->value_count);
	for (uint32_t i = 0; i < graph->value_count && !weigh_heap_stream_failed(&stream); i++) {
		struct weigh_heap_value *value = &graph->values[i];
		value->class = (uint8_t)weigh_heap_stream_index(&stream, WEIGH_VALUE_CLASSES, "class");
		/* Beyond any number that fits a machine's: how far does not matter. */
		uint64_t bits = weigh_heap_stream_next(&stream);
		value->bits = bits > UINT8_MAX ? UINT8_MAX : (uint8_t)bits;
		if (value->class != WEIGH_VALUE_TEXT || bits <= 8)
			continue;
		if (!weigh_heap_larges_put(&graph->store->wide, i, weigh_heap_stream_next(&stream)) &&
		    !stream.error)
			stream.error = weigh_error_create_memory();
	}
	return weigh_heap_stream_close(&stream);
}

static struct weigh_error *decode_roots(const struct weigh_heap_source *source,
					struct weigh_heap_graph *graph)
{
	struct weigh_heap_stream stream;

	weigh_heap_source_open(source, WEIGH_SNAPSHOT_ROOTS, &stream);
	graph->roots = weigh_heap_table(source, &stream, sizeof(*graph->roots), &graph->root_count);
	for (uint32_t i = 0; i < graph->root_count && !weigh_heap_stream_failed(&stream); i++) {
		struct weigh_heap_root *root = &graph->roots[i];
		root->kind = (uint8_t)weigh_heap_stream_index(&stream, WEIGH_ROOT_COUNT, "kind of root");
		root->label = text(&stream, graph);
		root->object = weigh_heap_stream_index(&stream, graph->object_count, "object");
	}
	return weigh_heap_stream_close(&stream);
}

/* Numbers that ascend, each with a text. */
static struct weigh_error *decode_notes(const struct weigh_heap_source *source,
					enum weigh_snapshot_section_id id,
					const struct weigh_heap_graph *graph, uint64_t limit,
					struct weigh_heap_note **notes, uint32_t *count)
{
	struct weigh_heap_stream stream;
	uint64_t number = 0;

	weigh_heap_source_open(source, id, &stream);
	*notes = weigh_heap_table(source, &stream, sizeof(**notes), count);
	for (uint32_t i = 0; i < *count && !weigh_heap_stream_failed(&stream); i++) {
		uint64_t step = weigh_heap_stream_index(&stream, limit - number, "step");
		if (i && !step)
			weigh_heap_stream_damaged(&stream, "a second text for one number");
		number += step;
		(*notes)[i] = (struct weigh_heap_note){(uint32_t)number, text(&stream, graph)};
	}
	return weigh_heap_stream_close(&stream);
}

struct weigh_error *weigh_heap_decode_tables(const struct weigh_heap_source *source,
					     struct weigh_heap_graph *graph)
{
	struct weigh_heap_store *store = graph->store;
	struct weigh_error *error = decode_texts(source, graph);

	if (!error)
		error = decode_types(source, graph);
	if (!error)
		error = decode_shapes(source, graph);
	if (!error)
		error = decode_codes(source, graph);
	if (!error)
		error = decode_nodes(source, graph);
	if (!error)
		error = decode_sites(source, graph);
	if (!error)
		error = decode_values(source, graph);
	if (!error)
		error = decode_roots(source, graph);
	if (!error)
		error = decode_notes(source, WEIGH_SNAPSHOT_LABELS, graph, graph->object_count,
				     &store->labels, &store->label_count);
	if (!error)
		error = decode_notes(source, WEIGH_SNAPSHOT_SAMPLES, graph, graph->value_count,
				     &store->samples, &store->sample_count);
	if (!error)
		error = weigh_heap_decode_facts(source, graph);
	return error ? error : clean_texts(graph);
}
