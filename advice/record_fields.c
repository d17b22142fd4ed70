/*
 * What the fields of records hold: see advice/records.h.
 *
 * The references from all tables are counted first, so that an object that
 * something else refers to as well is known by its reference count: it does
 * not go when a table lets go of it. Then field after field, with one mark for
 * each object and each value.
 *
 * One thread; allocates with malloc.
 */
#include "advice/blocks.h"
#include "advice/record_parts.h"

#include <stdlib.h>
#include <string.h>

enum {
	NUMBERS = 1 << WEIGH_VALUE_INTEGER | 1 << WEIGH_VALUE_REAL | 1 << WEIGH_VALUE_WHOLE,
	NUMBER_TEXTS = 1 << WEIGH_VALUE_INTEGER_TEXT | 1 << WEIGH_VALUE_REAL_TEXT,
	SMALL_MAX = 512
};

struct counter {
	const struct weigh_record_finder *f;
	uint32_t *references; /* by object: from fields of tables */
	uint32_t *met;        /* by object: number of the field + 1 that met it last */
	uint32_t *equal_met;  /* by value, the same */
	uint64_t *of_type;    /* by type, of one field */
	uint32_t number;      /* of the field, from 1 */
	uint32_t none_type;
};

double weigh_gross_resident(uint64_t gross)
{
	return gross <= SMALL_MAX ? weigh_block_resident(gross) : (double)gross;
}

bool weigh_field_is_text(const struct weigh_record_field *field)
{
	uint64_t texts = 0;

	for (int class = WEIGH_VALUE_TEXT; class < WEIGH_VALUE_CLASSES; class ++)
		texts += field->classes[class];
	return texts && texts == field->set - field->none;
}

static uint32_t find_none(const struct weigh_heap_graph *graph)
{
	for (uint32_t t = 0; t < graph->type_count; t++) {
		if (!strcmp(weigh_heap_text(graph, graph->types[t].name, NULL), "NoneType"))
			return t;
	}
	return WEIGH_NO_OBJECT;
}

/* Does `each` with everything that a field of a table refers to. */
static void visit(struct counter *c, uint32_t number, uint32_t field,
		  void (*each)(struct counter *c, struct weigh_record_table *table, uint32_t field,
			       uint32_t target))
{
	const struct weigh_record_finder *f = c->f;
	struct weigh_record_table *table = &f->result->tables[number];

	for (uint32_t i = f->starts[number]; i < f->starts[number + 1]; i++) {
		if (!table->column) {
			each(c, table, field, weigh_record_target(f, f->sorted[i], field));
			continue;
		}
		struct weigh_record_tail tail = weigh_record_tail(f->graph, f->sorted[i]);
		for (uint32_t at = tail.first; at < tail.end; at += tail.step)
			each(c, table, field, f->graph->targets[at]);
	}
}

static void count_reference(struct counter *c, struct weigh_record_table *table, uint32_t field,
			    uint32_t target)
{
	(void)table;
	(void)field;
	if (target == WEIGH_NO_OBJECT)
		return;
	c->references[target]++;
	c->f->result->covered[target] = 1;
}

static void count_class(const struct weigh_heap_graph *graph, struct weigh_record_field *field,
			struct weigh_table_field *model, uint32_t target)
{
	uint32_t value = graph->value ? graph->value[target] : WEIGH_NO_OBJECT;

	if (value == WEIGH_NO_OBJECT)
		return;
	const struct weigh_heap_value *v = &graph->values[value];
	field->classes[v->class]++;
	if (v->bits > field->bits[v->class])
		field->bits[v->class] = v->bits;
	if ((v->class == WEIGH_VALUE_INTEGER || v->class == WEIGH_VALUE_INTEGER_TEXT) &&
	    !weigh_int_is_shared(v->bits))
		model->boxed++;
}

/* An object that the field meets for the first time. */
static void count_object(struct counter *c, struct weigh_record_field *field, struct weigh_table_field *model,
			 uint32_t target)
{
	const struct weigh_heap_graph *graph = c->f->graph;
	double resident = weigh_gross_resident(weigh_heap_gross(graph, target));
	uint32_t equal = c->f->equal->of[target];
	bool elsewhere = graph->counted[target] > c->references[target];

	field->objects++;
	field->elsewhere += elsewhere;
	field->resident += resident;
	/* What an earlier field has already counts there. */
	if (!c->met[target] && !elsewhere) {
		model->objects++;
		model->objects_resident += resident;
	}
	if (equal == WEIGH_NO_OBJECT || c->equal_met[equal] != c->number) {
		field->values++;
		model->values_resident += resident;
	}
	if (equal != WEIGH_NO_OBJECT)
		c->equal_met[equal] = c->number;
	c->met[target] = c->number;
}

static void count_target(struct counter *c, struct weigh_record_table *table, uint32_t at, uint32_t target)
{
	struct weigh_record_field *field = &table->fields[at];
	struct weigh_table_field *model = &table->model.fields[at];
	const struct weigh_heap_graph *graph = c->f->graph;

	if (target == WEIGH_NO_OBJECT)
		return;
	uint32_t type = weigh_heap_shape(graph, target)->type;
	field->set++;
	if (type == c->none_type) {
		field->none++;
		return;
	}
	c->of_type[type]++;
	count_class(graph, field, model, target);
	if (graph->counted[target] == UINT32_MAX) {
		uint32_t equal = c->f->equal->of[target];
		field->immortal++;
		if (equal != WEIGH_NO_OBJECT && c->equal_met[equal] != c->number) {
			c->equal_met[equal] = c->number;
			field->values++;
		}
	} else if (c->met[target] != c->number) {
		count_object(c, field, model, target);
	}
}

static bool are_numbers(const struct weigh_record_field *field)
{
	uint64_t sum = 0;

	for (int class = 0; class < WEIGH_VALUE_CLASSES; class ++) {
		if (1 << class & (NUMBERS | NUMBER_TEXTS))
			sum += field->classes[class];
	}
	return sum && sum == field->set && !field->none;
}

static void settle(const struct counter *c, struct weigh_record_field *field, struct weigh_table_field *model)
{
	const uint64_t *classes = field->classes;

	field->type = WEIGH_NO_OBJECT;
	for (uint32_t t = 0; t < c->f->graph->type_count; t++) {
		if (c->of_type[t] > field->of_type) {
			field->type = t;
			field->of_type = c->of_type[t];
		}
	}
	model->name = field->name;
	model->values = field->values;
	if (model->values_resident > model->objects_resident)
		model->values_resident = model->objects_resident;
	model->numbers = are_numbers(field);
	model->text = weigh_field_is_text(field);
	if (model->numbers && classes[WEIGH_VALUE_INTEGER] + classes[WEIGH_VALUE_INTEGER_TEXT] == field->set)
		model->bits = field->bits[WEIGH_VALUE_INTEGER] > field->bits[WEIGH_VALUE_INTEGER_TEXT]
				      ? field->bits[WEIGH_VALUE_INTEGER]
				      : field->bits[WEIGH_VALUE_INTEGER_TEXT];
}

static void count_table(struct counter *c, uint32_t number)
{
	const struct weigh_record_finder *f = c->f;
	struct weigh_record_table *table = &f->result->tables[number];

	table->model.records = table->column ? table->held : f->starts[number + 1] - f->starts[number];
	for (uint32_t field = 0; field < table->model.field_count; field++) {
		c->number++;
		memset(c->of_type, 0, f->graph->type_count * sizeof(*c->of_type));
		visit(c, number, field, count_target);
		settle(c, &table->fields[field], &table->model.fields[field]);
	}
}

struct weigh_error *weigh_record_fields_count(struct weigh_record_finder *f)
{
	size_t objects = (size_t)f->graph->object_count + 1;
	struct counter c = {
		.f = f,
		.references = calloc(objects, sizeof(uint32_t)),
		.met = calloc(objects, sizeof(uint32_t)),
		.equal_met = calloc((size_t)f->equal->count + 1, sizeof(uint32_t)),
		.of_type = calloc((size_t)f->graph->type_count + 1, sizeof(uint64_t)),
		.none_type = find_none(f->graph),
	};
	bool room = c.references && c.met && c.equal_met && c.of_type;

	if (room) {
		for (uint32_t t = 0; t < f->result->count; t++) {
			for (uint32_t field = 0; field < f->result->tables[t].model.field_count; field++)
				visit(&c, t, field, count_reference);
		}
		for (uint32_t t = 0; t < f->result->count; t++)
			count_table(&c, t);
	}
	free(c.references);
	free(c.met);
	free(c.equal_met);
	free(c.of_type);
	return room ? NULL : weigh_error_create_memory();
}
