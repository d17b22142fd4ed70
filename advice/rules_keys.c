/*
 * Rule on dicts in which nearly all keys are str: while all of them are, an
 * entry takes 16 bytes, and with one other key in between each takes 24, for
 * the hash, which a str has in itself. By the place that refers to the dicts.
 *
 * One thread; allocates with malloc.
 */
#include "advice/blocks.h"
#include "advice/rules.h"
#include "advice/sums.h"
#include "advice/tell.h"

#include <string.h>

static const char rule[] = "odd-keys";

enum {
	STR_PER_ODD = 4, /* str keys to one that is none, or they are no exception */
	NARROW_ENTRY = 16,
	WIDE_ENTRY = 24,
	GROWTH = 4, /* room for one key when a table was made anew, at most */
};

/* Dicts at one place with odd keys of one type. */
struct group {
	uint64_t dicts, keys, odd;
	double resident, saving;
	double untouched; /* of the saving: room at the end of large tables that no page was taken for */
	uint32_t dict, key; /* examples; the key an odd one */
	struct weigh_line_vote vote;
};

/* Keys of a dict that are no plain str, and one of them. */
struct odd {
	uint64_t count;
	uint32_t example;
};

/* A class made of str is none. */
static bool is_plain_str(const struct weigh_heap_graph *graph, uint32_t object)
{
	const struct weigh_heap_shape *shape = weigh_heap_shape(graph, object);

	return shape->flags & WEIGH_SHAPE_VALUED && graph->types[shape->type].form == WEIGH_SNAPSHOT_STR;
}

static struct odd find_odd(const struct weigh_heap_graph *graph, uint32_t dict)
{
	const uint32_t *pairs = graph->targets + graph->first[dict];
	struct odd odd = {0, WEIGH_NO_OBJECT};

	for (uint64_t i = 0; i < graph->length[dict]; i++) {
		uint32_t key = pairs[2 * i];
		if (key == WEIGH_NO_OBJECT || is_plain_str(graph, key))
			continue;
		odd.count++;
		odd.example = key;
	}
	return odd;
}

/*
 * Keys that a table of the narrow entries would have room for. When the first
 * odd key comes the table is made anew, three times as large as is needed then;
 * one that is larger still is so for another reason.
 */
static uint64_t narrow_room(const struct weigh_heap_graph *graph, uint32_t dict)
{
	uint64_t room = graph->room[dict], length = graph->length[dict];

	return room <= length * GROWTH ? weigh_dict_room(length) : room;
}

/* Nothing where the table does not have the wide entries. */
static double saving_of(const struct weigh_evidence *e, uint32_t dict)
{
	struct weigh_object_blocks wide = weigh_blocks_dict(e->python, e->graph->room[dict], false);
	struct weigh_object_blocks narrow = weigh_blocks_dict(e->python, narrow_room(e->graph, dict), true);

	if (weigh_heap_gross(e->graph, dict) < weigh_object_gross(&wide))
		return 0;
	return weigh_object_resident(&wide) - weigh_object_resident(&narrow);
}

static double untouched_of(const struct weigh_evidence *e, uint32_t dict)
{
	enum { MAPPED = 128 << 10 }; /* of a block that has pages of its own */
	double room = e->graph->room[dict], length = e->graph->length[dict];

	if (weigh_heap_gross(e->graph, dict) < MAPPED)
		return 0;
	return (room - length) * WIDE_ENTRY - ((double)narrow_room(e->graph, dict) - length) * NARROW_ENTRY;
}

/* A dict with pairs, and nothing else: those with names as keys have no others. */
static bool is_candidate(const struct weigh_evidence *e, uint32_t object)
{
	const struct weigh_heap_shape *shape = weigh_heap_shape(e->graph, object);
	const struct weigh_heap_type *type = &e->graph->types[shape->type];

	return type->form == WEIGH_SNAPSHOT_DICT && shape->tail == WEIGH_TAIL_PAIRS && !shape->slot_count &&
	       !(shape->flags & WEIGH_SHAPE_STATIC) && e->graph->length[object] &&
	       e->graph->first[object + 1] - e->graph->first[object] >= 2 * e->graph->length[object] &&
	       !strcmp(weigh_heap_text(e->graph, type->name, NULL), "dict");
}

static bool seek(const struct weigh_evidence *e, struct weigh_heap_rows *rows)
{
	const struct weigh_heap_graph *graph = e->graph;

	for (uint32_t i = 0; i < graph->object_count; i++) {
		if (!is_candidate(e, i))
			continue;
		struct odd odd = find_odd(graph, i);
		if (!odd.count || odd.count * (1 + STR_PER_ODD) > graph->length[i])
			continue;
		struct group *group = weigh_heap_rows_put(rows, e->places->of[i],
							  weigh_heap_shape(graph, odd.example)->type);
		if (!group)
			return false;
		group->dicts++;
		group->keys += graph->length[i];
		group->odd += odd.count;
		group->resident += weigh_gross_resident(weigh_heap_gross(graph, i));
		group->saving += saving_of(e, i);
		group->untouched += untouched_of(e, i);
		group->dict = i;
		group->key = odd.example;
		weigh_line_vote(&group->vote, e, i);
	}
	return true;
}

/* What a key looks like; the name of its type when that is not known. */
static void show_key(const struct weigh_heap_graph *graph, uint32_t key, char text[static WEIGH_HEAP_NAME])
{
	const char *type = weigh_heap_text(graph, weigh_heap_type(graph, key)->name, NULL);

	weigh_heap_show(graph, key, text);
	if (!*text)
		weigh_heap_type_name(graph, weigh_heap_shape(graph, key)->type, text);
	if (!strcmp(type, "NoneType"))
		strcpy(text, "None");
}

static void report(const struct weigh_evidence *e, struct weigh_collector *c,
		   const struct weigh_heap_rows *rows, uint32_t number)
{
	const struct group *group = weigh_heap_rows_at(rows, number);
	struct weigh_heap_key of = rows->index.keys[number];
	char name[WEIGH_TELL_NAME], key[WEIGH_HEAP_NAME], count[3][WEIGH_TELL_COUNT];
	const char *type = weigh_heap_text(e->graph, e->graph->types[of.b].name, NULL);
	struct weigh_finding *finding = weigh_collect_finding(c, 23, rule);

	if (!finding)
		return;
	weigh_tell_object(e, group->dict, name);
	if (!*name)
		weigh_heap_place_name(e->graph, e->places, (uint32_t)of.a, name);
	show_key(e->graph, group->key, key);
	weigh_line_vote_place(&group->vote, e, c, finding);
	weigh_collect_bytes(finding, e->quantity, group->resident, group->saving, WEIGH_GRADE_LIKELY);
	finding->title = weigh_collect_text(c, "nothing but str as keys of %s", name);
	finding->evidence = weigh_collect_text(
		c, "%s: %s dict with %s keys in all, %s of them %s, the others str", name,
		weigh_tell_count(group->dicts, count[0]), weigh_tell_count(group->keys, count[1]),
		weigh_tell_count(group->odd, count[2]), type);
	finding->change_before = weigh_collect_text(c, "table[%s] = ...", key);
	finding->change_after =
		weigh_collect_text(c, "table[\"...\"] = ...  # a plain str in the place of %s", key);
	weigh_collect_check(c, finding, WEIGH_CHECK_HOLDS, "their tables have room for hashes of other keys");
	if (group->untouched * 2 > group->saving)
		weigh_collect_check(c, finding, WEIGH_CHECK_HOLDS,
				    "%s of it is room that was never touched, and not resident",
				    weigh_tell_bytes(group->untouched, count[0]));
	weigh_collect_check(c, finding, WEIGH_CHECK_UNKNOWN, "no text among the keys means the same");
	finding->cost = weigh_collect_text(c, "the other name where it is looked up");
}

struct weigh_error *weigh_rules_keys(const struct weigh_evidence *evidence, struct weigh_collector *collector)
{
	static const struct weigh_sums_rule by_rows = {sizeof(struct group), seek, report};

	/* Before 3.11 all tables have the wide entries. */
	if (evidence->python < 0x030b0000)
		return NULL;
	return weigh_sums_ask(&by_rows, evidence, collector);
}
