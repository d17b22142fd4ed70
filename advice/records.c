/*
 * Tables in a heap: see advice/records.h. Here they are found: kinds of
 * records by shape, tuples and lists by the container that holds them.
 *
 * One thread; allocates with malloc.
 */
#include "advice/records.h"

#include "advice/record_parts.h"
#include "base/grow.h"
#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Kinds of records by shape, before it is known which are many enough. */
struct kinds {
	struct weigh_heap_index index;
	uint32_t *of_shape, *of_dict_shape; /* kind; WEIGH_NO_OBJECT: none */
	uint64_t *counts;                   /* by kind */
	uint32_t *tables;                   /* by kind */
	uint8_t *is_dict;                   /* by object: the dict of an instance */
};

bool weigh_record_is_builtin(const struct weigh_heap_graph *graph, uint32_t type, const char *name)
{
	return !strcmp(weigh_heap_text(graph, graph->types[type].name, NULL), name) &&
	       !strcmp(weigh_heap_text(graph, graph->types[type].module, NULL), "builtins");
}

static uint32_t find_dict_slot(const struct weigh_heap_graph *graph, const struct weigh_heap_shape *shape)
{
	if (graph->types[shape->type].form == WEIGH_SNAPSHOT_DICT)
		return WEIGH_NO_OBJECT;
	for (uint32_t i = 0; i < shape->slot_count; i++) {
		if (!strcmp(weigh_heap_text(graph, shape->slots[i].name, NULL), "__dict__"))
			return i;
	}
	return WEIGH_NO_OBJECT;
}

/* Whether objects of this shape can be rows of a table as they are. */
static bool is_record(const struct weigh_heap_graph *graph, const struct weigh_heap_shape *shape)
{
	const struct weigh_heap_type *type = &graph->types[shape->type];

	if (!shape->slot_count || shape->slot_count > WEIGH_RECORD_FIELDS)
		return false;
	/* Of an instance with a dict all the fields may be there. */
	if (!(shape->flags & WEIGH_SHAPE_DATA) && find_dict_slot(graph, shape) == WEIGH_NO_OBJECT)
		return false;
	switch (type->form) {
	case WEIGH_SNAPSHOT_DICT:
		return weigh_record_is_builtin(graph, shape->type, "dict");
	case WEIGH_SNAPSHOT_PLAIN:
	case WEIGH_SNAPSHOT_TUPLE:
		return type->flags & WEIGH_TYPE_PYTHON;
	default:
		return false;
	}
}

static uint64_t names_of(const struct weigh_heap_shape *shape)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < shape->slot_count; i++)
		sum += weigh_hash_step(shape->slots[i].naming + 1, shape->slots[i].name);
	return sum | 1;
}

/* Each instance with a dict gives the dict's shape its class as kind. */
static void find_dicts(const struct weigh_record_finder *f, struct kinds *kinds)
{
	const struct weigh_heap_graph *graph = f->graph;

	for (uint32_t i = 0; i < graph->object_count; i++) {
		uint32_t kind = kinds->of_shape[graph->shape_of[i]];
		uint32_t host = kind == WEIGH_NO_OBJECT ? i : weigh_record_host(f, i);

		if (host == i)
			continue;
		kinds->is_dict[host] = 1;
		kinds->of_dict_shape[graph->shape_of[host]] = kind;
	}
}

static bool find_kinds(struct weigh_record_finder *f, struct kinds *kinds)
{
	const struct weigh_heap_graph *graph = f->graph;
	size_t shapes = graph->shape_count;

	kinds->of_shape = malloc((shapes + 1) * sizeof(*kinds->of_shape));
	kinds->of_dict_shape = malloc((shapes + 1) * sizeof(*kinds->of_dict_shape));
	kinds->is_dict = calloc((size_t)graph->object_count + 1, 1);
	if (!kinds->of_shape || !kinds->of_dict_shape || !kinds->is_dict)
		return false;
	memset(kinds->of_dict_shape, 0xff, shapes * sizeof(*kinds->of_dict_shape));
	for (uint32_t s = 0; s < shapes; s++) {
		const struct weigh_heap_shape *shape = &graph->shapes[s];

		kinds->of_shape[s] = WEIGH_NO_OBJECT;
		f->dict_slot[s] = WEIGH_NO_OBJECT;
		if (!is_record(graph, shape))
			continue;
		bool dict = graph->types[shape->type].form == WEIGH_SNAPSHOT_DICT;
		f->dict_slot[s] = find_dict_slot(graph, shape);
		kinds->of_shape[s] =
			weigh_heap_index_put(&kinds->index, shape->type, dict ? names_of(shape) : 0);
		if (kinds->of_shape[s] == WEIGH_NO_OBJECT)
			return false;
	}
	find_dicts(f, kinds);
	return true;
}

uint32_t weigh_record_table_add(struct weigh_record_finder *f, uint32_t type, uint32_t example)
{
	struct weigh_records *result = f->result;

	if (!weigh_grow(&result->tables, &f->table_room, result->count, sizeof(*result->tables)))
		return WEIGH_NO_OBJECT;
	struct weigh_record_table *table = &result->tables[result->count];
	*table = (struct weigh_record_table){
		.model.python = f->graph->header.python,
		.type = type,
		.example = example,
		.holder = WEIGH_NO_OBJECT,
		.line = WEIGH_NO_OBJECT,
	};
	table->fields = calloc(WEIGH_RECORD_FIELDS, sizeof(*table->fields));
	table->model.fields = calloc(WEIGH_RECORD_FIELDS, sizeof(*table->model.fields));
	result->count++;
	return table->fields && table->model.fields ? result->count - 1 : WEIGH_NO_OBJECT;
}

/* The field of this name; a new one when there was none; WEIGH_NO_OBJECT when there is no room. */
static uint32_t find_field(struct weigh_record_table *table, const char *name)
{
	uint32_t count = table->model.field_count;

	for (uint32_t i = 0; i < count; i++) {
		if (!strncmp(table->fields[i].name, name, WEIGH_FIELD_NAME - 1))
			return i;
	}
	if (count == WEIGH_RECORD_FIELDS)
		return WEIGH_NO_OBJECT;
	snprintf(table->fields[count].name, WEIGH_FIELD_NAME, "%s", name);
	table->model.field_count++;
	return count;
}

static bool add_layout(struct weigh_record_finder *f, uint32_t number, uint32_t table, uint32_t *layout_of)
{
	const struct weigh_heap_shape *shape = &f->graph->shapes[number];

	if (!weigh_grow(&f->layouts, &f->layout_room, f->layout_count, sizeof(*f->layouts)))
		return false;
	struct weigh_record_layout *layout = &f->layouts[f->layout_count];
	memset(layout, 0xff, sizeof(*layout));
	layout->table = table;
	layout_of[number] = f->layout_count++;
	for (uint32_t i = 0; i < shape->slot_count; i++) {
		const char *name = weigh_heap_text(f->graph, shape->slots[i].name, NULL);
		if (i == f->dict_slot[number] || !strcmp(name, "__weakref__"))
			continue;
		uint32_t field = find_field(&f->result->tables[table], name);
		if (field != WEIGH_NO_OBJECT)
			layout->places[field] = shape->flags & WEIGH_SHAPE_OWN_KEYS ? i * 2 + 1 : i;
	}
	return true;
}

static bool make_tables(struct weigh_record_finder *f, struct kinds *kinds)
{
	const struct weigh_heap_graph *graph = f->graph;

	kinds->counts = calloc((size_t)kinds->index.count + 1, sizeof(*kinds->counts));
	kinds->tables = malloc(((size_t)kinds->index.count + 1) * sizeof(*kinds->tables));
	if (!kinds->counts || !kinds->tables)
		return false;
	memset(kinds->tables, 0xff, kinds->index.count * sizeof(*kinds->tables));
	for (uint32_t i = 0; i < graph->object_count; i++) {
		uint32_t kind = kinds->of_shape[graph->shape_of[i]];
		if (kind == WEIGH_NO_OBJECT || kinds->is_dict[i])
			continue;
		if (++kinds->counts[kind] != WEIGH_RECORDS_LEAST)
			continue;
		kinds->tables[kind] = weigh_record_table_add(f, (uint32_t)kinds->index.keys[kind].a, i);
		if (kinds->tables[kind] == WEIGH_NO_OBJECT)
			return false;
	}
	for (uint32_t s = 0; s < graph->shape_count; s++) {
		uint32_t kind = kinds->of_shape[s], dict_kind = kinds->of_dict_shape[s];
		if (kind != WEIGH_NO_OBJECT && kinds->tables[kind] != WEIGH_NO_OBJECT &&
		    !add_layout(f, s, kinds->tables[kind], f->layout_of))
			return false;
		if (dict_kind != WEIGH_NO_OBJECT && kinds->tables[dict_kind] != WEIGH_NO_OBJECT &&
		    !add_layout(f, s, kinds->tables[dict_kind], f->dict_layout_of))
			return false;
	}
	for (uint32_t i = 0; i < graph->object_count; i++) {
		uint32_t kind = kinds->of_shape[graph->shape_of[i]];
		if (kind != WEIGH_NO_OBJECT && !kinds->is_dict[i])
			f->result->table_of[i] = kinds->tables[kind];
	}
	return true;
}

static bool sort_records(struct weigh_record_finder *f)
{
	const struct weigh_records *result = f->result;
	uint32_t objects = f->graph->object_count, count = 0;

	f->starts = calloc((size_t)result->count + 2, sizeof(*f->starts));
	for (uint32_t i = 0; i < objects; i++)
		count += result->table_of[i] != WEIGH_NO_OBJECT;
	f->sorted = malloc(((size_t)count + 1) * sizeof(*f->sorted));
	if (!f->starts || !f->sorted)
		return false;
	for (uint32_t i = 0; i < objects; i++) {
		if (result->table_of[i] != WEIGH_NO_OBJECT)
			f->starts[result->table_of[i] + 2]++;
	}
	for (uint32_t t = 0; t + 1 < result->count; t++)
		f->starts[t + 2] += f->starts[t + 1];
	for (uint32_t i = 0; i < objects; i++) {
		if (result->table_of[i] != WEIGH_NO_OBJECT)
			f->sorted[f->starts[result->table_of[i] + 1]++] = i;
	}
	return true;
}

static bool find_all(struct weigh_record_finder *f)
{
	const struct weigh_heap_graph *graph = f->graph;
	size_t shapes = graph->shape_count, bytes = (shapes + 1) * sizeof(uint32_t);
	struct kinds kinds = {0};

	f->layout_of = malloc(bytes);
	f->dict_layout_of = malloc(bytes);
	f->dict_slot = malloc(bytes);
	f->result->table_of = malloc(((size_t)graph->object_count + 1) * sizeof(uint32_t));
	f->result->covered = calloc((size_t)graph->object_count + 1, 1);
	struct weigh_error *error = weigh_heap_index_init(&kinds.index);
	if (!error)
		error = weigh_heap_index_init(&f->columns);
	bool done = !error && f->layout_of && f->dict_layout_of && f->dict_slot && f->result->table_of &&
		    f->result->covered;
	if (done) {
		memset(f->layout_of, 0xff, bytes);
		memset(f->dict_layout_of, 0xff, bytes);
		memset(f->result->table_of, 0xff, graph->object_count * sizeof(uint32_t));
		done = find_kinds(f, &kinds) && make_tables(f, &kinds) && weigh_record_holders_find(f) &&
		       sort_records(f);
	}
	weigh_error_destroy(error);
	weigh_heap_index_deinit(&kinds.index);
	free(kinds.of_shape);
	free(kinds.of_dict_shape);
	free(kinds.counts);
	free(kinds.tables);
	free(kinds.is_dict);
	return done;
}

static int compare(const void *left, const void *right)
{
	const struct weigh_record_table *a = left, *b = right;
	double x = weigh_table_resident(&a->model), y = weigh_table_resident(&b->model);

	if (x != y)
		return x < y ? 1 : -1;
	return (a->example > b->example) - (a->example < b->example);
}

/* Largest first; what objects say of their table follows. */
static bool sort_tables(const struct weigh_heap_graph *graph, struct weigh_records *records)
{
	uint32_t *now = malloc(((size_t)records->count + 1) * sizeof(*now));

	if (!now)
		return false;
	for (uint32_t t = 0; t < records->count; t++)
		records->tables[t].number = t;
	if (records->count)
		qsort(records->tables, records->count, sizeof(*records->tables), compare);
	for (uint32_t t = 0; t < records->count; t++)
		now[records->tables[t].number] = t;
	for (uint32_t i = 0; i < graph->object_count; i++) {
		if (records->table_of[i] != WEIGH_NO_OBJECT)
			records->table_of[i] = now[records->table_of[i]];
	}
	free(now);
	return true;
}

struct weigh_error *weigh_records_init(struct weigh_records *records, const struct weigh_heap_graph *graph,
				       const struct weigh_heap_equal *equal,
				       const struct weigh_heap_lines *lines,
				       const struct weigh_heap_places *places)
{
	struct weigh_record_finder f = {
		.graph = graph, .equal = equal, .lines = lines, .places = places, .result = records};

	*records = (struct weigh_records){0};
	struct weigh_error *error = find_all(&f) ? NULL : weigh_error_create_memory();
	if (!error)
		error = weigh_record_fields_count(&f);
	if (!error)
		error = weigh_record_measure(&f);
	if (!error && !sort_tables(graph, records))
		error = weigh_error_create_memory();
	weigh_heap_index_deinit(&f.columns);
	free(f.column_tables);
	free(f.layout_of);
	free(f.dict_layout_of);
	free(f.dict_slot);
	free(f.layouts);
	free(f.sorted);
	free(f.starts);
	if (error)
		weigh_records_deinit(records);
	return error;
}

void weigh_records_deinit(struct weigh_records *records)
{
	for (uint32_t i = 0; i < records->count; i++) {
		free(records->tables[i].fields);
		free(records->tables[i].model.fields);
	}
	free(records->tables);
	free(records->table_of);
	free(records->covered);
	*records = (struct weigh_records){0};
}
