/*
 * `weigh heap --retained`: the objects that keep most alive.
 *
 * One thread; allocates with malloc.
 */
#include "heap/retained.h"

#include "report/heap_words.h"
#include "report/rows.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	COLUMN = 41,      /* where paths begin, after the numbers */
	SHARE = 9,        /* columns more for the share */
	SHARE_FITS = 100, /* from this width on */
};

/* Objects whose route, its type included, meets the filter; NULL without one, or without memory. */
static uint8_t *choose(const struct weigh_heap_report *report, const struct weigh_routes *routes)
{
	uint8_t *met = calloc((size_t)routes->count + 1, 1);
	uint8_t *chosen = calloc((size_t)report->graph->object_count + 1, 1);

	for (uint32_t route = 0; met && chosen && route < routes->count; route++) {
		struct weigh_words words;
		struct weigh_error *error = weigh_words_of_route(routes, route, &words);
		char *text = error ? NULL : weigh_words_join(&words, " ", 0);
		met[route] = text && weigh_filter_meets(report->filter, NULL, text);
		free(text);
		if (!error)
			weigh_words_deinit(&words);
		weigh_error_destroy(error);
	}
	for (uint32_t i = 0; met && chosen && i < report->graph->object_count; i++)
		chosen[i] = met[routes->route_of[i]];
	if (!met) {
		free(chosen);
		chosen = NULL;
	}
	free(met);
	return chosen;
}

static struct weigh_error *find(const struct weigh_heap_report *report,
				const struct weigh_heap_tracks *tracks, struct weigh_retained *retained)
{
	uint8_t *chosen = report->filter ? choose(report, tracks->routes) : NULL;
	struct weigh_error *error = NULL;

	if (report->filter && !chosen)
		error = weigh_error_create_memory();
	if (!error)
		error = weigh_retained_init(retained, tracks->routes, tracks->below, chosen, report->limit);
	free(chosen);
	return error;
}

static struct weigh_error *print_rows(const struct weigh_heap_report *report,
				      const struct weigh_heap_tracks *tracks,
				      const struct weigh_retained *retained, FILE *out)
{
	bool share = !report->style.width || report->style.width >= SHARE_FITS;
	struct weigh_error *error = NULL;
	char text[WEIGH_NUMBER];

	weigh_heap_heading(report, "Retained: the objects that keep most alive", out);
	weigh_heap_print_head(report,
			      share ? "  RETAINED    SHARE     OBJECTS  OBJECT           PATH"
				    : "  RETAINED     OBJECTS  OBJECT           PATH",
			      out);
	for (uint32_t i = 0; i < retained->count && !error; i++) {
		const struct weigh_retained_row *row = &retained->rows[i];
		weigh_style_ink(&report->style, out, WEIGH_INK_BOLD);
		fprintf(out, "%10s ", weigh_bytes_text((double)row->retained, text));
		weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
		if (share)
			fprintf(out, "%8s ",
				weigh_share_text((double)row->retained / (double)report->gross, text));
		fprintf(out, "%11s  ", weigh_count_text((double)row->below, text));
		fprintf(out, "0x%-14" PRIx64 " ", report->graph->addresses[row->object]);
		error = weigh_heap_print_route(report, tracks->routes, tracks->routes->route_of[row->object],
					       share ? COLUMN + SHARE : COLUMN, out);
	}
	if (!error)
		weigh_heap_more(report, retained->rest, "--limit 0", out);
	return error;
}

static struct weigh_error *print(const struct weigh_heap_report *report, FILE *out)
{
	struct weigh_heap_tracks tracks;
	struct weigh_retained retained = {0};
	struct weigh_error *error = weigh_heap_tracks_init(&tracks, report);

	if (error)
		return error;
	error = find(report, &tracks, &retained);
	if (!error)
		error = print_rows(report, &tracks, &retained, out);
	weigh_retained_deinit(&retained);
	weigh_heap_tracks_deinit(&tracks);
	return error;
}

static struct weigh_error *add(const struct weigh_heap_report *report, struct weigh_document *document)
{
	struct weigh_heap_tracks tracks;
	struct weigh_retained retained = {0};
	struct weigh_error *error = weigh_heap_tracks_init(&tracks, report);
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(document->doc, document->root, "retained");

	if (error)
		return error;
	error = find(report, &tracks, &retained);
	for (uint32_t i = 0; i < retained.count && !error; i++) {
		const struct weigh_retained_row *row = &retained.rows[i];
		yyjson_mut_val *value = yyjson_mut_arr_add_obj(document->doc, array);
		weigh_heap_add_object(report, document, value, row->object);
		weigh_document_uint(document, value, "retained", row->retained);
		weigh_document_uint(document, value, "gross", row->gross);
		weigh_document_uint(document, value, "objects", row->below);
		error = weigh_heap_add_route(document, value, tracks.routes,
					     tracks.routes->route_of[row->object]);
	}
	weigh_retained_deinit(&retained);
	weigh_heap_tracks_deinit(&tracks);
	return error;
}

const struct weigh_heap_view weigh_heap_view_retained = {WEIGH_HEAP_NEEDS_DOMINATORS, print, add};
