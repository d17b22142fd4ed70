/*
 * The rows of a report: a view's blocks added up by line, function, file,
 * domain or thread, filtered, sorted and cut.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_REPORT_ROWS_H
#define WEIGH_REPORT_ROWS_H

#include "base/error.h"
#include "capture/estimate.h"
#include "capture/names.h"
#include "report/view.h"

#include <stdbool.h>
#include <stdint.h>

enum weigh_by {
	WEIGH_BY_LINE,
	WEIGH_BY_FUNCTION,
	WEIGH_BY_FILE,
	WEIGH_BY_DOMAIN,
	WEIGH_BY_THREAD,
};

enum weigh_sort {
	WEIGH_SORT_BYTES,
	WEIGH_SORT_BLOCKS,
	WEIGH_SORT_FOOTPRINT,
	WEIGH_SORT_AVERAGE,
	WEIGH_SORT_NAME,
};

struct weigh_query {
	enum weigh_by by;
	enum weigh_sort sort;
	uint32_t limit;     /* rows at most; 0: all */
	double least_share; /* of the view's bytes; smaller rows are cut too, but never all; 0: none */
	const char *filter; /* NULL: all; else a glob, or a part, of file or function */
};

/* What does not apply to the kind of row is NULL or 0. Texts belong to the names. */
struct weigh_row {
	const char *file;
	const char *function; /* by line: that of most of the bytes */
	const char *domain;
	const char *thread;
	uint32_t line;
	struct weigh_tally tally;
};

struct weigh_rows {
	enum weigh_by by;
	struct weigh_row *rows; /* sorted */
	uint32_t count;
	uint32_t cut;             /* rows that were left out */
	struct weigh_row others;  /* their sum */
	struct weigh_tally shown; /* all rows and others: what the filter let through */
	struct weigh_tally sum;   /* of the view */
	struct weigh_chance chance; /* of the view */
};

/*
 * Add up a view. End with weigh_rows_deinit(); `names` must outlive the rows.
 * Of equal rows the one that comes first by name comes first.
 */
struct weigh_error *weigh_rows_init(struct weigh_rows *rows, const struct weigh_view *view,
				    struct weigh_names *names, const struct weigh_query *query);
void weigh_rows_deinit(struct weigh_rows *rows);

/*
 * Whether a pattern meets a file (its path or its last part) or a function;
 * either may be NULL. A pattern with any of *?[ is a glob over the whole, one
 * without is a part.
 */
bool weigh_filter_meets(const char *pattern, const char *file, const char *function);

/* "line", "function" ...; static. */
const char *weigh_by_name(enum weigh_by by);

#endif
