/*
 * The frames and series of pandas in a snapshot, column by column: which array
 * holds a column, at which of its items it begins, and what it is called.
 *
 * A frame keeps columns of one dtype as the rows of one array, a block; beside
 * it stands which columns these are. Names are known where the snapshot kept
 * what the short array of them holds.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_ADVICE_PANDAS_H
#define WEIGH_ADVICE_PANDAS_H

#include "base/error.h"
#include "heap/graph.h"

#include <stdbool.h>
#include <stdint.h>

enum { WEIGH_COLUMN_NAME = 64 };

enum weigh_column_kind {
	WEIGH_COLUMN_OBJECTS, /* an array of references: text, or anything */
	WEIGH_COLUMN_CODES,   /* a category: codes, and an index of values */
	WEIGH_COLUMN_ARROW,   /* kept by pyarrow: neither items nor bytes are known */
	WEIGH_COLUMN_OTHER,   /* numbers, dates, or what lies outside Python */
};

struct weigh_column {
	char name[WEIGH_COLUMN_NAME]; /* empty: not known */
	uint32_t frame; /* index of the frame */
	uint32_t
		array; /* object: the array whose own block it lies in; of pyarrow's what pandas wraps it in */
	uint64_t first, rows; /* items of the array */
	double item; /* bytes of one; 0: not known */
	enum weigh_column_kind kind;
};

struct weigh_frame_table {
	uint32_t manager; /* object: what holds the blocks */
	uint32_t first, count; /* columns */
	uint32_t arrow; /* of these, kept by pyarrow */
	double bytes; /* that the arrays occupy, without what they refer to and without pyarrow's */
};

struct weigh_pandas {
	struct weigh_column *columns;
	uint32_t column_count;
	struct weigh_frame_table *frames;
	uint32_t frame_count;
	uint8_t *covered; /* for each object: whether it is an array of a column; NULL without frames */
	uint32_t column_room, frame_room; /* private */
};

/* End with weigh_pandas_deinit(), also after an error. Without pandas it is empty, and costs a look at the types. */
struct weigh_error *weigh_pandas_init(struct weigh_pandas *pandas, const struct weigh_heap_graph *graph);
void weigh_pandas_deinit(struct weigh_pandas *pandas);

/* The items of a column of objects: `column->rows` references. Owned by the graph. */
const uint32_t *weigh_column_items(const struct weigh_heap_graph *graph, const struct weigh_column *column);

/* Where a call of read_csv() on a line of Python ends: offset of its last parenthesis. 0: it has none that ends there. */
int weigh_read_call(const char *text);

/* What a category keeps beside codes and values: the array of its values, and the hash table over them. */
double weigh_categories_bytes(uint64_t values);

#endif
