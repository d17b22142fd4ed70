/*
 * The table of holders, and their names: see heap/holders.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/holders.h"

#include "base/grow.h"
#include "heap/fold.h"
#include "heap/references.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = 0xffffffff };

static uint32_t add_holder(struct weigh_heap_holders *holders, const struct weigh_holder *holder)
{
	if (!weigh_grow(&holders->holders, &holders->room, holders->count, sizeof(*holders->holders)))
		return NONE;
	holders->holders[holders->count] = *holder;
	return holders->count++;
}

static uint32_t add_label(struct weigh_heap_holders *holders, const char *label)
{
	if (!weigh_grow(&holders->labels, &holders->label_room, holders->label_count,
			sizeof(*holders->labels)))
		return NONE;
	holders->labels[holders->label_count] = strdup(label);
	return holders->labels[holders->label_count] ? holders->label_count++ : NONE;
}

uint32_t weigh_holder_owner(struct weigh_heap_holders *holders, enum weigh_holder_kind kind,
			    const char *label)
{
	/* Owners are made before all others, and few. */
	for (uint32_t i = 0; i < holders->count; i++) {
		const struct weigh_holder *holder = &holders->holders[i];
		if (holder->kind == kind && !strcmp(holders->labels[holder->label], label))
			return i;
	}
	const struct weigh_holder holder = {
		.type = WEIGH_NO_OBJECT,
		.by = WEIGH_NO_OBJECT,
		.label = add_label(holders, label),
		.kind = (uint8_t)kind,
	};
	return holder.label == NONE ? NONE : add_holder(holders, &holder);
}

/* What names an edge: equal for two that read alike, in 60 bits. */
static uint64_t edge_key(const struct weigh_heap_graph *graph, enum weigh_holder_kind kind, uint32_t by,
			 uint32_t place)
{
	if (kind == WEIGH_HOLDER_OWN)
		return 0;
	if (kind == WEIGH_HOLDER_SHARED_BELOW)
		return place;
	if (place >= WEIGH_PLACE_KEYS)
		return place == WEIGH_PLACE_CLASS ? 1ull << 40 : 1ull << 41;
	struct weigh_heap_edge edge = weigh_heap_edge_at(graph, by, place);
	uint64_t key = (1ull + edge.kind) << 42;
	if (edge.kind == WEIGH_EDGE_SLOT) {
		const struct weigh_heap_slot *slot = &weigh_heap_shape(graph, by)->slots[edge.index];
		key |= (uint64_t)slot->naming << 36 | slot->name;
	}
	return key;
}

/* The number of a key in the table of holders by key, whose entry is NONE when it is new. */
static uint32_t key_number(struct weigh_heap_holders *holders, uint64_t a, uint64_t b)
{
	uint32_t known = holders->index.count, number = weigh_heap_index_put(&holders->index, a, b);

	if (number == WEIGH_NO_OBJECT || number < known)
		return number;
	if (!weigh_grow(&holders->by_index, &holders->by_index_room, number, sizeof(*holders->by_index)))
		return NONE;
	holders->by_index[number] = NONE;
	return number;
}

/* A holder of this type and name on the way from `parent` to the top; NONE: none. */
static uint32_t holder_above(const struct weigh_heap_holders *holders, uint32_t parent, uint32_t type,
			     enum weigh_holder_kind kind, uint64_t key)
{
	uint32_t at = parent;

	for (; !weigh_holder_is_owner(&holders->holders[at]); at = holders->holders[at].parent) {
		const struct weigh_holder *holder = &holders->holders[at];
		if (holder->kind == kind && holder->type == type &&
		    edge_key(holders->graph, kind, holder->by, holder->place) == key)
			return at;
	}
	return NONE;
}

uint32_t weigh_holder_below(struct weigh_heap_holders *holders, uint32_t parent, enum weigh_holder_kind kind,
			    uint32_t object, uint32_t by, uint32_t place)
{
	uint32_t type = weigh_heap_shape(holders->graph, object)->type;
	uint64_t key = edge_key(holders->graph, kind, by, place);
	/* Of a global the module is a part of its name. */
	uint64_t whole = kind == WEIGH_HOLDER_GLOBAL ? (uint64_t)by << 32 | place : key;
	uint32_t number = key_number(holders, (uint64_t)parent << 32 | type, (uint64_t)kind << 60 | whole);

	if (number == NONE)
		return NONE;
	if (holders->by_index[number] != NONE)
		return holders->by_index[number];
	uint32_t holder = kind == WEIGH_HOLDER_GLOBAL || kind == WEIGH_HOLDER_LOCAL
				  ? NONE
				  : holder_above(holders, parent, type, kind, key);
	if (holder == NONE) {
		const struct weigh_holder fresh = {
			.parent = parent, .type = type, .by = by, .place = place, .kind = (uint8_t)kind};
		holder = add_holder(holders, &fresh);
	}
	return holders->by_index[number] = holder;
}

static void sum_up(struct weigh_heap_holders *holders)
{
	for (uint32_t i = 0; i < holders->graph->object_count; i++) {
		struct weigh_holder *holder = &holders->holders[holders->holder_of[i]];
		holder->count++;
		holder->gross += weigh_heap_gross(holders->graph, i);
	}
	for (uint32_t i = holders->count; i--;) {
		struct weigh_holder *holder = &holders->holders[i];
		holder->retained += holder->gross;
		if (i)
			holders->holders[holder->parent].retained += holder->retained;
	}
}

static int compare_children(const void *left, const void *right, void *arg)
{
	const struct weigh_holder *holders = arg;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	if (holders[a].parent != holders[b].parent)
		return holders[a].parent < holders[b].parent ? -1 : 1;
	if (holders[a].retained != holders[b].retained)
		return holders[a].retained < holders[b].retained ? 1 : -1;
	return a < b ? -1 : a > b;
}

static bool list_children(struct weigh_heap_holders *holders)
{
	holders->order = malloc(holders->count * sizeof(*holders->order));
	if (!holders->order)
		return false;
	/* The top, its own parent, is no child: it stands at the end, where no list of children reaches. */
	for (uint32_t i = 1; i < holders->count; i++)
		holders->order[i - 1] = i;
	holders->order[holders->count - 1] = 0;
	qsort_r(holders->order, holders->count - 1, sizeof(*holders->order), compare_children,
		holders->holders);
	for (uint32_t i = holders->count - 1; i--;) {
		struct weigh_holder *parent = &holders->holders[holders->holders[holders->order[i]].parent];
		parent->first = i;
		parent->children++;
	}
	return true;
}

struct weigh_error *weigh_heap_holders_create(const struct weigh_heap_graph *graph,
					      const struct weigh_heap_dominators *dominators,
					      const struct weigh_heap_below *below,
					      const struct weigh_heap_places *places,
					      struct weigh_heap_holders **result)
{
	struct weigh_heap_holders *holders = calloc(1, sizeof(*holders));
	struct weigh_error *error;

	if (!holders)
		return weigh_error_create_memory();
	holders->graph = graph;
	holders->places = places;
	holders->holder_of = malloc(((size_t)graph->object_count + 1) * sizeof(*holders->holder_of));
	error = weigh_heap_homes_init(&holders->homes, graph);
	if (!error)
		error = weigh_heap_index_init(&holders->index);
	if (!error &&
	    (!holders->holder_of || weigh_holder_owner(holders, WEIGH_HOLDER_TOP, "(all)") == NONE ||
	     !weigh_fold(holders, dominators, below)))
		error = weigh_error_create_memory();
	if (!error) {
		sum_up(holders);
		if (!list_children(holders))
			error = weigh_error_create_memory();
	}
	if (error) {
		weigh_heap_holders_destroy(holders);
		return error;
	}
	*result = holders;
	return NULL;
}

void weigh_heap_holders_destroy(struct weigh_heap_holders *holders)
{
	if (!holders)
		return;
	weigh_heap_homes_deinit(&holders->homes);
	weigh_heap_index_deinit(&holders->index);
	for (uint32_t i = 0; i < holders->label_count; i++)
		free(holders->labels[i]);
	free(holders->labels);
	free(holders->by_index);
	free(holders->holders);
	free(holders->order);
	free(holders->holder_of);
	free(holders);
}

/* "json.decoder.NUMBER_RE" */
static void global_name(const struct weigh_heap_holders *holders, const struct weigh_holder *holder,
			char name[WEIGH_HEAP_NAME])
{
	const struct weigh_heap_graph *graph = holders->graph;
	const struct weigh_heap_home *home = weigh_heap_homes_find(&holders->homes, holder->by);
	const char *module = home ? weigh_heap_label(graph, home->module) : NULL;
	struct weigh_heap_edge edge = weigh_heap_edge_at(graph, holder->by, holder->place);
	char tail[WEIGH_HEAP_NAME];

	if (!module)
		module = "(module)";
	if (edge.kind == WEIGH_EDGE_SLOT) {
		const struct weigh_heap_slot *slot = &weigh_heap_shape(graph, holder->by)->slots[edge.index];
		snprintf(name, WEIGH_HEAP_NAME, "%s.%s", module, weigh_heap_text(graph, slot->name, NULL));
	} else {
		weigh_heap_edge_name(graph, holder->by, edge, false, tail);
		snprintf(name, WEIGH_HEAP_NAME, "%.60s%.90s", module, tail);
	}
}

static void edge_name(const struct weigh_heap_holders *holders, const struct weigh_holder *holder,
		      char name[WEIGH_HEAP_NAME])
{
	struct weigh_heap_edge edge;

	if (holder->place == WEIGH_PLACE_CLASS)
		edge = (struct weigh_heap_edge){WEIGH_EDGE_TYPE, 0};
	else if (holder->place >= WEIGH_PLACE_KEYS)
		edge = (struct weigh_heap_edge){WEIGH_EDGE_SHAPE_KEY, holder->place - WEIGH_PLACE_KEYS};
	else
		edge = weigh_heap_edge_at(holders->graph, holder->by, holder->place);
	weigh_heap_edge_name(holders->graph, holder->by, edge, true, name);
}

/* Owners, and what is right below one and has no name of its own. */
static void owner_name(const struct weigh_heap_holders *holders, const struct weigh_holder *owner,
		       char name[WEIGH_HEAP_NAME])
{
	static const char *const formats[] = {
		[WEIGH_HOLDER_TOP] = "%s",
		[WEIGH_HOLDER_PACKAGE] = "%s",
		[WEIGH_HOLDER_FRAME] = "%s()",
		[WEIGH_HOLDER_THREAD] = "(thread %s)",
		[WEIGH_HOLDER_INTERPRETER] = "(interpreter: %s)",
		[WEIGH_HOLDER_STATIC] = "(static types)",
		[WEIGH_HOLDER_SHARED] = "(shared)",
		[WEIGH_HOLDER_ELSEWHERE] = "(held by C code)",
		[WEIGH_HOLDER_IMMORTAL] = "(immortal)",
		[WEIGH_HOLDER_GARBAGE] = "(garbage, not collected yet)",
	};
	snprintf(name, WEIGH_HEAP_NAME, formats[owner->kind], holders->labels[owner->label]);
}

/* "main() rows" */
static void local_name(const struct weigh_heap_holders *holders, const struct weigh_holder *holder,
		       char name[WEIGH_HEAP_NAME])
{
	char local[WEIGH_HEAP_NAME];

	edge_name(holders, holder, local);
	/* What stands on the evaluation stack. */
	if (!strcmp(local, "(members)"))
		strcpy(local, "(value in use)");
	snprintf(name, WEIGH_HEAP_NAME, "%.70s() %.80s",
		 holders->labels[holders->holders[holder->parent].label], local);
}

static void shared_name(const struct weigh_heap_holders *holders, const struct weigh_holder *holder,
			char name[WEIGH_HEAP_NAME])
{
	char place[WEIGH_HEAP_NAME];

	weigh_heap_place_name(holders->graph, holders->places, holder->place, place);
	bool top = holders->holders[holder->parent].kind == WEIGH_HOLDER_SHARED;
	snprintf(name, WEIGH_HEAP_NAME, "%s%.140s", top ? "(shared) " : "", place);
}

char *weigh_holder_name(const struct weigh_heap_holders *holders, uint32_t number, char name[WEIGH_HEAP_NAME])
{
	const struct weigh_holder *holder = &holders->holders[number];

	switch (holder->kind) {
	case WEIGH_HOLDER_GLOBAL:
		global_name(holders, holder, name);
		break;
	case WEIGH_HOLDER_LOCAL:
		local_name(holders, holder, name);
		break;
	case WEIGH_HOLDER_EDGE:
		edge_name(holders, holder, name);
		break;
	case WEIGH_HOLDER_SHARED_BELOW:
		shared_name(holders, holder, name);
		break;
	case WEIGH_HOLDER_OWN:
		owner_name(holders, &holders->holders[holder->parent], name);
		break;
	default:
		owner_name(holders, holder, name);
		break;
	}
	return name;
}
