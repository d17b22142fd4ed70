/*
 * What a table is read with and need not be (37): columns that become a
 * category only afterwards, and columns that no line of the program names.
 * Both are there while the table is read, which is often the peak.
 *
 * The frame, its columns and their names come from the snapshot; the line that
 * reads it, and what that line and all below it had at the peak, from the
 * stacks. That no line names a column is no proof that nobody wants it: the
 * best grade is HYPOTHESIS there.
 *
 * One thread; allocates with malloc, and through the collector.
 */
#include "advice/rules.h"
#include "advice/stack_rules.h"
#include "advice/tell.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char reading_rule[] = "columns-at-read";

enum {
	FRAMES_MOST = 4096,
	REFERENCE = 8, /* bytes of a row of a column of objects */
};

struct reading {
	const struct weigh_evidence *e;
	struct weigh_collector *c;
	struct weigh_stacks stacks;
};

/* A frame, and the line of the program that reads it. */
struct table_read {
	const struct weigh_frame_table *table;
	const struct weigh_column *columns;
	const struct weigh_stack_line *line;
	const char *text; /* of the line */
	int call; /* where the call in it ends: weigh_read_call() */
	double bytes; /* of the columns as they were read, and what they alone refer to */
};

static const struct weigh_stack_line *stack_line(const struct reading *r, const char *file, uint32_t line)
{
	for (uint32_t i = 0; file && i < r->stacks.count; i++) {
		if (r->stacks.lines[i].line == line && !strcmp(r->stacks.lines[i].file, file))
			return &r->stacks.lines[i];
	}
	return NULL;
}

static bool has_argument(const struct table_read *read, const char *argument)
{
	const char *at = strstr(read->text, argument);

	return at && at < read->text + read->call;
}

/* What a column and the texts that only it refers to take. */
static double column_bytes(const struct reading *r, const struct weigh_column *column)
{
	const struct weigh_heap_graph *graph = r->e->graph;
	double bytes = column->item * (double)column->rows;

	if (column->kind != WEIGH_COLUMN_OBJECTS)
		return bytes;
	const uint32_t *items = weigh_column_items(graph, column);
	for (uint64_t i = 0; i < column->rows; i++) {
		if (items[i] != WEIGH_NO_OBJECT && graph->counted[items[i]] == 1)
			bytes += weigh_gross_resident(weigh_heap_gross(graph, items[i]));
	}
	return bytes;
}

/*
 * How much of what stood below the reading line at the peak goes with a part
 * of the columns. Of what the parser has, its buffers stay as they are: only
 * one time the columns themselves counts there.
 */
static double share_of_peak(const struct reading *r, const struct table_read *read, double part)
{
	const struct weigh_capture *capture = r->e->capture;
	uint32_t sites = weigh_capture_count(capture, WEIGH_SECTION_SITES);
	double parser = 0, others = 0;

	for (uint32_t i = 0; i < sites; i++) {
		const struct weigh_site *site = &capture->sites[i];
		if (!(site->flags & WEIGH_SITE_USED))
			continue;
		const struct weigh_tally *peak = weigh_capture_at_peak(capture, site);
		bool below = false, parses = false;
		uint32_t node = site->node;
		for (uint32_t n = 0; node && n < FRAMES_MOST && peak->footprint > 0 && !below; n++) {
			struct weigh_place place = weigh_names_place(r->e->names, node);
			below = place.file_id == read->line->file_id && place.line == read->line->line;
			parses |= place.file && strstr(place.file, "/pandas/io/parsers/c_parser") != NULL;
			node = capture->nodes[node].parent;
		}
		/* Small blocks are modules that are loaded on the way. */
		if (below && peak->footprint >= WEIGH_LARGE_LEAST * peak->blocks)
			*(parses ? &parser : &others) += peak->footprint;
	}
	return part * (fmin(parser, read->bytes) + others);
}

/*
 * Beside columns of pyarrow, of which the bytes are not known, what the others
 * had of the peak is not known either: what they hold in the snapshot is.
 */
static void say_columns(const struct reading *r, struct weigh_finding *finding, double bytes, double all)
{
	weigh_collect_bytes(finding, r->e->quantity, all, bytes, WEIGH_GRADE_HYPOTHESIS);
	finding->effect.kind = WEIGH_EFFECT_NONE;
	weigh_collect_check(r->c, finding, WEIGH_CHECK_HOLDS,
			    "the columns themselves, without what pyarrow keeps of others");
}

static void say_saving(const struct reading *r, struct weigh_finding *finding, const struct table_read *read,
		       double bytes)
{
	char peak[WEIGH_TELL_COUNT], frame[WEIGH_TELL_COUNT];

	if (read->table->arrow) {
		say_columns(r, finding, bytes, read->bytes);
		return;
	}
	finding->quantity = WEIGH_QUANTITY_PEAK;
	finding->before = read->line->peak;
	finding->saving_low = weigh_stacks_capped(&r->stacks, read->line, bytes);
	finding->saving =
		weigh_stacks_capped(&r->stacks, read->line, share_of_peak(r, read, bytes / read->bytes));
	finding->saving = fmax(finding->saving, finding->saving_low);
	finding->saving_high = finding->saving;
	finding->after = finding->before - finding->saving;
	finding->effect.kind = WEIGH_EFFECT_NONE;
	weigh_collect_check(r->c, finding, WEIGH_CHECK_HOLDS,
			    "the peak lies where the table is read: %s there, the frame is %s",
			    weigh_tell_bytes(read->line->peak, peak), weigh_tell_bytes(read->bytes, frame));
}

static struct weigh_finding *begin(const struct reading *r, const struct table_read *read, double bytes)
{
	struct weigh_finding *finding = weigh_collect_finding(r->c, 37, reading_rule);

	if (!finding)
		return NULL;
	weigh_collect_place(r->c, finding, read->line->file, read->line->line, read->line->function);
	finding->change_before = weigh_collect_text(r->c, "%s", read->text);
	say_saving(r, finding, read, bytes);
	return finding;
}

/* Whether a column was made by a line that turns one into a category, below the line that reads it. */
static bool made_afterwards(const struct reading *r, const struct table_read *read,
			    const struct weigh_column *column)
{
	struct weigh_heap_frame at = weigh_tell_origin(r->e, column->array);
	const char *text = weigh_line_read(r->e->source, at.file, at.line);

	return column->kind == WEIGH_COLUMN_CODES && *column->name && text && at.line > read->line->line &&
	       !strcmp(at.file, read->line->file) && !strcmp(at.function, read->line->function) &&
	       strstr(text, "astype(") && strstr(text, "category") && strstr(text, column->name);
}

/* An object column was there for each of the categories: a reference for each row. */
static void look_for_categories(const struct reading *r, const struct table_read *read)
{
	char names[WEIGH_TELL_LIST] = "", mapping[WEIGH_TELL_LIST] = "";
	double saving = 0;

	for (uint32_t i = 0; i < read->table->count; i++) {
		const struct weigh_column *column = &read->columns[i];
		if (!made_afterwards(r, read, column))
			continue;
		saving += (REFERENCE - column->item) * (double)column->rows;
		weigh_tell_add(names, "%s", column->name);
		weigh_tell_add(mapping, "\"%s\": \"category\"", column->name);
	}
	if (saving <= 0 || read->table->arrow || has_argument(read, "dtype="))
		return;
	struct weigh_finding *finding = begin(r, read, saving);
	if (!finding)
		return;
	finding->grade = WEIGH_GRADE_LIKELY;
	finding->title = weigh_collect_text(r->c, "%s: a category when it is read, not afterwards", names);
	finding->evidence =
		weigh_collect_text(r->c, "%s: made a category below line %u", names, read->line->line);
	finding->change_after = weigh_collect_text(r->c, "%.*s, dtype={%s}%s", read->call, read->text,
						   mapping, read->text + read->call);
	/* Another copy of such a column is seldom there at the peak. */
	finding->saving = finding->saving_high = finding->saving_low;
	finding->after = finding->before - finding->saving;
	finding->cost = weigh_collect_text(r->c, "none: the later line becomes superfluous");
}

/* A word of the program's text: not a part of a longer name. */
static bool names_column(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = text; (at = strstr(at, name)); at += length) {
		bool starts = at == text || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');
		if (starts && !(isalnum((unsigned char)at[length]) || at[length] == '_'))
			return true;
	}
	return false;
}

static bool is_named(const struct weigh_stack_line *of_file, uint32_t line, const char *text, void *name)
{
	(void)of_file, (void)line;
	return names_column(text, name);
}

/* What passes over all columns without naming one. */
static bool is_whole(const struct weigh_stack_line *of_file, uint32_t line, const char *text, void *found)
{
	static const char *const uses[] = {".to_",      ".iloc",       ".values",    ".columns", ".items(",
					   ".iterrows", ".itertuples", ".describe(", ".merge(",  ".melt(",
					   ".corr(",    "concat(",     ".drop(",     NULL};

	(void)of_file;
	for (int i = 0; uses[i]; i++) {
		if (strstr(text, uses[i])) {
			*(uint32_t *)found = line;
			return true;
		}
	}
	return false;
}

static void report_unused(const struct reading *r, const struct table_read *read, const char *used,
			  const char *unused, uint32_t count, double bytes)
{
	struct weigh_finding *finding = begin(r, read, bytes);

	if (!finding)
		return;
	finding->grade = WEIGH_GRADE_HYPOTHESIS;
	finding->title = weigh_collect_text(r->c, "%u of %u columns are read and not named again", count,
					    read->table->count);
	finding->evidence = weigh_collect_text(r->c, "no line of the program names %s", unused);
	finding->change_after = weigh_collect_text(r->c, "%.*s, usecols=[%s]%s", read->call, read->text, used,
						   read->text + read->call);
	weigh_collect_check(r->c, finding, WEIGH_CHECK_UNKNOWN, "nobody uses the frame as a whole");
	finding->cost = weigh_collect_text(r->c, "none: it is read faster too");
}

static void look_for_unused(const struct reading *r, const struct table_read *read)
{
	char used[WEIGH_TELL_LIST] = "", unused[WEIGH_TELL_LIST] = "";
	uint32_t count = 0, at = 0;
	double bytes = 0;

	if (has_argument(read, "usecols="))
		return;
	for (uint32_t i = 0; i < read->table->count; i++) {
		const struct weigh_column *column = &read->columns[i];
		if (!*column->name)
			return;
		if (weigh_stacks_search(&r->stacks, is_named, (void *)column->name)) {
			weigh_tell_add(used, "\"%s\"", column->name);
			continue;
		}
		weigh_tell_add(unused, "%s", column->name);
		bytes += column_bytes(r, column);
		count++;
	}
	if (!count || !*used)
		return;
	if (bytes <= 0)
		weigh_collect_rejected(r->c, reading_rule, read->line->file, read->line->line, 0,
				       "no line names %s, but what pyarrow keeps of them is not known",
				       unused);
	else if (weigh_stacks_search(&r->stacks, is_whole, &at))
		weigh_collect_rejected(r->c, reading_rule, read->line->file, read->line->line, bytes,
				       "no line names %s, but line %u uses all columns there are", unused,
				       at);
	else
		report_unused(r, read, used, unused, count, bytes);
}

/* The line of the first of its columns that a call of read_csv() made. */
static void look_at(const struct reading *r, const struct weigh_frame_table *table)
{
	struct table_read read = {.table = table, .columns = &r->e->pandas.columns[table->first]};

	for (uint32_t i = 0; i < table->count && !read.call; i++) {
		struct weigh_heap_frame frame = weigh_tell_origin(r->e, read.columns[i].array);
		read.text = weigh_line_read(r->e->source, frame.file, frame.line);
		read.call = weigh_read_call(read.text);
		read.line = stack_line(r, frame.file, frame.line);
	}
	if (!read.call || !read.line)
		return;
	for (uint32_t i = 0; i < table->count; i++)
		read.bytes += made_afterwards(r, &read, &read.columns[i])
				      ? REFERENCE * (double)read.columns[i].rows
				      : column_bytes(r, &read.columns[i]);
	/* Read and then grown into something larger, the peak lies elsewhere. */
	if ((read.bytes <= 0 && !table->arrow) || read.line->peak < read.bytes / 2)
		return;
	look_for_categories(r, &read);
	look_for_unused(r, &read);
}

struct weigh_error *weigh_rules_reading(const struct weigh_evidence *evidence,
					struct weigh_collector *collector)
{
	struct reading r = {.e = evidence, .c = collector};

	if (!evidence->capture || !evidence->pandas.frame_count)
		return NULL;
	struct weigh_error *error =
		weigh_stacks_init(&r.stacks, evidence->capture, evidence->names, evidence->source);
	if (error)
		return error;
	for (uint32_t i = 0; i < evidence->pandas.frame_count; i++)
		look_at(&r, &evidence->pandas.frames[i]);
	weigh_stacks_deinit(&r.stacks);
	return NULL;
}
