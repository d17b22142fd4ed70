/*
 * Bytes over time in characters: see report/chart.h. One thread; allocates
 * nothing.
 */
#include "report/chart.h"

#include <math.h>
#include <string.h>

enum { WIDTH_IN_FILE = 80 };

void weigh_chart_init(struct weigh_chart *chart, const struct weigh_style *style, int rows)
{
	int width = (style->width ? style->width : WIDTH_IN_FILE) - WEIGH_CHART_INDENT - 1;

	chart->style = style;
	chart->rows = rows;
	chart->width = width < WEIGH_CHART_WIDEST ? width : WEIGH_CHART_WIDEST;
	chart->top = 1;
	for (int c = 0; c < chart->width; c++)
		chart->columns[c] = (struct weigh_chart_column){-1, -1, 0};
}

int weigh_chart_column_of(const struct weigh_chart *chart, double part)
{
	int column = (int)(fmin(fmax(part, 0), 1) * chart->width);

	return column < chart->width ? column : chart->width - 1;
}

void weigh_chart_raise(struct weigh_chart *chart, double part, struct weigh_chart_column values)
{
	struct weigh_chart_column *column = &chart->columns[weigh_chart_column_of(chart, part)];

	column->one = fmax(column->one, values.one);
	column->other = fmax(column->other, values.other);
	column->apart = fmax(column->apart, values.apart);
}

void weigh_chart_fill(struct weigh_chart *chart)
{
	struct weigh_chart_column last = {0, 0, 0};

	for (int c = 0; c < chart->width; c++) {
		if (chart->columns[c].one < 0)
			chart->columns[c] = last;
		last = chart->columns[c];
	}
}

/* The next larger round number in the unit people read. */
static double round_up(double bytes)
{
	static const double steps[] = {1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10};
	double unit = 1;

	while (bytes / unit >= 1024)
		unit *= 1024;
	double power = pow(10, floor(log10(fmax(bytes / unit, 1))));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i] * power * unit >= bytes)
			return steps[i] * power * unit;
	}
	return 10 * power * unit;
}

void weigh_chart_scale(struct weigh_chart *chart, double least)
{
	double highest = fmax(1, least);

	for (int c = 0; c < chart->width; c++)
		highest = fmax(highest, fmax(chart->columns[c].one, chart->columns[c].other));
	chart->top = round_up(highest);
}

const char *weigh_chart_mark(const struct weigh_style *style, enum weigh_chart_mark mark)
{
	static const char *const unicode[] = {" ", "█", "░", "▒", "▓"};
	static const char *const ascii[] = {" ", "#", ".", "+", "o"};

	return style->unicode ? unicode[mark] : ascii[mark];
}

static enum weigh_chart_mark mark_at(const struct weigh_chart *chart, int column, int row)
{
	double level = chart->top * (row + 0.5) / chart->rows;
	const struct weigh_chart_column *values = &chart->columns[column];

	/* A little is not nothing: the lowest row shows it. */
	if (row == 0)
		level = fmin(level, chart->top / chart->rows / 8);
	bool one = values->one >= level, other = values->other >= level;
	if (one && !other && level <= values->other + values->apart)
		return WEIGH_CHART_APART;
	return one && other ? WEIGH_CHART_BOTH
	       : one        ? WEIGH_CHART_ONE
	       : other      ? WEIGH_CHART_OTHER
			    : WEIGH_CHART_NONE;
}

bool weigh_chart_shows(const struct weigh_chart *chart, enum weigh_chart_mark mark)
{
	for (int row = 0; row < chart->rows; row++) {
		for (int c = 0; c < chart->width; c++) {
			if (mark_at(chart, c, row) == mark)
				return true;
		}
	}
	return false;
}

void weigh_chart_print(const struct weigh_chart *chart, FILE *out)
{
	const struct weigh_style *style = chart->style;
	char label[WEIGH_NUMBER];

	for (int row = chart->rows - 1; row >= 0; row--) {
		int last = chart->width;

		label[0] = '\0';
		if (row == chart->rows - 1 || row == chart->rows / 2 - 1)
			weigh_bytes_text(chart->top * (row + 1) / chart->rows, label);
		fprintf(out, "%*s %s", WEIGH_CHART_INDENT - 2, label,
			*label ? weigh_style_pick(style, "┤", "+") : weigh_style_pick(style, "│", "|"));
		while (last > 0 && mark_at(chart, last - 1, row) == WEIGH_CHART_NONE)
			last--;
		for (int c = 0; c < last; c++)
			fputs(weigh_chart_mark(style, mark_at(chart, c, row)), out);
		fputc('\n', out);
	}
}

void weigh_chart_axis(const struct weigh_chart *chart, uint64_t from_ns, uint64_t to_ns, FILE *out)
{
	const struct weigh_style *style = chart->style;
	char start[WEIGH_NUMBER] = "0 s", middle[WEIGH_NUMBER], end[WEIGH_NUMBER];

	fprintf(out, "%*s %s", WEIGH_CHART_INDENT - 2, "0 B", weigh_style_pick(style, "└", "+"));
	for (int c = 0; c < chart->width; c++)
		fputs(weigh_style_pick(style, "─", "-"), out);
	if (from_ns)
		weigh_time_text(from_ns, start);
	weigh_time_text(from_ns + (to_ns - from_ns) / 2, middle);
	weigh_time_text(to_ns, end);
	int left = chart->width / 2 - 1, right = chart->width - left - (int)strlen(middle);
	fprintf(out, "\n%*s%-*s%s%*s\n", WEIGH_CHART_INDENT, "", left, start, middle, right, end);
}
