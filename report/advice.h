/*
 * Advice as people and programs read it: text, JSON of schema weigh.advice/1,
 * SARIF 2.1.0 and annotations for GitHub.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_REPORT_ADVICE_H
#define WEIGH_REPORT_ADVICE_H

#include "advice/evidence.h"
#include "advice/finding.h"
#include "base/error.h"
#include "report/source.h"
#include "report/style.h"

#include <stdbool.h>
#include <stdio.h>

struct weigh_advice_report {
	const struct weigh_advice *advice;     /* the caller's, as all here */
	const struct weigh_evidence *evidence;
	const char *path;                      /* of the capture */
	struct weigh_sources *sources;         /* for paths */
	struct weigh_style style;
	uint32_t limit; /* findings at most; 0: all */
	bool rejected;  /* what was considered, too */
	bool ladder;    /* every way to keep each table, too */
};

void weigh_advice_print(const struct weigh_advice_report *report, FILE *out);

/* One line for each of the first findings, for the end of another report; nothing without any. */
void weigh_advice_print_brief(const struct weigh_advice_report *report, FILE *out);

/*
 * The same for a capture with a snapshot in it; nothing for one without. Takes
 * the time to read that: seconds for millions of objects.
 */
struct weigh_error *weigh_advice_brief(const struct weigh_capture *capture, struct weigh_sources *sources,
				       const struct weigh_style *style, FILE *out);

/* Write one JSON document and a newline. */
struct weigh_error *weigh_advice_print_json(const struct weigh_advice_report *report, FILE *out);
struct weigh_error *weigh_advice_print_sarif(const struct weigh_advice_report *report, FILE *out);

/* A line `::warning ...` for each finding that has a line to edit, `::notice` for the others. */
void weigh_advice_print_github(const struct weigh_advice_report *report, FILE *out);

/* What each table would take in each way. */
void weigh_advice_print_ladder(const struct weigh_advice_report *report, FILE *out);

/* What a saving is of, as it follows the bytes: "of the peak", "live at the end"; static. */
const char *weigh_advice_quantity(enum weigh_quantity quantity);

/* How many findings are shown. */
uint32_t weigh_advice_shown(const struct weigh_advice_report *report);

#endif
