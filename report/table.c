/*
 * Rows as a table of text: see report/table.h.
 *
 * Numbers stand right-aligned before the place, which takes what is left and
 * shares it with the source line. On a narrow terminal columns go, the least
 * telling first.
 *
 * One thread; allocates with malloc.
 */
#include "report/table.h"

#include <stdlib.h>
#include <string.h>

enum column {
	COLUMN_BYTES,
	COLUMN_BYTES_SPREAD,
	COLUMN_SHARE,
	COLUMN_BLOCKS,
	COLUMN_BLOCKS_SPREAD,
	COLUMN_AVERAGE,
	COLUMN_COUNT,
};

enum {
	WHERE_LEAST = 24,
	SOURCE_LEAST = 16,
	WHERE_MOST = 48, /* of a terminal; in a file a place is never cut */
};

struct layout {
	const struct weigh_report *report;
	const struct weigh_rows *rows;
	int widths[COLUMN_COUNT]; /* 0: not shown */
	int where;                /* 0: as long as it is */
	int source;               /* -1: not shown; 0: as long as it is */
};

static const char *const heads[COLUMN_COUNT] = {
	[COLUMN_BYTES] = "BYTES",   [COLUMN_BYTES_SPREAD] = "95 %",  [COLUMN_SHARE] = "SHARE",
	[COLUMN_BLOCKS] = "BLOCKS", [COLUMN_BLOCKS_SPREAD] = "95 %", [COLUMN_AVERAGE] = "AVERAGE",
};

static char *cell_text(const struct layout *layout, const struct weigh_row *row, enum column column,
		       char text[static WEIGH_NUMBER])
{
	const struct weigh_tally *tally = &row->tally;
	const struct weigh_chance *chance = &layout->rows->chance;
	double sum = layout->rows->sum.bytes;

	switch (column) {
	case COLUMN_BYTES:
		return weigh_bytes_text(tally->bytes, text);
	case COLUMN_BYTES_SPREAD:
		return weigh_spread_text(&layout->report->style, weigh_estimate_bytes(tally, chance), text);
	case COLUMN_SHARE:
		return weigh_share_text(sum > 0 ? tally->bytes / sum : 0, text);
	case COLUMN_BLOCKS:
		return weigh_count_text(tally->blocks, text);
	case COLUMN_BLOCKS_SPREAD:
		return weigh_spread_text(&layout->report->style, weigh_estimate_blocks(tally, chance), text);
	default:
		return weigh_bytes_text(tally->blocks > 0 ? tally->bytes / tally->blocks : 0, text);
	}
}

/* A row's place in two parts, the first of which says more. */
struct where {
	char *first;        /* owned: "dicts.py:18", or all there is */
	const char *second; /* "read_rides"; NULL: none */
};

static struct where row_where(const struct weigh_report *report, const struct weigh_row *row)
{
	const char *path = row->file ? weigh_source_short_path(report->sources, row->file) : NULL;
	struct where where = {0};
	int made;

	if (path && row->line) {
		made = asprintf(&where.first, "%s:%u", path, row->line);
		where.second = row->function;
	} else {
		const char *name = row->function ? row->function : row->domain ? row->domain : row->thread;
		made = asprintf(&where.first, "%s", name ? name : path);
		where.second = name ? path : NULL;
	}
	if (made < 0)
		where.first = NULL;
	return where;
}

static int where_width(const struct where *where)
{
	int width = where->first ? weigh_text_width(where->first) : 0;

	return where->second ? width + 1 + weigh_text_width(where->second) : width;
}

/* Print in at most `columns` (0: any): the second part gives way before the first. */
static int print_where(const struct weigh_style *style, FILE *out, const struct where *where, int columns)
{
	enum { SECOND_LEAST = 3 };
	int used = weigh_text_print_end(style, out, where->first ? where->first : "", columns);

	if (!where->second || (columns && columns - used - 1 < SECOND_LEAST))
		return used;
	fputc(' ', out);
	return used + 1 + weigh_text_print(style, out, where->second, columns ? columns - used - 1 : 0);
}

static const char *row_source(const struct layout *layout, const struct weigh_row *row)
{
	return weigh_source_line(layout->report->sources, row->file, row->line);
}

static void widen(struct layout *layout, const struct weigh_row *row)
{
	char text[WEIGH_NUMBER];

	for (int c = 0; c < COLUMN_COUNT; c++) {
		int width = weigh_text_width(cell_text(layout, row, c, text));
		if (width > layout->widths[c])
			layout->widths[c] = width;
	}
	struct where where = row_where(layout->report, row);
	int width = where_width(&where);
	if (width > layout->where)
		layout->where = width;
	free(where.first);
	if (row_source(layout, row))
		layout->source = 0;
}

/* Columns taken by numbers, with the two blanks that follow each. */
static int numbers_width(const struct layout *layout)
{
	int width = 0;

	for (int c = 0; c < COLUMN_COUNT; c++)
		width += layout->widths[c] ? layout->widths[c] + 2 : 0;
	return width;
}

static void fit(struct layout *layout)
{
	static const enum column least_telling_first[] = {COLUMN_AVERAGE, COLUMN_BLOCKS_SPREAD, COLUMN_BLOCKS,
							  COLUMN_SHARE};
	int total = layout->report->style.width;
	int wanted = layout->where;

	if (!total)
		return;
	for (size_t i = 0;
	     i < 4 && total - numbers_width(layout) < (wanted < WHERE_LEAST ? wanted : WHERE_LEAST); i++)
		layout->widths[least_telling_first[i]] = 0;
	int left = total - numbers_width(layout);
	int most = left > 2 * WHERE_MOST ? left / 2 : WHERE_MOST;
	layout->where = wanted < most ? wanted : most;
	if (layout->source == 0 && left - layout->where - 2 < SOURCE_LEAST &&
	    left - SOURCE_LEAST - 2 >= WHERE_LEAST)
		layout->where = left - SOURCE_LEAST - 2;
	if (layout->where > left)
		layout->where = left;
	if (layout->source == 0)
		layout->source = left - layout->where - 2 >= SOURCE_LEAST ? left - layout->where - 2 : -1;
	if (layout->source < 0 && wanted > layout->where)
		layout->where = left < wanted ? left : wanted;
}

static void print_right(FILE *out, const char *text, int width)
{
	fprintf(out, "%*s%s  ", width - weigh_text_width(text), "", text);
}

static void print_heads(const struct layout *layout, FILE *out)
{
	weigh_style_ink(&layout->report->style, out, WEIGH_INK_DIM);
	for (int c = 0; c < COLUMN_COUNT; c++) {
		if (layout->widths[c])
			print_right(out, heads[c], layout->widths[c]);
	}
	if (layout->source >= 0)
		fprintf(out, "%-*s  SOURCE", layout->where, "WHERE");
	else
		fputs("WHERE", out);
	weigh_style_ink(&layout->report->style, out, WEIGH_INK_PLAIN);
	fputc('\n', out);
}

static void print_row(const struct layout *layout, const struct weigh_row *row, FILE *out)
{
	const struct weigh_style *style = &layout->report->style;
	const char *source = layout->source >= 0 ? row_source(layout, row) : NULL;
	char text[WEIGH_NUMBER];

	for (int c = 0; c < COLUMN_COUNT; c++) {
		if (!layout->widths[c])
			continue;
		if (c == COLUMN_BYTES)
			weigh_style_ink(style, out, WEIGH_INK_BOLD);
		print_right(out, cell_text(layout, row, c, text), layout->widths[c]);
		if (c == COLUMN_BYTES)
			weigh_style_ink(style, out, WEIGH_INK_PLAIN);
	}
	struct where where = row_where(layout->report, row);
	int used = print_where(style, out, &where, style->width ? layout->where : 0);
	free(where.first);
	if (source) {
		fprintf(out, "%*s", layout->where - used + 2, "");
		weigh_style_ink(style, out, WEIGH_INK_DIM);
		weigh_text_print(style, out, source, layout->source);
		weigh_style_ink(style, out, WEIGH_INK_PLAIN);
	}
	fputc('\n', out);
}

void weigh_table_print(const struct weigh_report *report, const struct weigh_rows *rows, FILE *out)
{
	struct layout layout = {.report = report, .rows = rows, .source = -1};
	char count[WEIGH_NUMBER], name[WEIGH_NUMBER + 16];
	struct weigh_row others = rows->others;

	if (!rows->count) {
		fputs("  nothing\n", out);
		return;
	}
	snprintf(name, sizeof(name), "(%s other%s)", weigh_count_text(rows->cut, count),
		 rows->cut == 1 ? "" : "s");
	others.function = name;
	for (uint32_t i = 0; i < rows->count; i++)
		widen(&layout, &rows->rows[i]);
	if (rows->cut)
		widen(&layout, &others);
	for (int c = 0; c < COLUMN_COUNT; c++) {
		int width = (int)strlen(heads[c]);
		if (layout.widths[c] && layout.widths[c] < width)
			layout.widths[c] = width;
	}
	fit(&layout);
	print_heads(&layout, out);
	for (uint32_t i = 0; i < rows->count; i++)
		print_row(&layout, &rows->rows[i], out);
	if (rows->cut)
		print_row(&layout, &others, out);
}
