/*
 * `weigh heap --suspects`: where much of the heap accumulates.
 *
 * One thread; allocates with malloc.
 */
#include "heap/suspects.h"

#include "report/heap_words.h"
#include "report/rows.h"

#include <inttypes.h>
#include <stdlib.h>

static const double LEAST_SHARE = 0.1; /* of the heap: less is no suspect */

enum { INDENT = 2 };

/* The name by which a person would know it: its way without the type at the end. */
static char *name_of(const struct weigh_heap_report *report, const struct weigh_heap_tracks *tracks,
		     const struct weigh_suspect *suspect)
{
	return weigh_route_text(tracks->routes, suspect->route, weigh_heap_arrow(report), 0);
}

static bool meets(const struct weigh_heap_report *report, const struct weigh_heap_tracks *tracks,
		  const struct weigh_suspect *suspect)
{
	if (!report->filter)
		return true;
	char *name = name_of(report, tracks, suspect);
	bool met = name && weigh_filter_meets(report->filter, NULL, name);
	free(name);
	return met;
}

static void print_title(const struct weigh_heap_report *report, const struct weigh_suspect *suspect,
			FILE *out)
{
	char bytes[WEIGH_NUMBER], share[WEIGH_NUMBER], count[WEIGH_NUMBER];

	fputc('\n', out);
	weigh_style_ink(&report->style, out, WEIGH_INK_BOLD);
	fprintf(out, "%s, %s of the heap", weigh_bytes_text((double)suspect->retained, bytes),
		weigh_share_text(suspect->share, share));
	weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
	fprintf(out, ", %s objects%s\n", weigh_count_text((double)suspect->below, count),
		suspect->object == WEIGH_NO_OBJECT ? ", which several owners share" : "");
}

static void print_accumulated(const struct weigh_heap_report *report, const struct weigh_suspect *suspect,
			      FILE *out)
{
	char text[WEIGH_NUMBER], name[WEIGH_HEAP_NAME];
	uint64_t told = 0;

	for (uint32_t i = 0; i < suspect->type_count; i++) {
		const struct weigh_suspect_type *type = &suspect->types[i];
		fprintf(out, "    %10s ", weigh_bytes_text((double)type->retained, text));
		fprintf(out, "%11s  ", weigh_count_text((double)type->count, text));
		weigh_text_print(&report->style, out, weigh_heap_type_name(report->graph, type->type, name),
				 report->style.width ? report->style.width - 28 : 0);
		fputc('\n', out);
		told += type->count;
	}
	if (told < suspect->children)
		fprintf(out, "    %10s %11s  of other types\n", "",
			weigh_count_text((double)(suspect->children - told), text));
}

static void print_line(const struct weigh_heap_report *report, const struct weigh_suspect *suspect, FILE *out)
{
	char where[WEIGH_HEAP_WHERE], share[WEIGH_NUMBER];

	if (suspect->line == WEIGH_NO_OBJECT)
		return;
	fprintf(out, "  made at ");
	weigh_text_print(&report->style, out,
			 weigh_heap_line_text(report, &report->lines->lines[suspect->line], where),
			 report->style.width ? report->style.width - 20 : 0);
	fprintf(out, " (%s)\n", weigh_share_text(suspect->line_share, share));
}

static struct weigh_error *print_one(const struct weigh_heap_report *report,
				     const struct weigh_heap_tracks *tracks,
				     const struct weigh_suspect *suspect, FILE *out)
{
	print_title(report, suspect, out);
	fprintf(out, "%*s", INDENT, "");
	struct weigh_error *error =
		weigh_heap_print_route(report, tracks->routes, suspect->route, INDENT, out);
	if (error)
		return error;
	if (suspect->object != WEIGH_NO_OBJECT)
		fprintf(out, "  accumulates at 0x%" PRIx64 ", which keeps:\n",
			report->graph->addresses[suspect->object]);
	print_accumulated(report, suspect, out);
	print_line(report, suspect, out);
	return NULL;
}

static struct weigh_error *print_all(const struct weigh_heap_report *report,
				     const struct weigh_heap_tracks *tracks,
				     const struct weigh_suspects *suspects, FILE *out)
{
	uint64_t shown = 0, cut = 0;

	weigh_heap_heading(report, "Suspects: what alone keeps more than 10 % of the heap", out);
	if (!suspects->count)
		fputs("  nothing: the heap is spread over many owners\n", out);
	for (uint32_t i = 0; i < suspects->count; i++) {
		const struct weigh_suspect *suspect = &suspects->suspects[i];
		if (!meets(report, tracks, suspect))
			continue;
		if (!weigh_heap_room(report, shown)) {
			cut++;
			continue;
		}
		struct weigh_error *error = print_one(report, tracks, suspect, out);
		if (error)
			return error;
		shown++;
	}
	weigh_heap_more(report, cut, "--limit 0", out);
	return NULL;
}

static struct weigh_error *print(const struct weigh_heap_report *report, FILE *out)
{
	struct weigh_heap_tracks tracks;
	struct weigh_suspects suspects;
	struct weigh_error *error = weigh_heap_tracks_init(&tracks, report);

	if (error)
		return error;
	error = weigh_suspects_init(&suspects, tracks.routes, tracks.below, report->lines, LEAST_SHARE);
	if (!error) {
		error = print_all(report, &tracks, &suspects, out);
		weigh_suspects_deinit(&suspects);
	}
	weigh_heap_tracks_deinit(&tracks);
	return error;
}

static void add_types(const struct weigh_heap_report *report, const struct weigh_suspect *suspect,
		      yyjson_mut_val *row, struct weigh_document *document)
{
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(document->doc, row, "types");
	char name[WEIGH_HEAP_NAME];

	for (uint32_t i = 0; i < suspect->type_count; i++) {
		const struct weigh_suspect_type *type = &suspect->types[i];
		yyjson_mut_val *one = yyjson_mut_arr_add_obj(document->doc, array);
		weigh_document_outside(document, one, "type",
				       weigh_heap_type_name(report->graph, type->type, name));
		weigh_document_uint(document, one, "count", type->count);
		weigh_document_uint(document, one, "gross", type->gross);
		weigh_document_uint(document, one, "retained", type->retained);
	}
}

static void add_steps(const struct weigh_heap_report *report, const struct weigh_suspect *suspect,
		      yyjson_mut_val *row, struct weigh_document *document)
{
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(document->doc, row, "dominators");

	for (uint32_t i = 0; i < suspect->step_count; i++) {
		yyjson_mut_val *step = yyjson_mut_arr_add_obj(document->doc, array);
		weigh_heap_add_object(report, document, step, suspect->steps[i]);
		weigh_document_uint(document, step, "retained",
				    report->dominators->retained[suspect->steps[i]]);
	}
}

static struct weigh_error *add_one(const struct weigh_heap_report *report,
				   const struct weigh_heap_tracks *tracks,
				   const struct weigh_suspect *suspect, yyjson_mut_val *row,
				   struct weigh_document *document)
{
	char *name = name_of(report, tracks, suspect);

	weigh_document_outside(document, row, "name", name);
	free(name);
	weigh_document_uint(document, row, "retained", suspect->retained);
	yyjson_mut_obj_add_real(document->doc, row, "share", suspect->share);
	struct weigh_error *error = weigh_heap_add_route(document, row, tracks->routes, suspect->route);
	if (error)
		return error;
	if (suspect->object != WEIGH_NO_OBJECT) {
		weigh_heap_add_object(report, document, row, suspect->object);
	} else {
		yyjson_mut_obj_add_null(document->doc, row, "id");
		yyjson_mut_obj_add_null(document->doc, row, "type");
	}
	weigh_document_uint(document, row, "objects", suspect->below);
	weigh_document_uint(document, row, "children", suspect->children);
	add_types(report, suspect, row, document);
	add_steps(report, suspect, row, document);
	bool known = suspect->line != WEIGH_NO_OBJECT;
	weigh_heap_add_site(document, row, "site", known ? &report->lines->lines[suspect->line] : NULL);
	yyjson_mut_obj_add_real(document->doc, row, "site_share", suspect->line_share);
	return NULL;
}

static struct weigh_error *add(const struct weigh_heap_report *report, struct weigh_document *document)
{
	struct weigh_heap_tracks tracks;
	struct weigh_suspects suspects = {0};
	struct weigh_error *error = weigh_heap_tracks_init(&tracks, report);
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(document->doc, document->root, "suspects");
	uint64_t shown = 0;

	if (error)
		return error;
	error = weigh_suspects_init(&suspects, tracks.routes, tracks.below, report->lines, LEAST_SHARE);
	for (uint32_t i = 0; i < suspects.count && !error && weigh_heap_room(report, shown); i++) {
		if (!meets(report, &tracks, &suspects.suspects[i]))
			continue;
		error = add_one(report, &tracks, &suspects.suspects[i],
				yyjson_mut_arr_add_obj(document->doc, array), document);
		shown++;
	}
	weigh_suspects_deinit(&suspects);
	weigh_heap_tracks_deinit(&tracks);
	return error;
}

const struct weigh_heap_view weigh_heap_view_suspects = {WEIGH_HEAP_NEEDS_DOMINATORS | WEIGH_HEAP_NEEDS_LINES,
							 print, add};
