/*
 * What the files that find tables of records know of each other; see
 * advice/records.h.
 */
#ifndef WEIGH_ADVICE_RECORD_PARTS_H
#define WEIGH_ADVICE_RECORD_PARTS_H

#include "advice/records.h"
#include "heap/index.h"

/*
 * Where the objects of one shape keep the fields: `places[f]` counts from
 * first[object]; WEIGH_NO_OBJECT: they have no such field.
 */
struct weigh_record_layout {
	uint32_t table;
	uint32_t places[WEIGH_RECORD_FIELDS];
};

struct weigh_record_finder {
	const struct weigh_heap_graph *graph;
	const struct weigh_heap_equal *equal;
	const struct weigh_heap_lines *lines;
	const struct weigh_heap_places *places;
	struct weigh_heap_index columns; /* by type and place; the numbers are those of column_tables */
	uint32_t *column_tables;
	uint32_t column_room;
	struct weigh_records *result;
	/*
	 * For each shape: the layout of its objects as records, and as dicts of
	 * instances, which are others; WEIGH_NO_OBJECT for none.
	 */
	uint32_t *layout_of, *dict_layout_of;
	struct weigh_record_layout *layouts;
	uint32_t layout_count, layout_room;
	uint32_t *
		dict_slot; /* for each shape: the slot that refers to the instance's dict; WEIGH_NO_OBJECT: none */
	uint32_t table_room;
	uint32_t *sorted; /* records by table: those of t from starts[t] up to starts[t + 1] */
	uint32_t *starts;
};

/* The object whose references are a record's fields: the record, or its dict. */
static inline uint32_t weigh_record_host(const struct weigh_record_finder *f, uint32_t record)
{
	const struct weigh_heap_graph *graph = f->graph;
	uint32_t slot = f->dict_slot[graph->shape_of[record]];

	if (slot == WEIGH_NO_OBJECT)
		return record;
	uint32_t dict = graph->targets[graph->first[record] + slot];
	return dict == WEIGH_NO_OBJECT ? record : dict;
}

/* What field `field` of a record refers to; WEIGH_NO_OBJECT: nothing. */
static inline uint32_t weigh_record_target(const struct weigh_record_finder *f, uint32_t record,
					   uint32_t field)
{
	const struct weigh_heap_graph *graph = f->graph;
	uint32_t host = weigh_record_host(f, record);
	uint32_t shape = graph->shape_of[host];
	uint32_t layout = (host == record ? f->layout_of : f->dict_layout_of)[shape];
	uint32_t place = field;

	if (layout != WEIGH_NO_OBJECT)
		place = f->layouts[layout].places[field];
	else if (graph->shapes[shape].slot_count)
		return WEIGH_NO_OBJECT;
	if (place == WEIGH_NO_OBJECT || place >= graph->first[host + 1] - graph->first[host])
		return WEIGH_NO_OBJECT;
	return graph->targets[graph->first[host] + place];
}

/* Where in the references that is which a container holds: items, members, values of pairs. */
struct weigh_record_tail {
	uint32_t first, end, step;
};

static inline struct weigh_record_tail weigh_record_tail(const struct weigh_heap_graph *graph,
							 uint32_t object)
{
	const struct weigh_heap_shape *shape = weigh_heap_shape(graph, object);
	uint32_t slots = shape->slot_count * (shape->flags & WEIGH_SHAPE_OWN_KEYS ? 2 : 1);
	bool pairs = shape->tail == WEIGH_TAIL_PAIRS;

	return (struct weigh_record_tail){graph->first[object] + slots + pairs, graph->first[object + 1],
					  pairs ? 2 : 1};
}

/* The number of a new table; WEIGH_NO_OBJECT without memory. */
uint32_t weigh_record_table_add(struct weigh_record_finder *finder, uint32_t type, uint32_t example);

/* Tables whose records are known by their container. False without memory. */
bool weigh_record_holders_find(struct weigh_record_finder *finder);

/* Whether a type is the interpreter's own of this name. */
bool weigh_record_is_builtin(const struct weigh_heap_graph *graph, uint32_t type, const char *name);

/* Fills in everything about fields of all tables. */
struct weigh_error *weigh_record_fields_count(struct weigh_record_finder *finder);

/* Fills in what the records are, what they take, and who made them. */
struct weigh_error *weigh_record_measure(struct weigh_record_finder *finder);

#endif
