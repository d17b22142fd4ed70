/*
 * Reports on a snapshot of the heap: see report/heap.h.
 *
 * One thread; allocates with malloc.
 */
#include "report/heap.h"

#include "report/progress.h"
#include "report/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct weigh_error *make(struct weigh_heap_report *report, const struct weigh_heap_graph *graph,
				unsigned needs)
{
	struct weigh_error *error = NULL;

	if (needs & WEIGH_HEAP_NEEDS_DOMINATORS) {
		weigh_progress_next("who keeps what alive");
		error = weigh_heap_dominators_create(graph, &report->dominators);
	}
	if (!error && needs & WEIGH_HEAP_NEEDS_PLACES) {
		weigh_progress_next("who refers to what");
		error = weigh_heap_places_create(graph, &report->places);
	}
	if (!error && needs & WEIGH_HEAP_NEEDS_EQUAL) {
		weigh_progress_next("what is equal");
		error = weigh_heap_equal_create(graph, &report->equal);
	}
	if (!error && needs & WEIGH_HEAP_NEEDS_LINES)
		error = weigh_heap_lines_create(graph, &report->lines);
	weigh_progress_next("adding up");
	return error;
}

struct weigh_error *weigh_heap_report_init(struct weigh_heap_report *report,
					   const struct weigh_heap_graph *graph,
					   const struct weigh_capture *capture, unsigned needs,
					   const struct weigh_style *style)
{
	*report = (struct weigh_heap_report){.graph = graph, .capture = capture, .style = *style};

	struct weigh_error *error =
		capture ? weigh_sources_create(capture, &report->sources)
			: weigh_sources_create_since(graph->header.taken_unix_ns, &report->sources);
	for (uint32_t i = 0; i < graph->object_count; i++) {
		report->gross += weigh_heap_gross(graph, i);
		report->net += weigh_heap_net(graph, i);
	}
	if (!error)
		error = make(report, graph, needs);
	if (error)
		weigh_heap_report_deinit(report);
	return error;
}

void weigh_heap_report_deinit(struct weigh_heap_report *report)
{
	weigh_heap_lines_destroy(report->lines);
	weigh_heap_equal_destroy(report->equal);
	weigh_heap_places_destroy(report->places);
	weigh_heap_dominators_destroy(report->dominators);
	weigh_sources_destroy(report->sources);
	*report = (struct weigh_heap_report){0};
}

static const char *when_text(const struct weigh_snapshot_header *header)
{
	switch (header->when) {
	case WEIGH_SNAPSHOT_PEAK:
		return "heap at the peak";
	case WEIGH_SNAPSHOT_END:
		return "heap at the end";
	default:
		return "heap as asked for";
	}
}

static void print_program(const struct weigh_heap_report *report, FILE *out)
{
	const struct weigh_style *style = &report->style;
	char *program = report->capture ? weigh_program_text(report->capture) : NULL;

	weigh_style_ink(style, out, WEIGH_INK_BOLD);
	weigh_text_print_end(style, out, program && *program ? program : report->graph->path,
			     style->width ? style->width / 3 : 0);
	weigh_style_ink(style, out, WEIGH_INK_PLAIN);
	free(program);
}

/*
 * Bytes of an object in the small-object allocator, all but exactly: a small
 * one lies there whole; of a large one that keeps its items in a block of
 * their own, what stays behind does.
 */
static uint64_t small_bytes(const struct weigh_heap_graph *graph, uint32_t object)
{
	enum { SMALL_MOST = 512, STEP = 16, HEAD = 16 };
	const struct weigh_heap_type *type = weigh_heap_type(graph, object);
	uint64_t gross = weigh_heap_gross(graph, object);
	uint64_t first = type->basic + (type->flags & WEIGH_TYPE_COLLECTED ? HEAD : 0);

	if (gross <= SMALL_MOST)
		return gross;
	if (type->item && type->form != WEIGH_SNAPSHOT_LIST)
		return 0;
	first = (first + STEP - 1) / STEP * STEP;
	if (first > SMALL_MOST || first >= gross)
		return 0;
	return gross - first <= SMALL_MOST ? gross : first;
}

/* What of the resident memory is no object: files that are mapped, and what no object owns. */
static void print_resident(const struct weigh_heap_report *report, FILE *out)
{
	const struct weigh_snapshot_header *header = &report->graph->header;
	double rss = (double)header->rss;
	char text[WEIGH_NUMBER];
	uint64_t small = 0;

	if (header->rss < report->gross || !header->anonymous || header->anonymous > header->rss)
		return;
	fprintf(out, "  resident %s: objects ", weigh_bytes_text(rss, text));
	fputs(weigh_share_text((double)report->gross / rss, text), out);
	fprintf(out, ", files %s", weigh_share_text((double)(header->rss - header->anonymous) / rss, text));
	if (header->anonymous >= report->gross)
		fprintf(out, ", other %s",
			weigh_share_text((double)(header->anonymous - report->gross) / rss, text));
	for (uint32_t i = 0; header->small_live && i < report->graph->object_count; i++)
		small += small_bytes(report->graph, i);
	if (small)
		fprintf(out, "; of small blocks %s",
			weigh_share_text(fmin((double)small / (double)header->small_live, 1), text));
	fputc('\n', out);
}

void weigh_heap_title(const struct weigh_heap_report *report, FILE *out)
{
	const struct weigh_snapshot_header *header = &report->graph->header;
	const char *dot = weigh_style_pick(&report->style, " · ", ", ");
	char text[WEIGH_NUMBER], net[WEIGH_NUMBER], tare[WEIGH_NUMBER], share[WEIGH_NUMBER];

	print_program(report, out);
	fprintf(out, "%sCPython %s%s%s", dot, weigh_python_text(header->python, text), dot,
		when_text(header));
	if (header->recording_ns && header->taken_ns > header->recording_ns)
		fprintf(out, "%s%s", dot, weigh_time_text(header->taken_ns - header->recording_ns, text));
	fprintf(out, "\n  %s objects, gross ", weigh_count_text(report->graph->object_count, text));
	weigh_style_ink(&report->style, out, WEIGH_INK_BOLD);
	fputs(weigh_bytes_text((double)report->gross, text), out);
	weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
	uint64_t rest = report->gross - report->net;
	weigh_share_text(report->gross ? (double)rest / (double)report->gross : 0, share);
	fprintf(out, ": net %s, tare %s (%s)\n", weigh_bytes_text((double)report->net, net),
		weigh_bytes_text((double)rest, tare), share);
	print_resident(report, out);
	if (header->lost) {
		weigh_style_ink(&report->style, out, WEIGH_INK_WARN);
		fprintf(out, "  %s references found no room in the snapshot\n",
			weigh_count_text((double)header->lost, text));
		weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
	}
}

static void add_time(struct weigh_document *document, yyjson_mut_val *object, const char *key, uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char text[32];
	struct tm parts;

	if (seconds && gmtime_r(&seconds, &parts) &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts))
		yyjson_mut_obj_add_strcpy(document->doc, object, key, text);
	else
		yyjson_mut_obj_add_null(document->doc, object, key);
}

void weigh_heap_add_title(const struct weigh_heap_report *report, struct weigh_document *document)
{
	static const char *const whens[] = {[WEIGH_SNAPSHOT_ASKED] = "asked",
					    [WEIGH_SNAPSHOT_PEAK] = "peak",
					    [WEIGH_SNAPSHOT_END] = "end"};
	const struct weigh_snapshot_header *header = &report->graph->header;
	yyjson_mut_val *root = document->root;
	char text[WEIGH_NUMBER];
	char *program = report->capture ? weigh_program_text(report->capture) : NULL;

	weigh_document_text(document, root, "schema", "weigh.heap/1");
	yyjson_mut_val *capture = yyjson_mut_obj_add_obj(document->doc, root, "capture");
	weigh_document_outside(document, capture, "path", report->graph->path);
	weigh_document_outside(document, capture, "program", program);
	free(program);
	yyjson_mut_obj_add_strcpy(document->doc, capture, "python", weigh_python_text(header->python, text));
	weigh_document_uint(document, capture, "pid", header->pid);
	weigh_document_text(document, capture, "when",
			    header->when <= WEIGH_SNAPSHOT_END ? whens[header->when] : NULL);
	add_time(document, capture, "taken", header->taken_unix_ns);
	weigh_document_seconds(document, capture, "time_s",
			       header->recording_ns && header->taken_ns > header->recording_ns
				       ? header->taken_ns - header->recording_ns
				       : 0);
	weigh_document_seconds(document, capture, "pause_s", header->pause_ns);
	weigh_document_uint(document, capture, "rss", header->rss);
	weigh_document_uint(document, capture, "anonymous", header->anonymous);
	weigh_document_uint(document, capture, "recorded", header->live);
	weigh_document_uint(document, capture, "small_objects", header->small_live);
	weigh_document_uint(document, capture, "lost", header->lost);
	weigh_document_uint(document, root, "objects", report->graph->object_count);
	weigh_document_uint(document, root, "references", header->references);
	weigh_document_uint(document, root, "gross", report->gross);
	weigh_document_uint(document, root, "net", report->net);
	weigh_document_uint(document, root, "tare", report->gross - report->net);
}

void weigh_heap_heading(const struct weigh_heap_report *report, const char *text, FILE *out)
{
	fputc('\n', out);
	weigh_style_ink(&report->style, out, WEIGH_INK_BOLD);
	weigh_text_print(&report->style, out, text, report->style.width);
	weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
	fputc('\n', out);
}

void weigh_heap_more(const struct weigh_heap_report *report, uint64_t count, const char *hint, FILE *out)
{
	char number[WEIGH_NUMBER];

	if (!count)
		return;
	weigh_style_ink(&report->style, out, WEIGH_INK_DIM);
	fprintf(out, "  %s more: %s\n", weigh_count_text((double)count, number), hint);
	weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
}

bool weigh_heap_room(const struct weigh_heap_report *report, uint64_t rows)
{
	return !report->limit || rows < report->limit;
}

char *weigh_heap_frame_text(const struct weigh_heap_report *report, const struct weigh_heap_frame *frame,
			    char text[WEIGH_HEAP_WHERE])
{
	if (!frame->file) {
		snprintf(text, WEIGH_HEAP_WHERE, "(no Python frame)");
		return text;
	}
	const char *file = weigh_source_short_path(report->sources, frame->file);
	if (frame->line)
		snprintf(text, WEIGH_HEAP_WHERE, "%s:%" PRIu32 " %s", file, frame->line, frame->function);
	else
		snprintf(text, WEIGH_HEAP_WHERE, "%s %s", file, frame->function);
	return text;
}

char *weigh_heap_line_text(const struct weigh_heap_report *report, const struct weigh_heap_line *line,
			   char text[WEIGH_HEAP_WHERE])
{
	char via[WEIGH_HEAP_WHERE];

	weigh_heap_frame_text(report, &line->own, text);
	if (!line->via.file)
		return text;
	size_t used = strlen(text);
	snprintf(text + used, WEIGH_HEAP_WHERE - used, ", by %s",
		 weigh_heap_frame_text(report, &line->via, via));
	return text;
}

static void add_frame(struct weigh_document *document, yyjson_mut_val *object,
		      const struct weigh_heap_frame *frame)
{
	weigh_document_outside(document, object, "file", frame->file);
	if (frame->line)
		weigh_document_uint(document, object, "line", frame->line);
	else
		yyjson_mut_obj_add_null(document->doc, object, "line");
	weigh_document_outside(document, object, "function",
			       frame->file ? frame->function : "(no Python frame)");
}

void weigh_heap_add_line(struct weigh_document *document, yyjson_mut_val *object,
			 const struct weigh_heap_line *line)
{
	add_frame(document, object, &line->own);
	if (line->via.file)
		add_frame(document, yyjson_mut_obj_add_obj(document->doc, object, "by"), &line->via);
	else
		yyjson_mut_obj_add_null(document->doc, object, "by");
}

void weigh_heap_add_site(struct weigh_document *document, yyjson_mut_val *object, const char *key,
			 const struct weigh_heap_line *line)
{
	if (line)
		weigh_heap_add_line(document, yyjson_mut_obj_add_obj(document->doc, object, key), line);
	else
		yyjson_mut_obj_add_null(document->doc, object, key);
}
