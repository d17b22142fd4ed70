/*
 * Pieces of one view of the heap that another shows too.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_REPORT_HEAP_PARTS_H
#define WEIGH_REPORT_HEAP_PARTS_H

#include "heap/duplicates.h"
#include "heap/types.h"
#include "report/heap.h"

/* The table of types, at most `limit` rows (0: all). */
struct weigh_error *weigh_heap_types_print(const struct weigh_heap_report *report,
					   const struct weigh_heap_types *types, uint32_t limit, FILE *out);

/* "'W' 480,102, 'U' 120,001": values with how often they are there; empty when none is known. Returns `text`. */
char *weigh_heap_often_text(const struct weigh_heap_report *report,
			    const struct weigh_heap_often often[WEIGH_HEAP_OFTEN], int most,
			    char text[WEIGH_HEAP_WHERE]);

/* Add them as a list of "value" and "count". */
void weigh_heap_add_often(const struct weigh_heap_report *report, struct weigh_document *document,
			  yyjson_mut_val *object, const struct weigh_heap_often often[WEIGH_HEAP_OFTEN]);

#endif
