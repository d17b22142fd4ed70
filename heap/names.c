/*
 * What a graph tells of its parts in words: texts, labels, sizes, names of
 * types and of references.
 *
 * One thread per graph; allocates nothing.
 */
#include "heap/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *weigh_heap_text(const struct weigh_heap_graph *graph, uint32_t text, size_t *bytes)
{
	const struct weigh_heap_string *string = &graph->store->texts[text];

	if (bytes)
		*bytes = string->length;
	return string->bytes;
}

static int compare_notes(const void *a, const void *b)
{
	uint32_t x = ((const struct weigh_heap_note *)a)->number;
	uint32_t y = ((const struct weigh_heap_note *)b)->number;
	return x < y ? -1 : x > y;
}

static const char *note(const struct weigh_heap_graph *graph, const struct weigh_heap_note *notes,
			uint32_t count, uint32_t number)
{
	const struct weigh_heap_note key = {.number = number};
	const struct weigh_heap_note *found = bsearch(&key, notes, count, sizeof(key), compare_notes);
	return found ? weigh_heap_text(graph, found->text, NULL) : NULL;
}

const char *weigh_heap_label(const struct weigh_heap_graph *graph, uint32_t object)
{
	return note(graph, graph->store->labels, graph->store->label_count, object);
}

const char *weigh_heap_sample(const struct weigh_heap_graph *graph, uint32_t value)
{
	return note(graph, graph->store->samples, graph->store->sample_count, value);
}

static int compare_larges(const void *a, const void *b)
{
	uint32_t x = ((const struct weigh_heap_large *)a)->object;
	uint32_t y = ((const struct weigh_heap_large *)b)->object;
	return x < y ? -1 : x > y;
}

static const struct weigh_heap_large *find_large(const struct weigh_heap_larges *larges, uint32_t number)
{
	const struct weigh_heap_large key = {.object = number};

	return bsearch(&key, larges->entries, larges->count, sizeof(key), compare_larges);
}

static uint64_t size_of(const uint32_t *sizes, const struct weigh_heap_larges *larges, uint32_t object)
{
	if (__builtin_expect(sizes[object] != UINT32_MAX, 1))
		return sizes[object];
	const struct weigh_heap_large *found = find_large(larges, object);
	return found ? found->bytes : UINT32_MAX;
}

uint64_t weigh_heap_gross(const struct weigh_heap_graph *graph, uint32_t object)
{
	return size_of(graph->gross, &graph->store->gross, object);
}

uint64_t weigh_heap_net(const struct weigh_heap_graph *graph, uint32_t object)
{
	return size_of(graph->net, &graph->store->net, object);
}

uint64_t weigh_heap_wide(const struct weigh_heap_graph *graph, uint32_t value)
{
	const struct weigh_heap_large *found = find_large(&graph->store->wide, value);

	return found ? found->bytes : 0;
}

bool weigh_heap_has_wide(const struct weigh_heap_graph *graph)
{
	return graph->store->wide.count;
}

uint32_t weigh_heap_find(const struct weigh_heap_graph *graph, uint64_t address)
{
	uint32_t low = 0, high = graph->object_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (graph->addresses[middle] < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < graph->object_count && graph->addresses[low] == address ? low : WEIGH_NO_OBJECT;
}

uint32_t weigh_heap_slot_target(const struct weigh_heap_graph *graph, uint32_t object, const char *name)
{
	const struct weigh_heap_shape *shape = weigh_heap_shape(graph, object);
	bool own = shape->flags & WEIGH_SHAPE_OWN_KEYS;

	for (uint32_t i = 0; i < shape->slot_count; i++) {
		if (!strcmp(weigh_heap_text(graph, shape->slots[i].name, NULL), name))
			return graph->targets[graph->first[object] + (own ? 2 * i + 1 : i)];
	}
	return WEIGH_NO_OBJECT;
}

/* Takes back a character that the end of the room cut in two. */
static char *whole_characters(char name[WEIGH_HEAP_NAME], int length)
{
	if (length < WEIGH_HEAP_NAME)
		return name;
	size_t end = WEIGH_HEAP_NAME - 1, start = end;
	while (start && (name[start - 1] & 0xc0) == 0x80)
		start--;
	if (start && (name[start - 1] & 0xc0) == 0xc0) {
		uint8_t lead = (uint8_t)name[start - 1];
		size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
		if (end - (start - 1) < wanted)
			name[start - 1] = '\0';
	}
	return name;
}

char *weigh_heap_type_name(const struct weigh_heap_graph *graph, uint32_t type, char name[WEIGH_HEAP_NAME])
{
	const struct weigh_heap_type *t = &graph->types[type];
	const char *module = weigh_heap_text(graph, t->module, NULL);
	const char *variant = weigh_heap_text(graph, t->variant, NULL);
	bool plain = !*module || !strcmp(module, "builtins") || !strcmp(module, "__main__");

	int length = snprintf(name, WEIGH_HEAP_NAME, "%s%s%s%s%s%s", plain ? "" : module, plain ? "" : ".",
			      weigh_heap_text(graph, t->name, NULL), *variant ? "[" : "", variant,
			      *variant ? "]" : "");
	return whole_characters(name, length);
}

struct weigh_heap_edge weigh_heap_edge_at(const struct weigh_heap_graph *graph, uint32_t object,
					  uint32_t place)
{
	const struct weigh_heap_shape *shape = weigh_heap_shape(graph, object);
	bool own = shape->flags & WEIGH_SHAPE_OWN_KEYS;
	uint32_t slots = own ? shape->slot_count * 2 : shape->slot_count;

	if (place < slots && own)
		return (struct weigh_heap_edge){place % 2 ? WEIGH_EDGE_SLOT : WEIGH_EDGE_KEY, place / 2};
	if (place < slots)
		return (struct weigh_heap_edge){WEIGH_EDGE_SLOT, place};
	place -= slots;
	switch (shape->tail) {
	case WEIGH_TAIL_PAIRS:
		return (struct weigh_heap_edge){place % 2 ? WEIGH_EDGE_PAIR : WEIGH_EDGE_PAIR_KEY, place / 2};
	case WEIGH_TAIL_MEMBERS:
		return (struct weigh_heap_edge){WEIGH_EDGE_MEMBER, place};
	default:
		return (struct weigh_heap_edge){WEIGH_EDGE_ITEM, place};
	}
}

static int slot_name(const struct weigh_heap_graph *graph, const struct weigh_heap_slot *slot,
		     char name[WEIGH_HEAP_NAME])
{
	static const char *const formats[] = {
		[WEIGH_SLOT_ATTRIBUTE] = ".%s",
		[WEIGH_SLOT_KEY] = "['%s']",
		[WEIGH_SLOT_LOCAL] = "%s",
		[WEIGH_SLOT_PART] = "%s",
	};
	const char *text = weigh_heap_text(graph, slot->name, NULL);

	/* A key is recognised by its beginning; its end must not cost the brackets. */
	enum { KEY_SHOWN = 60 };
	if (slot->naming == WEIGH_SLOT_KEY && strlen(text) > KEY_SHOWN) {
		size_t shown = KEY_SHOWN;
		while (shown && (text[shown] & 0xc0) == 0x80)
			shown--;
		return snprintf(name, WEIGH_HEAP_NAME, "['%.*s...']", (int)shown, text);
	}
	return snprintf(name, WEIGH_HEAP_NAME, formats[slot->naming], text);
}

/* ['the key'] of a pair, when the snapshot kept what it looks like. */
static int pair_name(const struct weigh_heap_graph *graph, uint32_t object, uint32_t index,
		     char name[WEIGH_HEAP_NAME])
{
	const struct weigh_heap_shape *shape = weigh_heap_shape(graph, object);
	uint32_t slots = shape->flags & WEIGH_SHAPE_OWN_KEYS ? shape->slot_count * 2 : shape->slot_count;
	uint32_t key = graph->targets[graph->first[object] + slots + index * 2];
	const char *sample = NULL;

	if (key != WEIGH_NO_OBJECT && graph->value && graph->value[key] != UINT32_MAX)
		sample = weigh_heap_sample(graph, graph->value[key]);
	return snprintf(name, WEIGH_HEAP_NAME, "[%s]", sample ? sample : "*");
}

char *weigh_heap_edge_name(const struct weigh_heap_graph *graph, uint32_t object, struct weigh_heap_edge edge,
			   bool general, char name[WEIGH_HEAP_NAME])
{
	int length = 0;

	switch (edge.kind) {
	case WEIGH_EDGE_SLOT:
		length = slot_name(graph, &weigh_heap_shape(graph, object)->slots[edge.index], name);
		break;
	case WEIGH_EDGE_ITEM:
		length = general ? snprintf(name, WEIGH_HEAP_NAME, "[*]")
				 : snprintf(name, WEIGH_HEAP_NAME, "[%" PRIu32 "]", edge.index);
		break;
	case WEIGH_EDGE_PAIR:
		length = general ? snprintf(name, WEIGH_HEAP_NAME, "[*]")
				 : pair_name(graph, object, edge.index, name);
		break;
	case WEIGH_EDGE_KEY:
	case WEIGH_EDGE_PAIR_KEY:
	case WEIGH_EDGE_SHAPE_KEY:
		length = snprintf(name, WEIGH_HEAP_NAME, "(keys)");
		break;
	case WEIGH_EDGE_MEMBER:
		length = snprintf(name, WEIGH_HEAP_NAME, "(members)");
		break;
	case WEIGH_EDGE_TYPE:
		length = snprintf(name, WEIGH_HEAP_NAME, "(type)");
		break;
	}
	return whole_characters(name, length);
}
