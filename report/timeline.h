/*
 * Resident memory and recorded live bytes over time, as a plot of text.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_REPORT_TIMELINE_H
#define WEIGH_REPORT_TIMELINE_H

#include "base/error.h"
#include "report/report.h"

#include <stdio.h>

/* Print the plot as wide as the style says; a line of words when there are no points. */
struct weigh_error *weigh_timeline_print(const struct weigh_report *report, FILE *out);

#endif
