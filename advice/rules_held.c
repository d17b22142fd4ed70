/*
 * Rules on what keeps more alive than it shows: views of arrays that are large
 * no more, and exceptions whose traceback was kept.
 *
 * One thread; allocates with malloc, and while there are tracebacks as much as
 * finding dominators takes.
 */
#include "advice/rules.h"
#include "advice/tell.h"
#include "heap/rows.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Views of one base. */
struct views {
	uint64_t count;
	double bytes; /* that they show, those that overlap counted twice */
	uint32_t example;
};

struct seeker {
	const struct weigh_evidence *e;
	struct weigh_collector *c;
	struct weigh_heap_rows views; /* by base */
};

/* Bytes of an item by the name of its dtype: "float64", "bool"; 0: not known. */
static double item_bytes(const char *variant)
{
	const char *digits = variant + strcspn(variant, "0123456789");

	if (!strcmp(variant, "bool"))
		return 1;
	return isdigit((unsigned char)*digits) ? strtod(digits, NULL) / 8 : 0;
}

static bool add_view(struct seeker *s, uint32_t view, uint32_t base)
{
	const struct weigh_heap_graph *graph = s->e->graph;
	double width = item_bytes(weigh_heap_text(graph, weigh_heap_type(graph, view)->variant, NULL));
	struct views *views = weigh_heap_rows_put(&s->views, base, 0);

	if (!views)
		return false;
	if (!views->count++)
		views->example = view;
	/* What is not known may be all of it. */
	views->bytes += width > 0 ? width * graph->length[view] : (double)weigh_heap_gross(graph, base);
	return true;
}

static void report_base(const struct seeker *s, uint32_t base, const struct views *views)
{
	const struct weigh_heap_graph *graph = s->e->graph;
	double gross = (double)weigh_heap_gross(graph, base);
	char whole[WEIGH_TELL_COUNT], shown[WEIGH_TELL_COUNT];

	if (gross < s->c->advice->least || views->bytes * 2 > gross)
		return;
	weigh_tell_bytes(gross, whole);
	weigh_tell_bytes(views->bytes, shown);
	if (graph->counted[base] > views->count) {
		weigh_collect_rejected(s->c, "view-pins-base", NULL, 0, 0,
				       "a view of %s of an array of %s: something else uses the array too",
				       shown, whole);
		return;
	}
	struct weigh_finding *finding = weigh_collect_finding(s->c, 38, "view-pins-base");
	if (!finding)
		return;
	weigh_tell_made(s->c, s->e, views->example, finding);
	finding->effect.kind = WEIGH_EFFECT_BYTES;
	finding->quantity = s->e->quantity;
	finding->before = gross;
	finding->after = views->bytes;
	finding->saving = gross - views->bytes;
	finding->grade = WEIGH_GRADE_LIKELY;
	finding->title =
		weigh_collect_text(s->c, "a copy instead of a view, which keeps an array of %s", whole);
	finding->evidence = weigh_collect_text(s->c, "%llu views show %s of %s",
					       (unsigned long long)views->count, shown, whole);
	finding->change_before = weigh_collect_text(s->c, "part = array[...]");
	finding->change_after = weigh_collect_text(s->c, "part = array[...].copy()");
	weigh_collect_check(s->c, finding, WEIGH_CHECK_HOLDS, "nothing but views refers to the array");
	weigh_collect_check(s->c, finding, WEIGH_CHECK_UNKNOWN, "nobody writes through the view");
	finding->cost = weigh_collect_text(s->c, "one copy of what is shown");
}

static struct weigh_error *find_views(struct seeker *s)
{
	const struct weigh_heap_graph *graph = s->e->graph;

	for (uint32_t i = 0; i < graph->object_count; i++) {
		if (weigh_heap_type(graph, i)->form != WEIGH_SNAPSHOT_ARRAY)
			continue;
		uint32_t base = weigh_heap_slot_target(graph, i, "base");
		if (base != WEIGH_NO_OBJECT && !add_view(s, i, base))
			return weigh_error_create_memory();
	}
	for (uint32_t i = 0; i < s->views.index.count; i++)
		report_base(s, (uint32_t)s->views.index.keys[i].a, weigh_heap_rows_at(&s->views, i));
	return NULL;
}

static bool is_traceback(const struct weigh_heap_graph *graph, uint32_t object)
{
	return object != WEIGH_NO_OBJECT &&
	       !strcmp(weigh_heap_text(graph, weigh_heap_type(graph, object)->name, NULL), "traceback");
}

static void report_traceback(const struct seeker *s, uint32_t exception, double retained)
{
	const struct weigh_heap_graph *graph = s->e->graph;
	const char *name = weigh_heap_text(graph, weigh_heap_type(graph, exception)->name, NULL);
	struct weigh_finding *finding = weigh_collect_finding(s->c, 27, "kept-traceback");
	char bytes[WEIGH_TELL_COUNT];

	if (!finding)
		return;
	weigh_tell_made(s->c, s->e, exception, finding);
	finding->effect.kind = WEIGH_EFFECT_NONE;
	finding->quantity = s->e->quantity;
	finding->before = finding->saving = retained;
	finding->grade = WEIGH_GRADE_LIKELY;
	finding->title = weigh_collect_text(s->c, "keep %s without its traceback", name);
	finding->evidence = weigh_collect_text(s->c, "the frames of a kept %s keep %s alive", name,
					       weigh_tell_bytes(retained, bytes));
	finding->change_before = weigh_collect_text(s->c, "errors.append(error)");
	finding->change_after = weigh_collect_text(s->c, "errors.append(error.with_traceback(None))");
	weigh_collect_check(s->c, finding, WEIGH_CHECK_HOLDS, "nothing else keeps what the frames hold");
	weigh_collect_check(s->c, finding, WEIGH_CHECK_UNKNOWN, "nobody prints the traceback later");
	finding->cost = weigh_collect_text(s->c, "the traceback: format it to text where it is wanted");
}

/* Types of which instances can have a traceback are few; most heaps have no traceback at all. */
static bool has_tracebacks(const struct weigh_heap_graph *graph)
{
	for (uint32_t i = 0; i < graph->object_count; i++) {
		if (is_traceback(graph, i))
			return true;
	}
	return false;
}

static uint32_t first_of_form(const struct weigh_heap_graph *graph, uint32_t object,
			      enum weigh_snapshot_form form)
{
	for (uint32_t at = graph->first[object]; at < graph->first[object + 1]; at++) {
		uint32_t target = graph->targets[at];
		if (target != WEIGH_NO_OBJECT && weigh_heap_type(graph, target)->form == form)
			return target;
	}
	return WEIGH_NO_OBJECT;
}

/* What sys.last_value refers to: the exception that ended the program. */
static uint32_t find_last(const struct weigh_heap_graph *graph)
{
	uint32_t dict = WEIGH_NO_OBJECT;

	for (uint32_t i = 0; i < graph->object_count && dict == WEIGH_NO_OBJECT; i++) {
		const char *label = weigh_heap_type(graph, i)->form == WEIGH_SNAPSHOT_MODULE
					    ? weigh_heap_label(graph, i)
					    : NULL;
		if (label && !strcmp(label, "sys"))
			dict = first_of_form(graph, i, WEIGH_SNAPSHOT_DICT);
	}
	if (dict == WEIGH_NO_OBJECT)
		return dict;
	for (uint32_t place = 0; graph->first[dict] + place < graph->first[dict + 1]; place++) {
		struct weigh_heap_edge edge = weigh_heap_edge_at(graph, dict, place);
		char name[WEIGH_HEAP_NAME];
		if ((edge.kind == WEIGH_EDGE_SLOT || edge.kind == WEIGH_EDGE_PAIR) &&
		    strstr(weigh_heap_edge_name(graph, dict, edge, false, name), "last_value"))
			return graph->targets[graph->first[dict] + place];
	}
	return WEIGH_NO_OBJECT;
}

/* Whether it is the exception, or one in whose handling it was raised. */
static bool belongs_to(const struct weigh_heap_graph *graph, uint32_t exception, uint32_t last)
{
	enum { CHAIN_MOST = 16 };

	for (int step = 0; step < CHAIN_MOST && last != WEIGH_NO_OBJECT; step++) {
		if (exception == last)
			return true;
		uint32_t cause = weigh_heap_slot_target(graph, last, "__cause__");
		last = cause == WEIGH_NO_OBJECT ? weigh_heap_slot_target(graph, last, "__context__") : cause;
	}
	return false;
}

static struct weigh_error *find_tracebacks(const struct seeker *s)
{
	const struct weigh_heap_graph *graph = s->e->graph;
	const struct weigh_heap_dominators *dominators;

	if (!has_tracebacks(graph))
		return NULL;
	struct weigh_error *error = weigh_evidence_dominators(s->e, &dominators);
	if (error)
		return error;
	uint32_t last = find_last(graph);
	for (uint32_t i = 0; i < graph->object_count; i++) {
		uint32_t traceback = weigh_heap_shape(graph, i)->slot_count
					     ? weigh_heap_slot_target(graph, i, "__traceback__")
					     : WEIGH_NO_OBJECT;
		if (!is_traceback(graph, traceback) || dominators->retained[traceback] < s->c->advice->least)
			continue;
		if (belongs_to(graph, i, last))
			weigh_collect_rejected(s->c, "kept-traceback", NULL, 0, 0,
					       "%s ended the program: nothing keeps its traceback any longer",
					       weigh_heap_text(graph, weigh_heap_type(graph, i)->name, NULL));
		else
			report_traceback(s, i, (double)dominators->retained[traceback]);
	}
	return NULL;
}

struct weigh_error *weigh_rules_held(const struct weigh_evidence *evidence, struct weigh_collector *collector)
{
	struct seeker s = {.e = evidence, .c = collector};
	struct weigh_error *error = weigh_heap_rows_init(&s.views, sizeof(struct views));

	if (!error)
		error = find_views(&s);
	if (!error)
		error = find_tracebacks(&s);
	weigh_heap_rows_deinit(&s.views);
	return error;
}
