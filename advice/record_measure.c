/*
 * What records are, what they take and which line made them: see
 * advice/records.h. The model says what a record of its kind takes; what was
 * measured stands beside it, and counts as long as the record stays what it is.
 *
 * One thread; allocates with malloc.
 */
#include "advice/blocks.h"
#include "advice/record_parts.h"
#include "heap/sites.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sums over the records of a table. */
struct sums {
	double gross;
	uint64_t room, asked, own_keys, alone;
};

static struct sums add_up(const struct weigh_record_finder *f, uint32_t table)
{
	const struct weigh_heap_graph *graph = f->graph;
	struct sums sums = {0};

	for (uint32_t i = f->starts[table]; i < f->starts[table + 1]; i++) {
		uint32_t record = f->sorted[i], host = weigh_record_host(f, record);
		sums.gross += (double)weigh_heap_gross(graph, record);
		sums.room += graph->room[record];
		sums.alone += graph->counted[record] == 1;
		if (host == record)
			continue;
		const struct weigh_heap_shape *shape = weigh_heap_shape(graph, host);
		sums.gross += (double)weigh_heap_gross(graph, host);
		sums.asked++;
		sums.own_keys += shape->flags & (WEIGH_SHAPE_KEYS | WEIGH_SHAPE_OWN_KEYS) ||
				 shape->tail == WEIGH_TAIL_PAIRS;
	}
	return sums;
}

static enum weigh_record kind_of(const struct weigh_heap_graph *graph, const struct weigh_record_table *table,
				 const struct sums *sums)
{
	const struct weigh_heap_type *type = &graph->types[table->type];

	switch (type->form) {
	case WEIGH_SNAPSHOT_DICT:
		return WEIGH_RECORD_DICT;
	case WEIGH_SNAPSHOT_LIST:
		return WEIGH_RECORD_LIST;
	case WEIGH_SNAPSHOT_TUPLE:
		return type->flags & WEIGH_TYPE_PYTHON ? WEIGH_RECORD_NAMED_TUPLE : WEIGH_RECORD_TUPLE;
	default:
		break;
	}
	if (!(type->flags & WEIGH_TYPE_DICT))
		return WEIGH_RECORD_SLOTS;
	return graph->header.python >= 0x030b0000 && sums->asked * 2 > table->model.records
		       ? WEIGH_RECORD_INSTANCE_ASKED
		       : WEIGH_RECORD_INSTANCE;
}

static bool has_str_keys(const struct weigh_record_finder *f, uint32_t record)
{
	const struct weigh_heap_shape *shape = weigh_heap_shape(f->graph, record);

	for (uint32_t i = 0; i < shape->slot_count; i++) {
		if (shape->slots[i].naming != WEIGH_SLOT_KEY)
			return false;
	}
	return true;
}

/* Resident bytes of so many of gross, from the blocks that the model says they are in. */
static double resident_of(double gross, const struct weigh_table *model)
{
	double modelled = weigh_table_record_modelled(model);
	double whole = weigh_table_record_gross(model);

	return whole > 0 ? gross * modelled / whole : weigh_gross_resident((uint64_t)gross);
}

/* The line that made most of the records; `weights` has room for one of each line, all 0. */
static void find_line(const struct weigh_record_finder *f, uint32_t number, double *weights)
{
	struct weigh_record_table *table = &f->result->tables[number];
	double all = 0, best = 0;

	for (uint32_t i = f->starts[number]; i < f->starts[number + 1]; i++) {
		uint32_t line = weigh_heap_line_of(f->graph, f->lines, f->sorted[i]);
		if (line == WEIGH_NO_OBJECT)
			continue;
		weights[line] += weigh_heap_weight(f->graph, f->sorted[i]);
		all += weigh_heap_weight(f->graph, f->sorted[i]);
	}
	for (uint32_t line = 0; line < f->lines->count; line++) {
		if (weights[line] > best) {
			best = weights[line];
			table->line = line;
		}
		weights[line] = 0;
	}
	table->at_line = all > 0 ? best / all : 0;
}

struct weigh_error *weigh_record_measure(struct weigh_record_finder *f)
{
	double *weights = calloc((size_t)f->lines->count + 1, sizeof(*weights));

	if (!weights)
		return weigh_error_create_memory();
	for (uint32_t t = 0; t < f->result->count; t++) {
		struct weigh_record_table *table = &f->result->tables[t];
		struct weigh_table *model = &table->model;
		struct sums sums = add_up(f, t);
		double records = (double)model->records;

		if (table->column) {
			model->record = model->found = WEIGH_RECORD_COLUMNS;
			find_line(f, t, weights);
			continue;
		}
		model->record = model->found = kind_of(f->graph, table, &sums);
		model->str_keys = has_str_keys(f, table->example);
		model->room = (uint64_t)llround((double)sums.room / records);
		table->own_keys = sums.own_keys;
		table->alone = sums.alone;
		table->modelled = weigh_table_record_modelled(model);
		model->found_resident = resident_of(sums.gross / records, model);
		find_line(f, t, weights);
	}
	free(weights);
	return NULL;
}
