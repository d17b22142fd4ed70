/*
 * Resident memory and recorded live bytes over time: see report/timeline.h.
 *
 * Each column of the plot stands for an equal part of the run and shows the
 * highest values in it, so that no short peak is lost. What is both live and
 * resident is solid; above it stands what is only one of the two.
 *
 * One thread; allocates with malloc.
 */
#include "report/timeline.h"

#include "weigh/format_math.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROWS = 14,
	LABELS = 11, /* columns left of the plot */
	WIDTH_IN_FILE = 80,
	WIDTH_MOST = 240,
};

struct point {
	double rss, live; /* bytes; -1: no tick fell here */
};

struct plot {
	const struct weigh_report *report;
	struct point points[WIDTH_MOST];
	int columns;
	double top; /* bytes at the upper edge */
	uint64_t duration;
};

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

static int column_of(const struct plot *plot, uint64_t time_ns)
{
	double part = time_ns < plot->duration ? (double)time_ns / (double)plot->duration : 1;
	int column = (int)(part * plot->columns);

	return column < plot->columns ? column : plot->columns - 1;
}

static void raise(struct point *point, double rss, double live)
{
	point->rss = fmax(point->rss, rss);
	point->live = fmax(point->live, live);
}

/* Columns between two ticks take the value of the one before. */
static void fill_gaps(struct plot *plot)
{
	struct point last = {0, 0};

	for (int c = 0; c < plot->columns; c++) {
		if (plot->points[c].rss < 0)
			plot->points[c] = last;
		last = plot->points[c];
	}
}

static void collect(struct plot *plot)
{
	const struct weigh_capture *capture = plot->report->capture;
	uint32_t count = weigh_capture_count(capture, WEIGH_SECTION_TIMELINE);
	struct weigh_peak peak = weigh_capture_peak(capture);

	plot->duration = weigh_capture_duration(capture);
	for (uint32_t i = 0; i < count; i++) {
		if (capture->ticks[i].time_ns > plot->duration)
			plot->duration = capture->ticks[i].time_ns;
	}
	for (int c = 0; c < plot->columns; c++)
		plot->points[c] = (struct point){-1, -1};
	for (uint32_t i = 0; i < count; i++) {
		const struct weigh_tick *tick = &capture->ticks[i];
		raise(&plot->points[column_of(plot, tick->time_ns)], (double)tick->rss, (double)tick->live);
	}
	fill_gaps(plot);
	/* The counter saw the peak even if no tick did. */
	raise(&plot->points[column_of(plot, peak.time_ns)], 0, (double)peak.footprint);

	double highest = 1;
	for (int c = 0; c < plot->columns; c++)
		highest = fmax(highest, fmax(plot->points[c].rss, plot->points[c].live));
	plot->top = round_up(highest);
}

enum mark { MARK_NONE, MARK_BOTH, MARK_RSS, MARK_LIVE };

static const char *mark_text(const struct weigh_style *style, enum mark mark)
{
	static const char *const unicode[] = {" ", "█", "░", "▒"};
	static const char *const ascii[] = {" ", "#", ".", "+"};

	return style->unicode ? unicode[mark] : ascii[mark];
}

static enum mark mark_at(const struct plot *plot, int column, int row)
{
	double level = plot->top * (row + 0.5) / ROWS;
	const struct point *point = &plot->points[column];

	/* A little is not nothing: the lowest row shows it. */
	if (row == 0)
		level = fmin(level, plot->top / ROWS / 8);
	bool rss = point->rss >= level, live = point->live >= level;
	return rss && live ? MARK_BOTH : rss ? MARK_RSS : live ? MARK_LIVE : MARK_NONE;
}

static void print_rows(const struct plot *plot, FILE *out)
{
	const struct weigh_style *style = &plot->report->style;
	char label[WEIGH_NUMBER];

	for (int row = ROWS - 1; row >= 0; row--) {
		int last = plot->columns;

		label[0] = '\0';
		if (row == ROWS - 1 || row == ROWS / 2 - 1)
			weigh_bytes_text(plot->top * (row + 1) / ROWS, label);
		fprintf(out, "%*s %s", LABELS - 2, label,
			*label ? weigh_style_pick(style, "┤", "+") : weigh_style_pick(style, "│", "|"));
		while (last > 0 && mark_at(plot, last - 1, row) == MARK_NONE)
			last--;
		for (int c = 0; c < last; c++)
			fputs(mark_text(style, mark_at(plot, c, row)), out);
		fputc('\n', out);
	}
}

static void print_time_axis(const struct plot *plot, FILE *out)
{
	const struct weigh_style *style = &plot->report->style;
	char middle[WEIGH_NUMBER], end[WEIGH_NUMBER];

	fprintf(out, "%*s %s", LABELS - 2, "0 B", weigh_style_pick(style, "└", "+"));
	for (int c = 0; c < plot->columns; c++)
		fputs(weigh_style_pick(style, "─", "-"), out);
	weigh_time_text(plot->duration / 2, middle);
	weigh_time_text(plot->duration, end);
	int left = plot->columns / 2 - 1, right = plot->columns - left - (int)strlen(middle);
	fprintf(out, "\n%*s%-*s%s%*s\n", LABELS, "", left, "0 s", middle, right, end);
}

static void print_legend(const struct plot *plot, FILE *out)
{
	const struct weigh_style *style = &plot->report->style;
	const struct weigh_header *header = plot->report->capture->header;
	struct weigh_peak peak = weigh_capture_peak(plot->report->capture);
	char bytes[WEIGH_NUMBER], time[WEIGH_NUMBER];
	bool above = false;

	for (int c = 0; c < plot->columns; c++)
		above |= plot->points[c].live > plot->points[c].rss;
	fprintf(out, "%*s%s recorded live   %s resident besides", LABELS, "", mark_text(style, MARK_BOTH),
		mark_text(style, MARK_RSS));
	if (above)
		fprintf(out, "   %s live, not resident", mark_text(style, MARK_LIVE));
	fprintf(out, "\n%*speak of live %s at %s", LABELS, "",
		weigh_bytes_text((double)peak.footprint, bytes), weigh_time_text(peak.time_ns, time));
	if (header->rss_peak)
		fprintf(out, "; highest resident %s", weigh_bytes_text((double)header->rss_peak, bytes));
	fputc('\n', out);
}

struct weigh_error *weigh_timeline_print(const struct weigh_report *report, FILE *out)
{
	int width = report->style.width ? report->style.width : WIDTH_IN_FILE;
	struct plot *plot;

	if (!weigh_capture_count(report->capture, WEIGH_SECTION_TIMELINE)) {
		fputs("No timeline: nothing watched the program.\n", out);
		return NULL;
	}
	plot = calloc(1, sizeof(*plot));
	if (!plot)
		return weigh_error_create_memory();
	plot->report = report;
	plot->columns = width - LABELS - 1 < WIDTH_MOST ? width - LABELS - 1 : WIDTH_MOST;
	collect(plot);
	print_rows(plot, out);
	print_time_axis(plot, out);
	print_legend(plot, out);
	free(plot);
	return NULL;
}
