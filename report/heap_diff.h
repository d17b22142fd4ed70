/*
 * `weigh heap --diff A B`: two snapshots compared.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_REPORT_HEAP_DIFF_H
#define WEIGH_REPORT_HEAP_DIFF_H

#include "base/error.h"
#include "report/heap.h"

#include <stdio.h>

enum { WEIGH_HEAP_DIFF_NEEDS = WEIGH_HEAP_NEEDS_DOMINATORS | WEIGH_HEAP_NEEDS_LINES };

/* Both reports are made with WEIGH_HEAP_DIFF_NEEDS; limit and filter are those of `after`. */
struct weigh_error *weigh_heap_diff_print(const struct weigh_heap_report *before,
					  const struct weigh_heap_report *after, FILE *out);

/* The title of `after` and its parts are in the document already, or not wanted. */
struct weigh_error *weigh_heap_diff_add(const struct weigh_heap_report *before,
					const struct weigh_heap_report *after,
					struct weigh_document *document);

#endif
