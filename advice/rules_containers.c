/*
 * Rules on containers: empty ones, small sets, tables that outlived what was
 * in them, room that is not used. By type and the place that refers to them.
 *
 * One thread; allocates with malloc.
 */
#include "advice/blocks.h"
#include "advice/rules.h"
#include "advice/sums.h"
#include "advice/tell.h"

#include <string.h>

enum {
	FEW = 18, /* members of a set that a tuple serves as well */
	SMALL_MAX = 512,
	SHRUNK = 4, /* a table with so many times the room it needs was larger once */
};

enum thrift {
	THRIFT_EMPTY,
	THRIFT_SMALL_SET,
	THRIFT_SHRUNK,
	THRIFT_SLACK,
	THRIFT_LARGE_SLACK, /* not advised */
	THRIFT_ORDERED,
	THRIFT_COUNT,
};

struct group {
	uint64_t all;
	uint64_t counts[THRIFT_COUNT];
	double resident[THRIFT_COUNT], savings[THRIFT_COUNT];
	struct weigh_line_vote vote;
};

struct seeker {
	const struct weigh_evidence *e;
	uint32_t ordered; /* type; WEIGH_NO_OBJECT: none */
};

static void note(struct group *group, enum thrift thrift, double resident, double saving)
{
	if (saving <= 0)
		return;
	group->counts[thrift]++;
	group->resident[thrift] += resident;
	group->savings[thrift] += saving;
}

static double tuple_resident(const struct seeker *s, uint64_t items)
{
	struct weigh_object_blocks tuple = weigh_blocks_tuple(s->e->python, items);

	return weigh_object_resident(&tuple);
}

/* A set with so many members as it would be made anew: eight places lie in the set itself. */
static double set_resident(uint64_t members)
{
	enum { SET = 216, PLACE = 16, LEAST = 8 };
	uint64_t places = LEAST;

	while (members * 5 >= (places - 1) * 3)
		places *= 2;
	return weigh_block_resident(SET) + (places > LEAST ? weigh_block_resident(places * PLACE) : 0);
}

static void measure_list(struct group *group, uint64_t length, uint64_t room, double resident)
{
	enum { POINTER = 8 };
	double saving = weigh_block_resident(room * POINTER) - weigh_block_resident(length * POINTER);

	if (room <= length)
		return;
	note(group, room * POINTER <= SMALL_MAX ? THRIFT_SLACK : THRIFT_LARGE_SLACK, resident, saving);
}

static void measure_dict(const struct seeker *s, struct group *group, uint32_t object, double resident)
{
	const struct weigh_heap_graph *graph = s->e->graph;
	uint64_t length = graph->length[object];
	struct weigh_object_blocks anew = weigh_blocks_dict(s->e->python, length, false);

	if (weigh_heap_shape(graph, object)->type == s->ordered)
		note(group, THRIFT_ORDERED, resident, resident - weigh_object_resident(&anew));
	else if (graph->room[object] > length * SHRUNK)
		note(group, THRIFT_SHRUNK, resident, resident - weigh_object_resident(&anew));
}

static void measure(const struct seeker *s, struct group *group, uint32_t object)
{
	const struct weigh_heap_graph *graph = s->e->graph;
	double resident = weigh_gross_resident(weigh_heap_gross(graph, object));
	uint64_t length = graph->length[object], room = graph->room[object];

	group->all++;
	switch (weigh_heap_type(graph, object)->form) {
	case WEIGH_SNAPSHOT_LIST:
		if (!length)
			note(group, THRIFT_EMPTY, resident, resident);
		else
			measure_list(group, length, room, resident);
		break;
	case WEIGH_SNAPSHOT_DICT:
		if (!length)
			note(group, THRIFT_EMPTY, resident, resident);
		else
			measure_dict(s, group, object, resident);
		break;
	case WEIGH_SNAPSHOT_SET:
		if (!length)
			note(group, THRIFT_EMPTY, resident, resident);
		else if (length <= FEW)
			note(group, THRIFT_SMALL_SET, resident, resident - tuple_resident(s, length));
		else if (room > length * SHRUNK)
			note(group, THRIFT_SHRUNK, resident, resident - set_resident(length));
		break;
	default:
		break;
	}
}

static bool is_candidate(const struct weigh_evidence *e, uint32_t object)
{
	const struct weigh_heap_shape *shape = weigh_heap_shape(e->graph, object);

	return shape->flags & WEIGH_SHAPE_SIZED && !(shape->flags & WEIGH_SHAPE_STATIC) &&
	       e->records.table_of[object] == WEIGH_NO_OBJECT && e->places->of[object] != WEIGH_NO_OBJECT;
}

static uint32_t find_ordered(const struct weigh_heap_graph *graph)
{
	for (uint32_t t = 0; t < graph->type_count; t++) {
		if (!strcmp(weigh_heap_text(graph, graph->types[t].name, NULL), "OrderedDict"))
			return t;
	}
	return WEIGH_NO_OBJECT;
}

/* By type and place. */
static bool seek(const struct weigh_evidence *e, struct weigh_heap_rows *groups)
{
	struct seeker s = {.e = e, .ordered = find_ordered(e->graph)};

	for (uint32_t i = 0; i < e->graph->object_count; i++) {
		if (!is_candidate(e, i))
			continue;
		struct group *group =
			weigh_heap_rows_put(groups, weigh_heap_shape(e->graph, i)->type, e->places->of[i]);
		if (!group)
			return false;
		measure(&s, group, i);
		weigh_line_vote(&group->vote, e, i);
	}
	return true;
}

/* How each kind of thrift is told; %s: what the place is called. */
static const struct telling {
	unsigned number;
	const char *rule, *title, *before, *after, *check, *cost;
	enum weigh_grade grade;
} tellings[THRIFT_COUNT] = {
	[THRIFT_EMPTY] = {18, "empty-containers", "nothing instead of empty containers in", "self.items = []",
			  "self.items = None  # made when the first one comes",
			  "nobody keeps the empty container to fill it later",
			  "a test for None where they are read", WEIGH_GRADE_LIKELY},
	[THRIFT_SMALL_SET] = {19, "small-sets", "tuples instead of small sets in", "{a, b, c}", "(a, b, c)",
			      "nobody adds to them, or looks them up in a hot loop",
			      "looking up takes time by the number of members", WEIGH_GRADE_HYPOTHESIS},
	[THRIFT_SHRUNK] = {20, "shrunk-tables", "copies of what shrank in", "table", "table = dict(table)",
			   "they are not filled again", "one copy", WEIGH_GRADE_LIKELY},
	[THRIFT_SLACK] = {21, "list-slack", "lists without spare room in", "items.append(item)",
			  "items = tuple(items)  # or items[:], when all are in", "they do not grow again",
			  "one copy of each", WEIGH_GRADE_HYPOTHESIS},
	[THRIFT_ORDERED] = {22, "ordered-dicts", "dict instead of OrderedDict in", "OrderedDict()", "{}",
			    "nobody calls move_to_end() or compares their order", "none at run time",
			    WEIGH_GRADE_LIKELY},
};

/* `of`: the type and the place of the group. */
static void report_thrift(const struct weigh_evidence *e, struct weigh_collector *c,
			  const struct group *group, struct weigh_heap_key of, enum thrift thrift)
{
	const struct telling *telling = &tellings[thrift];
	struct weigh_heap_frame frame = weigh_line_vote_frame(&group->vote, e);
	char name[WEIGH_HEAP_NAME], count[WEIGH_TELL_COUNT], all[WEIGH_TELL_COUNT];

	weigh_heap_place_name(e->graph, e->places, (uint32_t)of.b, name);
	if (thrift == THRIFT_LARGE_SLACK) {
		if (group->savings[thrift] < c->advice->least)
			return;
		weigh_collect_rejected(
			c, "list-slack", frame.file, frame.line, 0,
			"%s: spare room of long lists was never touched: none of it is resident", name);
		return;
	}
	struct weigh_finding *finding = weigh_collect_finding(c, telling->number, telling->rule);
	if (!finding)
		return;
	const char *type = weigh_heap_text(e->graph, e->graph->types[of.a].name, NULL);
	weigh_collect_place(c, finding, frame.file, frame.line, frame.function);
	finding->effect.kind = WEIGH_EFFECT_BYTES;
	finding->quantity = e->quantity;
	finding->before = group->resident[thrift];
	finding->saving = group->savings[thrift];
	finding->after = finding->before - finding->saving;
	finding->grade = telling->grade;
	finding->title = weigh_collect_text(c, "%s %s", telling->title, name);
	finding->evidence = weigh_collect_text(c, "%s: %s of %s %s objects, %.0f B each", name,
					       weigh_tell_count(group->counts[thrift], count),
					       weigh_tell_count(group->all, all), type,
					       finding->before / (double)group->counts[thrift]);
	finding->change_before = weigh_collect_text(c, "%s", telling->before);
	finding->change_after = weigh_collect_text(c, "%s", telling->after);
	weigh_collect_check(c, finding, WEIGH_CHECK_UNKNOWN, "%s", telling->check);
	finding->cost = weigh_collect_text(c, "%s", telling->cost);
}

static void report(const struct weigh_evidence *evidence, struct weigh_collector *collector,
		   const struct weigh_heap_rows *groups, uint32_t number)
{
	const struct group *group = weigh_heap_rows_at(groups, number);

	for (int thrift = 0; thrift < THRIFT_COUNT; thrift++) {
		if (group->counts[thrift])
			report_thrift(evidence, collector, group, groups->index.keys[number],
				      (enum thrift)thrift);
	}
}

struct weigh_error *weigh_rules_containers(const struct weigh_evidence *evidence,
					   struct weigh_collector *collector)
{
	static const struct weigh_sums_rule by_rows = {sizeof(struct group), seek, report};

	return weigh_sums_ask(&by_rows, evidence, collector);
}
