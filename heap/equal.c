/*
 * Which objects are equal: see heap/equal.h.
 *
 * A tuple is known by a hash of 128 bits over its items, taken on trust: among
 * 2^32 tuples two that differ would meet with a chance of 2^-65.
 *
 * One thread; allocates with malloc. Tuples within tuples are worked off on a
 * stack of our own, since nothing bounds their depth.
 */
#include "heap/equal.h"

#include "base/grow.h"
#include "heap/index.h"
#include "vendor/xxhash/xxhash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In `of`, while tuples are being worked off. */
enum { BUSY = 0xfffffffe };

struct comparer {
	const struct weigh_heap_graph *graph;
	struct weigh_heap_equal *equal;
	struct weigh_heap_index index;
	uint8_t *exact; /* by type: the type tuple itself */
	uint32_t *stack;
	uint32_t depth, room;
	uint64_t *words;
	size_t word_room;
};

static bool is_tuple_type(const struct weigh_heap_graph *graph, const struct weigh_heap_type *type)
{
	return type->form == WEIGH_SNAPSHOT_TUPLE &&
	       !strcmp(weigh_heap_text(graph, type->name, NULL), "tuple") &&
	       !strcmp(weigh_heap_text(graph, type->module, NULL), "builtins");
}

static inline bool is_tuple(const struct comparer *c, uint32_t object)
{
	return c->exact[weigh_heap_shape(c->graph, object)->type];
}

static bool push(struct comparer *c, uint32_t object)
{
	if (!weigh_grow(&c->stack, &c->room, c->depth, sizeof(*c->stack)))
		return false;
	c->stack[c->depth++] = object;
	return true;
}

static bool push_items(struct comparer *c, uint32_t object)
{
	const struct weigh_heap_graph *graph = c->graph;

	for (uint32_t i = graph->first[object]; i < graph->first[object + 1]; i++) {
		uint32_t item = graph->targets[i];
		if (item != WEIGH_NO_OBJECT && c->equal->of[item] == WEIGH_NO_OBJECT && is_tuple(c, item) &&
		    !push(c, item))
			return false;
	}
	return true;
}

/* An item in the words that are hashed: by its equals, else as the object it is. */
static uint64_t item_word(const struct comparer *c, uint32_t item)
{
	enum { WORD_OBJECT = 1, WORD_NONE = 2 };

	if (item == WEIGH_NO_OBJECT)
		return (uint64_t)WORD_NONE << 32;
	uint32_t number = c->equal->of[item];
	return number < (uint32_t)BUSY ? number : (uint64_t)WORD_OBJECT << 32 | item;
}

static bool number_tuple(struct comparer *c, uint32_t object)
{
	const struct weigh_heap_graph *graph = c->graph;
	const uint32_t *items = graph->targets + graph->first[object];
	size_t count = graph->first[object + 1] - graph->first[object];

	if (count > c->word_room) {
		uint64_t *words = realloc(c->words, count * sizeof(*words));
		if (!words)
			return false;
		c->words = words;
		c->word_room = count;
	}
	for (size_t i = 0; i < count; i++)
		c->words[i] = item_word(c, items[i]);
	XXH128_hash_t hash = XXH3_128bits(c->words, count * sizeof(*c->words));
	uint32_t number = weigh_heap_index_put(&c->index, hash.low64, hash.high64);
	if (number >= (uint32_t)BUSY - graph->value_count)
		return false;
	c->equal->of[object] = graph->value_count + number;
	return true;
}

/* One that holds itself is met BUSY on its own way, and then counts as the object it is. */
static bool work_off(struct comparer *c)
{
	while (c->depth) {
		uint32_t object = c->stack[c->depth - 1];
		uint32_t *number = &c->equal->of[object];

		if (*number == WEIGH_NO_OBJECT) {
			*number = (uint32_t)BUSY;
			if (!push_items(c, object))
				return false;
			continue;
		}
		c->depth--;
		if (*number == (uint32_t)BUSY && !number_tuple(c, object))
			return false;
	}
	return true;
}

static struct weigh_error *compare_all(struct comparer *c)
{
	const struct weigh_heap_graph *graph = c->graph;
	struct weigh_error *error = weigh_heap_index_init(&c->index);

	c->exact = calloc((size_t)graph->type_count + 1, 1);
	if (error)
		return error;
	if (!c->exact)
		return weigh_error_create_memory();
	for (uint32_t t = 0; t < graph->type_count; t++)
		c->exact[t] = is_tuple_type(graph, &graph->types[t]);
	if (graph->value)
		memcpy(c->equal->of, graph->value, graph->object_count * sizeof(*c->equal->of));
	else
		memset(c->equal->of, 0xff, graph->object_count * sizeof(*c->equal->of));
	for (uint32_t i = 0; i < graph->object_count; i++) {
		if (!is_tuple(c, i) || c->equal->of[i] != WEIGH_NO_OBJECT)
			continue;
		if (!push(c, i) || !work_off(c))
			return weigh_error_create_memory();
	}
	c->equal->count = graph->value_count + c->index.count;
	return NULL;
}

struct weigh_error *weigh_heap_equal_create(const struct weigh_heap_graph *graph,
					    struct weigh_heap_equal **result)
{
	struct comparer c = {.graph = graph, .equal = calloc(1, sizeof(*c.equal))};

	if (!c.equal)
		return weigh_error_create_memory();
	c.equal->of = malloc(((size_t)graph->object_count + 1) * sizeof(*c.equal->of));
	struct weigh_error *error = c.equal->of ? compare_all(&c) : weigh_error_create_memory();
	weigh_heap_index_deinit(&c.index);
	free(c.exact);
	free(c.stack);
	free(c.words);
	if (error)
		weigh_heap_equal_destroy(c.equal);
	else
		*result = c.equal;
	return error;
}

void weigh_heap_equal_destroy(struct weigh_heap_equal *equal)
{
	if (!equal)
		return;
	free(equal->of);
	free(equal);
}

static const char *show_value(const struct weigh_heap_graph *graph, uint32_t object)
{
	if (object == WEIGH_NO_OBJECT || !graph->value || graph->value[object] == WEIGH_NO_OBJECT)
		return NULL;
	return weigh_heap_sample(graph, graph->value[object]);
}

char *weigh_heap_show(const struct weigh_heap_graph *graph, uint32_t object, char text[WEIGH_HEAP_NAME])
{
	const char *value = show_value(graph, object);
	uint32_t count = graph->first[object + 1] - graph->first[object];
	size_t used = 1;
	bool known = false;

	snprintf(text, WEIGH_HEAP_NAME, "%s", value ? value : "");
	if (value || weigh_heap_type(graph, object)->form != WEIGH_SNAPSHOT_TUPLE || !count)
		return text;
	for (uint32_t i = 0; i < count && used < WEIGH_HEAP_NAME; i++) {
		const char *item = show_value(graph, graph->targets[graph->first[object] + i]);
		used += (size_t)snprintf(text + used, WEIGH_HEAP_NAME - used, "%s%s", i ? ", " : "",
					 item ? item : "..");
		known |= item != NULL;
	}
	if (used + 1 < WEIGH_HEAP_NAME)
		snprintf(text + used, WEIGH_HEAP_NAME - used, count == 1 ? ",)" : ")");
	text[0] = '(';
	if (!known)
		text[0] = '\0';
	return text;
}
