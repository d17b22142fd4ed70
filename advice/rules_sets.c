/*
 * Rules on large sets: of texts that are looked up and no more a trie, where
 * one wrong answer in a hundred is allowed a filter, and where nothing but
 * their number is asked for a sketch that counts. What each takes is found by
 * building it of stretches of the texts, where its library is installed.
 *
 * One thread; allocates with malloc, and the builder runs an interpreter.
 */
#include "advice/blocks.h"
#include "advice/builder.h"
#include "advice/counted.h"
#include "advice/rules.h"
#include "advice/tell.h"
#include "heap/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS_LEAST = 20000 };

/*
 * What a trie takes for a text falls with their number, by endings that are
 * there already. Of six kinds of texts (paths, URLs, names, mail addresses,
 * UUIDs, numbers) of up to a million, built of stretches of 8,000 and whole,
 * the whole took 0.75 to 1.10 of what the second half of the sample added, and
 * always less for a text than the sample did.
 */
static const double trie_low = 2.0 / 3;

/* The same texts: bytes for each character that the text before did not have, 0.37 to 1.65. */
static const double node_low = 0.35, node_high = 1.7;

static const double filter_bits = 9.585; /* of a Bloom filter for each member, with 1 % of wrong answers */

/* A sketch of 2^14 counters: bytes, and how far off it is in 95 % of cases, by the library's own words. */
static const double sketch_bytes = 16424, sketch_off = 0.0131;

struct subject {
	const struct weigh_evidence *e;
	struct weigh_collector *c;
	uint32_t set;
	uint64_t members, shared; /* shared: that something else holds too */
	double resident;          /* of the table and the members that go with it */
	bool fixed;               /* a frozenset */
	char name[WEIGH_TELL_NAME], type[WEIGH_HEAP_NAME];
	struct weigh_built built;
	bool can_build;
};

struct size {
	double bytes, low, high;
};

/* The place of the members among the references: every one of a set, every second one of a dict. */
static uint32_t step_of(const struct subject *s)
{
	return weigh_heap_shape(s->e->graph, s->set)->tail == WEIGH_TAIL_PAIRS ? 2 : 1;
}

/* Whether all members have a value, and of a dict all values are one object; adds up what they take. */
static bool measure(struct subject *s)
{
	const struct weigh_heap_graph *graph = s->e->graph;
	uint32_t first = graph->first[s->set], end = graph->first[s->set + 1], step = step_of(s);
	uint32_t value = step == 2 && end > first ? graph->targets[first + 1] : WEIGH_NO_OBJECT;

	s->resident = weigh_gross_resident(weigh_heap_gross(graph, s->set));
	for (uint32_t at = first; at + step <= end; at += step) {
		uint32_t member = graph->targets[at];
		if (member == WEIGH_NO_OBJECT ||
		    !(weigh_heap_shape(graph, member)->flags & WEIGH_SHAPE_VALUED))
			return false;
		if (step == 2 && graph->targets[at + 1] != value)
			return false;
		s->members++;
		if (graph->counted[member] > 1)
			s->shared++;
		else
			s->resident += weigh_gross_resident(weigh_heap_gross(graph, member));
	}
	return s->members >= MEMBERS_LEAST;
}

static bool is_candidate(const struct weigh_heap_graph *graph, uint32_t object)
{
	const struct weigh_heap_shape *shape = weigh_heap_shape(graph, object);
	const struct weigh_heap_type *type = &graph->types[shape->type];

	if (graph->length[object] < MEMBERS_LEAST || shape->slot_count || shape->flags & WEIGH_SHAPE_STATIC)
		return false;
	return type->form == WEIGH_SNAPSHOT_SET ||
	       (type->form == WEIGH_SNAPSHOT_DICT && shape->tail == WEIGH_TAIL_PAIRS &&
		!strcmp(weigh_heap_text(graph, type->name, NULL), "dict"));
}

/* Every second stretch first, so that the first half of the texts is a sample of its own. */
static const char **list_texts(const struct weigh_heap_graph *graph, const struct weigh_heap_texts *texts,
			       uint32_t *half)
{
	const char **list = malloc((texts->count + 1) * sizeof(*list));
	uint32_t count = 0;

	for (uint32_t odd = 0; list && odd < 2; odd++) {
		const uint32_t *at = texts->texts;
		for (uint32_t i = 0; i < texts->stretches; at += texts->lengths[i++]) {
			for (uint32_t t = 0; i % 2 == odd && t < texts->lengths[i]; t++)
				list[count++] = weigh_heap_text(graph, at[t], NULL);
		}
		if (!odd)
			*half = count;
	}
	return list;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Characters that a text does not share with the one before it, of texts that stand side by side. */
static double count_nodes(const char **list, uint32_t count)
{
	double nodes = 0;

	qsort(list, count, sizeof(*list), compare_texts);
	for (uint32_t i = 1; i < count; i++) {
		size_t same = 0;
		while (list[i][same] && list[i][same] == list[i - 1][same])
			same++;
		nodes += (double)strlen(list[i] + same);
	}
	return nodes;
}

/* Builds what can be of the texts; `*list` is the caller's, to be freed. False without memory. */
static bool build_of(struct subject *s, const struct weigh_heap_texts *texts, struct weigh_build *build,
		     const char ***list)
{
	*build = (struct weigh_build){.count = texts->count, .members = s->members};
	*list = list_texts(s->e->graph, texts, &build->half);
	if (!*list)
		return false;
	build->texts = *list;
	if (s->e->builder)
		s->can_build = s->e->builder->build(s->e->builder->arg, build, &s->built);
	return true;
}

/* Of all members, by what the stretches take. False without memory. */
static bool size_trie(struct subject *s, const struct weigh_heap_texts *texts, struct size *size)
{
	struct weigh_build build;
	const char **list;
	double all = (double)s->members;

	if (!build_of(s, texts, &build, &list))
		return false;
	if (s->built.trie > s->built.trie_half && build.count > build.half) {
		double each = (s->built.trie - s->built.trie_half) / (build.count - build.half);
		*size = (struct size){each * all, each * trie_low * all, s->built.trie / build.count * all};
		size->high = size->high > size->bytes ? size->high : size->bytes;
	} else {
		double nodes = count_nodes(list, build.count) / build.count * all;
		*size = (struct size){nodes, nodes * node_low, nodes * node_high};
	}
	free(list);
	return true;
}

/* What both findings say alike; NULL without memory. */
static struct weigh_finding *find(const struct subject *s, const char *rule, const struct size *size)
{
	struct weigh_finding *finding = weigh_collect_finding(s->c, 14, rule);
	char count[2][WEIGH_TELL_COUNT];

	if (!finding)
		return NULL;
	weigh_tell_made(s->c, s->e, s->set, finding);
	finding->quantity = s->e->quantity;
	finding->before = s->resident;
	finding->after = size->bytes;
	finding->saving = s->resident - size->bytes;
	finding->saving_low = s->resident - size->high;
	finding->saving_high = s->resident - size->low;
	finding->grade = WEIGH_GRADE_HYPOTHESIS;
	finding->effort = 2;
	finding->evidence =
		weigh_collect_text(s->c, "%s: a %s of %s members, %.0f B each%s%s", s->name, s->type,
				   weigh_tell_count(s->members, count[0]), s->resident / (double)s->members,
				   s->shared ? "; held elsewhere too: " : "",
				   s->shared ? weigh_tell_count(s->shared, count[1]) : "");
	if (s->shared)
		weigh_collect_check(s->c, finding, WEIGH_CHECK_HOLDS,
				    "members that something else holds are not counted");
	return finding;
}

/* How a dict is made that is used as a set. */
static const char *from_keys(const struct subject *s)
{
	return step_of(s) == 2 ? ".fromkeys" : "";
}

static void report_trie(const struct subject *s, const struct weigh_heap_texts *texts,
			const struct size *size)
{
	struct weigh_finding *finding = find(s, "text-set", size);
	char bytes[WEIGH_TELL_COUNT], count[WEIGH_TELL_COUNT], call[WEIGH_HEAP_NAME + 1];

	if (!finding)
		return;
	bool built = s->built.trie > 0;
	finding->effect.kind = WEIGH_EFFECT_BYTES;
	finding->title = weigh_collect_text(s->c, "a trie instead of the %s %s", s->type, s->name);
	snprintf(call, sizeof(call), "%s(", s->type);
	if (!weigh_tell_replaced(s->c, s->e, finding, call, "marisa_trie.Trie(")) {
		finding->change_before =
			weigh_collect_text(s->c, "%s = %s%s(texts)", s->name, s->type, from_keys(s));
		finding->change_after = weigh_collect_text(s->c, "%s = marisa_trie.Trie(texts)", s->name);
	}
	if (built)
		weigh_collect_check(
			s->c, finding, WEIGH_CHECK_HOLDS, "marisa-trie was built of %s texts of it: %s",
			weigh_tell_count(texts->count, count), weigh_tell_bytes(s->built.trie, bytes));
	else
		weigh_collect_check(s->c, finding, WEIGH_CHECK_UNKNOWN,
				    "its size, by the beginnings that texts share: to have it built on a "
				    "sample, pip install marisa-trie%s",
				    s->can_build ? "" : " and name its interpreter with --python");
	weigh_collect_check(s->c, finding, s->fixed ? WEIGH_CHECK_HOLDS : WEIGH_CHECK_UNKNOWN,
			    s->fixed ? "nothing is added to it: a frozenset"
				     : "nothing is added to it after it was made");
	weigh_collect_check(s->c, finding, WEIGH_CHECK_UNKNOWN,
			    "it is looked up, and not worked with as a set");
	if (built && s->fixed)
		finding->grade = WEIGH_GRADE_LIKELY;
	finding->cost = weigh_collect_text(s->c, "a look-up takes 3 to 25 times as long; a library more");
}

static void report_filter(const struct subject *s)
{
	double bytes = s->built.filter > 0 ? s->built.filter : (double)s->members * filter_bits / 8;
	const struct size size = {bytes, bytes, bytes};
	struct weigh_finding *finding = find(s, "membership-filter", &size);

	if (!finding)
		return;
	finding->title = weigh_collect_text(s->c, "a Bloom filter instead of the %s %s", s->type, s->name);
	finding->effort = 4;
	finding->change_before = weigh_collect_text(s->c, "%s = %s%s(...)", s->name, s->type, from_keys(s));
	finding->change_after = weigh_collect_text(s->c, "%s = rbloom.Bloom(%llu, 0.01)", s->name,
						   (unsigned long long)s->members);
	if (s->built.filter > 0)
		weigh_collect_check(s->c, finding, WEIGH_CHECK_HOLDS, "rbloom was built at this size");
	weigh_collect_check(s->c, finding, WEIGH_CHECK_UNKNOWN,
			    "one wrong \"it is there\" in a hundred is no harm");
	weigh_collect_check(
		s->c, finding, WEIGH_CHECK_UNKNOWN,
		"only whether something is in it is asked: no member is taken out or gone through");
	finding->cost =
		weigh_collect_text(s->c, "wrong answers, 1 %% of those that should be no; a library more");
}

/* A line of the file with one thing in it put otherwise, under those there are already. */
static void add_line(const struct subject *s, struct weigh_finding *finding, uint32_t line, const char *now,
		     const char *later)
{
	const char *text = weigh_line_read(s->e->source, finding->file, line);
	const char *found = text ? strstr(text, now) : NULL;
	char *before = finding->change_before, *after = finding->change_after;

	if (!found)
		return;
	finding->change_before =
		weigh_collect_text(s->c, "%s%s%s", before ? before : "", before ? "\n" : "", text);
	finding->change_after =
		weigh_collect_text(s->c, "%s%s%.*s%s%s", after ? after : "", after ? "\n" : "",
				   (int)(found - text), text, later, found + strlen(now));
	free(before);
	free(after);
}

static void say_sketch(const struct subject *s, struct weigh_finding *finding,
		       const struct weigh_counted *counted)
{
	char length[WEIGH_TELL_NAME + 8], estimate[WEIGH_TELL_NAME + 32];
	const char *text = weigh_line_read(s->e->source, finding->file, counted->counted);
	const char *call = text ? strstr(text, "len(") : NULL;
	int name = call ? (int)strcspn(call + 4, ")") : 0;

	add_line(s, finding, counted->made, "set()", "datasketches.hll_sketch(14)");
	add_line(s, finding, counted->added, ".add(", ".update(");
	if (name >= WEIGH_TELL_NAME)
		return;
	snprintf(length, sizeof(length), "len(%.*s)", name, call ? call + 4 : "");
	snprintf(estimate, sizeof(estimate), "round(%.*s.get_estimate())", name, call ? call + 4 : "");
	add_line(s, finding, counted->counted, length, estimate);
}

static bool has_numpy(const struct weigh_heap_graph *graph)
{
	for (uint32_t i = 0; i < graph->type_count; i++) {
		if (!strcmp(weigh_heap_text(graph, graph->types[i].module, NULL), "numpy"))
			return true;
	}
	return false;
}

static void report_sketch(const struct subject *s, const struct weigh_counted *counted)
{
	bool built = s->built.sketch > 0, numpy = has_numpy(s->e->graph);
	double import = s->built.sketch_import + (numpy ? 0 : s->built.numpy_import);
	double bytes = import + (built ? s->built.sketch : sketch_bytes);
	double off = built ? s->built.sketch_off : sketch_off;
	struct weigh_finding *finding = find(s, "distinct-count", &(struct size){bytes, bytes, bytes});
	char sum[2][WEIGH_TELL_COUNT], amount[WEIGH_TELL_COUNT];

	if (!finding)
		return;
	finding->effect.kind = WEIGH_EFFECT_BYTES;
	finding->title =
		weigh_collect_text(s->c, "a sketch that counts instead of the %s %s", s->type, s->name);
	say_sketch(s, finding, counted);
	weigh_collect_check(s->c, finding, WEIGH_CHECK_HOLDS,
			    "its file only adds to it, and counts it in line %u", counted->counted);
	if (built && s->built.sketch_true > 0)
		weigh_collect_check(s->c, finding, WEIGH_CHECK_HOLDS,
				    "datasketches was built of %s texts of it, and counted %s",
				    weigh_tell_count((uint64_t)s->built.sketch_true, sum[0]),
				    weigh_tell_count((uint64_t)(s->built.sketch_counted + 0.5), sum[1]));
	else if (!built)
		weigh_collect_check(s->c, finding, WEIGH_CHECK_UNKNOWN,
				    "to have it built on a sample, pip install datasketches%s",
				    s->can_build ? "" : " and name its interpreter with --python");
	weigh_collect_check(s->c, finding, WEIGH_CHECK_UNKNOWN,
			    "a number that is off by up to %.1f %%, in 95 %% of cases, is good enough",
			    off * 100);
	weigh_collect_check(s->c, finding, WEIGH_CHECK_UNKNOWN, "no other file uses it");
	finding->cost = weigh_collect_text(
		s->c, "an estimate, and no way to ask which members there were; a library more%s%s%s",
		built ? ", whose import takes " : ", whose import is not in these numbers",
		built ? weigh_tell_bytes(import, amount) : "", !built || numpy ? "" : ", with NumPy");
}

/* Whether the program asks a set for nothing but its number; then neither trie nor filter is what it needs. */
static struct weigh_error *try_sketch(struct subject *s, const struct weigh_heap_texts *texts, bool *done)
{
	struct weigh_heap_frame frame = weigh_tell_origin(s->e, s->set);
	struct weigh_counted counted;
	struct weigh_build build;
	const char **list = NULL;

	*done = step_of(s) == 1 && *s->name && s->e->source && frame.file &&
		weigh_counted_find(s->e->source, frame.file, s->name, &counted);
	if (!*done)
		return NULL;
	if (texts && !build_of(s, texts, &build, &list))
		return weigh_error_create_memory();
	free(list);
	report_sketch(s, &counted);
	return NULL;
}

/* The trie as well, where texts of it are known. */
static struct weigh_error *look_at(struct subject *s)
{
	const struct weigh_heap_fact *fact = weigh_heap_fact_of(s->e->graph, s->set, WEIGH_FACT_TEXTS);
	const struct weigh_heap_texts *texts = fact && fact->texts.count ? &fact->texts : NULL;
	struct size size;
	bool done;
	struct weigh_error *error = try_sketch(s, texts, &done);

	if (error || done)
		return error;
	if (!*s->name)
		strcpy(s->name, "seen");
	if (texts) {
		if (!size_trie(s, texts, &size))
			return weigh_error_create_memory();
		report_trie(s, texts, &size);
	}
	report_filter(s);
	return NULL;
}

static struct weigh_error *look_at_object(const struct weigh_evidence *e, struct weigh_collector *c,
					  uint32_t object)
{
	struct subject s = {.e = e, .c = c, .set = object};

	if (!measure(&s) || s.resident < c->advice->least)
		return NULL;
	weigh_tell_object(e, object, s.name);
	weigh_heap_type_name(e->graph, weigh_heap_shape(e->graph, object)->type, s.type);
	s.fixed = !strcmp(s.type, "frozenset");
	return look_at(&s);
}

struct weigh_error *weigh_rules_sets(const struct weigh_evidence *evidence, struct weigh_collector *collector)
{
	struct weigh_error *error = NULL;

	for (uint32_t i = 0; !error && i < evidence->graph->object_count; i++) {
		if (is_candidate(evidence->graph, i))
			error = look_at_object(evidence, collector, i);
	}
	return error;
}
