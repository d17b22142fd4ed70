/*
 * The frames of pandas in a snapshot: see advice/pandas.h.
 *
 * Nothing is known of pandas but what its types are called and what refers to
 * what: a manager to the tuple of its blocks and the list of its axes, a block
 * to its values and to its place among the columns. Seen to hold on pandas 2.3,
 * 3.0 and 3.1, with pyarrow 26.
 *
 * One thread; allocates with malloc.
 */
#include "advice/pandas.h"

#include "base/grow.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MOST = 4096 }; /* of one frame */

static const char managers_module[] = "pandas.core.internals.managers";
static const char arrow_module[] = "pyarrow.lib";

struct finder {
	const struct weigh_heap_graph *graph;
	struct weigh_pandas *pandas;
};

static const char *module_of(const struct weigh_heap_graph *graph, uint32_t object)
{
	return weigh_heap_text(graph, weigh_heap_type(graph, object)->module, NULL);
}

static const char *type_of(const struct weigh_heap_graph *graph, uint32_t object)
{
	return weigh_heap_text(graph, weigh_heap_type(graph, object)->name, NULL);
}

static enum weigh_snapshot_form form_of(const struct weigh_heap_graph *graph, uint32_t object)
{
	return (enum weigh_snapshot_form)weigh_heap_type(graph, object)->form;
}

/* The first thing of a form, or with a type of a module that begins so, to which an object refers directly. */
static uint32_t find_beside(const struct weigh_heap_graph *graph, uint32_t object, int form,
			    const char *module)
{
	for (uint32_t at = graph->first[object]; at < graph->first[object + 1]; at++) {
		uint32_t target = graph->targets[at];
		if (target == WEIGH_NO_OBJECT)
			continue;
		if (module ? !strncmp(module_of(graph, target), module, strlen(module))
			   : (int)form_of(graph, target) == form)
			return target;
	}
	return WEIGH_NO_OBJECT;
}

/* The same; before 3.11 attributes of an instance lie in a dict, which is looked into. */
static uint32_t find_below(const struct weigh_heap_graph *graph, uint32_t object, int form,
			   const char *module)
{
	uint32_t found = find_beside(graph, object, form, module);

	if (found != WEIGH_NO_OBJECT || form_of(graph, object) != WEIGH_SNAPSHOT_PLAIN)
		return found;
	uint32_t attributes = find_beside(graph, object, WEIGH_SNAPSHOT_DICT, NULL);
	return attributes == WEIGH_NO_OBJECT ? attributes : find_beside(graph, attributes, form, module);
}

/* What an extension's array keeps its items in: an array of NumPy, or what pyarrow calls its chunks. */
static bool keeps_items(const struct weigh_heap_graph *graph, uint32_t values, bool arrow)
{
	uint32_t items = arrow ? find_below(graph, values, 0, arrow_module)
			       : find_below(graph, values, WEIGH_SNAPSHOT_ARRAY, NULL);

	return items != WEIGH_NO_OBJECT && (!arrow || !strcmp(type_of(graph, items), "ChunkedArray"));
}

/*
 * An extension's array of pandas to which an object refers. Since 3.0 their
 * types say "pandas.arrays", or "pandas" alone.
 */
static uint32_t extension_below(const struct weigh_heap_graph *graph, uint32_t object, bool arrow)
{
	for (uint32_t at = graph->first[object]; at < graph->first[object + 1]; at++) {
		uint32_t target = graph->targets[at];
		if (target == WEIGH_NO_OBJECT || form_of(graph, target) == WEIGH_SNAPSHOT_TYPE)
			continue;
		const char *module = module_of(graph, target);
		if (!strncmp(module, "pandas", strlen("pandas")) &&
		    strncmp(module, "pandas._libs", strlen("pandas._libs")) != 0 &&
		    keeps_items(graph, target, arrow))
			return target;
	}
	return WEIGH_NO_OBJECT;
}

/* The array that values are kept in: they themselves, or what an extension's array has below it. */
static uint32_t array_below(const struct weigh_heap_graph *graph, uint32_t object)
{
	uint32_t array = find_below(graph, object, WEIGH_SNAPSHOT_ARRAY, NULL);

	if (array != WEIGH_NO_OBJECT)
		return array;
	uint32_t values = extension_below(graph, object, false);
	return values == WEIGH_NO_OBJECT ? values : find_below(graph, values, WEIGH_SNAPSHOT_ARRAY, NULL);
}

/* Of a view the array it shows, when it shows all of it; of any other array itself. */
static uint32_t owner_of(const struct weigh_heap_graph *graph, uint32_t array)
{
	enum { BASE = 0, STEPS_MOST = 8 };

	for (int step = 0; step < STEPS_MOST; step++) {
		uint32_t base = weigh_heap_shape(graph, array)->slot_count > BASE
					? graph->targets[graph->first[array] + BASE]
					: WEIGH_NO_OBJECT;
		if (base == WEIGH_NO_OBJECT)
			return array;
		if (form_of(graph, base) != WEIGH_SNAPSHOT_ARRAY ||
		    graph->length[base] != graph->length[array])
			return WEIGH_NO_OBJECT;
		array = base;
	}
	return WEIGH_NO_OBJECT;
}

static const char *variant_of(const struct weigh_heap_graph *graph, uint32_t array)
{
	return weigh_heap_text(graph, weigh_heap_type(graph, array)->variant, NULL);
}

/* Bytes of an item by the name of its dtype: "float64", "object"; 0: not known. */
static double item_bytes(const char *variant)
{
	const char *digits = variant + strcspn(variant, "0123456789");

	if (!strcmp(variant, "object"))
		return 8;
	if (!strcmp(variant, "bool"))
		return 1;
	return isdigit((unsigned char)*digits) ? strtod(digits, NULL) / 8 : 0;
}

/* The columns that a block has, in the order of its rows; 0: not known. */
static uint32_t read_places(const struct weigh_heap_graph *graph, uint32_t block,
			    uint32_t places[static COLUMNS_MOST])
{
	uint32_t placement = find_below(graph, block, 0, "pandas._libs.internals"), count = 0;

	for (uint32_t at = placement == WEIGH_NO_OBJECT ? 0 : graph->first[placement];
	     placement != WEIGH_NO_OBJECT && at < graph->first[placement + 1]; at++) {
		uint32_t target = graph->targets[at];
		const char *label = target == WEIGH_NO_OBJECT ? NULL : weigh_heap_label(graph, target);
		uint32_t from, to, step;
		if (!label)
			continue;
		if (sscanf(label, "%u:%u:%u", &from, &to, &step) == 3 && step) {
			for (uint32_t i = from; i < to && count < COLUMNS_MOST; i += step)
				places[count++] = i;
			return count;
		}
		for (char *end; isdigit((unsigned char)*label) && count < COLUMNS_MOST;) {
			places[count++] = (uint32_t)strtoul(label, &end, 10);
			label = end + strspn(end, ", ");
		}
		return count;
	}
	return 0;
}

/* "line, riders": the names of the columns, or NULL. */
static const char *names_of(const struct weigh_heap_graph *graph, uint32_t manager)
{
	uint32_t axes = find_below(graph, manager, WEIGH_SNAPSHOT_LIST, NULL);
	uint32_t columns = axes == WEIGH_NO_OBJECT || graph->first[axes] == graph->first[axes + 1]
				   ? WEIGH_NO_OBJECT
				   : graph->targets[graph->first[axes]];

	if (columns == WEIGH_NO_OBJECT)
		return NULL;
	uint32_t data = array_below(graph, columns);
	return data == WEIGH_NO_OBJECT || strcmp(variant_of(graph, data), "object") != 0
		       ? NULL
		       : weigh_heap_label(graph, data);
}

static void copy_name(const char *names, uint32_t number, char name[static WEIGH_COLUMN_NAME])
{
	*name = 0;
	for (; names && number; number--) {
		names = strchr(names, ',');
		names = names ? names + 2 : NULL;
	}
	if (names && strcspn(names, ",") < WEIGH_COLUMN_NAME)
		snprintf(name, WEIGH_COLUMN_NAME, "%.*s", (int)strcspn(names, ","), names);
}

static struct weigh_column *add_column(struct weigh_pandas *pandas)
{
	if (!weigh_grow(&pandas->columns, &pandas->column_room, pandas->column_count,
			sizeof(*pandas->columns)))
		return NULL;
	struct weigh_column *column = &pandas->columns[pandas->column_count++];
	*column = (struct weigh_column){.frame = pandas->frame_count};
	return column;
}

static enum weigh_column_kind kind_of(const struct weigh_heap_graph *graph, uint32_t block, uint32_t array)
{
	uint32_t values = extension_below(graph, block, false);

	if (!strcmp(variant_of(graph, array), "object"))
		return WEIGH_COLUMN_OBJECTS;
	return values != WEIGH_NO_OBJECT && !strcmp(type_of(graph, values), "Categorical")
		       ? WEIGH_COLUMN_CODES
		       : WEIGH_COLUMN_OTHER;
}

/* Whether all its items are among the references: those of an array that does not own them are not. */
static bool has_items(const struct weigh_heap_graph *graph, uint32_t array)
{
	uint32_t there = graph->first[array + 1] - graph->first[array];

	return there == (uint64_t)graph->length[array] + weigh_heap_shape(graph, array)->slot_count;
}

/* Whether the rows of the array are the columns: not known of one that lies column by column. */
static bool lies_by_rows(const struct weigh_heap_graph *graph, uint32_t array, uint32_t rows)
{
	const char *label = weigh_heap_label(graph, array);
	uint32_t there, others;

	return rows == 1 || (label && sscanf(label, "%u x %u", &there, &others) == 2 && there == rows);
}

/* Columns of pyarrow come one by one; of what is in them nothing is known but that they are there. */
static bool add_arrow(struct finder *f, uint32_t block, bool single, const char *names)
{
	struct weigh_pandas *pandas = f->pandas;
	uint32_t values = extension_below(f->graph, block, true), places[COLUMNS_MOST] = {0};

	if (values == WEIGH_NO_OBJECT || pandas->covered[values] ||
	    (!single && read_places(f->graph, block, places) != 1))
		return true;
	struct weigh_column *column = add_column(pandas);
	if (!column)
		return false;
	pandas->covered[values] = 1;
	pandas->frames[pandas->frame_count].arrow++;
	copy_name(names, places[0], column->name);
	column->array = values;
	column->kind = WEIGH_COLUMN_ARROW;
	return true;
}

static bool add_block(struct finder *f, uint32_t block, bool single, const char *names)
{
	const struct weigh_heap_graph *graph = f->graph;
	uint32_t array = array_below(graph, block), places[COLUMNS_MOST] = {0};
	uint32_t owner = array == WEIGH_NO_OBJECT ? array : owner_of(graph, array);

	if (array == WEIGH_NO_OBJECT)
		return add_arrow(f, block, single, names);
	if (owner == WEIGH_NO_OBJECT || f->pandas->covered[owner])
		return true;
	uint32_t count = single ? 1 : read_places(graph, block, places);
	if (count == COLUMNS_MOST)
		return true;
	enum weigh_column_kind kind = kind_of(graph, block, owner);
	uint64_t length = graph->length[owner];
	if (!count || length % count ||
	    (kind == WEIGH_COLUMN_OBJECTS && !(has_items(graph, owner) && lies_by_rows(graph, owner, count))))
		return true;
	f->pandas->covered[owner] = 1;
	f->pandas->frames[f->pandas->frame_count].bytes += (double)weigh_heap_gross(graph, owner);
	for (uint32_t i = 0; i < count; i++) {
		struct weigh_column *column = add_column(f->pandas);
		if (!column)
			return false;
		copy_name(names, places[i], column->name);
		column->array = owner;
		column->rows = length / count;
		column->first = i * column->rows;
		column->item = item_bytes(variant_of(graph, owner));
		column->kind = kind;
	}
	return true;
}

static bool add_manager(struct finder *f, uint32_t manager, bool single)
{
	const struct weigh_heap_graph *graph = f->graph;
	struct weigh_pandas *pandas = f->pandas;
	uint32_t blocks = find_below(graph, manager, WEIGH_SNAPSHOT_TUPLE, NULL);
	const char *names = single ? NULL : names_of(graph, manager);

	if (blocks == WEIGH_NO_OBJECT)
		return true;
	if (!weigh_grow(&pandas->frames, &pandas->frame_room, pandas->frame_count, sizeof(*pandas->frames)))
		return false;
	struct weigh_frame_table *frame = &pandas->frames[pandas->frame_count];
	*frame = (struct weigh_frame_table){.manager = manager, .first = pandas->column_count};
	for (uint32_t at = graph->first[blocks]; at < graph->first[blocks + 1]; at++) {
		if (graph->targets[at] != WEIGH_NO_OBJECT && !add_block(f, graph->targets[at], single, names))
			return false;
	}
	frame->count = pandas->column_count - frame->first;
	pandas->frame_count += frame->count != 0;
	return true;
}

/* Types are few; a heap without pandas is done with them. */
static bool has_managers(const struct weigh_heap_graph *graph)
{
	for (uint32_t i = 0; i < graph->type_count; i++) {
		if (!strcmp(weigh_heap_text(graph, graph->types[i].module, NULL), managers_module))
			return true;
	}
	return false;
}

static bool find_managers(struct finder *f, const char *name, bool single)
{
	const struct weigh_heap_graph *graph = f->graph;

	for (uint32_t i = 0; i < graph->object_count; i++) {
		if (form_of(graph, i) != WEIGH_SNAPSHOT_PLAIN || strcmp(type_of(graph, i), name) != 0 ||
		    strcmp(module_of(graph, i), managers_module) != 0)
			continue;
		if (!add_manager(f, i, single))
			return false;
	}
	return true;
}

struct weigh_error *weigh_pandas_init(struct weigh_pandas *pandas, const struct weigh_heap_graph *graph)
{
	struct finder f = {graph, pandas};

	*pandas = (struct weigh_pandas){0};
	if (!has_managers(graph))
		return NULL;
	pandas->covered = calloc((size_t)graph->object_count + 1, 1);
	/* A series may be a column of a frame, shown once more. */
	if (!pandas->covered || !find_managers(&f, "BlockManager", false) ||
	    !find_managers(&f, "SingleBlockManager", true))
		return weigh_error_create_memory();
	return NULL;
}

void weigh_pandas_deinit(struct weigh_pandas *pandas)
{
	free(pandas->columns);
	free(pandas->frames);
	free(pandas->covered);
	*pandas = (struct weigh_pandas){0};
}

int weigh_read_call(const char *text)
{
	const char *at = text ? strstr(text, "read_csv(") : NULL;
	int depth = 0;

	for (; at && *at; at++) {
		depth += *at == '(';
		depth -= *at == ')';
		if (*at == ')' && !depth)
			return (int)(at - text);
	}
	return 0;
}

double weigh_categories_bytes(uint64_t values)
{
	enum { POINTER = 8 };
	uint64_t buckets = 32;

	while ((double)buckets * 0.77 < (double)values)
		buckets *= 2;
	return (double)(values * POINTER) + (double)buckets * (2 * POINTER + 0.25);
}

const uint32_t *weigh_column_items(const struct weigh_heap_graph *graph, const struct weigh_column *column)
{
	uint32_t slots = weigh_heap_shape(graph, column->array)->slot_count;

	return graph->targets + graph->first[column->array] + slots + column->first;
}
