/*
 * A chart of text: bytes over time in columns of characters. What is in both
 * of two rows of values is solid; above it stands a part of the first that has
 * a mark of its own, and above that what is in one of them only.
 *
 * One thread; allocates nothing.
 */
#ifndef WEIGH_REPORT_CHART_H
#define WEIGH_REPORT_CHART_H

#include "report/style.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
	WEIGH_CHART_INDENT = 11, /* columns left of the chart, where labels stand */
	WEIGH_CHART_WIDEST = 240,
};

struct weigh_chart_column {
	double one, other; /* bytes; -1: no value fell here */
	double apart;      /* bytes of `one` above `other` */
};

enum weigh_chart_mark {
	WEIGH_CHART_NONE,
	WEIGH_CHART_BOTH,
	WEIGH_CHART_ONE,
	WEIGH_CHART_OTHER,
	WEIGH_CHART_APART,
};

struct weigh_chart {
	const struct weigh_style *style; /* borrowed */
	struct weigh_chart_column columns[WEIGH_CHART_WIDEST];
	int width, rows;
	double top; /* bytes at the upper edge */
};

/* An empty chart, as wide as the style says. */
void weigh_chart_init(struct weigh_chart *chart, const struct weigh_style *style, int rows);

/* The column of a part, 0 to 1, of the time. */
int weigh_chart_column_of(const struct weigh_chart *chart, double part);

/* Values at a part of the time: a column shows its highest, so that no short peak is lost. */
void weigh_chart_raise(struct weigh_chart *chart, double part, struct weigh_chart_column values);

/* Columns between two values take the one before. */
void weigh_chart_fill(struct weigh_chart *chart);

/* Sets the upper edge to a round number above all values, and above `least`. */
void weigh_chart_scale(struct weigh_chart *chart, double least);

/* The chart with its labels at the left, without an axis of time. */
void weigh_chart_print(const struct weigh_chart *chart, FILE *out);

/* The axis of time below it, from a time to a later one. */
void weigh_chart_axis(const struct weigh_chart *chart, uint64_t from_ns, uint64_t to_ns, FILE *out);

/* Whether the chart, once it has its scale, shows a mark. */
bool weigh_chart_shows(const struct weigh_chart *chart, enum weigh_chart_mark mark);

const char *weigh_chart_mark(const struct weigh_style *style, enum weigh_chart_mark mark);

#endif
