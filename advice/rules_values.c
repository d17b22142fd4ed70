/*
 * Rules on what fields hold: one object for each value, numbers instead of
 * text, machine numbers instead of objects. A long list is a table of one
 * field.
 *
 * One thread; allocates through the collector.
 */
#include "advice/blocks.h"
#include "advice/model.h"
#include "advice/rules.h"
#include "advice/tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct subject {
	const struct weigh_evidence *e;
	struct weigh_collector *c;
	const struct weigh_record_table *table;
	const struct weigh_record_field *field;
	const struct weigh_table_field *model;
	uint32_t number, at;
	char name[WEIGH_TELL_NAME]; /* row['route'] */
	char plain[WEIGH_TELL_NAME]; /* route */
};

static const char *type_name(const struct subject *s)
{
	const struct weigh_heap_graph *graph = s->e->graph;

	if (s->field->type == WEIGH_NO_OBJECT)
		return "object";
	return weigh_heap_text(graph, graph->types[s->field->type].name, NULL);
}

static struct weigh_effect effect_of(const struct subject *s, enum weigh_content to)
{
	return (struct weigh_effect){
		.kind = WEIGH_EFFECT_CONTENT, .table = s->number, .field = s->at, .to = (int)to};
}

/* What every finding on a field says alike; NULL without memory. */
static struct weigh_finding *find(const struct subject *s, unsigned number, const char *rule,
				  enum weigh_content to)
{
	struct weigh_finding *finding = weigh_collect_finding(s->c, number, rule);
	char objects[WEIGH_TELL_COUNT], values[WEIGH_TELL_COUNT];

	if (!finding)
		return NULL;
	finding->effect = effect_of(s, to);
	finding->quantity = s->e->quantity;
	finding->before = s->field->resident + (s->table->column ? 8.0 * (double)s->table->model.records : 0);
	finding->saving = weigh_model_saving(s->e, &finding->effect);
	finding->after = finding->before - finding->saving;
	weigh_tell_place(s->c, s->e, s->table, finding);
	finding->evidence = weigh_collect_text(s->c, "%s: %s %s objects, %s values", s->plain,
					       weigh_tell_count(s->field->objects, objects), type_name(s),
					       weigh_tell_count(s->field->values, values));
	finding->grade = WEIGH_GRADE_LIKELY;
	return finding;
}

static bool is_object_array(const struct subject *s)
{
	return s->e->graph->types[s->table->type].form == WEIGH_SNAPSHOT_ARRAY;
}

/* The dict through which values are shared is there at the peak too. */
static double cache_resident(const struct subject *s, bool text)
{
	struct weigh_object_blocks dict = weigh_blocks_dict(s->e->python, s->field->values, text);

	return weigh_object_resident(&dict);
}

static bool is_shareable(const struct subject *s)
{
	uint64_t classes = 0;

	for (int class = 0; class < WEIGH_VALUE_CLASSES; class ++)
		classes += s->field->classes[class];
	return classes && classes == s->field->set - s->field->none;
}

static void share(const struct subject *s)
{
	bool text = weigh_field_is_text(s->field);
	double cache = cache_resident(s, text);

	if (!is_shareable(s) || s->model->objects < 2)
		return;
	/* A frame is given categories, no look-up. */
	if (s->table->column && is_object_array(s))
		return;
	/* That numbers differ is no surprise; that texts do may be one. */
	if (!text && s->field->values * 2 > s->field->objects)
		return;
	/* An int or float list is better off as an array. */
	if (s->table->column && s->model->numbers && !text)
		return;
	struct weigh_finding *finding =
		find(s, text ? 9 : 8, text ? "duplicate-strings" : "duplicate-values", WEIGH_CONTENT_SHARED);
	if (!finding)
		return;
	char values[WEIGH_TELL_COUNT];
	finding->saving -= cache;
	finding->after += cache;
	finding->title = weigh_collect_text(s->c, "one %s for each of the %s values of %s", type_name(s),
					    weigh_tell_count(s->field->values, values), s->name);
	finding->change_before = weigh_collect_text(s->c, "%s = ...", s->plain);
	finding->change_after =
		weigh_collect_text(s->c, "seen = {}  # once, before the loop\n%s = seen.setdefault(%s, %s)",
				   s->plain, s->plain, s->plain);
	weigh_collect_check(s->c, finding, WEIGH_CHECK_HOLDS,
			    "all are %s: equal ones can stand for each other", type_name(s));
	if (s->field->elsewhere)
		weigh_collect_check(s->c, finding, WEIGH_CHECK_HOLDS,
				    "%llu objects that others hold too are not counted",
				    (unsigned long long)s->field->elsewhere);
	bool known = s->table->line != WEIGH_NO_OBJECT;
	weigh_collect_check(s->c, finding, known ? WEIGH_CHECK_HOLDS : WEIGH_CHECK_UNKNOWN,
			    "changed where they are made, not after loading");
	finding->grade = known && (s->e->graph->header.lost == 0) ? WEIGH_GRADE_EXACT : WEIGH_GRADE_LIKELY;
	finding->cost =
		weigh_collect_text(s->c, "a look-up for each; drop `seen` when all is read%s",
				   s->e->python >= 0x030c0000 && s->e->python < 0x030d0000 && text
					   ? "; not sys.intern(), whose strings are never freed on 3.12"
					   : "");
}

static void text_to_numbers(const struct subject *s)
{
	const uint64_t *classes = s->field->classes;
	uint64_t ints = classes[WEIGH_VALUE_INTEGER_TEXT], reals = classes[WEIGH_VALUE_REAL_TEXT];

	if (!ints && !reals)
		return;
	if (!weigh_field_is_text(s->field) || ints + reals != s->field->set || s->field->none)
		return;
	enum weigh_content to = reals ? WEIGH_CONTENT_FLOAT : WEIGH_CONTENT_INT;
	if (s->table->column)
		to = WEIGH_CONTENT_ARRAY;
	struct weigh_finding *finding = find(s, 11, "numeric-strings", to);
	if (!finding)
		return;
	const char *kind = reals ? "float" : "int";
	finding->title = weigh_collect_text(s->c, "%s instead of text in %s", kind, s->name);
	finding->change_before = weigh_collect_text(s->c, "%s = text", s->plain);
	finding->change_after = weigh_collect_text(s->c, "%s = %s(text)", s->plain, kind);
	if (s->table->column) {
		free(finding->change_after);
		finding->change_after =
			weigh_collect_text(s->c, "%s = array(\"%s\", map(%s, texts))", s->plain,
					   reals                                      ? "d"
					   : weigh_width_of_bits(s->model->bits) <= 4 ? "i"
										      : "q",
					   kind);
	}
	weigh_collect_check(s->c, finding, WEIGH_CHECK_HOLDS, "all of them read as %s",
			    reals ? "numbers" : "integers, without leading zeros");
	weigh_collect_check(s->c, finding, WEIGH_CHECK_UNKNOWN, "they are quantities, not identifiers");
	finding->cost = weigh_collect_text(s->c, "int() or float() once for each, none when they are used");
}

/* "float is smaller than int": sys.getsizeof says so, the allocator does not. */
static void ints_to_floats(const struct subject *s)
{
	struct weigh_heap_frame frame = weigh_tell_frame(s->e, s->table);
	struct weigh_effect effect = effect_of(s, WEIGH_CONTENT_FLOAT);

	if (s->table->column || !s->field->set || s->field->classes[WEIGH_VALUE_INTEGER] != s->field->set ||
	    s->field->resident < s->c->advice->least)
		return;
	weigh_collect_rejected(s->c, "ints-to-floats", frame.file, frame.line,
			       weigh_model_saving(s->e, &effect),
			       "%s: a float takes a block of 32 bytes, as an int does", s->name);
}

static void boxed_to_array(const struct subject *s)
{
	const uint64_t *classes = s->field->classes;
	uint64_t numbers =
		classes[WEIGH_VALUE_INTEGER] + classes[WEIGH_VALUE_REAL] + classes[WEIGH_VALUE_WHOLE];
	struct weigh_heap_frame frame = weigh_tell_frame(s->e, s->table);

	if (!s->table->column || !numbers)
		return;
	if (numbers != s->field->set) {
		if (numbers * 10 > s->field->set * 9)
			weigh_collect_rejected(s->c, "boxed-numbers", frame.file, frame.line, 0,
					       "%s holds None or others among the numbers", s->name);
		return;
	}
	if (s->model->bits > 64 || (s->field->bits[WEIGH_VALUE_INTEGER] > 64)) {
		weigh_collect_rejected(s->c, "boxed-numbers", frame.file, frame.line, 0,
				       "%s holds ints of %u bits, which no array takes", s->name,
				       s->field->bits[WEIGH_VALUE_INTEGER]);
		return;
	}
	struct weigh_finding *finding = find(s, 16, "boxed-numbers", WEIGH_CONTENT_ARRAY);
	if (!finding)
		return;
	bool ints = classes[WEIGH_VALUE_INTEGER] == s->field->set;
	unsigned width = ints ? weigh_width_of_bits(s->model->bits) : 8;
	static const char *const codes[] = {[1] = "b", [2] = "h", [4] = "i", [8] = "q"};
	finding->title = weigh_collect_text(s->c, "machine numbers instead of objects in %s", s->name);
	finding->change_before = weigh_collect_text(s->c, "%s = [...]", s->plain);
	finding->change_after =
		weigh_collect_text(s->c, "%s = array(\"%s\", ...)  # or numpy, dtype %s%u", s->plain,
				   ints ? codes[width] : "d", ints ? "int" : "float", width * 8);
	if (ints)
		weigh_collect_check(s->c, finding, WEIGH_CHECK_HOLDS, "all ints fit in %u bits", width * 8);
	else
		weigh_collect_check(s->c, finding, WEIGH_CHECK_HOLDS, "all are numbers");
	weigh_collect_check(s->c, finding, WEIGH_CHECK_UNKNOWN,
			    "it never holds anything else, larger numbers included");
	finding->cost = weigh_collect_text(s->c, "a new object for each number that is read singly");
}

static void objects_to_category(const struct subject *s)
{
	if (!s->table->column || !weigh_field_is_text(s->field))
		return;
	bool array = is_object_array(s);
	struct weigh_finding *finding =
		find(s, array ? 36 : 7, array ? "category" : "codes", WEIGH_CONTENT_CODES);
	if (!finding)
		return;
	double overhead = weigh_categories_bytes(s->field->values);
	unsigned width = weigh_width_of_codes(s->field->values);
	finding->saving -= overhead;
	finding->after += overhead;
	finding->title = weigh_collect_text(
		s->c, "%s for %s", array ? "dtype category" : "codes and a table of values", s->name);
	finding->change_before = weigh_collect_text(s->c, array ? "read_csv(...)" : "%s = [...]", s->plain);
	finding->change_after =
		array ? weigh_collect_text(s->c, "read_csv(..., dtype={\"%s\": \"category\"})", s->plain)
		      : weigh_collect_text(s->c, "codes = array(\"%s\", ...)  # numbers of values",
					   width == 1   ? "B"
					   : width == 2 ? "H"
							: "I");
	weigh_collect_check(s->c, finding, WEIGH_CHECK_HOLDS,
			    "distinct objects counted, not what memory_usage(deep=True) says");
	weigh_collect_check(s->c, finding, WEIGH_CHECK_UNKNOWN, "no new values are put in later");
	finding->grade = array ? WEIGH_GRADE_LIKELY : WEIGH_GRADE_HYPOTHESIS;
	finding->cost =
		weigh_collect_text(s->c, "concatenating columns of different categories makes objects again");
}

static void text_to_binary(const struct subject *s)
{
	const uint64_t *classes = s->field->classes;
	bool dates = classes[WEIGH_VALUE_DATE_TEXT] && classes[WEIGH_VALUE_DATE_TEXT] == s->field->set;
	bool uuids = classes[WEIGH_VALUE_UUID_TEXT] && classes[WEIGH_VALUE_UUID_TEXT] == s->field->set;

	if (s->table->column || (!dates && !uuids))
		return;
	struct weigh_finding *finding = find(s, 12, dates ? "date-strings" : "uuid-strings",
					     dates ? WEIGH_CONTENT_DATE : WEIGH_CONTENT_BYTES16);
	if (!finding)
		return;
	finding->title = weigh_collect_text(
		s->c, dates ? "datetime.date instead of text in %s" : "16 bytes instead of text in %s",
		s->name);
	finding->change_before = weigh_collect_text(s->c, "%s = text", s->plain);
	finding->change_after = weigh_collect_text(
		s->c,
		dates ? "%s = date.fromisoformat(text)  # strptime() where it is written otherwise"
		      : "%s = UUID(text).bytes",
		s->plain);
	weigh_collect_check(s->c, finding, WEIGH_CHECK_HOLDS, "all of them look like %s",
			    dates ? "dates" : "UUIDs");
	weigh_collect_check(s->c, finding, WEIGH_CHECK_UNKNOWN,
			    "the text is written the same way everywhere");
	finding->cost = weigh_collect_text(s->c, "parsing once, formatting where they are printed");
}

struct weigh_error *weigh_rules_values(const struct weigh_evidence *evidence,
				       struct weigh_collector *collector)
{
	for (uint32_t t = 0; t < evidence->records.count; t++) {
		const struct weigh_record_table *table = &evidence->records.tables[t];
		/* Frames are looked at column by column: see advice/rules_category.c. */
		if (evidence->pandas.covered && evidence->pandas.covered[table->example])
			continue;
		for (uint32_t i = 0; i < table->model.field_count; i++) {
			struct subject s = {.e = evidence,
					    .c = collector,
					    .table = table,
					    .field = &table->fields[i],
					    .model = &table->model.fields[i],
					    .number = t,
					    .at = i};
			weigh_tell_field(evidence, table, i, s.name);
			memcpy(s.plain, s.name, sizeof(s.plain));
			if (table->column && is_object_array(&s)) {
				snprintf(s.name, sizeof(s.name), "object columns");
				snprintf(s.plain, sizeof(s.plain), "column");
			} else if (!table->column)
				weigh_tell_plain(table, i, s.plain);
			share(&s);
			text_to_numbers(&s);
			ints_to_floats(&s);
			boxed_to_array(&s);
			objects_to_category(&s);
			text_to_binary(&s);
		}
	}
	return NULL;
}
