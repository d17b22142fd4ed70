/*
 * A report for programs: JSON of schema weigh.report/1, and CSV.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_REPORT_JSON_H
#define WEIGH_REPORT_JSON_H

#include "base/error.h"
#include "report/report.h"
#include "report/rows.h"
#include "report/tree.h"

#include <stdbool.h>
#include <stdio.h>

/* What goes into the JSON besides the capture's own facts. */
struct weigh_json_parts {
	const struct weigh_view *view;
	const struct weigh_rows *rows;
	const struct weigh_tree *tree; /* NULL: leave out */
	const char *filter;            /* NULL: none */
	bool timeline;
	bool sizes;
};

/* Write one JSON document and a newline. */
struct weigh_error *weigh_json_print(const struct weigh_report *report, const struct weigh_json_parts *parts,
				     FILE *out);

/* Write rows as CSV with a line of column names (RFC 4180, lines end with CR LF). */
void weigh_csv_print(const struct weigh_report *report, const struct weigh_rows *rows, FILE *out);

/* A whole number of bytes or blocks with its interval. */
struct weigh_whole {
	uint64_t value, low, high; /* low <= value <= high */
};

/*
 * Rounds numbers so that they still add up: each takes over what the ones
 * before it left. Start with 0; whole numbers stay themselves.
 */
struct weigh_whole weigh_whole_next(double *carry, struct weigh_estimate estimate);

#endif
