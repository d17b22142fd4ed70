/*
 * `weigh heap --paths`: how objects are reached from the roots.
 *
 * One thread; allocates with malloc.
 */
#include "heap/paths.h"

#include "report/heap_words.h"
#include "report/rows.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	COLUMN = 35,    /* where paths begin, after the numbers */
	WAYS_SHOWN = 5, /* of one object */
};

static bool meets(const struct weigh_heap_report *report, const struct weigh_routes *routes, uint32_t route)
{
	if (!report->filter)
		return true;
	char *text = weigh_route_text(routes, route, " ", 0);
	bool met = text && weigh_filter_meets(report->filter, NULL, text);
	free(text);
	return met;
}

static void print_numbers(const struct weigh_heap_report *report, uint64_t retained, uint64_t gross,
			  uint64_t objects, FILE *out)
{
	char text[WEIGH_NUMBER];

	weigh_style_ink(&report->style, out, WEIGH_INK_BOLD);
	fprintf(out, "%10s ", weigh_bytes_text((double)retained, text));
	weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
	fprintf(out, "%10s ", weigh_bytes_text((double)gross, text));
	fprintf(out, "%11s  ", weigh_count_text((double)objects, text));
}

/* What is to be said when `shared` objects in the rows shown have other shortest paths too. */
static void print_sharing(const struct weigh_heap_report *report, const struct weigh_heap_paths *paths,
			  uint64_t shared, FILE *out)
{
	char text[WEIGH_NUMBER];

	if (!shared)
		return;
	weigh_style_ink(&report->style, out, WEIGH_INK_DIM);
	fputs("  Objects with several shortest paths count in each of them.\n", out);
	if (paths->cut)
		fprintf(out, "  %s objects have %d kinds of paths or more: others are not shown.\n",
			weigh_count_text((double)paths->cut, text), WEIGH_PATH_KINDS);
	weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
}

static struct weigh_error *print_paths(const struct weigh_heap_report *report,
				       const struct weigh_heap_tracks *tracks,
				       const struct weigh_heap_paths *paths, FILE *out)
{
	uint64_t shown = 0, cut = 0, shared = 0;

	weigh_heap_print_head(report, "  RETAINED      GROSS     OBJECTS  PATH", out);
	for (uint32_t i = 0; i < paths->count; i++) {
		const struct weigh_heap_path *path = &paths->paths[i];
		if (!meets(report, tracks->routes, path->route))
			continue;
		if (!weigh_heap_room(report, shown)) {
			cut++;
			continue;
		}
		print_numbers(report, path->retained, path->gross, path->objects, out);
		struct weigh_error *error =
			weigh_heap_print_route(report, tracks->routes, path->route, COLUMN, out);
		if (error)
			return error;
		shared += path->shared;
		shown++;
	}
	weigh_heap_more(report, cut, "--limit 0", out);
	print_sharing(report, paths, shared, out);
	return NULL;
}

static void print_sums(const struct weigh_heap_report *report, const struct weigh_heap_paths *paths,
		       FILE *out)
{
	char heading[512], count[WEIGH_NUMBER], gross[WEIGH_NUMBER], retained[WEIGH_NUMBER];

	snprintf(heading, sizeof(heading), "Paths to %s: %s objects, gross %s, retained %s", report->argument,
		 weigh_count_text((double)paths->objects, count),
		 weigh_bytes_text((double)paths->gross, gross),
		 weigh_bytes_text((double)paths->retained, retained));
	weigh_heap_heading(report, heading, out);
}

static struct weigh_error *print_many(const struct weigh_heap_report *report,
				      const struct weigh_heap_tracks *tracks,
				      const struct weigh_heap_selection *selection, FILE *out)
{
	struct weigh_heap_paths paths;
	struct weigh_error *error = weigh_heap_paths_init(&paths, tracks->routes, tracks->below, selection);

	if (error)
		return error;
	print_sums(report, &paths, out);
	error = print_paths(report, tracks, &paths, out);
	weigh_heap_paths_deinit(&paths);
	return error;
}

static struct weigh_error *print_ways(const struct weigh_heap_report *report,
				      const struct weigh_heap_tracks *tracks, uint32_t object, FILE *out)
{
	enum { INDENT = 2 };
	struct weigh_heap_ways ways;
	struct weigh_words words;
	struct weigh_error *error = weigh_heap_ways_init(&ways, tracks->routes, object, WAYS_SHOWN);

	if (error)
		return error;
	weigh_heap_heading(report, ways.count == 1 && !ways.more ? "Shortest path" : "Shortest paths", out);
	for (uint32_t i = 0; i < ways.count && !error; i++) {
		const struct weigh_heap_way *way = &ways.ways[i];
		error = weigh_words_of_way(tracks->routes, way->objects, way->places, way->count, &words);
		if (error)
			break;
		fprintf(out, "%*s", INDENT, "");
		weigh_heap_print_words(report, &words, INDENT, out);
		weigh_words_deinit(&words);
	}
	if (ways.more)
		fputs("  and more of the same length\n", out);
	weigh_heap_ways_deinit(&ways);
	return error;
}

/* The words of what refers, with what it refers by in the place of its type. */
static struct weigh_error *referrer_words(const struct weigh_heap_tracks *tracks,
					  const struct weigh_heap_referrer *referrer, uint32_t object,
					  struct weigh_words *words)
{
	uint32_t route = weigh_route_follow(tracks->routes, tracks->routes->route_of[referrer->object],
					    referrer->object, referrer->place, object);

	return route == UINT32_MAX ? weigh_error_create_memory()
				   : weigh_words_of_route(tracks->routes, route, words);
}

static void print_untold(const struct weigh_heap_referrers *referrers, FILE *out)
{
	char text[WEIGH_NUMBER];

	if (referrers->immortal)
		fputs("  immortal: never freed, and references to it are not counted\n", out);
	if (referrers->elsewhere)
		fprintf(out, "  %s more from elsewhere: C code, or a value in the midst of a computation\n",
			weigh_count_text(referrers->elsewhere, text));
}

static struct weigh_error *print_referrers(const struct weigh_heap_report *report,
					   const struct weigh_heap_tracks *tracks, uint32_t object, FILE *out)
{
	enum { INDENT = 18 };
	struct weigh_heap_referrers referrers;
	struct weigh_words words;
	struct weigh_error *error = weigh_heap_referrers_init(&referrers, tracks->routes, object,
							      report->limit ? report->limit : UINT32_MAX);

	if (error)
		return error;
	weigh_heap_heading(report, "Referred to by", out);
	for (uint32_t i = 0; i < referrers.count && !error; i++) {
		const struct weigh_heap_referrer *referrer = &referrers.referrers[i];
		error = referrer_words(tracks, referrer, object, &words);
		if (error)
			break;
		fprintf(out, "  0x%-13" PRIx64 " ", report->graph->addresses[referrer->object]);
		weigh_heap_print_words(report, &words, INDENT, out);
		weigh_words_deinit(&words);
	}
	weigh_heap_more(report, referrers.total - referrers.count, "--limit 0", out);
	print_untold(&referrers, out);
	weigh_heap_referrers_deinit(&referrers);
	return error;
}

static struct weigh_error *print_one(const struct weigh_heap_report *report,
				     const struct weigh_heap_tracks *tracks, uint32_t object, FILE *out)
{
	char heading[512], name[WEIGH_HEAP_NAME], gross[WEIGH_NUMBER], retained[WEIGH_NUMBER];
	struct weigh_error *error;

	snprintf(heading, sizeof(heading), "0x%" PRIx64 ": %s, gross %s, retained %s",
		 report->graph->addresses[object],
		 weigh_heap_type_name(report->graph, weigh_heap_shape(report->graph, object)->type, name),
		 weigh_bytes_text((double)weigh_heap_gross(report->graph, object), gross),
		 weigh_bytes_text((double)report->dominators->retained[object], retained));
	weigh_heap_heading(report, heading, out);
	error = print_ways(report, tracks, object, out);
	return error ? error : print_referrers(report, tracks, object, out);
}

/* What the option asks for, and the ways to it. */
struct sought {
	struct weigh_heap_selection selection;
	struct weigh_heap_tracks tracks;
};

static void sought_deinit(struct sought *sought)
{
	weigh_heap_tracks_deinit(&sought->tracks);
	weigh_heap_selection_deinit(&sought->selection);
}

static struct weigh_error *sought_init(struct sought *sought, const struct weigh_heap_report *report)
{
	struct weigh_error *error =
		weigh_heap_selection_init(&sought->selection, report->graph, "--paths", report->argument);

	if (error)
		return error;
	error = weigh_heap_tracks_init(&sought->tracks, report);
	if (error)
		sought_deinit(sought);
	return error;
}

static struct weigh_error *print(const struct weigh_heap_report *report, FILE *out)
{
	struct sought sought;
	struct weigh_error *error = sought_init(&sought, report);

	if (error)
		return error;
	if (sought.selection.object != WEIGH_NO_OBJECT)
		error = print_one(report, &sought.tracks, sought.selection.object, out);
	else
		error = print_many(report, &sought.tracks, &sought.selection, out);
	sought_deinit(&sought);
	return error;
}

static struct weigh_error *add_many(const struct weigh_heap_report *report,
				    const struct weigh_heap_tracks *tracks,
				    const struct weigh_heap_selection *selection,
				    struct weigh_document *document)
{
	struct weigh_heap_paths paths;
	struct weigh_error *error = weigh_heap_paths_init(&paths, tracks->routes, tracks->below, selection);
	uint64_t shown = 0;

	if (error)
		return error;
	yyjson_mut_val *sum = yyjson_mut_obj_add_obj(document->doc, document->root, "target");
	weigh_document_outside(document, sum, "name", report->argument);
	weigh_document_uint(document, sum, "objects", paths.objects);
	weigh_document_uint(document, sum, "gross", paths.gross);
	weigh_document_uint(document, sum, "retained", paths.retained);
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(document->doc, document->root, "paths");
	for (uint32_t i = 0; i < paths.count && !error && weigh_heap_room(report, shown); i++) {
		const struct weigh_heap_path *path = &paths.paths[i];
		if (!meets(report, tracks->routes, path->route))
			continue;
		yyjson_mut_val *row = yyjson_mut_arr_add_obj(document->doc, array);
		error = weigh_heap_add_route(document, row, tracks->routes, path->route);
		weigh_document_uint(document, row, "objects", path->objects);
		weigh_document_uint(document, row, "gross", path->gross);
		weigh_document_uint(document, row, "retained", path->retained);
		weigh_document_uint(document, row, "shared", path->shared);
		yyjson_mut_obj_add_val(document->doc, row, "example",
				       weigh_heap_id(document, report->graph, path->example));
		shown++;
	}
	weigh_heap_paths_deinit(&paths);
	return error;
}

static struct weigh_error *add_ways(const struct weigh_heap_tracks *tracks, uint32_t object,
				    struct weigh_document *document)
{
	const struct weigh_heap_graph *graph = tracks->routes->graph;
	struct weigh_heap_ways ways;
	struct weigh_words words;
	struct weigh_error *error = weigh_heap_ways_init(&ways, tracks->routes, object, WAYS_SHOWN);
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(document->doc, document->root, "paths");

	if (error)
		return error;
	for (uint32_t i = 0; i < ways.count && !error; i++) {
		const struct weigh_heap_way *way = &ways.ways[i];
		yyjson_mut_val *row = yyjson_mut_arr_add_obj(document->doc, array);
		error = weigh_words_of_way(tracks->routes, way->objects, way->places, way->count, &words);
		if (error)
			break;
		weigh_heap_add_words(document, row, &words);
		weigh_words_deinit(&words);
		yyjson_mut_val *ids = yyjson_mut_obj_add_arr(document->doc, row, "ids");
		for (uint32_t k = 0; k < way->count; k++)
			yyjson_mut_arr_append(ids, weigh_heap_id(document, graph, way->objects[k]));
	}
	weigh_heap_ways_deinit(&ways);
	return error;
}

static struct weigh_error *add_referrers(const struct weigh_heap_report *report,
					 const struct weigh_heap_tracks *tracks, uint32_t object,
					 yyjson_mut_val *target, struct weigh_document *document)
{
	struct weigh_heap_referrers referrers;
	struct weigh_words words;
	struct weigh_error *error = weigh_heap_referrers_init(&referrers, tracks->routes, object,
							      report->limit ? report->limit : UINT32_MAX);

	if (error)
		return error;
	weigh_document_uint(document, target, "references", referrers.total);
	weigh_document_uint(document, target, "elsewhere", referrers.elsewhere);
	yyjson_mut_obj_add_bool(document->doc, target, "immortal", referrers.immortal);
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(document->doc, document->root, "referrers");
	for (uint32_t i = 0; i < referrers.count && !error; i++) {
		yyjson_mut_val *row = yyjson_mut_arr_add_obj(document->doc, array);
		weigh_heap_add_object(report, document, row, referrers.referrers[i].object);
		error = referrer_words(tracks, &referrers.referrers[i], object, &words);
		if (error)
			break;
		weigh_heap_add_words(document, row, &words);
		weigh_words_deinit(&words);
	}
	weigh_heap_referrers_deinit(&referrers);
	return error;
}

static struct weigh_error *add_one(const struct weigh_heap_report *report,
				   const struct weigh_heap_tracks *tracks, uint32_t object,
				   struct weigh_document *document)
{
	yyjson_mut_val *target = yyjson_mut_obj_add_obj(document->doc, document->root, "target");

	weigh_heap_add_object(report, document, target, object);
	weigh_document_uint(document, target, "gross", weigh_heap_gross(report->graph, object));
	weigh_document_uint(document, target, "retained", report->dominators->retained[object]);
	struct weigh_error *error = add_ways(tracks, object, document);
	return error ? error : add_referrers(report, tracks, object, target, document);
}

static struct weigh_error *add(const struct weigh_heap_report *report, struct weigh_document *document)
{
	struct sought sought;
	struct weigh_error *error = sought_init(&sought, report);

	if (error)
		return error;
	if (sought.selection.object != WEIGH_NO_OBJECT)
		error = add_one(report, &sought.tracks, sought.selection.object, document);
	else
		error = add_many(report, &sought.tracks, &sought.selection, document);
	sought_deinit(&sought);
	return error;
}

const struct weigh_heap_view weigh_heap_view_paths = {WEIGH_HEAP_NEEDS_DOMINATORS, print, add};
