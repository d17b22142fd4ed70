/*
 * A table of text of any columns: numbers to the right, the last column takes
 * what is left of the line. On a narrow terminal columns go, the least telling
 * first.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_REPORT_GRID_H
#define WEIGH_REPORT_GRID_H

#include "base/error.h"
#include "report/style.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct weigh_grid_column {
	const char *head;
	bool left;    /* texts; numbers stand to the right */
	bool bold;    /* what the rows are sorted by */
	bool filled; /* shown only when a row has something in it */
	uint8_t goes; /* 1 goes first when there is no room; 0 stays */
};

struct weigh_grid {
	const struct weigh_style *style;
	const struct weigh_grid_column *columns;
	int column_count;
	char **cells; /* private: row after row */
	size_t count, room;
	bool failed; /* a cell found no memory */
};

/* Columns and style must outlive the grid. End with weigh_grid_deinit(). */
void weigh_grid_init(struct weigh_grid *grid, const struct weigh_style *style,
		     const struct weigh_grid_column *columns, int column_count);
void weigh_grid_deinit(struct weigh_grid *grid);

/* The next cell, from left to right; the text is copied, and made fit for a terminal. */
void weigh_grid_cell(struct weigh_grid *grid, const char *text);

/* The same of a format as printf takes it. */
void weigh_grid_format(struct weigh_grid *grid, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void weigh_grid_bytes(struct weigh_grid *grid, double bytes);
void weigh_grid_count(struct weigh_grid *grid, double count);

/* A part of a whole; "-" when that is 0. */
void weigh_grid_share(struct weigh_grid *grid, double part, double whole);

/* Print all rows under the heads, `indent` columns from the left; "nothing" when there are none. */
struct weigh_error *weigh_grid_print(struct weigh_grid *grid, int indent, FILE *out);

#endif
