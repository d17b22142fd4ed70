/*
 * Where objects are referred to from: see heap/places.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/places.h"

#include "heap/index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which holders give an object its place first. */
enum rank {
	RANK_RECORD,
	RANK_OBJECT,
	RANK_FRAME,
	RANK_COUNT,
};

/* The places of a shape's references, found once for all objects of it. */
struct shape_places {
	uint32_t first_slot; /* into slots */
	uint32_t key;        /* of keys, the shape's own and those of pairs */
	uint32_t rest;       /* of items, members, values of pairs */
	uint8_t rank;
};

struct finder {
	const struct weigh_heap_graph *graph;
	struct weigh_heap_index index;
	struct shape_places *shapes;
	uint32_t *slots;
	bool full; /* no memory for a place */
};

static uint32_t find_place(struct finder *f, const struct weigh_heap_place *place)
{
	uint64_t b = (uint64_t)place->name << 16 | (uint64_t)place->naming << 8 | place->kind;
	uint32_t number = weigh_heap_index_put(&f->index, place->type, b);

	f->full |= number == WEIGH_NO_OBJECT;
	return number;
}

static enum rank shape_rank(const struct weigh_heap_graph *graph, const struct weigh_heap_shape *shape)
{
	uint16_t form = graph->types[shape->type].form;

	if (form == WEIGH_SNAPSHOT_FRAME || form == WEIGH_SNAPSHOT_GENERATOR)
		return RANK_FRAME;
	return shape->flags & WEIGH_SHAPE_DATA ? RANK_RECORD : RANK_OBJECT;
}

static uint8_t rest_kind(const struct weigh_heap_shape *shape)
{
	switch (shape->tail) {
	case WEIGH_TAIL_ITEMS:
		return WEIGH_EDGE_ITEM;
	case WEIGH_TAIL_PAIRS:
		return WEIGH_EDGE_PAIR;
	default:
		return WEIGH_EDGE_MEMBER;
	}
}

static void find_shape_places(struct finder *f, uint32_t number, uint32_t *used)
{
	const struct weigh_heap_shape *shape = &f->graph->shapes[number];
	struct shape_places *places = &f->shapes[number];
	struct weigh_heap_place place = {.type = shape->type, .kind = WEIGH_EDGE_SLOT};

	places->rank = (uint8_t)shape_rank(f->graph, shape);
	places->first_slot = *used;
	for (uint32_t i = 0; i < shape->slot_count; i++) {
		place.name = shape->slots[i].name;
		place.naming = shape->slots[i].naming;
		f->slots[(*used)++] = find_place(f, &place);
	}
	place = (struct weigh_heap_place){.type = shape->type, .kind = WEIGH_EDGE_PAIR_KEY};
	if (shape->flags & (WEIGH_SHAPE_KEYS | WEIGH_SHAPE_OWN_KEYS) || shape->tail == WEIGH_TAIL_PAIRS)
		places->key = find_place(f, &place);
	place.kind = rest_kind(shape);
	if (shape->tail != WEIGH_TAIL_NONE)
		places->rest = find_place(f, &place);
}

static inline void settle(uint32_t *of, uint32_t target, uint32_t place)
{
	if (target != WEIGH_NO_OBJECT && of[target] == WEIGH_NO_OBJECT)
		of[target] = place;
}

static void settle_object(const struct finder *f, uint32_t *of, uint32_t object)
{
	const struct weigh_heap_graph *graph = f->graph;
	const struct weigh_heap_shape *shape = weigh_heap_shape(graph, object);
	const struct shape_places *places = &f->shapes[graph->shape_of[object]];
	const uint32_t *at = graph->targets + graph->first[object];
	const uint32_t *end = graph->targets + graph->first[object + 1];

	for (uint32_t i = 0; i < shape->slot_count; i++) {
		if (shape->flags & WEIGH_SHAPE_OWN_KEYS)
			settle(of, *at++, places->key);
		settle(of, *at++, f->slots[places->first_slot + i]);
	}
	bool key = shape->tail == WEIGH_TAIL_PAIRS;
	for (; at < end; at++) {
		settle(of, *at, key ? places->key : places->rest);
		key = shape->tail == WEIGH_TAIL_PAIRS && !key;
	}
}

static void settle_all(const struct finder *f, uint32_t *of)
{
	const struct weigh_heap_graph *graph = f->graph;

	for (uint8_t rank = 0; rank < RANK_COUNT; rank++) {
		for (uint32_t i = 0; i < graph->object_count; i++) {
			if (f->shapes[graph->shape_of[i]].rank == rank)
				settle_object(f, of, i);
		}
	}
	for (uint32_t s = 0; s < graph->shape_count; s++) {
		const struct weigh_heap_shape *shape = &graph->shapes[s];
		for (uint32_t i = 0; shape->flags & WEIGH_SHAPE_KEYS && i < shape->slot_count; i++)
			settle(of, shape->slots[i].key, f->shapes[s].key);
	}
}

static struct weigh_error *find_all(struct finder *f)
{
	size_t slots = 0;
	uint32_t used = 0;
	struct weigh_error *error = weigh_heap_index_init(&f->index);

	for (uint32_t s = 0; s < f->graph->shape_count; s++)
		slots += f->graph->shapes[s].slot_count;
	f->slots = malloc((slots + 1) * sizeof(*f->slots));
	f->shapes = calloc((size_t)f->graph->shape_count + 1, sizeof(*f->shapes));
	if (error)
		return error;
	if (!f->slots || !f->shapes)
		return weigh_error_create_memory();
	for (uint32_t s = 0; s < f->graph->shape_count; s++)
		find_shape_places(f, s, &used);
	return f->full ? weigh_error_create_memory() : NULL;
}

static struct weigh_error *keep(const struct finder *f, struct weigh_heap_places **result)
{
	struct weigh_heap_places *places = calloc(1, sizeof(*places));
	size_t objects = f->graph->object_count;

	if (!places)
		return weigh_error_create_memory();
	places->count = f->index.count;
	places->places = malloc(((size_t)places->count + 1) * sizeof(*places->places));
	places->of = malloc((objects + 1) * sizeof(*places->of));
	if (!places->places || !places->of) {
		weigh_heap_places_destroy(places);
		return weigh_error_create_memory();
	}
	for (uint32_t i = 0; i < places->count; i++) {
		struct weigh_heap_key key = f->index.keys[i];
		places->places[i] = (struct weigh_heap_place){
			.type = (uint32_t)key.a,
			.name = (uint32_t)(key.b >> 16),
			.naming = (uint8_t)(key.b >> 8),
			.kind = (uint8_t)key.b,
		};
	}
	memset(places->of, 0xff, objects * sizeof(*places->of));
	settle_all(f, places->of);
	*result = places;
	return NULL;
}

struct weigh_error *weigh_heap_places_create(const struct weigh_heap_graph *graph,
					     struct weigh_heap_places **places)
{
	struct finder f = {.graph = graph};
	struct weigh_error *error = find_all(&f);

	if (!error)
		error = keep(&f, places);
	weigh_heap_index_deinit(&f.index);
	free(f.slots);
	free(f.shapes);
	return error;
}

void weigh_heap_places_destroy(struct weigh_heap_places *places)
{
	if (!places)
		return;
	free(places->places);
	free(places->of);
	free(places);
}

static void slot_name(const char *type, const char *slot, uint8_t naming, char name[WEIGH_HEAP_NAME])
{
	static const char *const forms[] = {
		[WEIGH_SLOT_ATTRIBUTE] = "%s.%s",
		[WEIGH_SLOT_KEY] = "%s['%s']",
		[WEIGH_SLOT_LOCAL] = "%s %s",
		[WEIGH_SLOT_PART] = "%s %s",
	};

	if (naming > WEIGH_SLOT_PART)
		naming = WEIGH_SLOT_PART;
	snprintf(name, WEIGH_HEAP_NAME, forms[naming], naming == WEIGH_SLOT_LOCAL ? "local" : type, slot);
}

char *weigh_heap_place_name(const struct weigh_heap_graph *graph, const struct weigh_heap_places *places,
			    uint32_t number, char name[WEIGH_HEAP_NAME])
{
	static const char *const forms[] = {
		[WEIGH_EDGE_KEY] = "%s (keys)",       [WEIGH_EDGE_PAIR_KEY] = "%s (keys)",
		[WEIGH_EDGE_ITEM] = "%s[*]",          [WEIGH_EDGE_PAIR] = "%s[*]",
		[WEIGH_EDGE_MEMBER] = "%s (members)",
	};

	if (number == WEIGH_NO_OBJECT) {
		snprintf(name, WEIGH_HEAP_NAME, "(roots)");
		return name;
	}
	const struct weigh_heap_place *place = &places->places[number];
	const char *type = weigh_heap_text(graph, graph->types[place->type].name, NULL);
	if (place->kind == WEIGH_EDGE_SLOT)
		slot_name(type, weigh_heap_text(graph, place->name, NULL), place->naming, name);
	else
		snprintf(name, WEIGH_HEAP_NAME, forms[place->kind], type);
	return name;
}
