/*
 * The tree of holders as text: weigh_heap_tree_print() of report/heap_tree.h.
 *
 * One thread; allocates with malloc.
 */
#include "capture/names.h"
#include "report/heap_tree.h"

#include <stdlib.h>
#include <string.h>

enum {
	LEVELS_SHOWN = 16, /* deeper ones are drawn at this indent */
	NUMBERS = 21,      /* columns before the branches */
	SITE_LEAST = 14,
};

struct printer {
	const struct weigh_heap_tree *tree;
	const struct weigh_style *style;
	FILE *out;
	uint8_t *last; /* for each row: no other follows below the same one */
	uint8_t *ends; /* for each depth on the way to the row at hand: its row is the last there */
};

static void print_numbers(const struct printer *p, uint64_t bytes)
{
	double whole = (double)p->tree->report->gross;
	char text[WEIGH_NUMBER];

	weigh_style_ink(p->style, p->out, WEIGH_INK_BOLD);
	fprintf(p->out, "%10s ", weigh_bytes_text((double)bytes, text));
	weigh_style_ink(p->style, p->out, WEIGH_INK_PLAIN);
	fprintf(p->out, "%8s  ", weigh_share_text(whole > 0 ? (double)bytes / whole : 0, text));
}

static int print_branches(const struct printer *p, uint32_t depth)
{
	uint32_t first = depth > LEVELS_SHOWN ? depth - LEVELS_SHOWN : 1;

	weigh_style_ink(p->style, p->out, WEIGH_INK_DIM);
	for (uint32_t i = first; i < depth; i++)
		fputs(p->ends[i] ? "  " : weigh_style_pick(p->style, "│ ", "| "), p->out);
	if (depth)
		fputs(p->ends[depth] ? weigh_style_pick(p->style, "└ ", "`-")
				     : weigh_style_pick(p->style, "├ ", "|-"),
		      p->out);
	weigh_style_ink(p->style, p->out, WEIGH_INK_PLAIN);
	return depth ? 2 * (int)(depth - first + 1) : 0;
}

/* "main() rows: list", "[*]: 676,476 dict", "['route']: 634,292 str, 182 values". */
static void holder_text(const struct printer *p, uint32_t number, char text[WEIGH_HEAP_WHERE])
{
	const struct weigh_holder *holder = &p->tree->holders->holders[number];
	char name[WEIGH_HEAP_NAME], type[WEIGH_HEAP_NAME], count[WEIGH_NUMBER];
	uint64_t values = weigh_heap_tree_values(p->tree, number);

	weigh_holder_name(p->tree->holders, number, name);
	weigh_count_text((double)holder->count, count);
	if (holder->type == WEIGH_NO_OBJECT) {
		snprintf(text, WEIGH_HEAP_WHERE, "%s", name);
		return;
	}
	weigh_heap_type_name(p->tree->report->graph, holder->type, type);
	size_t used = (size_t)snprintf(text, WEIGH_HEAP_WHERE, "%s: %s%s%s", name,
				       holder->count == 1 ? "" : count, holder->count == 1 ? "" : " ", type);
	if (values && holder->count > 1 && used < WEIGH_HEAP_WHERE)
		snprintf(text + used, WEIGH_HEAP_WHERE - used, ", %s %s",
			 weigh_count_text((double)values, count), values == 1 ? "value" : "values");
}

/* Whether what a holder hangs under says the same line. */
static bool said_above(const struct printer *p, uint32_t number, const struct weigh_heap_line *line)
{
	const struct weigh_holder *holders = p->tree->holders->holders;
	const struct weigh_heap_line *above = weigh_heap_tree_line(p->tree, holders[number].parent);

	return holders[number].parent && above && above->own.file && line->own.file &&
	       !strcmp(above->own.file, line->own.file) && above->own.line == line->own.line;
}

static void print_clean(const struct printer *p, const char *text, int columns, int *used)
{
	char *clean = weigh_text_clean(text, strlen(text), false);

	if (clean)
		*used += weigh_text_print(p->style, p->out, clean, columns);
	free(clean);
}

static void print_site(const struct printer *p, uint32_t number, int used)
{
	const struct weigh_heap_line *line = weigh_heap_tree_line(p->tree, number);
	int left = p->style->width - used - 2;
	char site[WEIGH_HEAP_WHERE];

	if (!line || !line->own.file || said_above(p, number, line) || (p->style->width && left < SITE_LEAST))
		return;
	weigh_style_ink(p->style, p->out, WEIGH_INK_DIM);
	fputs("  ", p->out);
	weigh_heap_frame_text(p->tree->report, &line->own, site);
	print_clean(p, site, p->style->width ? left : 0, &used);
	weigh_style_ink(p->style, p->out, WEIGH_INK_PLAIN);
}

/* The field whose values hang below a holder as its child `i`; NULL: it is no field. */
static const struct weigh_heap_field *child_field(const struct printer *p, const struct weigh_holder *holder,
						  uint32_t i)
{
	return weigh_heap_tree_field(p->tree, p->tree->holders->order[holder->first + i]);
}

static bool is_below(const struct printer *p, const struct weigh_holder *holder,
		     const struct weigh_heap_field *field)
{
	for (uint32_t i = 0; i < holder->children; i++) {
		if (child_field(p, holder, i) == field)
			return true;
	}
	return false;
}

/* The record that a holder's objects are, told by what hangs below it; NULL: none. */
static const struct weigh_heap_record *record_of(const struct printer *p, const struct weigh_holder *holder)
{
	for (uint32_t i = 0; i < holder->children; i++) {
		const struct weigh_heap_field *field = child_field(p, holder, i);
		if (field)
			return &p->tree->fields.records[field->record];
	}
	return NULL;
}

/* "daytype (3 values)": fields none of whose values hang below, since others hold them as well. */
static void shared_text(const struct printer *p, const struct weigh_holder *holder,
			char text[WEIGH_HEAP_WHERE])
{
	const struct weigh_heap_graph *graph = p->tree->report->graph;
	const struct weigh_heap_record *record = holder->count > 1 ? record_of(p, holder) : NULL;
	char count[WEIGH_NUMBER];
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t f = 0; record && f < record->field_count && used < WEIGH_HEAP_WHERE; f++) {
		const struct weigh_heap_field *field = &p->tree->fields.fields[record->first_field + f];
		if (field->empty + field->none == field->records || is_below(p, holder, field))
			continue;
		used += (size_t)snprintf(text + used, WEIGH_HEAP_WHERE - used, "%s%s (%s %s)",
					 used ? ", " : "", weigh_heap_text(graph, field->name, NULL),
					 weigh_count_text((double)field->values, count),
					 field->values == 1 ? "value" : "values");
	}
}

/* Below a row, before those that hang under it. */
static void print_shared(const struct printer *p, uint32_t row)
{
	const struct weigh_outline *outline = &p->tree->outline;
	char text[WEIGH_HEAP_WHERE];
	int used = NUMBERS;

	if (row + 1 == outline->count || outline->rows[row + 1].depth <= outline->rows[row].depth)
		return;
	shared_text(p, &p->tree->holders->holders[outline->rows[row].holder], text);
	if (!*text)
		return;
	fprintf(p->out, "%*s", NUMBERS, "");
	p->ends[outline->rows[row].depth + 1] = 0;
	used += print_branches(p, outline->rows[row].depth + 1);
	weigh_style_ink(p->style, p->out, WEIGH_INK_DIM);
	used += fprintf(p->out, "shared with others: ");
	print_clean(p, text, p->style->width ? p->style->width - used : 0, &used);
	weigh_style_ink(p->style, p->out, WEIGH_INK_PLAIN);
	fputc('\n', p->out);
}

static void row_text(const struct printer *p, const struct weigh_outline_row *row,
		     char text[WEIGH_HEAP_WHERE])
{
	char count[WEIGH_NUMBER];

	weigh_count_text(row->left_out, count);
	if (row->holder == WEIGH_NO_OBJECT) {
		snprintf(text, WEIGH_HEAP_WHERE, "(%s smaller)", count);
		return;
	}
	holder_text(p, row->holder, text);
	size_t used = strlen(text);
	if (row->left_out)
		snprintf(text + used, WEIGH_HEAP_WHERE - used, " (%s smaller)", count);
}

static void print_row(const struct printer *p, uint32_t number)
{
	const struct weigh_outline_row *row = &p->tree->outline.rows[number];
	char text[WEIGH_HEAP_WHERE];
	int width = p->style->width;

	print_numbers(p, row->retained);
	int used = NUMBERS + print_branches(p, row->depth);
	row_text(p, row, text);
	print_clean(p, text, width ? (width - used > 16 ? width - used : 16) : 0, &used);
	if (row->holder != WEIGH_NO_OBJECT)
		print_site(p, row->holder, used);
	fputc('\n', p->out);
	if (row->holder != WEIGH_NO_OBJECT)
		print_shared(p, number);
}

/* A row is the last when none of its depth comes before one that is less deep. */
static void find_last(const struct printer *p, uint32_t depths)
{
	const struct weigh_outline *outline = &p->tree->outline;

	memset(p->ends, 0, depths);
	for (uint32_t i = outline->count; i--;) {
		uint32_t depth = outline->rows[i].depth;

		p->last[i] = !p->ends[depth];
		p->ends[depth] = 1;
		memset(p->ends + depth + 1, 0, depths - depth - 1);
	}
}

struct weigh_error *weigh_heap_tree_print(const struct weigh_heap_tree *tree, FILE *out)
{
	struct printer p = {.tree = tree, .style = &tree->report->style, .out = out};
	uint32_t depths = 2;

	for (uint32_t i = 0; i < tree->outline.count; i++)
		depths = tree->outline.rows[i].depth + 3 > depths ? tree->outline.rows[i].depth + 3 : depths;
	p.last = calloc((size_t)tree->outline.count + 1, 1);
	p.ends = calloc(depths, 1);
	if (!p.last || !p.ends) {
		free(p.last);
		free(p.ends);
		return weigh_error_create_memory();
	}
	weigh_style_ink(p.style, out, WEIGH_INK_DIM);
	fprintf(out, "%10s %8s  HELD BY\n", "RETAINED", "SHARE");
	weigh_style_ink(p.style, out, WEIGH_INK_PLAIN);
	find_last(&p, depths);
	for (uint32_t i = 0; i < tree->outline.count; i++) {
		p.ends[tree->outline.rows[i].depth] = p.last[i];
		print_row(&p, i);
	}
	free(p.last);
	free(p.ends);
	return NULL;
}
