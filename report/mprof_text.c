/*
 * Memory over time in characters: a chart for each program and each child, and
 * a line for each function. See report/mprof.h.
 *
 * One thread; allocates with malloc.
 */
#include "report/chart.h"
#include "report/grid.h"
#include "report/mprof.h"
#include "report/traces.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROWS = 14,
	ROWS_OF_SEVERAL = 8,
	FUNCTIONS_MOST = 20,
};

static const double bytes_of_mib = 1024.0 * 1024.0;

static uint64_t ns_of(double seconds)
{
	return (uint64_t)(fmin(fmax(seconds, 0), 1e10) * 1e9);
}

/* Seconds since the start of the file as a part of what is shown. */
static double part_of(const struct weigh_traces *t, double seconds)
{
	return (seconds - t->from) / (t->to - t->from);
}

static void print_trace(const struct weigh_traces *t, const struct weigh_trace *trace,
			struct weigh_chart *chart, const struct weigh_style *style, FILE *out)
{
	char time[WEIGH_NUMBER];

	weigh_text_print(style, out, trace->label, style->width);
	fputc('\n', out);
	weigh_chart_init(chart, style, t->count == 1 ? ROWS : ROWS_OF_SEVERAL);
	for (size_t i = 0; i < trace->count; i++) {
		double bytes = trace->points[i].mib * bytes_of_mib;
		weigh_chart_raise(chart, part_of(t, trace->points[i].time),
				  (struct weigh_chart_column){bytes, bytes, 0});
	}
	weigh_chart_fill(chart);
	/* What has ended has no memory. */
	int end = weigh_chart_column_of(chart, part_of(t, trace->points[trace->count - 1].time));
	for (int c = end + 1; c < chart->width; c++)
		chart->columns[c] = (struct weigh_chart_column){0, 0, 0};
	weigh_chart_scale(chart, t->top * bytes_of_mib);
	weigh_chart_print(chart, out);
	weigh_chart_axis(chart, ns_of(t->from), ns_of(t->to), out);
	fprintf(out, "%*speak %.1f MiB at %s, %.1f MiB at the end%s%s\n", WEIGH_CHART_INDENT, "", trace->peak,
		weigh_time_text(ns_of(trace->peak_time), time), trace->last, *trace->detail ? "; " : "",
		trace->detail);
}

/* Below the axis, from the start of the first call of a function to the end of the last. */
static void print_bar(const struct weigh_traces *t, const struct weigh_chart *chart,
		      const struct weigh_traced_function *function, FILE *out)
{
	const struct weigh_style *style = chart->style;
	int first = weigh_chart_column_of(chart, part_of(t, function->start));
	int last = weigh_chart_column_of(chart, part_of(t, function->end));
	int room = chart->width - last - 2, length = weigh_text_width(function->label);

	fprintf(out, "%*s", WEIGH_CHART_INDENT, "");
	bool before = length > room && length + 1 <= first;
	if (before) {
		fprintf(out, "%*s", first - length - 1, "");
		weigh_text_print(style, out, function->label, 0);
		fputc(' ', out);
	} else {
		fprintf(out, "%*s", first, "");
	}
	if (first == last)
		fputs(weigh_style_pick(style, "│", "|"), out);
	for (int c = first; c <= last && first != last; c++)
		fputs(c == first  ? weigh_style_pick(style, "├", "[")
		      : c == last ? weigh_style_pick(style, "┤", "]")
				  : weigh_style_pick(style, "─", "-"),
		      out);
	if (!before && room > 3) {
		fputc(' ', out);
		weigh_text_print(style, out, function->label, room);
	}
	fputc('\n', out);
}

static struct weigh_error *print_functions(const struct weigh_traces *t, const struct weigh_chart *chart,
					   FILE *out)
{
	static const struct weigh_grid_column columns[] = {
		{.head = "CALLS"},
		{.head = "TIME"},
		{.head = "INCREMENT", .bold = true},
		{.head = "FUNCTION", .left = true},
	};
	struct weigh_grid grid;
	size_t shown = t->function_count < FUNCTIONS_MOST ? t->function_count : FUNCTIONS_MOST;

	for (size_t i = 0; i < shown; i++)
		print_bar(t, chart, &t->functions[i], out);
	fputc('\n', out);
	weigh_grid_init(&grid, chart->style, columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < shown; i++) {
		char time[WEIGH_NUMBER];
		weigh_grid_count(&grid, (double)t->functions[i].calls);
		weigh_grid_cell(&grid, weigh_time_text(ns_of(t->functions[i].seconds), time));
		weigh_grid_bytes(&grid, t->functions[i].change * bytes_of_mib);
		weigh_grid_cell(&grid, t->functions[i].label);
	}
	struct weigh_error *error = weigh_grid_print(&grid, 0, out);
	weigh_grid_deinit(&grid);
	if (!error && shown < t->function_count)
		fprintf(out, "(%zu others)\n", t->function_count - shown);
	return error;
}

struct weigh_error *weigh_mprof_print_text(const struct weigh_mprof_plot *plot,
					   const struct weigh_style *style, FILE *out)
{
	struct weigh_traces traces;
	struct weigh_chart *chart = malloc(sizeof(*chart));
	struct weigh_error *error = weigh_traces_init(&traces, plot);

	if (!chart && !error)
		error = weigh_error_create_memory();
	if (!error && *traces.title) {
		weigh_style_ink(style, out, WEIGH_INK_BOLD);
		weigh_text_print(style, out, traces.title, style->width);
		weigh_style_ink(style, out, WEIGH_INK_PLAIN);
		fputc('\n', out);
	}
	for (size_t i = 0; i < traces.count && !error; i++)
		print_trace(&traces, &traces.traces[i], chart, style, out);
	if (!error && traces.function_count) {
		/* Bars keep to the axis of the chart above them: of a single program. */
		error = print_functions(&traces, chart, out);
	}
	weigh_traces_deinit(&traces);
	free(chart);
	return error;
}
