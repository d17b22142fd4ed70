/*
 * Rules on records: another kind of record, or none.
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

enum { ALMOST_ALL = 95 }; /* percent: so many records from one line are from one line */

struct subject {
	const struct weigh_evidence *e;
	struct weigh_collector *c;
	const struct weigh_record_table *table;
	uint32_t number;
};

/* What every finding on records says alike; NULL without memory. */
static struct weigh_finding *find(const struct subject *s, unsigned number, const char *rule,
				  struct weigh_effect effect)
{
	const struct weigh_table *model = &s->table->model;
	struct weigh_finding *finding = weigh_collect_finding(s->c, number, rule);
	char count[WEIGH_TELL_COUNT], holder[WEIGH_TELL_NAME];

	if (!finding)
		return NULL;
	effect.table = s->number;
	finding->effect = effect;
	finding->quantity = s->e->quantity;
	finding->before = weigh_table_resident(model);
	finding->saving = weigh_model_saving(s->e, &effect);
	finding->after = finding->before - finding->saving;
	weigh_tell_place(s->c, s->e, s->table, finding);
	weigh_tell_holder(s->e, s->table, holder);
	bool calibrated = s->table->modelled > 0 && (model->found_resident > s->table->modelled * 1.005 ||
						     model->found_resident < s->table->modelled * 0.995);
	char scaled[WEIGH_TELL_COUNT] = "";
	if (calibrated)
		snprintf(scaled, sizeof(scaled), " measured, %.0f modelled", s->table->modelled);
	finding->evidence =
		weigh_collect_text(s->c, "%s%s%s %s of %u fields, %.0f B each%s", holder, *holder ? ": " : "",
				   weigh_tell_count(model->records, count), weigh_tell_record(s->e, s->table),
				   model->field_count, weigh_table_record_resident(model), scaled);
	finding->change_before = weigh_tell_record_now(s->c, s->e, s->table);
	return finding;
}

static void check_line(const struct subject *s, struct weigh_finding *finding)
{
	if (s->table->line == WEIGH_NO_OBJECT)
		weigh_collect_check(s->c, finding, WEIGH_CHECK_UNKNOWN, "all made at one line");
	else if (s->table->at_line * 100 >= ALMOST_ALL)
		weigh_collect_check(s->c, finding, WEIGH_CHECK_HOLDS, "all made at one line");
	else
		weigh_collect_check(s->c, finding, WEIGH_CHECK_FAILS, "all made at one line: %.0f %% are",
				    s->table->at_line * 100);
}

/* Whether every record has every field. */
static bool check_fields(const struct subject *s, struct weigh_finding *finding, const char *what)
{
	for (uint32_t i = 0; i < s->table->model.field_count; i++) {
		const struct weigh_record_field *field = &s->table->fields[i];
		if (field->set == s->table->model.records)
			continue;
		weigh_collect_check(s->c, finding, WEIGH_CHECK_FAILS,
				    "all have the same %s: '%s' is in %.0f %%", what, field->name,
				    100.0 * (double)field->set / (double)s->table->model.records);
		return false;
	}
	weigh_collect_check(s->c, finding, WEIGH_CHECK_HOLDS, "all have the same %s", what);
	return true;
}

static void dicts_to_slots(const struct subject *s)
{
	const struct weigh_effect effect = {.kind = WEIGH_EFFECT_RECORD, .to = WEIGH_RECORD_SLOTS};
	struct weigh_heap_frame frame = weigh_tell_frame(s->e, s->table);

	if (s->table->model.found != WEIGH_RECORD_DICT)
		return;
	if (!weigh_tell_are_identifiers(s->table)) {
		weigh_collect_rejected(
			s->c, "dicts-to-slots", frame.file, frame.line,
			weigh_model_saving(s->e, &(struct weigh_effect){.kind = WEIGH_EFFECT_RECORD,
									.table = s->number,
									.to = WEIGH_RECORD_SLOTS}),
			"slots blocked: keys that are no names of attributes");
		return;
	}
	struct weigh_finding *finding = find(s, 1, "dicts-to-slots", effect);
	if (!finding)
		return;
	finding->title = weigh_collect_text(s->c, "a class with __slots__ instead of dicts");
	check_fields(s, finding, "keys");
	check_line(s, finding);
	weigh_collect_check(s->c, finding, WEIGH_CHECK_UNKNOWN,
			    "nobody uses them as dicts: **row, json.dumps, .items()");
	finding->change_after = weigh_tell_slots(s->c, s->e, s->table, "Row");
	finding->grade = WEIGH_GRADE_LIKELY;
	finding->cost = weigh_collect_text(s->c, "row.field instead of row['field'] wherever rows are used");
}

/* The nearest base that gives instances a __dict__ although the class would not; WEIGH_NO_OBJECT: none. */
static uint32_t open_base(const struct weigh_heap_graph *graph, uint32_t type)
{
	for (uint32_t base = graph->types[type].base; base != type;
	     type = base, base = graph->types[type].base) {
		if (graph->types[base].flags & WEIGH_TYPE_DICT)
			return base;
	}
	return WEIGH_NO_OBJECT;
}

static void instances_to_slots(const struct subject *s)
{
	const struct weigh_heap_graph *graph = s->e->graph;
	enum weigh_record found = s->table->model.found;
	struct weigh_effect effect = {
		.kind = WEIGH_EFFECT_RECORD, .table = s->number, .to = WEIGH_RECORD_SLOTS};
	struct weigh_heap_frame frame = weigh_tell_frame(s->e, s->table);
	const char *name = weigh_tell_record(s->e, s->table);

	if (found != WEIGH_RECORD_INSTANCE && found != WEIGH_RECORD_INSTANCE_ASKED)
		return;
	uint32_t base = open_base(graph, s->table->type);
	if (base != WEIGH_NO_OBJECT) {
		const char *base_name = weigh_heap_text(graph, graph->types[base].name, NULL);
		effect.to = WEIGH_RECORD_SLOTS_BELOW;
		weigh_collect_rejected(s->c, "instances-to-slots", frame.file, frame.line,
				       weigh_model_saving(s->e, &effect),
				       "slots of %s alone: base %s has __dict__: give %s slots first", name,
				       base_name, base_name);
		return;
	}
	struct weigh_finding *finding = find(s, 2, "instances-to-slots", effect);
	if (!finding)
		return;
	finding->title = weigh_collect_text(s->c, "__slots__ for class %s", name);
	weigh_collect_check(s->c, finding, WEIGH_CHECK_HOLDS, "no base has a __dict__");
	bool same = check_fields(s, finding, "attributes");
	weigh_collect_check(s->c, finding,
			    found == WEIGH_RECORD_INSTANCE ? WEIGH_CHECK_HOLDS : WEIGH_CHECK_FAILS,
			    "nobody asks for vars() or __dict__");
	weigh_collect_check(
		s->c, finding, WEIGH_CHECK_UNKNOWN,
		"no defaults in the class under the same names, no cached_property, no weak references");
	finding->change_after = weigh_tell_slots(s->c, s->e, s->table, name);
	finding->grade = same ? WEIGH_GRADE_LIKELY : WEIGH_GRADE_HYPOTHESIS;
	finding->cost = weigh_collect_text(s->c, "no attributes beside those named");
}

static void asked_dicts(const struct subject *s)
{
	const struct weigh_effect effect = {.kind = WEIGH_EFFECT_RECORD, .to = WEIGH_RECORD_INSTANCE};

	if (s->table->model.found != WEIGH_RECORD_INSTANCE_ASKED)
		return;
	bool own = s->table->own_keys * 2 > s->table->model.records;
	struct weigh_finding *finding = find(s, own ? 4 : 3, own ? "dict-update" : "asked-dict", effect);
	if (!finding)
		return;
	const char *name = weigh_tell_record(s->e, s->table);
	free(finding->change_before);
	if (own) {
		finding->title = weigh_collect_text(s->c, "set attributes of %s one by one", name);
		finding->change_before = weigh_collect_text(s->c, "self.__dict__.update(values)");
		finding->change_after = weigh_collect_text(
			s->c, "for name, value in values.items():\n    setattr(self, name, value)");
		weigh_collect_check(s->c, finding, WEIGH_CHECK_UNKNOWN,
				    "no __setattr__ that must not see it");
	} else {
		finding->title = weigh_collect_text(s->c, "do not ask every %s for its __dict__", name);
		finding->change_before = weigh_collect_text(
			s->c, "vars(%s), %s.__dict__, copy.copy(%s), pickle", "item", "item", "item");
		finding->change_after =
			weigh_collect_text(s->c, "getattr(item, name), or a __reduce__ of its own");
		weigh_collect_check(s->c, finding, WEIGH_CHECK_UNKNOWN, "who asks for it is code of yours");
	}
	finding->grade = WEIGH_GRADE_LIKELY;
	finding->cost = weigh_collect_text(s->c, "none at run time");
}

static void lists_to_tuples(const struct subject *s)
{
	const struct weigh_effect effect = {.kind = WEIGH_EFFECT_RECORD, .to = WEIGH_RECORD_TUPLE};

	if (s->table->model.found != WEIGH_RECORD_LIST)
		return;
	struct weigh_finding *finding = find(s, 5, "lists-to-tuples", effect);
	if (!finding)
		return;
	finding->title =
		weigh_collect_text(s->c, "tuples instead of lists of %u", s->table->model.field_count);
	weigh_collect_check(s->c, finding, WEIGH_CHECK_HOLDS, "all have %u items",
			    s->table->model.field_count);
	check_line(s, finding);
	weigh_collect_check(s->c, finding, WEIGH_CHECK_UNKNOWN, "nobody changes them once they are made");
	finding->change_after = weigh_tell_tuple(s->c, s->table);
	finding->grade = WEIGH_GRADE_LIKELY;
	finding->cost = weigh_collect_text(s->c, "none at run time");
}

/* Rows that are reached through one container alone, as lines of a table are. */
static bool are_alone(const struct subject *s)
{
	uint64_t records = s->table->model.records;

	return s->table->held * 100 >= records * ALMOST_ALL && s->table->alone * 100 >= records * ALMOST_ALL;
}

static void rows_to_columns(const struct subject *s, bool coded)
{
	const struct weigh_effect effect = {.kind = coded ? WEIGH_EFFECT_CODED : WEIGH_EFFECT_RECORD,
					    .to = WEIGH_RECORD_COLUMNS};

	if (s->table->column)
		return;
	if (!are_alone(s)) {
		struct weigh_heap_frame frame = weigh_tell_frame(s->e, s->table);
		char name[WEIGH_TELL_NAME];
		if (!coded && weigh_table_resident(&s->table->model) >= s->c->advice->least)
			weigh_collect_rejected(s->c, "rows-to-columns", frame.file, frame.line, 0,
					       "%s%s%s: single ones are referred to from elsewhere",
					       weigh_tell_holder(s->e, s->table, name), *name ? ": " : "",
					       weigh_tell_record(s->e, s->table));
		return;
	}
	struct weigh_finding *finding =
		find(s, coded ? 7 : 6, coded ? "coded-columns" : "rows-to-columns", effect);
	if (!finding)
		return;
	finding->title =
		weigh_collect_text(s->c, coded ? "columns of machine numbers and codes instead of rows"
					       : "columns instead of rows");
	check_fields(s, finding, "fields");
	weigh_collect_check(s->c, finding, WEIGH_CHECK_HOLDS, "nothing but the list refers to single rows");
	weigh_collect_check(s->c, finding, WEIGH_CHECK_UNKNOWN,
			    "rows are gone through, not handed on one by one");
	finding->change_after = weigh_tell_columns(s->c, s->table, coded);
	finding->effort = 2;
	finding->grade = WEIGH_GRADE_HYPOTHESIS;
	finding->cost = weigh_collect_text(
		s->c, coded ? "a value is looked up by its code; pandas, NumPy or pyarrow do that for you"
			    : "rows are put together where they are wanted");
}

struct weigh_error *weigh_rules_records(const struct weigh_evidence *evidence,
					struct weigh_collector *collector)
{
	for (uint32_t t = 0; t < evidence->records.count; t++) {
		const struct subject s = {evidence, collector, &evidence->records.tables[t], t};
		dicts_to_slots(&s);
		instances_to_slots(&s);
		asked_dicts(&s);
		lists_to_tuples(&s);
		rows_to_columns(&s, false);
		rows_to_columns(&s, true);
	}
	return NULL;
}
