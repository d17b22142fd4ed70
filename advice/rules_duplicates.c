/*
 * Rules on equal objects that no table has: keys of dicts, items of small
 * containers, attributes of few; by the place that refers to them.
 *
 * One thread; allocates with malloc, about 30 bytes for each value that is
 * there more than once.
 */
#include "advice/blocks.h"
#include "advice/rules.h"
#include "advice/sums.h"
#include "advice/tell.h"

#include <stdlib.h>

/* Equal objects of one type at one place. */
struct group {
	uint64_t objects, values;
	double resident, saving;
	struct weigh_line_vote vote;
};

static bool is_candidate(const struct weigh_evidence *e, uint32_t object)
{
	if (e->records.covered[object] || e->equal->of[object] == WEIGH_NO_OBJECT ||
	    e->graph->counted[object] == UINT32_MAX || e->places->of[object] == WEIGH_NO_OBJECT)
		return false;
	/* What the compiler makes alike nobody can make otherwise. */
	uint32_t type = e->places->places[e->places->of[object]].type;
	return e->graph->types[type].form != WEIGH_SNAPSHOT_CODE;
}

/* Adds an object to the group of its type and place; `values`: by group and value. */
static bool add(const struct weigh_evidence *e, struct weigh_heap_rows *groups,
		struct weigh_heap_index *values, uint32_t object)
{
	const struct weigh_heap_graph *graph = e->graph;
	struct group *group =
		weigh_heap_rows_put(groups, weigh_heap_shape(graph, object)->type, e->places->of[object]);
	uint32_t before = values->count;

	if (!group)
		return false;
	double resident = weigh_gross_resident(weigh_heap_gross(graph, object));
	uint32_t value =
		weigh_heap_index_put(values, weigh_heap_rows_number(groups, group), e->equal->of[object]);
	if (value == WEIGH_NO_OBJECT)
		return false;
	group->objects++;
	group->resident += resident;
	if (value == before)
		group->values++;
	else
		group->saving += resident;
	weigh_line_vote(&group->vote, e, object);
	return true;
}

/* `times`, zeros at first: by value, the objects that have it. */
static bool add_all(const struct weigh_evidence *e, struct weigh_heap_rows *groups,
		    struct weigh_heap_index *values, uint32_t *times)
{
	for (uint32_t i = 0; i < e->graph->object_count; i++) {
		if (is_candidate(e, i))
			times[e->equal->of[i]]++;
	}
	for (uint32_t i = 0; i < e->graph->object_count; i++) {
		if (is_candidate(e, i) && times[e->equal->of[i]] > 1 && !add(e, groups, values, i))
			return false;
	}
	return true;
}

static bool seek(const struct weigh_evidence *evidence, struct weigh_heap_rows *groups)
{
	uint32_t *times = calloc((size_t)evidence->equal->count + 1, sizeof(*times));
	struct weigh_heap_index values;
	struct weigh_error *error = weigh_heap_index_init(&values);
	bool good = times && !error && add_all(evidence, groups, &values, times);

	weigh_error_destroy(error);
	weigh_heap_index_deinit(&values);
	free(times);
	return good;
}

static bool is_key(const struct weigh_heap_place *place)
{
	return place->kind == WEIGH_EDGE_KEY || place->kind == WEIGH_EDGE_PAIR_KEY;
}

static void say_change(struct weigh_collector *c, struct weigh_finding *finding, bool key)
{
	finding->change_before = weigh_collect_text(c, key ? "json.loads(line)" : "value = ...");
	finding->change_after =
		weigh_collect_text(c, key ? "seen = {}\njson.loads(line, object_pairs_hook=lambda pairs:\n"
					    "    {seen.setdefault(key, key): value for key, value in pairs})"
					  : "seen = {}\nvalue = seen.setdefault(value, value)");
	weigh_collect_check(c, finding, WEIGH_CHECK_HOLDS, "equal ones can stand for each other");
	weigh_collect_check(c, finding, WEIGH_CHECK_UNKNOWN, "changed where they are made, not afterwards");
	finding->cost =
		weigh_collect_text(c, key ? "a call for each dict that is read" : "a look-up for each");
}

static void report(const struct weigh_evidence *e, struct weigh_collector *c,
		   const struct weigh_heap_rows *groups, uint32_t number)
{
	const struct group *group = weigh_heap_rows_at(groups, number);
	struct weigh_heap_key of = groups->index.keys[number];
	const struct weigh_heap_place *place = &e->places->places[of.b];
	const struct weigh_heap_graph *graph = e->graph;
	const char *type = weigh_heap_text(graph, graph->types[of.a].name, NULL);
	bool text = graph->types[of.a].form == WEIGH_SNAPSHOT_STR, key = is_key(place);
	char name[WEIGH_HEAP_NAME], objects[WEIGH_TELL_COUNT], values[WEIGH_TELL_COUNT];

	if (group->saving <= 0)
		return;
	struct weigh_finding *finding =
		key ? weigh_collect_finding(c, 10, "duplicate-keys")
		    : weigh_collect_finding(c, text ? 9 : 8, text ? "duplicate-strings" : "duplicate-values");
	if (!finding)
		return;
	struct weigh_object_blocks cache = weigh_blocks_dict(e->python, group->values, text);
	weigh_heap_place_name(graph, e->places, (uint32_t)of.b, name);
	finding->effect.kind = WEIGH_EFFECT_BYTES;
	finding->quantity = e->quantity;
	finding->saving = group->saving - weigh_object_resident(&cache);
	finding->before = group->resident;
	finding->after = finding->before - finding->saving;
	finding->grade = WEIGH_GRADE_LIKELY;
	finding->title = weigh_collect_text(c, "one %s for each of the %s values of %s", type,
					    weigh_tell_count(group->values, values), name);
	finding->evidence = weigh_collect_text(c, "%s: %s equal %s objects, %s values", name,
					       weigh_tell_count(group->objects, objects), type, values);
	weigh_line_vote_place(&group->vote, e, c, finding);
	say_change(c, finding, key);
}

struct weigh_error *weigh_rules_duplicates(const struct weigh_evidence *evidence,
					   struct weigh_collector *collector)
{
	static const struct weigh_sums_rule by_rows = {sizeof(struct group), seek, report};

	return weigh_sums_ask(&by_rows, evidence, collector);
}
