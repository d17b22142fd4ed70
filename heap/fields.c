/*
 * Records field by field: see heap/fields.h.
 *
 * Shapes are joined to records, their slots to fields; then the fields are
 * gone through one after the other, so that one mark for each object and each
 * value tells what is distinct.
 *
 * One thread; allocates with malloc.
 */
#include "heap/fields.h"

#include "base/hash.h"
#include "heap/index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A slot of a shape and the field that it is. */
struct slot {
	uint32_t field, shape, slot;
};

struct gatherer {
	const struct weigh_heap_graph *graph;
	const struct weigh_heap_equal *equal;
	struct weigh_heap_fields *result;
	struct weigh_heap_index records, fields;
	uint32_t *record_of; /* by shape; WEIGH_NO_OBJECT: no records */
	struct slot *slots;
	uint32_t slot_count;
	uint32_t *sorted; /* objects of records by shape: those of s up to ends[s] */
	uint32_t *ends;
	uint32_t *object_marks; /* by object: field + 1 that met it last */
	uint32_t *counts;       /* by value; all 0 between fields */
	uint32_t none_type;
};

static bool is_record(const struct weigh_heap_graph *graph, const struct weigh_heap_shape *shape)
{
	switch (graph->types[shape->type].form) {
	case WEIGH_SNAPSHOT_FRAME:
	case WEIGH_SNAPSHOT_GENERATOR:
	case WEIGH_SNAPSHOT_FUNCTION:
	case WEIGH_SNAPSHOT_CODE:
	case WEIGH_SNAPSHOT_TYPE:
	case WEIGH_SNAPSHOT_MODULE:
		return false;
	default:
		return shape->flags & WEIGH_SHAPE_DATA && shape->slot_count;
	}
}

/* Dicts are one kind of record when they have the same keys, in any order; instances by their class. */
static uint64_t names_of(const struct weigh_heap_graph *graph, const struct weigh_heap_shape *shape)
{
	uint64_t sum = 0;

	if (graph->types[shape->type].form != WEIGH_SNAPSHOT_DICT)
		return 0;
	for (uint32_t i = 0; i < shape->slot_count; i++)
		sum += weigh_hash_step(shape->slots[i].naming, shape->slots[i].name);
	return sum | 1;
}

static bool gather_slots(struct gatherer *g, uint32_t number, uint32_t record)
{
	const struct weigh_heap_shape *shape = &g->graph->shapes[number];

	for (uint32_t i = 0; i < shape->slot_count; i++) {
		const struct weigh_heap_slot *slot = &shape->slots[i];
		uint32_t field =
			weigh_heap_index_put(&g->fields, record, (uint64_t)slot->name << 8 | slot->naming);
		if (field == WEIGH_NO_OBJECT)
			return false;
		g->slots[g->slot_count++] = (struct slot){field, number, i};
	}
	return true;
}

static bool gather_shapes(struct gatherer *g)
{
	const struct weigh_heap_graph *graph = g->graph;

	for (uint32_t s = 0; s < graph->shape_count; s++) {
		const struct weigh_heap_shape *shape = &graph->shapes[s];

		g->record_of[s] = WEIGH_NO_OBJECT;
		if (!is_record(graph, shape))
			continue;
		g->record_of[s] = weigh_heap_index_put(&g->records, shape->type, names_of(graph, shape));
		if (g->record_of[s] == WEIGH_NO_OBJECT || !gather_slots(g, s, g->record_of[s]))
			return false;
	}
	return true;
}

static void sort_objects(struct gatherer *g)
{
	const struct weigh_heap_graph *graph = g->graph;

	for (uint32_t i = 0; i < graph->object_count; i++) {
		if (g->record_of[graph->shape_of[i]] != WEIGH_NO_OBJECT)
			g->ends[graph->shape_of[i] + 1]++;
	}
	for (uint32_t s = 0; s < graph->shape_count; s++)
		g->ends[s + 1] += g->ends[s];
	for (uint32_t i = 0; i < graph->object_count; i++) {
		uint32_t shape = graph->shape_of[i];
		uint32_t record = g->record_of[shape];

		if (record == WEIGH_NO_OBJECT)
			continue;
		g->sorted[g->ends[shape]++] = i;
		g->result->records[record].count++;
		g->result->records[record].gross += weigh_heap_gross(graph, i);
		g->result->records[record].shape = shape;
	}
}

static void count_type(struct weigh_heap_field *field, uint32_t type)
{
	for (uint32_t i = 0; i < field->type_count; i++) {
		if (field->types[i].type == type) {
			field->types[i].count++;
			return;
		}
	}
	if (field->type_count == WEIGH_HEAP_FIELD_TYPES)
		field->other_types++;
	else
		field->types[field->type_count++] = (struct weigh_heap_field_type){type, 1};
}

static void count_class(struct weigh_heap_field *field, const struct weigh_heap_graph *graph, uint32_t object)
{
	uint32_t value = graph->value ? graph->value[object] : WEIGH_NO_OBJECT;

	if (value == WEIGH_NO_OBJECT)
		return;
	const struct weigh_heap_value *v = &graph->values[value];
	field->classes[v->class]++;
	if (v->bits > field->bits[v->class])
		field->bits[v->class] = v->bits;
}

static void count_target(struct gatherer *g, uint32_t number, uint32_t target)
{
	struct weigh_heap_field *field = &g->result->fields[number];
	uint32_t equal;

	field->records++;
	if (target == WEIGH_NO_OBJECT) {
		field->empty++;
		return;
	}
	uint32_t type = weigh_heap_shape(g->graph, target)->type;
	if (type == g->none_type) {
		field->none++;
		return;
	}
	count_type(field, type);
	count_class(field, g->graph, target);
	equal = g->equal->of[target];
	if (g->object_marks[target] != number + 1) {
		g->object_marks[target] = number + 1;
		field->objects++;
		field->gross += weigh_heap_gross(g->graph, target);
		field->values += equal == WEIGH_NO_OBJECT;
	}
	if (equal != WEIGH_NO_OBJECT && !g->counts[equal]++)
		field->values++;
}

/* After all of a field was counted: what is there most often; clears the counters. */
static void count_often(struct gatherer *g, struct weigh_heap_field *field, uint32_t target)
{
	uint32_t equal = target == WEIGH_NO_OBJECT ? WEIGH_NO_OBJECT : g->equal->of[target];

	if (equal == WEIGH_NO_OBJECT || !g->counts[equal])
		return;
	weigh_heap_often_add(field->often, target, g->counts[equal]);
	g->counts[equal] = 0;
}

static void pass(struct gatherer *g, const struct slot *slot, bool often)
{
	const struct weigh_heap_graph *graph = g->graph;
	uint32_t from = slot->shape ? g->ends[slot->shape - 1] : 0;
	uint32_t place = slot->slot;

	if (graph->shapes[slot->shape].flags & WEIGH_SHAPE_OWN_KEYS)
		place = place * 2 + 1;
	for (uint32_t i = from; i < g->ends[slot->shape]; i++) {
		uint32_t target = graph->targets[graph->first[g->sorted[i]] + place];
		if (often)
			count_often(g, &g->result->fields[slot->field], target);
		else
			count_target(g, slot->field, target);
	}
}

static int compare_slots(const void *left, const void *right)
{
	const struct slot *a = left, *b = right;

	if (a->field != b->field)
		return a->field < b->field ? -1 : 1;
	return (a->shape > b->shape) - (a->shape < b->shape);
}

static int compare_types(const void *left, const void *right)
{
	const struct weigh_heap_field_type *a = left, *b = right;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return (a->type > b->type) - (a->type < b->type);
}

static void count_fields(struct gatherer *g)
{
	qsort(g->slots, g->slot_count, sizeof(*g->slots), compare_slots);
	for (uint32_t from = 0, to; from < g->slot_count; from = to) {
		struct weigh_heap_field *field = &g->result->fields[g->slots[from].field];
		struct weigh_heap_key key = g->fields.keys[g->slots[from].field];

		field->record = (uint32_t)key.a;
		field->name = (uint32_t)(key.b >> 8);
		field->naming = (uint8_t)key.b;
		for (to = from; to < g->slot_count && g->slots[to].field == g->slots[from].field; to++)
			pass(g, &g->slots[to], false);
		for (uint32_t i = from; i < to; i++)
			pass(g, &g->slots[i], true);
		qsort(field->types, field->type_count, sizeof(*field->types), compare_types);
		g->result->records[field->record].field_gross += field->gross;
	}
}

static int compare_records(const void *left, const void *right)
{
	const struct weigh_heap_record *a = left, *b = right;
	uint64_t x = a->gross + a->field_gross, y = b->gross + b->field_gross;

	if (x != y)
		return x < y ? 1 : -1;
	return (a->first_field > b->first_field) - (a->first_field < b->first_field);
}

/* A dict that has no other like it is no record: a module's globals, a table of options. */
static void drop_single(struct weigh_heap_fields *result, const struct weigh_heap_graph *graph)
{
	uint32_t kept = 0;

	for (uint32_t r = 0; r < result->record_count; r++) {
		const struct weigh_heap_record *record = &result->records[r];
		bool dict = graph->types[record->type].form == WEIGH_SNAPSHOT_DICT;
		if (record->count > dict)
			result->records[kept++] = *record;
	}
	result->record_count = kept;
}

/* Fields are numbered as shapes come; by_record gets those of one record together, in its order. */
static void put_together(struct weigh_heap_fields *result, struct weigh_heap_field *by_record)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < result->field_count; i++)
		result->records[result->fields[i].record].field_count++;
	for (uint32_t r = 0; r < result->record_count; r++) {
		result->records[r].first_field = used;
		used += result->records[r].field_count;
		result->records[r].field_count = 0;
	}
	for (uint32_t i = 0; i < result->field_count; i++) {
		struct weigh_heap_record *record = &result->records[result->fields[i].record];
		by_record[record->first_field + record->field_count++] = result->fields[i];
	}
}

/* Records by size, and their fields after each other in that order. */
static struct weigh_error *order(struct weigh_heap_fields *result, const struct weigh_heap_graph *graph)
{
	struct weigh_heap_field *fields = malloc(((size_t)result->field_count + 1) * sizeof(*fields));
	uint32_t used = 0;

	if (!fields)
		return weigh_error_create_memory();
	put_together(result, fields);
	drop_single(result, graph);
	qsort(result->records, result->record_count, sizeof(*result->records), compare_records);
	for (uint32_t r = 0; r < result->record_count; r++) {
		struct weigh_heap_record *record = &result->records[r];
		uint32_t from = record->first_field;

		record->first_field = used;
		for (uint32_t i = 0; i < record->field_count; i++) {
			result->fields[used] = fields[from + i];
			result->fields[used++].record = r;
		}
	}
	result->field_count = used;
	free(fields);
	return NULL;
}

static uint32_t find_none_type(const struct weigh_heap_graph *graph)
{
	for (uint32_t t = 0; t < graph->type_count; t++) {
		if (!strcmp(weigh_heap_text(graph, graph->types[t].name, NULL), "NoneType"))
			return t;
	}
	return WEIGH_NO_OBJECT;
}

static struct weigh_error *make_room(struct gatherer *g)
{
	size_t objects = g->graph->object_count, shapes = g->graph->shape_count, slots = 0;
	struct weigh_error *error = weigh_heap_index_init(&g->records);

	for (uint32_t s = 0; s < shapes; s++)
		slots += g->graph->shapes[s].slot_count;
	if (!error)
		error = weigh_heap_index_init(&g->fields);
	g->record_of = malloc((shapes + 1) * sizeof(*g->record_of));
	g->slots = malloc((slots + 1) * sizeof(*g->slots));
	g->sorted = malloc((objects + 1) * sizeof(*g->sorted));
	g->ends = calloc(shapes + 2, sizeof(*g->ends));
	g->object_marks = calloc(objects + 1, sizeof(*g->object_marks));
	g->counts = calloc((size_t)g->equal->count + 1, sizeof(*g->counts));
	if (!error &&
	    (!g->record_of || !g->slots || !g->sorted || !g->ends || !g->object_marks || !g->counts))
		error = weigh_error_create_memory();
	return error;
}

static struct weigh_error *gather(struct gatherer *g)
{
	struct weigh_heap_fields *result = g->result;
	struct weigh_error *error = make_room(g);

	if (error)
		return error;
	if (!gather_shapes(g))
		return weigh_error_create_memory();
	result->records = calloc((size_t)g->records.count + 1, sizeof(*result->records));
	result->fields = calloc((size_t)g->fields.count + 1, sizeof(*result->fields));
	if (!result->records || !result->fields)
		return weigh_error_create_memory();
	result->record_count = g->records.count;
	result->field_count = g->fields.count;
	for (uint32_t r = 0; r < g->records.count; r++)
		result->records[r].type = (uint32_t)g->records.keys[r].a;
	sort_objects(g);
	count_fields(g);
	return order(result, g->graph);
}

struct weigh_error *weigh_heap_fields_init(struct weigh_heap_fields *fields,
					   const struct weigh_heap_graph *graph,
					   const struct weigh_heap_equal *equal)
{
	struct gatherer g = {
		.graph = graph, .equal = equal, .result = fields, .none_type = find_none_type(graph)};

	*fields = (struct weigh_heap_fields){0};
	struct weigh_error *error = gather(&g);
	weigh_heap_index_deinit(&g.records);
	weigh_heap_index_deinit(&g.fields);
	free(g.record_of);
	free(g.slots);
	free(g.sorted);
	free(g.ends);
	free(g.object_marks);
	free(g.counts);
	if (error)
		weigh_heap_fields_deinit(fields);
	return error;
}

void weigh_heap_fields_deinit(struct weigh_heap_fields *fields)
{
	free(fields->records);
	free(fields->fields);
	*fields = (struct weigh_heap_fields){0};
}

char *weigh_heap_record_name(const struct weigh_heap_graph *graph, const struct weigh_heap_record *record,
			     char name[WEIGH_HEAP_NAME])
{
	enum { NAMES_SHOWN = 5, LONGEST = 60 };
	const struct weigh_heap_shape *shape = &graph->shapes[record->shape];
	const struct weigh_heap_type *type = &graph->types[record->type];
	size_t used = (size_t)snprintf(name, WEIGH_HEAP_NAME, "%s", weigh_heap_text(graph, type->name, NULL));

	if (type->form != WEIGH_SNAPSHOT_DICT || used >= LONGEST)
		return name;
	for (uint32_t i = 0; i < shape->slot_count; i++) {
		const char *slot = weigh_heap_text(graph, shape->slots[i].name, NULL);
		const char *before = i ? ", " : "(";

		if (i == NAMES_SHOWN || used + strlen(slot) > LONGEST) {
			used += (size_t)snprintf(name + used, WEIGH_HEAP_NAME - used, "%s..", before);
			break;
		}
		used += (size_t)snprintf(name + used, WEIGH_HEAP_NAME - used, "%s%s", before, slot);
	}
	snprintf(name + used, WEIGH_HEAP_NAME - used, ")");
	return name;
}
