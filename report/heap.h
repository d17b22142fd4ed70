/*
 * Reports on a snapshot of the heap: what they all need, and the list of
 * views, each of which prints text and fills its part of the JSON.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_REPORT_HEAP_H
#define WEIGH_REPORT_HEAP_H

#include "base/error.h"
#include "capture/open.h"
#include "heap/dominators.h"
#include "heap/equal.h"
#include "heap/frames.h"
#include "heap/graph.h"
#include "heap/places.h"
#include "report/document.h"
#include "report/source.h"
#include "report/style.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What a view wants to be made of the graph beforehand. */
enum weigh_heap_needs {
	WEIGH_HEAP_NEEDS_DOMINATORS = 1,
	WEIGH_HEAP_NEEDS_PLACES = 2,
	WEIGH_HEAP_NEEDS_EQUAL = 4,
	WEIGH_HEAP_NEEDS_LINES = 8,
};

struct weigh_heap_report {
	const struct weigh_heap_graph *graph; /* the caller's; must outlive the report */
	const struct weigh_capture *capture;  /* the same; NULL for a snapshot by itself */
	struct weigh_heap_dominators *dominators; /* this and the next three: NULL without their need */
	struct weigh_heap_places *places;
	struct weigh_heap_equal *equal;
	struct weigh_heap_lines *lines;
	struct weigh_sources *sources;
	struct weigh_style style;
	uint64_t gross, net;  /* of all objects */
	uint32_t limit;       /* rows at most; 0: all */
	bool limit_given;     /* by the user, who then gets as many of whatever it is */
	const char *filter;   /* NULL: none */
	const char *argument; /* of the view's option; NULL: none */
};

struct weigh_heap_view {
	unsigned needs; /* enum weigh_heap_needs */
	struct weigh_error *(*print)(const struct weigh_heap_report *report, FILE *out);
	struct weigh_error *(*add)(const struct weigh_heap_report *report, struct weigh_document *document);
};

extern const struct weigh_heap_view weigh_heap_view_types;      /* report/heap_types.c */
extern const struct weigh_heap_view weigh_heap_view_duplicates; /* report/heap_duplicates.c */
extern const struct weigh_heap_view weigh_heap_view_containers; /* report/heap_containers.c */
extern const struct weigh_heap_view weigh_heap_view_fields;     /* report/heap_fields.c */
extern const struct weigh_heap_view weigh_heap_view_sites;      /* report/heap_sites.c */
extern const struct weigh_heap_view weigh_heap_view_paths;      /* report/heap_paths.c */
extern const struct weigh_heap_view weigh_heap_view_retained;   /* report/heap_retained.c */
extern const struct weigh_heap_view weigh_heap_view_suspects;   /* report/heap_suspects.c */
extern const struct weigh_heap_view weigh_heap_view_modules;    /* report/heap_modules.c */

/* Parts that a report goes through, for weigh_progress_start(): reading it, what it needs, adding up. */
enum { WEIGH_HEAP_PARTS = 5 };

/*
 * Makes what is needed, and tells weigh_progress_next() of it; limit, filter and argument are left to the caller.
 * End with weigh_heap_report_deinit().
 */
struct weigh_error *weigh_heap_report_init(struct weigh_heap_report *report,
					   const struct weigh_heap_graph *graph,
					   const struct weigh_capture *capture, unsigned needs,
					   const struct weigh_style *style);
void weigh_heap_report_deinit(struct weigh_heap_report *report);

/* Print the lines about the program, the moment, the sums, and what of the process is no object. */
void weigh_heap_title(const struct weigh_heap_report *report, FILE *out);

/* Add what stands above all views in the JSON. */
void weigh_heap_add_title(const struct weigh_heap_report *report, struct weigh_document *document);

/* Print a heading: bold, on a line of its own. */
void weigh_heap_heading(const struct weigh_heap_report *report, const char *text, FILE *out);

/* Print how many rows were left out, if any. */
void weigh_heap_more(const struct weigh_heap_report *report, uint64_t count, const char *hint, FILE *out);

/* Whether the limit and the rows so far leave room for another. */
bool weigh_heap_room(const struct weigh_heap_report *report, uint64_t rows);

enum { WEIGH_HEAP_WHERE = 512 };

/* "app.py:12 load": a frame as people read it. Returns `text`. */
char *weigh_heap_frame_text(const struct weigh_heap_report *report, const struct weigh_heap_frame *frame,
			    char text[WEIGH_HEAP_WHERE]);

/* The same for a line, with what allocated for it: "app.py:12 load, by csv.py:178 __next__". */
char *weigh_heap_line_text(const struct weigh_heap_report *report, const struct weigh_heap_line *line,
			   char text[WEIGH_HEAP_WHERE]);

/* Add "file", "line", "function" and "by", the frame that allocated on behalf of the line, or null. */
void weigh_heap_add_line(struct weigh_document *document, yyjson_mut_val *object,
			 const struct weigh_heap_line *line);

/* The same as an object under `key`; null for NULL. */
void weigh_heap_add_site(struct weigh_document *document, yyjson_mut_val *object, const char *key,
			 const struct weigh_heap_line *line);

#endif
