/*
 * Which containers hold records, and tables that are known by their container
 * alone: see advice/records.h.
 *
 * One thread; allocates with malloc.
 */
#include "advice/record_parts.h"

#include "base/grow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one long container holds. */
struct held {
	uint64_t *by_table;
	uint64_t tuples[WEIGH_RECORD_FIELDS + 1], lists[WEIGH_RECORD_FIELDS + 1]; /* by length */
	uint64_t valued; /* texts and numbers */
	uint64_t all;
};

static bool is_exact(const struct weigh_heap_graph *graph, uint32_t object, enum weigh_snapshot_form form,
		     const char *name)
{
	const struct weigh_heap_shape *shape = weigh_heap_shape(graph, object);

	return graph->types[shape->type].form == form && !shape->slot_count &&
	       graph->length[object] <= WEIGH_RECORD_FIELDS &&
	       weigh_record_is_builtin(graph, shape->type, name);
}

static void count_item(const struct weigh_record_finder *f, struct held *held, uint32_t item)
{
	held->all++;
	if (item == WEIGH_NO_OBJECT)
		return;
	if (f->graph->value && f->graph->value[item] != WEIGH_NO_OBJECT)
		held->valued++;
	else if (f->result->table_of[item] != WEIGH_NO_OBJECT)
		held->by_table[f->result->table_of[item]]++;
	else if (is_exact(f->graph, item, WEIGH_SNAPSHOT_TUPLE, "tuple"))
		held->tuples[f->graph->length[item]]++;
	else if (is_exact(f->graph, item, WEIGH_SNAPSHOT_LIST, "list"))
		held->lists[f->graph->length[item]]++;
}

/* Nearly all of what a container holds has one length: a table. */
static bool add_positional(struct weigh_record_finder *f, uint32_t holder, const struct held *held,
			   bool lists)
{
	const struct weigh_heap_graph *graph = f->graph;
	const uint64_t *counts = lists ? held->lists : held->tuples;
	uint32_t length = 2, table = WEIGH_NO_OBJECT;

	for (uint32_t i = 3; i <= WEIGH_RECORD_FIELDS; i++)
		length = counts[i] > counts[length] ? i : length;
	if (counts[length] < WEIGH_RECORDS_LEAST || counts[length] * 10 < held->all * 9)
		return true;
	struct weigh_record_tail tail = weigh_record_tail(graph, holder);
	for (uint32_t at = tail.first; at < tail.end; at += tail.step) {
		uint32_t item = graph->targets[at];
		if (item == WEIGH_NO_OBJECT || f->result->table_of[item] != WEIGH_NO_OBJECT ||
		    graph->length[item] != length ||
		    !is_exact(graph, item, lists ? WEIGH_SNAPSHOT_LIST : WEIGH_SNAPSHOT_TUPLE,
			      lists ? "list" : "tuple"))
			continue;
		if (table == WEIGH_NO_OBJECT) {
			table = weigh_record_table_add(f, weigh_heap_shape(graph, item)->type, item);
			if (table == WEIGH_NO_OBJECT)
				return false;
		}
		f->result->table_of[item] = table;
	}
	struct weigh_record_table *made = &f->result->tables[table];
	made->holder = holder;
	made->held = counts[length];
	made->model.field_count = length;
	for (uint32_t i = 0; i < length; i++)
		snprintf(made->fields[i].name, WEIGH_FIELD_NAME, "%u", i);
	return true;
}

/* A long list of texts and numbers: a column, together with others from the same place. */
static bool add_column(struct weigh_record_finder *f, uint32_t holder, const struct held *held)
{
	const struct weigh_heap_shape *shape = weigh_heap_shape(f->graph, holder);

	if (shape->tail != WEIGH_TAIL_ITEMS || held->valued * 10 < held->all * 9)
		return true;
	uint32_t before = f->columns.count;
	/* Arrays of objects are columns of a frame, of which each has values of its own. */
	bool array = f->graph->types[shape->type].form == WEIGH_SNAPSHOT_ARRAY;
	uint64_t place = array ? (uint64_t)holder << 32 : f->places->of[holder];
	uint32_t number = weigh_heap_index_put(&f->columns, shape->type, place);
	if (number == WEIGH_NO_OBJECT)
		return false;
	if (number == before) {
		if (!weigh_grow(&f->column_tables, &f->column_room, number, sizeof(*f->column_tables)))
			return false;
		uint32_t table = weigh_record_table_add(f, shape->type, holder);
		if (table == WEIGH_NO_OBJECT)
			return false;
		f->column_tables[number] = table;
		f->result->tables[table].column = true;
		f->result->tables[table].holder = holder;
		f->result->tables[table].model.field_count = 1;
	}
	f->result->table_of[holder] = f->column_tables[number];
	f->result->tables[f->column_tables[number]].held += held->all;
	return true;
}

static bool look_into(struct weigh_record_finder *f, struct held *held, uint32_t holder, uint32_t kinds)
{
	struct weigh_record_tail tail = weigh_record_tail(f->graph, holder);
	struct weigh_records *result = f->result;

	if (tail.end < tail.first + WEIGH_RECORDS_LEAST * tail.step - tail.step)
		return true;
	uint64_t *by_table = held->by_table;
	memset(by_table, 0, kinds * sizeof(*by_table));
	*held = (struct held){.by_table = by_table};
	for (uint32_t at = tail.first; at < tail.end; at += tail.step) {
		uint32_t item = f->graph->targets[at];
		if (item == WEIGH_NO_OBJECT || result->table_of[item] == WEIGH_NO_OBJECT ||
		    result->table_of[item] < kinds)
			count_item(f, held, item);
	}
	for (uint32_t t = 0; t < kinds; t++) {
		if (by_table[t] >= WEIGH_RECORDS_LEAST && by_table[t] > result->tables[t].held) {
			result->tables[t].held = by_table[t];
			result->tables[t].holder = holder;
		}
	}
	return add_positional(f, holder, held, true) && add_positional(f, holder, held, false) &&
	       add_column(f, holder, held);
}

bool weigh_record_holders_find(struct weigh_record_finder *f)
{
	const struct weigh_heap_graph *graph = f->graph;
	uint32_t kinds = f->result->count;
	struct held held = {.by_table = calloc((size_t)kinds + 1, sizeof(*held.by_table))};
	bool done = held.by_table;

	for (uint32_t i = 0; done && i < graph->object_count; i++) {
		uint16_t form = weigh_heap_type(graph, i)->form;
		if (form != WEIGH_SNAPSHOT_FRAME && form != WEIGH_SNAPSHOT_MODULE &&
		    weigh_heap_shape(graph, i)->tail != WEIGH_TAIL_NONE)
			done = look_into(f, &held, i, kinds);
	}
	free(held.by_table);
	return done;
}
