/*
 * Rules on equal objects that no table has: keys of dicts, items of small
 * containers, attributes of few; by the place that refers to them.
 *
 * One thread; allocates with malloc, about 30 bytes for each value that is
 * there more than once.
 */
#include "advice/blocks.h"
#include "advice/rules.h"
#include "advice/tell.h"
#include "base/grow.h"
#include "heap/index.h"
#include "heap/sites.h"

#include <stdlib.h>
#include <string.h>

/* Equal objects of one type at one place. */
struct group {
	uint64_t objects, values;
	double resident, saving;
	uint32_t line; /* the usual one, by a vote */
	uint32_t votes;
};

struct seeker {
	const struct weigh_evidence *e;
	uint32_t *times; /* by value: objects that have it */
	struct weigh_heap_index groups, values;
	struct group *rows;
	uint32_t room;
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

static void vote(struct group *group, uint32_t line)
{
	if (line == WEIGH_NO_OBJECT)
		return;
	if (!group->votes)
		group->line = line;
	group->votes += group->line == line ? 1 : (uint32_t)-1;
}

static struct group *row_of(struct seeker *s, uint32_t type, uint32_t place, uint32_t *number)
{
	uint32_t before = s->groups.count;

	*number = weigh_heap_index_put(&s->groups, type, place);
	if (*number == WEIGH_NO_OBJECT || !weigh_grow(&s->rows, &s->room, *number, sizeof(*s->rows)))
		return NULL;
	if (*number == before)
		s->rows[*number] = (struct group){.line = WEIGH_NO_OBJECT};
	return &s->rows[*number];
}

static bool seek(struct seeker *s)
{
	const struct weigh_heap_graph *graph = s->e->graph;

	for (uint32_t i = 0; i < graph->object_count; i++) {
		if (is_candidate(s->e, i))
			s->times[s->e->equal->of[i]]++;
	}
	for (uint32_t i = 0; i < graph->object_count; i++) {
		uint32_t number, before = s->values.count;
		if (!is_candidate(s->e, i) || s->times[s->e->equal->of[i]] < 2)
			continue;
		struct group *group =
			row_of(s, weigh_heap_shape(graph, i)->type, s->e->places->of[i], &number);
		if (!group)
			return false;
		double resident = weigh_gross_resident(weigh_heap_gross(graph, i));
		uint32_t value = weigh_heap_index_put(&s->values, number, s->e->equal->of[i]);
		if (value == WEIGH_NO_OBJECT)
			return false;
		group->objects++;
		group->resident += resident;
		if (value == before)
			group->values++;
		else
			group->saving += resident;
		vote(group, weigh_heap_line_of(graph, s->e->lines, i));
	}
	return true;
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

static void report(struct seeker *s, struct weigh_collector *c, uint32_t number)
{
	const struct group *group = &s->rows[number];
	struct weigh_heap_key of = s->groups.keys[number];
	const struct weigh_heap_place *place = &s->e->places->places[of.b];
	const struct weigh_heap_graph *graph = s->e->graph;
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
	struct weigh_object_blocks cache = weigh_blocks_dict(s->e->python, group->values, text);
	weigh_heap_place_name(graph, s->e->places, (uint32_t)of.b, name);
	finding->effect.kind = WEIGH_EFFECT_BYTES;
	finding->quantity = s->e->quantity;
	finding->saving = group->saving - weigh_object_resident(&cache);
	finding->before = group->resident;
	finding->after = finding->before - finding->saving;
	finding->grade = WEIGH_GRADE_LIKELY;
	finding->title = weigh_collect_text(c, "one %s for each of the %s values of %s", type,
					    weigh_tell_count(group->values, values), name);
	finding->evidence = weigh_collect_text(c, "%s: %s equal %s objects, %s values", name,
					       weigh_tell_count(group->objects, objects), type, values);
	if (group->line != WEIGH_NO_OBJECT) {
		const struct weigh_heap_frame *frame = &s->e->lines->lines[group->line].own;
		weigh_collect_place(c, finding, frame->file, frame->line, frame->function);
	}
	say_change(c, finding, key);
}

struct weigh_error *weigh_rules_duplicates(const struct weigh_evidence *evidence,
					   struct weigh_collector *collector)
{
	struct seeker s = {.e = evidence,
			   .times = calloc((size_t)evidence->equal->count + 1, sizeof(*s.times))};
	struct weigh_error *error = weigh_heap_index_init(&s.groups);

	if (!error)
		error = weigh_heap_index_init(&s.values);
	if (!error && (!s.times || !seek(&s)))
		error = weigh_error_create_memory();
	for (uint32_t i = 0; !error && i < s.groups.count; i++)
		report(&s, collector, i);
	weigh_heap_index_deinit(&s.groups);
	weigh_heap_index_deinit(&s.values);
	free(s.times);
	free(s.rows);
	return error;
}
