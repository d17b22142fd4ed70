/*
 * What people name things by: see heap/homes.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/homes.h"

#include <stdlib.h>
#include <string.h>

static uint32_t slot_of(const struct weigh_heap_homes *homes, uint32_t object)
{
	return (uint32_t)(object * 0x9E3779B97F4A7C15ull >> 32) & homes->mask;
}

const struct weigh_heap_home *weigh_heap_homes_find(const struct weigh_heap_homes *homes, uint32_t object)
{
	for (uint32_t slot = slot_of(homes, object);; slot = (slot + 1) & homes->mask) {
		if (!homes->slots[slot])
			return NULL;
		if (homes->homes[homes->slots[slot] - 1].object == object)
			return &homes->homes[homes->slots[slot] - 1];
	}
}

static void take_slot(struct weigh_heap_homes *homes, uint32_t index)
{
	uint32_t slot = slot_of(homes, homes->homes[index].object);

	while (homes->slots[slot])
		slot = (slot + 1) & homes->mask;
	homes->slots[slot] = index + 1;
}

static bool grow(struct weigh_heap_homes *homes)
{
	uint32_t room = homes->room ? homes->room * 2 : 256;
	struct weigh_heap_home *larger = realloc(homes->homes, room * sizeof(*larger));
	uint32_t *slots = calloc((size_t)room * 2, sizeof(*slots));

	if (larger)
		homes->homes = larger;
	if (!larger || !slots) {
		free(slots);
		return false;
	}
	free(homes->slots);
	homes->slots = slots;
	homes->room = room;
	homes->mask = room * 2 - 1;
	for (uint32_t i = 0; i < homes->count; i++)
		take_slot(homes, i);
	return true;
}

static bool add(struct weigh_heap_homes *homes, uint32_t object, uint32_t module,
		enum weigh_heap_home_kind kind)
{
	if (homes->count == homes->room && !grow(homes))
		return false;
	if (weigh_heap_homes_find(homes, object))
		return true;
	homes->homes[homes->count] = (struct weigh_heap_home){object, module, (uint8_t)kind};
	take_slot(homes, homes->count++);
	return true;
}

static bool is_slot(const struct weigh_heap_graph *graph, uint32_t object, uint32_t place, const char *name)
{
	struct weigh_heap_edge edge = weigh_heap_edge_at(graph, object, place);

	if (edge.kind != WEIGH_EDGE_SLOT)
		return false;
	const struct weigh_heap_slot *slot = &weigh_heap_shape(graph, object)->slots[edge.index];
	return slot->naming == WEIGH_SLOT_ATTRIBUTE &&
	       !strcmp(weigh_heap_text(graph, slot->name, NULL), name);
}

/* What an object has as this attribute; WEIGH_NO_OBJECT: nothing. */
static uint32_t attribute(const struct weigh_heap_graph *graph, uint32_t object, const char *name)
{
	for (uint32_t i = graph->first[object]; i < graph->first[object + 1]; i++) {
		if (graph->targets[i] != WEIGH_NO_OBJECT &&
		    is_slot(graph, object, i - graph->first[object], name))
			return graph->targets[i];
	}
	return WEIGH_NO_OBJECT;
}

static bool add_modules(struct weigh_heap_homes *homes)
{
	const struct weigh_heap_graph *graph = homes->graph;

	for (uint32_t i = 0; i < graph->root_count; i++) {
		const struct weigh_heap_root *root = &graph->roots[i];
		if (root->kind == WEIGH_ROOT_MODULES &&
		    weigh_heap_type(graph, root->object)->form != WEIGH_SNAPSHOT_MODULE &&
		    !add(homes, root->object, root->object, WEIGH_HOME_MODULES))
			return false;
	}
	for (uint32_t i = 0; i < graph->object_count; i++) {
		if (weigh_heap_type(graph, i)->form != WEIGH_SNAPSHOT_MODULE)
			continue;
		uint32_t globals = attribute(graph, i, "__dict__");
		if (!add(homes, i, i, WEIGH_HOME_MODULE) ||
		    (globals != WEIGH_NO_OBJECT && !add(homes, globals, i, WEIGH_HOME_GLOBALS)))
			return false;
	}
	return true;
}

/* Roots have the innermost frame of each thread first. */
static bool add_frames(struct weigh_heap_homes *homes)
{
	for (uint32_t i = homes->graph->root_count; i--;) {
		const struct weigh_heap_root *root = &homes->graph->roots[i];
		if (root->kind == WEIGH_ROOT_FRAME &&
		    !add(homes, root->object, root->object, WEIGH_HOME_FRAME))
			return false;
	}
	return true;
}

struct weigh_error *weigh_heap_homes_init(struct weigh_heap_homes *homes,
					  const struct weigh_heap_graph *graph)
{
	*homes = (struct weigh_heap_homes){.graph = graph};
	if (!grow(homes) || !add_modules(homes) || !add_frames(homes))
		return weigh_error_create_memory();
	return NULL;
}

void weigh_heap_homes_deinit(struct weigh_heap_homes *homes)
{
	free(homes->homes);
	free(homes->slots);
	*homes = (struct weigh_heap_homes){0};
}

bool weigh_heap_homes_native(const struct weigh_heap_homes *homes, const struct weigh_heap_home *globals,
			     uint32_t object)
{
	const struct weigh_heap_graph *graph = homes->graph;
	enum weigh_snapshot_form form = weigh_heap_type(graph, object)->form;

	if (form == WEIGH_SNAPSHOT_FUNCTION) {
		uint32_t home = attribute(graph, object, "__globals__");
		return home == WEIGH_NO_OBJECT || home == globals->object;
	}
	if (form != WEIGH_SNAPSHOT_TYPE)
		return true;
	/* Labelled "module.name": a class of a module begins with its name and a dot. */
	const char *module = weigh_heap_label(graph, globals->module);
	const char *label = weigh_heap_label(graph, object);
	size_t length = module ? strlen(module) : 0;
	return !label || !strchr(label, '.') ||
	       (module && !strncmp(label, module, length) && label[length] == '.');
}
