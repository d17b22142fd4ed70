/*
 * A table of a heap report: see report/heap_table.h.
 *
 * One thread; allocates with malloc.
 */
#include "report/heap_table.h"

#include "report/rows.h"

void weigh_heap_table_init(struct weigh_heap_table *table, const struct weigh_heap_report *report,
			   const struct weigh_grid_column *columns, int column_count)
{
	*table = (struct weigh_heap_table){.report = report, .limit = report->limit};
	weigh_grid_init(&table->grid, &report->style, columns, column_count);
}

bool weigh_heap_table_row(struct weigh_heap_table *table)
{
	bool room = !table->limit || table->shown < table->limit;

	table->shown += room;
	table->cut += !room;
	return room;
}

struct weigh_error *weigh_heap_table_end(struct weigh_heap_table *table, const char *hint, FILE *out)
{
	struct weigh_error *error = weigh_grid_print(&table->grid, 0, out);

	weigh_grid_deinit(&table->grid);
	if (!error)
		weigh_heap_more(table->report, table->cut, hint, out);
	return error;
}

bool weigh_heap_meets(const struct weigh_heap_report *report, const char *name, const char *where)
{
	return !report->filter || (name && weigh_filter_meets(report->filter, NULL, name)) ||
	       (where && weigh_filter_meets(report->filter, NULL, where));
}
