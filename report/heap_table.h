/*
 * A table of a heap report: rows that meet the filter, as many as the limit
 * leaves room for, and a line that counts the others.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_REPORT_HEAP_TABLE_H
#define WEIGH_REPORT_HEAP_TABLE_H

#include "report/grid.h"
#include "report/heap.h"

struct weigh_heap_table {
	struct weigh_grid grid; /* cells of a row go here */
	const struct weigh_heap_report *report;
	uint64_t limit; /* rows at most; 0: all */
	uint64_t shown, cut;
};

/* Begins a table under the report's limit. Report and columns must outlive it; ends with weigh_heap_table_end(). */
void weigh_heap_table_init(struct weigh_heap_table *table, const struct weigh_heap_report *report,
			   const struct weigh_grid_column *columns, int column_count);

/* Counts a row; false when there is no room for it and its cells are to be left out. */
bool weigh_heap_table_row(struct weigh_heap_table *table);

/* Prints the table and what was left out, with the option that shows it; releases the table either way. */
struct weigh_error *weigh_heap_table_end(struct weigh_heap_table *table, const char *hint, FILE *out);

/* Whether the filter, if there is one, admits a row of this name, or of this place; NULL: it has none. */
bool weigh_heap_meets(const struct weigh_heap_report *report, const char *name, const char *where);

#endif
