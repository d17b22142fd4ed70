/*
 * Puts mprof files together to be drawn: see report/traces.h. One thread;
 * allocates with malloc.
 */
#include "report/traces.h"

#include "base/grow.h"
#include "capture/names.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The time of the first reading, of which calls have two each. */
static double origin_of(const struct weigh_mprof *p)
{
	double origin = p->memory.count ? p->memory.points[0].time : INFINITY;
	for (size_t i = 0; i < p->child_count; i++)
		origin = fmin(origin, p->children[i].points[0].time);
	return p->call_count ? fmin(origin, p->calls[0].start) : origin;
}

/* When it began, to the millisecond: several runs may lie within a second. */
static void start_text(double origin, char text[static 64])
{
	time_t seconds = (time_t)origin;
	struct tm local;
	localtime_r(&seconds, &local);
	size_t length = strftime(text, 32, "%Y-%m-%d %H:%M:%S", &local);
	snprintf(text + length, 64 - length, ".%03d", (int)((origin - floor(origin)) * 1000));
}

static char *clean(const char *text)
{
	return weigh_text_clean(text, strlen(text), false);
}

static bool label_trace(struct weigh_trace *trace, const struct weigh_mprof_series *series, bool several)
{
	char start[64], *text = NULL;
	start_text(origin_of(trace->profile), start);
	const char *what = trace->child ? series->name : start;
	int made = asprintf(&text, "%s%s%s%s", several ? trace->profile->path : "", several ? ", " : "",
			    trace->child ? "child " : "", what);
	if (made < 0)
		return false;
	trace->label = clean(text);
	free(text);
	return trace->label != NULL;
}

/* The line that is nearest to all points, by the squares of their distances. */
static void find_slope(struct weigh_trace *trace)
{
	double time = 0, mib = 0, both = 0, square = 0;
	for (size_t i = 0; i < trace->count; i++) {
		time += trace->points[i].time / (double)trace->count;
		mib += trace->points[i].mib / (double)trace->count;
	}
	for (size_t i = 0; i < trace->count; i++) {
		double off = trace->points[i].time - time;
		both += off * (trace->points[i].mib - mib);
		square += off * off;
	}
	trace->slope = square > 0 ? both / square : 0;
	trace->base = mib - trace->slope * time;
}

/* Readings of the series, and the calls' where it is the program's, within the window. */
static bool fill_trace(struct weigh_trace *trace, const struct weigh_mprof_series *series,
		       const struct weigh_mprof_plot *plot)
{
	const struct weigh_mprof *p = trace->profile;
	double origin = origin_of(p);
	size_t calls = trace->child ? 0 : p->call_count, used = 0;
	struct weigh_mprof_point *points = calloc(series->count + calls * 2 + 1, sizeof(*points));
	if (!points)
		return false;
	for (size_t i = 0; i < series->count; i++)
		points[used++] = series->points[i];
	for (size_t i = 0; i < calls; i++) {
		points[used++] = (struct weigh_mprof_point){p->calls[i].start, p->calls[i].start_mib};
		points[used++] = (struct weigh_mprof_point){p->calls[i].end, p->calls[i].end_mib};
	}
	trace->points = points;
	for (size_t i = 0; i < used; i++) {
		struct weigh_mprof_point point = {points[i].time - origin, points[i].mib};
		if (!plot->windowed || (point.time >= plot->from && point.time <= plot->to))
			points[trace->count++] = point;
	}
	weigh_mprof_sort(points, trace->count);
	return true;
}

static void measure_trace(struct weigh_trace *trace)
{
	trace->peak = -INFINITY;
	for (size_t i = 0; i < trace->count; i++) {
		if (trace->points[i].mib <= trace->peak)
			continue;
		trace->peak = trace->points[i].mib;
		trace->peak_time = trace->points[i].time;
	}
	trace->last = trace->points[trace->count - 1].mib;
	find_slope(trace);
}

static struct weigh_error *add_trace(struct weigh_traces *t, const struct weigh_mprof_plot *plot,
				     const struct weigh_mprof *p, const struct weigh_mprof_series *series)
{
	struct weigh_trace trace = {.profile = p, .child = series != &p->memory};
	if (!weigh_grow(&t->traces, &t->room, t->count, sizeof(*t->traces)))
		return weigh_error_create_memory();
	struct weigh_trace *kept = &t->traces[t->count];
	*kept = trace;
	t->count++;
	if (!fill_trace(kept, series, plot))
		return weigh_error_create_memory();
	if (kept->count == 0 && kept->child) {
		t->count--;
		free(kept->points);
		return NULL;
	}
	if (kept->count == 0)
		return weigh_error_create(WEIGH_ERROR_FORMAT, "%s: no reading of memory %s", p->path,
					  plot->windowed ? "in this window: give --window another one"
							 : "in it: run the program again");
	if (!label_trace(kept, series, plot->count > 1))
		return weigh_error_create_memory();
	measure_trace(kept);
	if (!plot->slope)
		kept->detail = strdup("");
	else if (asprintf(&kept->detail, "slope %+.5f MiB/s", kept->slope) < 0)
		kept->detail = NULL;
	return kept->detail ? NULL : weigh_error_create_memory();
}

/* Where the last `words` dotted words of a name start. */
static const char *last_words(const char *name, int words)
{
	const char *at = name + strlen(name);
	while (at > name && (at[-1] != '.' || --words > 0))
		at--;
	return at;
}

/* As few words from the end as no other name ends with, too. */
static const char *label_function(const struct weigh_mprof *p, size_t index)
{
	for (int words = 1;; words++) {
		const char *label = last_words(p->functions[index], words);
		bool alone = true;
		for (size_t i = 0; i < p->function_count && alone; i++)
			alone = i == index || strcmp(last_words(p->functions[i], words), label) != 0;
		if (alone || label == p->functions[index])
			return label;
	}
}

static struct weigh_error *add_functions(struct weigh_traces *t, const struct weigh_mprof *p)
{
	t->functions = calloc(p->function_count + 1, sizeof(*t->functions));
	if (!t->functions)
		return weigh_error_create_memory();
	for (; t->function_count < p->function_count; t->function_count++) {
		struct weigh_traced_function *function = &t->functions[t->function_count];
		function->start = INFINITY;
		function->end = -INFINITY;
		function->label = clean(label_function(p, t->function_count));
		if (!function->label)
			return weigh_error_create_memory();
	}
	for (size_t i = 0; i < p->call_count; i++) {
		const struct weigh_mprof_call *call = &p->calls[i];
		struct weigh_traced_function *function = &t->functions[call->function];
		function->calls++;
		function->seconds += call->end - call->start;
		function->change += call->end_mib - call->start_mib;
		function->start = fmin(function->start, call->start - t->origin);
		function->end = fmax(function->end, call->end - t->origin);
		t->levels = call->level + 1 > t->levels ? call->level + 1 : t->levels;
	}
	return NULL;
}

static void find_scales(struct weigh_traces *t, const struct weigh_mprof_plot *plot)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct weigh_trace *trace = &t->traces[i];
		t->top = fmax(t->top, trace->peak);
		t->to = fmax(t->to, trace->points[trace->count - 1].time);
	}
	if (plot->windowed) {
		t->from = plot->from;
		t->to = plot->to;
	}
	/* One reading, or memory of nothing: still a picture. */
	if (!(t->to > t->from))
		t->to = t->from + 0.001;
	if (!(t->top > 0))
		t->top = 1;
}

struct weigh_error *weigh_traces_init(struct weigh_traces *t, const struct weigh_mprof_plot *plot)
{
	struct weigh_error *error = NULL;
	*t = (struct weigh_traces){.traces = NULL};
	t->title = clean(plot->title ? plot->title : plot->count == 1 ? plot->profiles[0]->command : "");
	if (!t->title)
		return weigh_error_create_memory();
	for (size_t i = 0; i < plot->count && !error; i++) {
		const struct weigh_mprof *p = plot->profiles[i];
		error = add_trace(t, plot, p, &p->memory);
		for (size_t c = 0; c < p->child_count && !error; c++)
			error = add_trace(t, plot, p, &p->children[c]);
	}
	if (error)
		return error;
	t->origin = origin_of(plot->profiles[0]);
	if (plot->functions && plot->count == 1)
		error = add_functions(t, plot->profiles[0]);
	find_scales(t, plot);
	return error;
}

void weigh_traces_deinit(struct weigh_traces *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->traces[i].points);
		free(t->traces[i].label);
		free(t->traces[i].detail);
	}
	for (size_t i = 0; i < t->function_count; i++)
		free(t->functions[i].label);
	free(t->functions);
	free(t->traces);
	free(t->title);
	*t = (struct weigh_traces){.traces = NULL};
}
