/*
 * A report as JSON of schema weigh.report/1: see report/json.h.
 *
 * One thread; allocates with malloc. The document borrows all texts from the
 * capture's names, so it must not outlive the report.
 */
#include "report/json.h"

#include "capture/resident.h"
#include "report/document.h"
#include "report/sizes.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct writer {
	struct weigh_document *document;
	yyjson_mut_doc *doc; /* the document's */
	const struct weigh_report *report;
};

static void add_interval(struct writer *w, yyjson_mut_val *object, const char *key, const char *low,
			 const char *high, struct weigh_whole whole)
{
	weigh_document_uint(w->document, object, key, whole.value);
	weigh_document_uint(w->document, object, low, whole.low);
	weigh_document_uint(w->document, object, high, whole.high);
}

static void add_command(struct writer *w, yyjson_mut_val *object)
{
	const struct weigh_capture *capture = w->report->capture;
	const struct weigh_text command = capture->header->command;
	const char *bytes = capture->strings + command.offset;
	yyjson_mut_val *words = yyjson_mut_obj_add_arr(w->doc, object, "command");

	for (uint32_t at = 0; at < command.length;) {
		size_t length = strnlen(bytes + at, command.length - at);
		yyjson_mut_arr_append(words, weigh_document_value(w->document, bytes + at, length));
		at += (uint32_t)length + 1;
	}
}

static void add_started(struct writer *w, yyjson_mut_val *object)
{
	time_t seconds = (time_t)(w->report->capture->header->started_unix_ns / 1000000000);
	char text[32];
	struct tm parts;

	if (seconds && gmtime_r(&seconds, &parts) &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts))
		yyjson_mut_obj_add_strcpy(w->doc, object, "started", text);
	else
		yyjson_mut_obj_add_null(w->doc, object, "started");
}

static void add_capture(struct writer *w, yyjson_mut_val *root)
{
	const struct weigh_capture *capture = w->report->capture;
	const struct weigh_header *header = capture->header;
	yyjson_mut_val *object = yyjson_mut_obj_add_obj(w->doc, root, "capture");
	char number[WEIGH_NUMBER];

	yyjson_mut_obj_add_val(w->doc, object, "path",
			       weigh_document_value(w->document, capture->path, strlen(capture->path)));
	yyjson_mut_obj_add_bool(w->doc, object, "complete", header->state == WEIGH_STATE_ENDED);
	weigh_document_text(w->document, object, "mode", weigh_mode_text(header));
	yyjson_mut_obj_add_strcpy(w->doc, object, "python", weigh_python_text(header->python, number));
	add_command(w, object);
	weigh_document_uint(w->document, object, "pid", header->pid);
	add_started(w, object);
	weigh_document_seconds(w->document, object, "duration_s", weigh_capture_duration(capture));
	if (header->exit == WEIGH_EXIT_STATUS)
		yyjson_mut_obj_add_int(w->doc, object, "exit_status", header->exit_value);
	else
		yyjson_mut_obj_add_null(w->doc, object, "exit_status");
	if (header->exit == WEIGH_EXIT_SIGNAL)
		yyjson_mut_obj_add_int(w->doc, object, "signal", header->exit_value);
	else
		yyjson_mut_obj_add_null(w->doc, object, "signal");
	weigh_document_uint(w->document, object, "sampling_period", header->sampling_period);
	weigh_document_uint(w->document, object, "pruned_sites", header->pruned_sites);
}

static void add_totals(struct writer *w, yyjson_mut_val *root, const char *key, const struct weigh_view *view)
{
	yyjson_mut_val *object = yyjson_mut_obj_add_obj(w->doc, root, key);
	double carry = 0, blocks_carry = 0, footprint_carry = 0;
	struct weigh_whole blocks =
		weigh_whole_next(&blocks_carry, weigh_estimate_blocks(&view->sum, &view->chance));
	struct weigh_whole footprint =
		weigh_whole_next(&footprint_carry, weigh_estimate_footprint(&view->sum, &view->chance));

	weigh_document_uint(w->document, object, "footprint",
			    view->footprint_known ? view->footprint : footprint.value);
	add_interval(w, object, "bytes", "bytes_low", "bytes_high",
		     weigh_whole_next(&carry, weigh_estimate_bytes(&view->sum, &view->chance)));
	weigh_document_uint(w->document, object, "blocks", view->blocks_known ? view->blocks : blocks.value);
	weigh_document_seconds(w->document, object, "time_s", view->time_ns);
}

static struct weigh_error *add_all_totals(struct writer *w, yyjson_mut_val *root,
					  const struct weigh_view *selected)
{
	static const struct {
		const char *key;
		enum weigh_at at;
	} totals[] = {{"peak", WEIGH_AT_PEAK}, {"end", WEIGH_AT_END}, {"total", WEIGH_AT_TOTAL}};

	for (int i = 0; i < 3; i++) {
		struct weigh_view view;
		struct weigh_error *error = weigh_view_init(&view, w->report->capture, totals[i].at, 0);
		if (error)
			return error;
		add_totals(w, root, totals[i].key, &view);
		weigh_view_deinit(&view);
	}
	add_totals(w, root, "selected", selected);
	return NULL;
}

static void add_resident(struct writer *w, yyjson_mut_val *root)
{
	struct weigh_resident_sum sum = weigh_resident_sum(w->report->capture);
	yyjson_mut_val *object = yyjson_mut_obj_add_obj(w->doc, root, "rss");

	weigh_document_uint(w->document, object, "start", sum.start);
	weigh_document_uint(w->document, object, "peak", sum.peak);
	weigh_document_uint(w->document, object, "end", sum.end);
	weigh_document_uint(w->document, object, "highest", sum.highest);
	yyjson_mut_val *parts = yyjson_mut_obj_add_arr(w->doc, object, "parts");
	for (int i = 0; i < sum.part_count; i++) {
		yyjson_mut_val *part = yyjson_mut_arr_add_obj(w->doc, parts);
		weigh_document_text(w->document, part, "name", sum.parts[i].name);
		yyjson_mut_obj_add_sint(w->doc, part, "bytes", sum.parts[i].bytes);
	}
	if (sum.known)
		yyjson_mut_obj_add_sint(w->doc, object, "unexplained", sum.unexplained);
	else
		yyjson_mut_obj_add_null(w->doc, object, "unexplained");
}

static void add_lines(struct writer *w, yyjson_mut_val *object, const char *key,
		      const struct weigh_notes *notes)
{
	yyjson_mut_val *lines = yyjson_mut_obj_add_arr(w->doc, object, key);

	for (int i = 0; i < notes->count; i++)
		yyjson_mut_arr_add_strcpy(w->doc, lines, notes->lines[i]);
}

static void add_losses(struct writer *w, yyjson_mut_val *root)
{
	const struct weigh_lost *lost = w->report->capture->header->lost;
	yyjson_mut_val *object = yyjson_mut_obj_add_obj(w->doc, root, "lost");
	struct weigh_notes notes = {0};
	uint64_t blocks = 0, bytes = 0;

	for (int i = 0; i < WEIGH_LOSS_COUNT; i++) {
		blocks += lost[i].blocks;
		bytes += lost[i].bytes;
	}
	weigh_document_uint(w->document, object, "blocks", blocks);
	weigh_document_uint(w->document, object, "bytes", bytes);
	weigh_notes_losses(&notes, w->report->capture);
	add_lines(w, object, "why", &notes);
	notes.count = 0;
	weigh_notes_collect(&notes, w->report->capture);
	add_lines(w, root, "notes", &notes);
}

static void add_rows(struct writer *w, yyjson_mut_val *root, const struct weigh_rows *rows)
{
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(w->doc, root, "rows");
	double bytes = 0, blocks = 0, footprint = 0;

	for (uint32_t i = 0; i < rows->count + (rows->cut ? 1 : 0); i++) {
		const struct weigh_row *row = i < rows->count ? &rows->rows[i] : &rows->others;
		yyjson_mut_val *object = yyjson_mut_arr_add_obj(w->doc, array);

		weigh_document_text(w->document, object, "file", row->file);
		if (row->line)
			weigh_document_uint(w->document, object, "line", row->line);
		else
			yyjson_mut_obj_add_null(w->doc, object, "line");
		weigh_document_text(w->document, object, "function", row->function);
		weigh_document_text(w->document, object, "source",
				    weigh_source_line(w->report->sources, row->file, row->line));
		weigh_document_text(w->document, object, "domain", row->domain);
		weigh_document_text(w->document, object, "thread", row->thread);
		add_interval(w, object, "bytes", "bytes_low", "bytes_high",
			     weigh_whole_next(&bytes, weigh_estimate_bytes(&row->tally, &rows->chance)));
		add_interval(w, object, "blocks", "blocks_low", "blocks_high",
			     weigh_whole_next(&blocks, weigh_estimate_blocks(&row->tally, &rows->chance)));
		weigh_document_uint(
			w->document, object, "footprint",
			weigh_whole_next(&footprint, weigh_estimate_footprint(&row->tally, &rows->chance))
				.value);
		yyjson_mut_obj_add_real(w->doc, object, "share",
					rows->sum.bytes > 0 ? row->tally.bytes / rows->sum.bytes : 0);
	}
}

/* A node's object stands in its parent's children before its own are added. */
static void add_tree(struct writer *w, yyjson_mut_val *root, const struct weigh_tree *tree)
{
	yyjson_mut_val **children = calloc(tree->count, sizeof(*children));
	uint32_t at = 0;

	w->document->out_of_memory |= !children;
	while (children) {
		const struct weigh_tree_node *node = &tree->nodes[at];
		yyjson_mut_val *object = at ? yyjson_mut_arr_add_obj(w->doc, children[node->parent])
					    : yyjson_mut_obj_add_obj(w->doc, root, "tree");
		double bytes = 0, blocks = 0;

		weigh_document_text(w->document, object, "name", node->place.function);
		weigh_document_text(w->document, object, "file", node->place.file);
		if (node->place.line)
			weigh_document_uint(w->document, object, "line", node->place.line);
		else
			yyjson_mut_obj_add_null(w->doc, object, "line");
		add_interval(w, object, "bytes", "bytes_low", "bytes_high",
			     weigh_whole_next(&bytes, weigh_estimate_bytes(&node->tally, &tree->chance)));
		weigh_document_uint(
			w->document, object, "blocks",
			weigh_whole_next(&blocks, weigh_estimate_blocks(&node->tally, &tree->chance)).value);
		children[at] = yyjson_mut_obj_add_arr(w->doc, object, "children");

		/* On: down, else along, else up and along. */
		if (node->first_child) {
			at = node->first_child;
			continue;
		}
		while (at && !tree->nodes[at].next)
			at = tree->nodes[at].parent;
		if (!at)
			break;
		at = tree->nodes[at].next;
	}
	free(children);
}

static void add_timeline(struct writer *w, yyjson_mut_val *root)
{
	const struct weigh_capture *capture = w->report->capture;
	uint32_t count = weigh_capture_count(capture, WEIGH_SECTION_TIMELINE);
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(w->doc, root, "timeline");

	for (uint32_t i = 0; i < count; i++) {
		yyjson_mut_val *object = yyjson_mut_arr_add_obj(w->doc, array);

		weigh_document_seconds(w->document, object, "time_s", capture->ticks[i].time_ns);
		if (capture->ticks[i].rss)
			weigh_document_uint(w->document, object, "rss", capture->ticks[i].rss);
		else
			yyjson_mut_obj_add_null(w->doc, object, "rss");
		weigh_document_uint(w->document, object, "live", capture->ticks[i].live);
		weigh_document_uint(w->document, object, "reusable", capture->ticks[i].reusable);
	}
}

static void add_sizes(struct writer *w, yyjson_mut_val *root)
{
	struct weigh_size_band bands[WEIGH_SIZE_BANDS];
	int count = weigh_size_bands(w->report->capture, bands);
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(w->doc, root, "sizes");
	double blocks = 0, bytes = 0;

	for (int i = 0; i < count; i++) {
		const struct weigh_size_band *band = &bands[i];
		yyjson_mut_val *object = yyjson_mut_arr_add_obj(w->doc, array);

		weigh_document_uint(w->document, object, "from", band->from);
		if (band->limit == UINT64_MAX)
			yyjson_mut_obj_add_null(w->doc, object, "to");
		else
			weigh_document_uint(w->document, object, "to", band->limit);
		weigh_document_uint(
			w->document, object, "blocks",
			weigh_whole_next(&blocks,
					 (struct weigh_estimate){band->blocks, band->blocks, band->blocks})
				.value);
		weigh_document_uint(w->document, object, "bytes",
				    weigh_whole_next(&bytes, (struct weigh_estimate){band->bytes, band->bytes,
										     band->bytes})
					    .value);
	}
}

static struct weigh_error *build(struct writer *w, const struct weigh_json_parts *parts)
{
	yyjson_mut_val *root = w->document->root;

	weigh_document_text(w->document, root, "schema", "weigh.report/1");
	add_capture(w, root);
	struct weigh_error *error = add_all_totals(w, root, parts->view);
	if (error)
		return error;
	add_resident(w, root);
	add_losses(w, root);
	weigh_document_text(w->document, root, "at", weigh_at_name(parts->view->at));
	weigh_document_text(w->document, root, "by", weigh_by_name(parts->rows->by));
	if (parts->filter)
		yyjson_mut_obj_add_val(
			w->doc, root, "filter",
			weigh_document_value(w->document, parts->filter, strlen(parts->filter)));
	weigh_document_uint(w->document, root, "unseen_high",
			    (uint64_t)weigh_chance_unseen(&parts->view->chance));
	add_rows(w, root, parts->rows);
	if (parts->tree)
		add_tree(w, root, parts->tree);
	if (parts->timeline)
		add_timeline(w, root);
	if (parts->sizes)
		add_sizes(w, root);
	return NULL;
}

struct weigh_error *weigh_json_print(const struct weigh_report *report, const struct weigh_json_parts *parts,
				     FILE *out)
{
	struct weigh_document document;
	struct weigh_error *error = weigh_document_init(&document);

	if (error)
		return error;
	struct writer w = {.document = &document, .doc = document.doc, .report = report};
	error = build(&w, parts);
	if (!error)
		error = weigh_document_print(&document, out);
	weigh_document_deinit(&document);
	return error;
}
