/*
 * Memory over time as a page of HTML that needs nothing else: the picture, and
 * tables of programs and functions. See report/mprof.h.
 *
 * One thread; allocates with malloc.
 */
#include "report/mprof.h"
#include "report/svg.h"
#include "report/traces.h"

static void print_head(const struct weigh_traces *t, FILE *out)
{
	fputs("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
	      out);
	weigh_svg_text(*t->title ? t->title : "Memory over time", 0, out);
	fputs("</title>\n<style>body{font:14px system-ui,sans-serif;color:#222;max-width:980px;margin:24px auto;"
	      "padding:0 12px}svg{max-width:100%;height:auto}table{border-collapse:collapse;margin:16px 0}"
	      "th,td{padding:4px 14px;text-align:right;border-bottom:1px solid #ddd;"
	      "font-variant-numeric:tabular-nums}"
	      "th:first-child,td:first-child{text-align:left}</style>\n",
	      out);
}

static void print_traces(const struct weigh_traces *t, FILE *out)
{
	fputs("<table>\n<tr><th>Process<th>Readings<th>Peak, MiB<th>Peak at, s<th>At the end, MiB<th>\n",
	      out);
	for (size_t i = 0; i < t->count; i++) {
		const struct weigh_trace *trace = &t->traces[i];
		fputs("<tr><td>", out);
		weigh_svg_text(trace->label, 0, out);
		fprintf(out, "<td>%zu<td>%.1f<td>%.2f<td>%.1f<td>%s\n", trace->count, trace->peak,
			trace->peak_time, trace->last, trace->detail);
	}
	fputs("</table>\n", out);
}

static void print_functions(const struct weigh_traces *t, FILE *out)
{
	if (!t->function_count)
		return;
	fputs("<table>\n<tr><th>Function<th>Calls<th>Time, s<th>Increment, MiB\n", out);
	for (size_t i = 0; i < t->function_count; i++) {
		const struct weigh_traced_function *function = &t->functions[i];
		fputs("<tr><td>", out);
		weigh_svg_text(function->label, 0, out);
		fprintf(out, "<td>%zu<td>%.3f<td>%+.1f\n", function->calls, function->seconds,
			function->change);
	}
	fputs("</table>\n", out);
}

struct weigh_error *weigh_mprof_print_html(const struct weigh_mprof_plot *plot, FILE *out)
{
	struct weigh_traces traces;
	struct weigh_error *error = weigh_traces_init(&traces, plot);
	if (!error) {
		print_head(&traces, out);
		error = weigh_mprof_print_svg(plot, out);
	}
	if (!error) {
		print_traces(&traces, out);
		print_functions(&traces, out);
		fputs("</html>\n", out);
	}
	weigh_traces_deinit(&traces);
	return error;
}
