/*
 * Ways through the heap on a screen and in JSON, and what the views that show
 * them are made from.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_REPORT_HEAP_WORDS_H
#define WEIGH_REPORT_HEAP_WORDS_H

#include "base/error.h"
#include "heap/below.h"
#include "heap/routes.h"
#include "heap/words.h"
#include "report/heap.h"

#include <stdint.h>
#include <stdio.h>

struct weigh_heap_tracks {
	struct weigh_heap_below *below;
	struct weigh_routes *routes;
};

/* Of a report with dominators, which must outlive them. End with weigh_heap_tracks_deinit(). */
struct weigh_error *weigh_heap_tracks_init(struct weigh_heap_tracks *tracks,
					   const struct weigh_heap_report *report);
void weigh_heap_tracks_deinit(struct weigh_heap_tracks *tracks);

/* What stands between two words: " → " or " -> ". */
const char *weigh_heap_arrow(const struct weigh_heap_report *report);

/*
 * Print words from column `column` of a line that has come so far, and a
 * newline; what finds no room goes on below, from the same column. In between
 * a long way its middle is left out.
 */
void weigh_heap_print_words(const struct weigh_heap_report *report, const struct weigh_words *words,
			    int column, FILE *out);

/* The same of a route, whose words are made for it. */
struct weigh_error *weigh_heap_print_route(const struct weigh_heap_report *report,
					   const struct weigh_routes *routes, uint32_t route, int column,
					   FILE *out);

/* Add words as a list of texts under "path". */
void weigh_heap_add_words(struct weigh_document *document, yyjson_mut_val *object,
			  const struct weigh_words *words);
struct weigh_error *weigh_heap_add_route(struct weigh_document *document, yyjson_mut_val *object,
					 const struct weigh_routes *routes, uint32_t route);

/* The address of an object as hex(id()) gives it, as a value. */
yyjson_mut_val *weigh_heap_id(struct weigh_document *document, const struct weigh_heap_graph *graph,
			      uint32_t object);

/* Add "id" and "type". */
void weigh_heap_add_object(const struct weigh_heap_report *report, struct weigh_document *document,
			   yyjson_mut_val *value, uint32_t object);

/* Print the head of a list whose rows begin with numbers: dim, `text` as it stands. */
void weigh_heap_print_head(const struct weigh_heap_report *report, const char *text, FILE *out);

#endif
