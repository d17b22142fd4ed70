/*
 * Rows as a table of text, as wide as the terminal.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_REPORT_TABLE_H
#define WEIGH_REPORT_TABLE_H

#include "report/report.h"
#include "report/rows.h"

/* Print rows under a line of column heads; what the limit cut comes last in one line. */
void weigh_table_print(const struct weigh_report *report, const struct weigh_rows *rows, FILE *out);

#endif
