/*
 * The one screen after a program has run: peak, where it went, how it fits the
 * resident memory, what to type next.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_REPORT_SUMMARY_H
#define WEIGH_REPORT_SUMMARY_H

#include "base/error.h"
#include "capture/open.h"
#include "report/style.h"

#include <stdio.h>

/* Print the screen; about 24 lines. The capture stays the caller's. */
struct weigh_error *weigh_summary_print(const struct weigh_capture *capture, FILE *out,
					const struct weigh_style *style);

#endif
