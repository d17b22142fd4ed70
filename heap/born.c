/*
 * Objects born between two snapshots of one process: see heap/diff.h.
 *
 * Both are in the order of addresses, so one pass compares them. Types and
 * shapes are numbered anew in each snapshot: those of `before` are looked up
 * among those of `after` once, by name.
 *
 * One thread; allocates with malloc.
 */
#include "heap/diff.h"

#include <stdlib.h>
#include <string.h>

enum { MEMORIES = 4096 };

/* Whether two shapes are of one object, as it was found when last asked. */
struct memory {
	uint32_t before, after; /* shapes; both NO_OBJECT: nothing asked yet */
	bool same;
};

struct comparison {
	const struct weigh_heap_graph *before, *after;
	struct memory *memories;
};

static const char *text(const struct weigh_heap_graph *graph, uint32_t number)
{
	return weigh_heap_text(graph, number, NULL);
}

static bool same_type(const struct comparison *c, uint32_t before, uint32_t after)
{
	const struct weigh_heap_type *a = &c->before->types[before], *b = &c->after->types[after];

	return a->form == b->form && !strcmp(text(c->before, a->name), text(c->after, b->name)) &&
	       !strcmp(text(c->before, a->module), text(c->after, b->module)) &&
	       !strcmp(text(c->before, a->variant), text(c->after, b->variant));
}

/* The fields that were there still are, in their order; more may have come. */
static bool same_shape(const struct comparison *c, uint32_t before, uint32_t after)
{
	const struct weigh_heap_shape *a = &c->before->shapes[before], *b = &c->after->shapes[after];

	if (!same_type(c, a->type, b->type))
		return false;
	/* A dict that grows or loses a key may be written down in another manner. */
	if (c->before->types[a->type].form == WEIGH_SNAPSHOT_DICT && a->slot_count != b->slot_count &&
	    (!a->slot_count || !b->slot_count))
		return true;
	if (a->slot_count > b->slot_count)
		return false;
	for (uint32_t i = 0; i < a->slot_count; i++) {
		if (a->slots[i].naming != b->slots[i].naming ||
		    strcmp(text(c->before, a->slots[i].name), text(c->after, b->slots[i].name)) != 0)
			return false;
	}
	return true;
}

static bool shapes_agree(struct comparison *c, uint32_t before, uint32_t after)
{
	struct memory *memory = &c->memories[(before * 31 + after) % MEMORIES];

	if (memory->before != before || memory->after != after)
		*memory = (struct memory){before, after, same_shape(c, before, after)};
	return memory->same;
}

/* Values are numbered as they occur: of a value only what it is like can be compared. */
static bool values_agree(const struct comparison *c, uint32_t before, uint32_t after)
{
	uint32_t a = c->before->value ? c->before->value[before] : UINT32_MAX;
	uint32_t b = c->after->value ? c->after->value[after] : UINT32_MAX;

	if (a == UINT32_MAX || b == UINT32_MAX)
		return a == b;
	return c->before->values[a].class == c->after->values[b].class &&
	       c->before->values[a].bits == c->after->values[b].bits &&
	       weigh_heap_net(c->before, before) == weigh_heap_net(c->after, after);
}

/* A tuple never changes: the same one holds the same objects. */
static bool items_agree(const struct comparison *c, uint32_t before, uint32_t after)
{
	const struct weigh_heap_graph *a = c->before, *b = c->after;
	uint32_t count = a->first[before + 1] - a->first[before];

	if (weigh_heap_type(a, before)->form != WEIGH_SNAPSHOT_TUPLE)
		return true;
	if (b->first[after + 1] - b->first[after] != count)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t x = a->targets[a->first[before] + i], y = b->targets[b->first[after] + i];
		if (x == WEIGH_NO_OBJECT || y == WEIGH_NO_OBJECT ? x != y
								 : a->addresses[x] != b->addresses[y])
			return false;
	}
	return true;
}

uint8_t *weigh_diff_born(const struct weigh_heap_graph *before, const struct weigh_heap_graph *after)
{
	struct comparison c = {
		.before = before,
		.after = after,
		.memories = malloc(MEMORIES * sizeof(*c.memories)),
	};
	uint8_t *born = malloc((size_t)after->object_count + 1);
	uint32_t old = 0;

	if (!born || !c.memories) {
		free(c.memories);
		free(born);
		return NULL;
	}
	memset(c.memories, 0xff, MEMORIES * sizeof(*c.memories));
	for (uint32_t i = 0; i < after->object_count; i++) {
		while (old < before->object_count && before->addresses[old] < after->addresses[i])
			old++;
		bool kept = old < before->object_count && before->addresses[old] == after->addresses[i] &&
			    shapes_agree(&c, before->shape_of[old], after->shape_of[i]) &&
			    values_agree(&c, old, i) && items_agree(&c, old, i);
		born[i] = !kept;
	}
	free(c.memories);
	return born;
}

static uint64_t modules_address(const struct weigh_heap_graph *graph)
{
	for (uint32_t i = 0; i < graph->root_count; i++) {
		if (graph->roots[i].kind == WEIGH_ROOT_MODULES)
			return graph->addresses[graph->roots[i].object];
	}
	return 0;
}

bool weigh_diff_same_process(const struct weigh_heap_graph *before, const struct weigh_heap_graph *after)
{
	const struct weigh_snapshot_header *a = &before->header, *b = &after->header;

	if (a->pid != b->pid || a->python != b->python || modules_address(before) != modules_address(after))
		return false;
	/* A recording may have begun, or ended, in between. */
	return a->recording_ns == b->recording_ns || !a->recording_ns || !b->recording_ns;
}
