/*
 * Memory over time as an SVG picture. See report/mprof.h.
 *
 * One thread; allocates with malloc.
 */
#include "report/mprof.h"
#include "report/svg.h"
#include "report/traces.h"

#include <math.h>

enum {
	WIDTH = 960,
	PLOT_HEIGHT = 360,
	LEFT = 76,
	RIGHT = 24,
	TOP_WITH_TITLE = 72,
	TOP = 40,
	BELOW = 56,     /* numbers and unit of the axis of time */
	ENTRY = 20,     /* height of a line of the legend */
	ENTRIES = 24,   /* traces, and again functions, in the legend */
	CALLS = 500,    /* more brackets than these are a smear */
	TITLE_COLUMNS = 100,
	LABEL_COLUMNS = 90,
};

/* Told apart also by who does not see all colours. */
static const char *const inks[] = {"#0b62a4", "#d55e00", "#009e73", "#a0508c",
				   "#8a6d00", "#3aa0d8", "#555555"};

enum { INKS = sizeof(inks) / sizeof(inks[0]) };

struct picture {
	const struct weigh_mprof_plot *plot;
	struct weigh_traces traces;
	struct weigh_svg_frame frame;
	FILE *out;
};

/* Functions have inks of their own as long as there are: the program's comes first. */
static const char *function_ink(size_t function)
{
	return inks[1 + function % (INKS - 1)];
}

static void print_style(FILE *out)
{
	fputs("<style>"
	      "text{font:13px system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;fill:#333}"
	      ".title{font-size:15px;font-weight:600;fill:#111}.up,.unit{text-anchor:end}"
	      ".unit{fill:#666}.along{text-anchor:middle}"
	      ".grid{stroke:#e4e4e4}.axis{stroke:#888}.line{fill:none;stroke-width:1.8;stroke-linejoin:round}"
	      ".trend{fill:none;stroke:#111;stroke-width:1.4;stroke-dasharray:6 4}"
	      ".peak{stroke:#b00020;stroke-dasharray:4 4;fill:none}.mark{fill:none;stroke-width:2.2}"
	      ".said{fill:#b00020}</style>\n",
	      out);
}

/*
 * The corners of a trace. Of those that fall into the same half pixel the
 * first, the lowest, the highest and the last are enough.
 */
static void print_corners(const struct picture *p, const struct weigh_trace *trace)
{
	size_t i = 0;
	while (i < trace->count) {
		double x = weigh_svg_x(&p->frame, trace->points[i].time);
		size_t low = i, high = i, end = i;
		while (end + 1 < trace->count &&
		       weigh_svg_x(&p->frame, trace->points[end + 1].time) < x + 0.5) {
			end++;
			low = trace->points[end].mib < trace->points[low].mib ? end : low;
			high = trace->points[end].mib > trace->points[high].mib ? end : high;
		}
		const size_t kept[] = {i, low < high ? low : high, low < high ? high : low, end};
		for (int k = 0; k < 4; k++) {
			if (k && kept[k] == kept[k - 1])
				continue;
			fprintf(p->out, "%s%.1f %.1f", i || k ? "L" : "M",
				weigh_svg_x(&p->frame, trace->points[kept[k]].time),
				weigh_svg_y(&p->frame, trace->points[kept[k]].mib));
		}
		i = end + 1;
	}
}

static void print_trace(const struct picture *p, size_t index)
{
	const struct weigh_trace *trace = &p->traces.traces[index];
	const char *ink = inks[index % INKS];
	double bottom = p->frame.top + p->frame.height;
	if (p->traces.count == 1) {
		fprintf(p->out, "<path fill=\"%s\" fill-opacity=\".1\" d=\"", ink);
		print_corners(p, trace);
		fprintf(p->out, "V%.1fH%.1fZ\"/>\n", bottom, weigh_svg_x(&p->frame, trace->points[0].time));
	}
	fprintf(p->out, "<path class=\"line\" stroke=\"%s\" d=\"", ink);
	print_corners(p, trace);
	fputs("\"/>\n", p->out);
	if (trace->count == 1)
		fprintf(p->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n",
			weigh_svg_x(&p->frame, trace->points[0].time),
			weigh_svg_y(&p->frame, trace->points[0].mib), ink);
}

static void print_slope(const struct picture *p, size_t index)
{
	const struct weigh_trace *trace = &p->traces.traces[index];
	double from = trace->points[0].time, to = trace->points[trace->count - 1].time;
	fprintf(p->out, "<path class=\"trend\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", weigh_svg_x(&p->frame, from),
		weigh_svg_y(&p->frame, trace->base + trace->slope * from), weigh_svg_x(&p->frame, to),
		weigh_svg_y(&p->frame, trace->base + trace->slope * to));
}

static void print_peak(const struct picture *p)
{
	const struct weigh_trace *trace = &p->traces.traces[0];
	char time[WEIGH_NUMBER];
	double x = weigh_svg_x(&p->frame, trace->peak_time), y = weigh_svg_y(&p->frame, trace->peak);
	bool left = x > p->frame.left + p->frame.width * 0.7;
	fprintf(p->out, "<path class=\"peak\" d=\"M%.1f %.1fH%.1fM%.1f %.1fV%.1f\"/>", p->frame.left, y,
		p->frame.left + p->frame.width, x, p->frame.top, p->frame.top + p->frame.height);
	fprintf(p->out, "<text class=\"said\" x=\"%.1f\" y=\"%.1f\"%s>peak %.1f MiB at %s</text>\n",
		left ? x - 6 : x + 6, y - 6, left ? " text-anchor=\"end\"" : "", trace->peak,
		weigh_time_text((uint64_t)(fmin(trace->peak_time, 1e10) * 1e9), time));
}

/* What a pointer that rests on a call is told. */
static void print_call_title(const struct picture *p, const struct weigh_mprof_call *call)
{
	fputs("<title>", p->out);
	weigh_svg_text(p->traces.functions[call->function].label, 0, p->out);
	fprintf(p->out, ": %.3f s, %.1f to %.1f MiB</title>", call->end - call->start, call->start_mib,
		call->end_mib);
}

/* One edge of a bracket, `wing` pixels to the side it opens to. Calls that others lie within stand out above them. */
static void print_edge(const struct picture *p, double seconds, double mib, double wing, uint32_t level)
{
	double half = 10 + 5 * fmin(p->traces.levels - 1 - level, 4);
	if (seconds < p->traces.from || seconds > p->traces.to)
		return;
	fprintf(p->out, "<path d=\"M%.1f %.1fh%.0fv%.0fh%.0f\"/>", weigh_svg_x(&p->frame, seconds) + wing,
		weigh_svg_y(&p->frame, mib) - half, -wing, 2 * half, wing);
}

static void print_bracket(const struct picture *p, const struct weigh_mprof_call *call)
{
	fprintf(p->out, "<g class=\"mark\" stroke=\"%s\">", function_ink(call->function));
	print_call_title(p, call);
	print_edge(p, call->start - p->traces.origin, call->start_mib, 5, call->level);
	print_edge(p, call->end - p->traces.origin, call->end_mib, -5, call->level);
	fputs("</g>\n", p->out);
}

/* From the bottom, a level for each call that others lie within. */
static void print_flame(const struct picture *p, const struct weigh_mprof_call *call)
{
	double start = fmax(call->start - p->traces.origin, p->traces.from);
	double end = fmin(call->end - p->traces.origin, p->traces.to);
	double height = fmin(p->frame.height / (p->traces.levels + 1), 40);
	if (start > end)
		return;
	double x = weigh_svg_x(&p->frame, start), width = fmax(weigh_svg_x(&p->frame, end) - x, 1);
	double y = p->frame.top + p->frame.height - height * (call->level + 1);
	fprintf(p->out,
		"<g><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\" fill-opacity=\".35\" "
		"stroke=\"#fff\"/>",
		x, y, width, height, function_ink(call->function));
	print_call_title(p, call);
	int columns = (int)(width / 8) - 1;
	if (columns > 2 && height >= 16) {
		fprintf(p->out, "<text x=\"%.1f\" y=\"%.1f\">", x + 5, y + height / 2 + 4);
		weigh_svg_text(p->traces.functions[call->function].label, columns, p->out);
		fputs("</text>", p->out);
	}
	fputs("</g>\n", p->out);
}

static void print_calls(const struct picture *p)
{
	const struct weigh_mprof *profile = p->plot->profiles[0];
	size_t count = p->traces.function_count ? profile->call_count : 0;
	for (size_t i = 0; i < count && i < CALLS; i++) {
		if (p->plot->flame)
			print_flame(p, &profile->calls[i]);
		else
			print_bracket(p, &profile->calls[i]);
	}
}

/* A line of the legend at `y`, its text begun. */
static void start_entry(const struct picture *p, double y, const char *ink, bool bracket)
{
	if (bracket)
		fprintf(p->out, "<path class=\"mark\" stroke=\"%s\" d=\"M%d %.1fh-5v10h5m10-10h5v10h-5\"/>",
			ink, LEFT + 5, y - 9);
	else
		fprintf(p->out, "<path stroke=\"%s\" stroke-width=\"3\" d=\"M%d %.1fh20\"/>", ink, LEFT,
			y - 4);
	fprintf(p->out, "<text x=\"%d\" y=\"%.1f\">", LEFT + 28, y);
}

static double print_trace_entry(const struct picture *p, size_t index, double y)
{
	const struct weigh_trace *trace = &p->traces.traces[index];
	start_entry(p, y, inks[index % INKS], false);
	weigh_svg_text(trace->label, LABEL_COLUMNS, p->out);
	fprintf(p->out, ", peak %.1f MiB", trace->peak);
	if (*trace->detail)
		fprintf(p->out, ", %s", trace->detail);
	fputs("</text>\n", p->out);
	return y + ENTRY;
}

static double print_function_entry(const struct picture *p, size_t index, double y)
{
	const struct weigh_traced_function *function = &p->traces.functions[index];
	start_entry(p, y, function_ink(index), !p->plot->flame);
	weigh_svg_text(function->label, LABEL_COLUMNS, p->out);
	if (function->calls == 1)
		fprintf(p->out, ": %.3f s, %+.1f MiB", function->seconds, function->change);
	else
		fprintf(p->out, ": %zu calls, %.3f s, %+.1f MiB", function->calls, function->seconds,
			function->change);
	fputs("</text>\n", p->out);
	return y + ENTRY;
}

static double print_note(const struct picture *p, const char *text, size_t count, double y)
{
	fprintf(p->out,
		"<text class=\"unit\" style=\"text-anchor:start\" x=\"%d\" y=\"%.1f\">%s %zu</text>\n",
		LEFT + 28, y, text, count);
	return y + ENTRY;
}

static size_t at_most(size_t count)
{
	return count < ENTRIES ? count : ENTRIES;
}

static size_t drawn_calls(const struct picture *p)
{
	return p->traces.function_count ? p->plot->profiles[0]->call_count : 0;
}

static void print_legend(const struct picture *p)
{
	const struct weigh_traces *t = &p->traces;
	double y = p->frame.top + p->frame.height + BELOW + 14;
	for (size_t i = 0; i < at_most(t->count); i++)
		y = print_trace_entry(p, i, y);
	if (t->count > ENTRIES)
		y = print_note(p, "processes that are drawn besides:", t->count - ENTRIES, y);
	for (size_t i = 0; i < at_most(t->function_count); i++)
		y = print_function_entry(p, i, y);
	if (t->function_count > ENTRIES)
		y = print_note(p, "functions besides:", t->function_count - ENTRIES, y);
	if (drawn_calls(p) > CALLS)
		print_note(p, "calls that are not drawn:", drawn_calls(p) - CALLS, y);
}

static int picture_height(const struct picture *p)
{
	const struct weigh_traces *t = &p->traces;
	size_t lines = at_most(t->count) + (t->count > ENTRIES) + at_most(t->function_count) +
		       (t->function_count > ENTRIES) + (drawn_calls(p) > CALLS);
	return (int)(p->frame.top + p->frame.height) + BELOW + 14 + (int)lines * ENTRY;
}

static void print_picture(const struct picture *p)
{
	FILE *out = p->out;
	int height = picture_height(p);
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
		"role=\"img\">\n<title>",
		WIDTH, height, WIDTH, height);
	weigh_svg_text(*p->traces.title ? p->traces.title : "Memory over time", 0, out);
	fputs("</title>\n", out);
	print_style(out);
	fprintf(out, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", WIDTH, height);
	if (*p->traces.title) {
		fprintf(out, "<text class=\"title\" x=\"%d\" y=\"30\">", LEFT);
		weigh_svg_text(p->traces.title, TITLE_COLUMNS, out);
		fputs("</text>\n", out);
	}
	weigh_svg_axes(&p->frame, out);
	if (p->plot->flame)
		print_calls(p);
	for (size_t i = 0; i < p->traces.count; i++)
		print_trace(p, i);
	for (size_t i = 0; i < p->traces.count && p->plot->slope; i++)
		print_slope(p, i);
	if (p->traces.count == 1)
		print_peak(p);
	if (!p->plot->flame)
		print_calls(p);
	print_legend(p);
	fputs("</svg>\n", out);
}

struct weigh_error *weigh_mprof_print_svg(const struct weigh_mprof_plot *plot, FILE *out)
{
	struct picture picture = {.plot = plot, .out = out};
	struct weigh_error *error = weigh_traces_init(&picture.traces, plot);
	if (!error) {
		const struct weigh_traces *t = &picture.traces;
		picture.frame = (struct weigh_svg_frame){
			.left = LEFT,
			.top = *t->title ? TOP_WITH_TITLE : TOP,
			.width = WIDTH - LEFT - RIGHT,
			.height = PLOT_HEIGHT,
			.from = t->from,
			.to = t->to,
			.most = t->top,
		};
		weigh_svg_round(&picture.frame);
		print_picture(&picture);
	}
	weigh_traces_deinit(&picture.traces);
	return error;
}
