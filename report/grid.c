/*
 * A table of text of any columns: see report/grid.h.
 *
 * One thread; allocates with malloc.
 */
#include "report/grid.h"

#include "capture/names.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
	COLUMNS_MOST = 16,
	LAST_LEAST = 24,
	LEFT_MOST = 40, /* of a text that is not in the last column, on a terminal */
};

void weigh_grid_init(struct weigh_grid *grid, const struct weigh_style *style,
		     const struct weigh_grid_column *columns, int column_count)
{
	*grid = (struct weigh_grid){.style = style, .columns = columns, .column_count = column_count};
}

void weigh_grid_deinit(struct weigh_grid *grid)
{
	for (size_t i = 0; i < grid->count; i++)
		free(grid->cells[i]);
	free(grid->cells);
	*grid = (struct weigh_grid){0};
}

void weigh_grid_cell(struct weigh_grid *grid, const char *text)
{
	if (grid->count == grid->room) {
		size_t room = grid->room ? grid->room * 2 : 64;
		char **cells = realloc(grid->cells, room * sizeof(*cells));
		if (!cells) {
			grid->failed = true;
			return;
		}
		grid->cells = cells;
		grid->room = room;
	}
	char *clean = weigh_text_clean(text, strlen(text), false);
	grid->failed |= !clean;
	grid->cells[grid->count++] = clean;
}

void weigh_grid_format(struct weigh_grid *grid, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	grid->failed |= !text;
	weigh_grid_cell(grid, text ? text : "");
	free(text);
}

void weigh_grid_bytes(struct weigh_grid *grid, double bytes)
{
	char text[WEIGH_NUMBER];

	weigh_grid_cell(grid, weigh_bytes_text(bytes, text));
}

void weigh_grid_count(struct weigh_grid *grid, double count)
{
	char text[WEIGH_NUMBER];

	weigh_grid_cell(grid, weigh_count_text(count, text));
}

void weigh_grid_share(struct weigh_grid *grid, double part, double whole)
{
	char text[WEIGH_NUMBER];

	weigh_grid_cell(grid, whole > 0 ? weigh_share_text(part / whole, text) : "-");
}

/* Widths of the columns; 0: not shown. Of the last one: what is left, 0 for any. */
struct layout {
	int widths[COLUMNS_MOST];
	int last;
};

static int total_width(const struct weigh_grid *grid, const struct layout *layout)
{
	int width = 0;

	for (int c = 0; c < grid->column_count - 1; c++)
		width += layout->widths[c] ? layout->widths[c] + 2 : 0;
	return width;
}

static void drop(const struct weigh_grid *grid, struct layout *layout, int room, int wanted)
{
	int least = wanted < LAST_LEAST ? wanted : LAST_LEAST;

	for (uint8_t turn = 1; turn < COLUMNS_MOST; turn++) {
		if (room - total_width(grid, layout) >= least)
			return;
		for (int c = 0; c < grid->column_count - 1; c++) {
			if (grid->columns[c].goes == turn)
				layout->widths[c] = 0;
		}
	}
}

static struct layout lay_out(const struct weigh_grid *grid, int indent)
{
	struct layout layout = {0};
	int last = grid->column_count - 1, wanted = 0;

	for (int c = 0; c < last; c++)
		layout.widths[c] = grid->columns[c].filled ? 0 : weigh_text_width(grid->columns[c].head);
	for (size_t i = 0; i < grid->count; i++) {
		int column = (int)(i % (size_t)grid->column_count);
		int width = weigh_text_width(grid->cells[i]);

		if (column == last)
			wanted = width > wanted ? width : wanted;
		else if (width > layout.widths[column])
			layout.widths[column] = width;
	}
	for (int c = 0; c < last; c++) {
		int head = weigh_text_width(grid->columns[c].head);
		if (layout.widths[c] && layout.widths[c] < head)
			layout.widths[c] = head;
	}
	if (!grid->style->width)
		return layout;
	for (int c = 0; c < last; c++) {
		if (grid->columns[c].left && layout.widths[c] > LEFT_MOST)
			layout.widths[c] = LEFT_MOST;
	}
	drop(grid, &layout, grid->style->width - indent, wanted);
	layout.last = grid->style->width - indent - total_width(grid, &layout);
	if (layout.last < 1)
		layout.last = 1;
	return layout;
}

/* Prints a cell after the `blanks` that are due; what is due after it, so that no line ends in blanks. */
static int print_cell(const struct weigh_grid *grid, const struct layout *layout, int column, int blanks,
		      const char *text, FILE *out)
{
	const struct weigh_grid_column *c = &grid->columns[column];
	int width = layout->widths[column], own = weigh_text_width(text);

	if (!*text)
		return blanks + width + 2;
	if (column == grid->column_count - 1) {
		fprintf(out, "%*s", blanks, "");
		weigh_text_print(grid->style, out, text, layout->last);
		return 0;
	}
	fprintf(out, "%*s", blanks + (c->left ? 0 : width - own), "");
	int used = weigh_text_print(grid->style, out, text, grid->style->width ? width : 0);
	return (c->left ? width - used : 0) + 2;
}

static void print_row(const struct weigh_grid *grid, const struct layout *layout, int indent, char **cells,
		      FILE *out)
{
	int blanks = indent;

	for (int c = 0; c < grid->column_count; c++) {
		if (c < grid->column_count - 1 && !layout->widths[c])
			continue;
		bool bold = cells && grid->columns[c].bold;
		if (bold)
			weigh_style_ink(grid->style, out, WEIGH_INK_BOLD);
		blanks = print_cell(grid, layout, c, blanks, cells ? cells[c] : grid->columns[c].head, out);
		if (bold)
			weigh_style_ink(grid->style, out, WEIGH_INK_PLAIN);
	}
}

struct weigh_error *weigh_grid_print(struct weigh_grid *grid, int indent, FILE *out)
{
	if (grid->failed)
		return weigh_error_create_memory();
	if (!grid->count) {
		fprintf(out, "%*s%s\n", indent > 2 ? indent : 2, "", "nothing");
		return NULL;
	}
	struct layout layout = lay_out(grid, indent);
	weigh_style_ink(grid->style, out, WEIGH_INK_DIM);
	print_row(grid, &layout, indent, NULL, out);
	weigh_style_ink(grid->style, out, WEIGH_INK_PLAIN);
	fputc('\n', out);
	for (size_t i = 0; i + (size_t)grid->column_count <= grid->count; i += (size_t)grid->column_count) {
		print_row(grid, &layout, indent, grid->cells + i, out);
		fputc('\n', out);
	}
	return NULL;
}
