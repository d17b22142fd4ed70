/*
 * Ways through the heap on a screen and in JSON: see report/heap_words.h.
 *
 * One thread; allocates with malloc.
 */
#include "report/heap_words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_SHOWN = 12 }; /* of a longer way the middle is left out */

struct weigh_error *weigh_heap_tracks_init(struct weigh_heap_tracks *tracks,
					   const struct weigh_heap_report *report)
{
	struct weigh_error *error;

	*tracks = (struct weigh_heap_tracks){0};
	error = weigh_heap_below_create(report->graph, report->dominators, &tracks->below);
	if (!error)
		error = weigh_routes_create(report->graph, report->dominators, &tracks->routes);
	if (error)
		weigh_heap_tracks_deinit(tracks);
	return error;
}

void weigh_heap_tracks_deinit(struct weigh_heap_tracks *tracks)
{
	weigh_routes_destroy(tracks->routes);
	weigh_heap_below_destroy(tracks->below);
	*tracks = (struct weigh_heap_tracks){0};
}

const char *weigh_heap_arrow(const struct weigh_heap_report *report)
{
	return weigh_style_pick(&report->style, " → ", " -> ");
}

/* A word and its arrow, on a line of its own when it would pass the edge. */
static int print_word(const struct weigh_heap_report *report, const char *word, int column, int used,
		      FILE *out)
{
	enum { WORD_LEAST = 16 };
	const char *arrow = weigh_heap_arrow(report);
	int width = report->style.width, arrow_width = used ? weigh_text_width(arrow) : 0;
	int room = width - column - arrow_width;

	if (!width)
		return used + fprintf(out, "%s%s", used ? arrow : "", word);
	if (room < WORD_LEAST)
		room = WORD_LEAST;
	if (used && column + used + arrow_width + weigh_text_width(word) > width) {
		fprintf(out, "\n%*s%s", column, "", arrow + 1);
		return arrow_width - 1 + weigh_text_print(&report->style, out, word, room);
	}
	fputs(used ? arrow : "", out);
	return used + arrow_width + weigh_text_print(&report->style, out, word, room);
}

void weigh_heap_print_words(const struct weigh_heap_report *report, const struct weigh_words *words,
			    int column, FILE *out)
{
	uint32_t skipped = words->count > WORDS_SHOWN ? words->count - WORDS_SHOWN : 0;
	char middle[64];
	int used = 0;

	for (uint32_t i = 0; i < words->count; i++) {
		if (skipped && i == WORDS_SHOWN / 2) {
			snprintf(middle, sizeof(middle), "(%u more)", skipped);
			used = print_word(report, middle, column, used, out);
			i += skipped;
		}
		used = print_word(report, words->words[i], column, used, out);
	}
	fputc('\n', out);
}

struct weigh_error *weigh_heap_print_route(const struct weigh_heap_report *report,
					   const struct weigh_routes *routes, uint32_t route, int column,
					   FILE *out)
{
	struct weigh_words words;
	struct weigh_error *error = weigh_words_of_route(routes, route, &words);

	if (error)
		return error;
	weigh_heap_print_words(report, &words, column, out);
	weigh_words_deinit(&words);
	return NULL;
}

void weigh_heap_add_words(struct weigh_document *document, yyjson_mut_val *object,
			  const struct weigh_words *words)
{
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(document->doc, object, "path");

	for (uint32_t i = 0; i < words->count; i++)
		yyjson_mut_arr_append(
			array, weigh_document_value(document, words->words[i], strlen(words->words[i])));
}

struct weigh_error *weigh_heap_add_route(struct weigh_document *document, yyjson_mut_val *object,
					 const struct weigh_routes *routes, uint32_t route)
{
	struct weigh_words words;
	struct weigh_error *error = weigh_words_of_route(routes, route, &words);

	if (error)
		return error;
	weigh_heap_add_words(document, object, &words);
	weigh_words_deinit(&words);
	return NULL;
}

yyjson_mut_val *weigh_heap_id(struct weigh_document *document, const struct weigh_heap_graph *graph,
			      uint32_t object)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%" PRIx64, graph->addresses[object]);
	return yyjson_mut_strcpy(document->doc, text);
}

void weigh_heap_add_object(const struct weigh_heap_report *report, struct weigh_document *document,
			   yyjson_mut_val *value, uint32_t object)
{
	char name[WEIGH_HEAP_NAME];

	yyjson_mut_obj_add_val(document->doc, value, "id", weigh_heap_id(document, report->graph, object));
	weigh_document_outside(
		document, value, "type",
		weigh_heap_type_name(report->graph, weigh_heap_shape(report->graph, object)->type, name));
}

void weigh_heap_print_head(const struct weigh_heap_report *report, const char *text, FILE *out)
{
	weigh_style_ink(&report->style, out, WEIGH_INK_DIM);
	fputs(text, out);
	weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
	fputc('\n', out);
}
