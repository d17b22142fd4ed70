/*
 * A report as JSON of schema weigh.report/1: see report/json.h.
 *
 * One thread; allocates with malloc. The document borrows all texts from the
 * capture's names, so it must not outlive the report.
 */
#include "report/json.h"

#include "capture/resident.h"
#include "report/sizes.h"
#include "vendor/yyjson/yyjson.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct writer {
	yyjson_mut_doc *doc;
	const struct weigh_report *report;
	bool out_of_memory;
};

/*
 * The library leaves out what it has no memory for; these remember that it
 * did, so that half a document is never printed.
 */
static void *note_malloc(void *writer, size_t size)
{
	void *block = malloc(size);

	((struct writer *)writer)->out_of_memory |= !block;
	return block;
}

static void *note_realloc(void *writer, void *old, size_t old_size, size_t size)
{
	void *block = realloc(old, size);

	(void)old_size;
	((struct writer *)writer)->out_of_memory |= !block;
	return block;
}

static void note_free(void *writer, void *block)
{
	(void)writer;
	free(block);
}

static void add_text(struct writer *w, yyjson_mut_val *object, const char *key, const char *text)
{
	if (text)
		yyjson_mut_obj_add_str(w->doc, object, key, text);
	else
		yyjson_mut_obj_add_null(w->doc, object, key);
}

static void add_uint(struct writer *w, yyjson_mut_val *object, const char *key, uint64_t number)
{
	yyjson_mut_obj_add_uint(w->doc, object, key, number);
}

static void add_seconds(struct writer *w, yyjson_mut_val *object, const char *key, uint64_t ns)
{
	yyjson_mut_obj_add_real(w->doc, object, key, (double)ns / 1e9);
}

/* Raw bytes from outside: valid UTF-8 is made of them, copied into the document. */
static yyjson_mut_val *outside_text(struct writer *w, const char *bytes, size_t length)
{
	char *clean = weigh_text_clean(bytes, length, true);
	yyjson_mut_val *value = clean ? yyjson_mut_strcpy(w->doc, clean) : NULL;

	w->out_of_memory |= !clean;
	free(clean);
	return value;
}

static void add_interval(struct writer *w, yyjson_mut_val *object, const char *key, const char *low,
			 const char *high, struct weigh_whole whole)
{
	add_uint(w, object, key, whole.value);
	add_uint(w, object, low, whole.low);
	add_uint(w, object, high, whole.high);
}

static void add_command(struct writer *w, yyjson_mut_val *object)
{
	const struct weigh_capture *capture = w->report->capture;
	const struct weigh_text command = capture->header->command;
	const char *bytes = capture->strings + command.offset;
	yyjson_mut_val *words = yyjson_mut_obj_add_arr(w->doc, object, "command");

	for (uint32_t at = 0; at < command.length;) {
		size_t length = strnlen(bytes + at, command.length - at);
		yyjson_mut_arr_append(words, outside_text(w, bytes + at, length));
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

	yyjson_mut_obj_add_val(w->doc, object, "path", outside_text(w, capture->path, strlen(capture->path)));
	yyjson_mut_obj_add_bool(w->doc, object, "complete", header->state == WEIGH_STATE_ENDED);
	add_text(w, object, "mode", weigh_mode_text(header));
	yyjson_mut_obj_add_strcpy(w->doc, object, "python", weigh_python_text(header->python, number));
	add_command(w, object);
	add_uint(w, object, "pid", header->pid);
	add_started(w, object);
	add_seconds(w, object, "duration_s", weigh_capture_duration(capture));
	if (header->exit == WEIGH_EXIT_STATUS)
		yyjson_mut_obj_add_int(w->doc, object, "exit_status", header->exit_value);
	else
		yyjson_mut_obj_add_null(w->doc, object, "exit_status");
	if (header->exit == WEIGH_EXIT_SIGNAL)
		yyjson_mut_obj_add_int(w->doc, object, "signal", header->exit_value);
	else
		yyjson_mut_obj_add_null(w->doc, object, "signal");
	add_uint(w, object, "sampling_period", header->sampling_period);
	add_uint(w, object, "pruned_sites", header->pruned_sites);
}

static void add_totals(struct writer *w, yyjson_mut_val *root, const char *key, const struct weigh_view *view)
{
	yyjson_mut_val *object = yyjson_mut_obj_add_obj(w->doc, root, key);
	double carry = 0, blocks_carry = 0, footprint_carry = 0;
	struct weigh_whole blocks =
		weigh_whole_next(&blocks_carry, weigh_estimate_blocks(&view->sum, &view->chance));
	struct weigh_whole footprint =
		weigh_whole_next(&footprint_carry, weigh_estimate_footprint(&view->sum, &view->chance));

	add_uint(w, object, "footprint", view->footprint_known ? view->footprint : footprint.value);
	add_interval(w, object, "bytes", "bytes_low", "bytes_high",
		     weigh_whole_next(&carry, weigh_estimate_bytes(&view->sum, &view->chance)));
	add_uint(w, object, "blocks", view->blocks_known ? view->blocks : blocks.value);
	add_seconds(w, object, "time_s", view->time_ns);
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

	add_uint(w, object, "start", sum.start);
	add_uint(w, object, "peak", sum.peak);
	add_uint(w, object, "end", sum.end);
	add_uint(w, object, "highest", sum.highest);
	yyjson_mut_val *parts = yyjson_mut_obj_add_arr(w->doc, object, "parts");
	for (int i = 0; i < sum.part_count; i++) {
		yyjson_mut_val *part = yyjson_mut_arr_add_obj(w->doc, parts);
		add_text(w, part, "name", sum.parts[i].name);
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
	add_uint(w, object, "blocks", blocks);
	add_uint(w, object, "bytes", bytes);
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

		add_text(w, object, "file", row->file);
		if (row->line)
			add_uint(w, object, "line", row->line);
		else
			yyjson_mut_obj_add_null(w->doc, object, "line");
		add_text(w, object, "function", row->function);
		add_text(w, object, "source", weigh_source_line(w->report->sources, row->file, row->line));
		add_text(w, object, "domain", row->domain);
		add_text(w, object, "thread", row->thread);
		add_interval(w, object, "bytes", "bytes_low", "bytes_high",
			     weigh_whole_next(&bytes, weigh_estimate_bytes(&row->tally, &rows->chance)));
		add_interval(w, object, "blocks", "blocks_low", "blocks_high",
			     weigh_whole_next(&blocks, weigh_estimate_blocks(&row->tally, &rows->chance)));
		add_uint(w, object, "footprint",
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

	w->out_of_memory |= !children;
	while (children) {
		const struct weigh_tree_node *node = &tree->nodes[at];
		yyjson_mut_val *object = at ? yyjson_mut_arr_add_obj(w->doc, children[node->parent])
					    : yyjson_mut_obj_add_obj(w->doc, root, "tree");
		double bytes = 0, blocks = 0;

		add_text(w, object, "name", node->place.function);
		add_text(w, object, "file", node->place.file);
		if (node->place.line)
			add_uint(w, object, "line", node->place.line);
		else
			yyjson_mut_obj_add_null(w->doc, object, "line");
		add_interval(w, object, "bytes", "bytes_low", "bytes_high",
			     weigh_whole_next(&bytes, weigh_estimate_bytes(&node->tally, &tree->chance)));
		add_uint(w, object, "blocks",
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

		add_seconds(w, object, "time_s", capture->ticks[i].time_ns);
		if (capture->ticks[i].rss)
			add_uint(w, object, "rss", capture->ticks[i].rss);
		else
			yyjson_mut_obj_add_null(w->doc, object, "rss");
		add_uint(w, object, "live", capture->ticks[i].live);
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

		add_uint(w, object, "from", band->from);
		if (band->limit == UINT64_MAX)
			yyjson_mut_obj_add_null(w->doc, object, "to");
		else
			add_uint(w, object, "to", band->limit);
		add_uint(w, object, "blocks",
			 weigh_whole_next(&blocks,
					  (struct weigh_estimate){band->blocks, band->blocks, band->blocks})
				 .value);
		add_uint(w, object, "bytes",
			 weigh_whole_next(&bytes,
					  (struct weigh_estimate){band->bytes, band->bytes, band->bytes})
				 .value);
	}
}

static struct weigh_error *build(struct writer *w, const struct weigh_json_parts *parts)
{
	yyjson_mut_val *root = yyjson_mut_obj(w->doc);

	yyjson_mut_doc_set_root(w->doc, root);
	add_text(w, root, "schema", "weigh.report/1");
	add_capture(w, root);
	struct weigh_error *error = add_all_totals(w, root, parts->view);
	if (error)
		return error;
	add_resident(w, root);
	add_losses(w, root);
	add_text(w, root, "at", weigh_at_name(parts->view->at));
	add_text(w, root, "by", weigh_by_name(parts->rows->by));
	if (parts->filter)
		yyjson_mut_obj_add_val(w->doc, root, "filter",
				       outside_text(w, parts->filter, strlen(parts->filter)));
	add_uint(w, root, "unseen_high", (uint64_t)weigh_chance_unseen(&parts->view->chance));
	add_rows(w, root, parts->rows);
	if (parts->tree)
		add_tree(w, root, parts->tree);
	if (parts->timeline)
		add_timeline(w, root);
	if (parts->sizes)
		add_sizes(w, root);
	return NULL;
}

static struct weigh_error *print(struct writer *w, const yyjson_alc *memory, FILE *out)
{
	yyjson_write_err failure;
	size_t length;
	char *text = yyjson_mut_write_opts(w->doc, YYJSON_WRITE_PRETTY_TWO_SPACES, memory, &length, &failure);

	if (!text)
		return weigh_error_create(WEIGH_ERROR_STATE, "JSON: %s: report this as a bug", failure.msg);
	fwrite(text, 1, length, out);
	fputc('\n', out);
	free(text);
	return NULL;
}

struct weigh_error *weigh_json_print(const struct weigh_report *report, const struct weigh_json_parts *parts,
				     FILE *out)
{
	struct writer w = {.report = report};
	const yyjson_alc memory = {note_malloc, note_realloc, note_free, &w};

	w.doc = yyjson_mut_doc_new(&memory);
	if (!w.doc)
		return weigh_error_create_memory();
	struct weigh_error *error = build(&w, parts);
	if (!error && w.out_of_memory)
		error = weigh_error_create_memory();
	if (!error)
		error = print(&w, &memory, out);
	yyjson_mut_doc_free(w.doc);
	return error;
}
