/*
 * Rule on callbacks that alone keep something alive: bound methods and
 * functions with a closure in a list, set or table of listeners, whose objects
 * nothing else refers to.
 *
 * One thread; allocates with malloc.
 */
#include "advice/rules.h"
#include "advice/sums.h"
#include "advice/tell.h"

#include <string.h>

static const char rule[] = "pinned-by-callbacks";

enum {
	CALLBACKS_LEAST = 8, /* in one container; fewer are no pattern */
	PART = 10,           /* one item in so many may be something else */
};

enum callback { CALLBACK_NONE, CALLBACK_METHOD, CALLBACK_CLOSURE };

/* Containers of callbacks of one kind at one place. */
struct group {
	uint64_t containers, callbacks, pinned;
	double retained; /* what goes with the callbacks, themselves included */
	uint32_t container, callback, owner; /* examples; the owner is what the callback is bound to */
	struct weigh_line_vote vote;
};

struct seeker {
	const struct weigh_evidence *e;
	struct weigh_collector *c;
	const struct weigh_heap_dominators *dominators;
	struct weigh_heap_rows rows;
};

/* What a callback is bound to; of a closure its first cell. */
static enum callback kind_of(const struct weigh_heap_graph *graph, uint32_t object, uint32_t *owner)
{
	const struct weigh_heap_type *type = weigh_heap_type(graph, object);

	*owner = WEIGH_NO_OBJECT;
	if (type->form == WEIGH_SNAPSHOT_FUNCTION) {
		*owner = weigh_heap_slot_target(graph, object, "__closure__");
		return *owner == WEIGH_NO_OBJECT ? CALLBACK_NONE : CALLBACK_CLOSURE;
	}
	if (strcmp(weigh_heap_text(graph, type->name, NULL), "method"))
		return CALLBACK_NONE;
	*owner = weigh_heap_slot_target(graph, object, "__self__");
	return *owner == WEIGH_NO_OBJECT ? CALLBACK_NONE : CALLBACK_METHOD;
}

/* A list, set, deque or table, no namespace and no record. */
static bool is_container(const struct weigh_heap_graph *graph, uint32_t object)
{
	const struct weigh_heap_shape *shape = weigh_heap_shape(graph, object);

	switch (graph->types[shape->type].form) {
	case WEIGH_SNAPSHOT_LIST:
	case WEIGH_SNAPSHOT_SET:
	case WEIGH_SNAPSHOT_DICT:
	case WEIGH_SNAPSHOT_DEQUE:
		return shape->tail != WEIGH_TAIL_NONE && !(shape->flags & WEIGH_SHAPE_STATIC) &&
		       graph->first[object + 1] - graph->first[object] >= CALLBACKS_LEAST;
	default:
		return false;
	}
}

/* What the items of a container are. */
struct census {
	uint64_t methods, closures, others;
};

static struct census take_census(const struct weigh_heap_graph *graph, uint32_t container)
{
	bool pairs = weigh_heap_shape(graph, container)->tail == WEIGH_TAIL_PAIRS;
	struct census census = {0};

	for (uint32_t at = graph->first[container] + pairs; at < graph->first[container + 1];
	     at += 1 + pairs) {
		uint32_t owner, item = graph->targets[at];
		if (item == WEIGH_NO_OBJECT)
			continue;
		enum callback kind = kind_of(graph, item, &owner);
		census.methods += kind == CALLBACK_METHOD;
		census.closures += kind == CALLBACK_CLOSURE;
		census.others += kind == CALLBACK_NONE;
		/* Most containers are told by their first few items. */
		if (census.others > CALLBACKS_LEAST && census.others > census.methods + census.closures)
			break;
	}
	return census;
}

/*
 * Whether what a callback is bound to goes when the callback or the container
 * goes. A closure always does: with it more must go than it is itself.
 */
static bool is_pinned(const struct seeker *s, uint32_t owner, uint32_t callback, uint32_t container)
{
	const struct weigh_heap_graph *graph = s->e->graph;
	uint32_t above = s->dominators->idom[owner];

	if (weigh_heap_type(graph, callback)->form == WEIGH_SNAPSHOT_FUNCTION)
		return s->dominators->retained[callback] >
		       2 * (weigh_heap_gross(graph, callback) + weigh_heap_gross(graph, owner));
	return above == callback || above == container;
}

static bool add(struct seeker *s, uint32_t container, enum callback kind)
{
	const struct weigh_heap_graph *graph = s->e->graph;
	bool pairs = weigh_heap_shape(graph, container)->tail == WEIGH_TAIL_PAIRS;
	struct group *group = weigh_heap_rows_put(&s->rows, s->e->places->of[container], kind);

	if (!group)
		return false;
	group->containers++;
	group->container = container;
	for (uint32_t at = graph->first[container] + pairs; at < graph->first[container + 1];
	     at += 1 + pairs) {
		uint32_t owner, item = graph->targets[at];
		if (item == WEIGH_NO_OBJECT || kind_of(graph, item, &owner) != kind)
			continue;
		group->callbacks++;
		group->callback = item;
		weigh_line_vote(&group->vote, s->e, item);
		if (!is_pinned(s, owner, item, container))
			continue;
		group->pinned++;
		group->owner = owner;
	}
	group->retained += (double)(s->dominators->retained[container] - weigh_heap_gross(graph, container));
	return true;
}

/* "on_change" of "Window.on_change (app.py:12)"; empty when the function has no label. */
static void name_method(const struct weigh_heap_graph *graph, uint32_t method, char name[WEIGH_TELL_NAME])
{
	uint32_t function = weigh_heap_slot_target(graph, method, "__func__");
	const char *label = function == WEIGH_NO_OBJECT ? NULL : weigh_heap_label(graph, function);
	size_t length = label ? strcspn(label, " ") : 0, start = length;

	while (start && label[start - 1] != '.')
		start--;
	*name = 0;
	if (length - start < WEIGH_TELL_NAME)
		strncat(name, label ? label + start : "", length - start);
}

#define CALLED_LATER "  # each is then called as callback()()"

/* The line that put a method into a list, in the program's own words; false when it is another. */
static bool say_line(const struct seeker *s, struct weigh_finding *finding)
{
	static const char append[] = ".append(";
	const char *line = weigh_line_read(s->e->source, finding->file, finding->line);
	const char *found = line ? strstr(line, append) : NULL;
	size_t length = line ? strlen(line) : 0;

	if (!found || line[length - 1] != ')')
		return false;
	const char *callback = found + strlen(append);
	int list = (int)(found - line);
	finding->change_before = weigh_collect_text(s->c, "%s", line);
	finding->change_after =
		weigh_collect_text(s->c, "%.*s.append(WeakMethod(%.*s, %.*s.remove))" CALLED_LATER, list,
				   line, (int)(line + length - 1 - callback), callback, list, line);
	return true;
}

static void say_change(const struct seeker *s, struct weigh_finding *finding, const struct group *group,
		       const char *list)
{
	char name[WEIGH_TELL_NAME];

	name_method(s->e->graph, group->callback, name);
	if (*name && say_line(s, finding))
		return;
	if (*name) {
		finding->change_before = weigh_collect_text(s->c, "%s.append(self.%s)", list, name);
		finding->change_after = weigh_collect_text(
			s->c, "%s.append(WeakMethod(self.%s, %s.remove))" CALLED_LATER, list, name, list);
		return;
	}
	finding->change_before = weigh_collect_text(s->c, "%s.append(lambda: use(thing))", list);
	finding->change_after =
		weigh_collect_text(s->c, "ref = weakref.ref(thing)\n%s.append(lambda: use(ref()))", list);
}

static void report(const struct seeker *s, uint32_t number)
{
	const struct weigh_heap_graph *graph = s->e->graph;
	const struct group *group = weigh_heap_rows_at(&s->rows, number);
	bool methods = s->rows.index.keys[number].b == CALLBACK_METHOD;
	char list[WEIGH_TELL_NAME], type[WEIGH_HEAP_NAME], count[2][WEIGH_TELL_COUNT];

	if (group->pinned < CALLBACKS_LEAST || group->retained < s->c->advice->least)
		return;
	struct weigh_finding *finding = weigh_collect_finding(s->c, 26, rule);
	if (!finding)
		return;
	weigh_tell_object(s->e, group->container, list);
	if (!*list)
		strcpy(list, "callbacks");
	weigh_heap_type_name(graph, weigh_heap_shape(graph, group->owner)->type, type);
	weigh_line_vote_place(&group->vote, s->e, s->c, finding);
	finding->effect.kind = WEIGH_EFFECT_NONE;
	finding->quantity = s->e->quantity;
	finding->before = finding->saving = group->retained;
	finding->grade = WEIGH_GRADE_HYPOTHESIS;
	finding->title =
		methods ? weigh_collect_text(s->c, "%s keeps each %s alive by its callback", list, type)
			: weigh_collect_text(s->c, "%s keeps alive what its callbacks close over", list);
	finding->evidence = weigh_collect_text(s->c, "%s: %s callbacks, %s of them the only way to %s", list,
					       weigh_tell_count(group->callbacks, count[0]),
					       weigh_tell_count(group->pinned, count[1]),
					       methods ? "their object" : "what they close over");
	say_change(s, finding, group, list);
	weigh_collect_check(s->c, finding, WEIGH_CHECK_HOLDS, "nothing else keeps them alive");
	weigh_collect_check(s->c, finding, WEIGH_CHECK_UNKNOWN,
			    "they are done with, and not there to be called");
	finding->cost = weigh_collect_text(
		s->c,
		"a callback whose object is gone is no longer called; or remove it where it is done with");
}

/* One container after another, those with next to nothing but callbacks. */
static struct weigh_error *seek(struct seeker *s)
{
	const struct weigh_heap_graph *graph = s->e->graph;
	struct weigh_error *error = NULL;

	for (uint32_t i = 0; !error && i < graph->object_count; i++) {
		if (!is_container(graph, i))
			continue;
		struct census census = take_census(graph, i);
		uint64_t most = census.methods > census.closures ? census.methods : census.closures;
		uint64_t all = census.methods + census.closures + census.others;
		if (most < CALLBACKS_LEAST || (all - most) * PART > all)
			continue;
		if (!s->dominators)
			error = weigh_evidence_dominators(s->e, &s->dominators);
		if (!error && !add(s, i, most == census.methods ? CALLBACK_METHOD : CALLBACK_CLOSURE))
			error = weigh_error_create_memory();
	}
	return error;
}

struct weigh_error *weigh_rules_callbacks(const struct weigh_evidence *evidence,
					  struct weigh_collector *collector)
{
	struct seeker s = {.e = evidence, .c = collector};
	struct weigh_error *error = weigh_heap_rows_init(&s.rows, sizeof(struct group));

	if (!error)
		error = seek(&s);
	for (uint32_t i = 0; !error && i < s.rows.index.count; i++)
		report(&s, i);
	weigh_heap_rows_deinit(&s.rows);
	return error;
}
