/*
 * Resident memory and recorded live bytes over time: see report/timeline.h.
 *
 * What is both live and resident is solid; above it stands what was freed and
 * kept for reuse, and above that what is otherwise resident, or live only.
 *
 * One thread; allocates with malloc.
 */
#include "report/timeline.h"

#include "capture/resident.h"
#include "report/chart.h"
#include "weigh/format_math.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 14 };

/* Of a column `one` is resident, `other` live, `apart` freed and kept for reuse. */
struct plot {
	const struct weigh_report *report;
	struct weigh_chart chart;
	uint64_t duration;
};

static void raise(struct plot *plot, uint64_t time_ns, struct weigh_chart_column values)
{
	double part = time_ns < plot->duration ? (double)time_ns / (double)plot->duration : 1;

	weigh_chart_raise(&plot->chart, part, values);
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
	for (uint32_t i = 0; i < count; i++) {
		const struct weigh_tick *tick = &capture->ticks[i];
		raise(plot, tick->time_ns,
		      (struct weigh_chart_column){(double)tick->rss, (double)tick->live,
						  (double)tick->reusable});
	}
	weigh_chart_fill(&plot->chart);
	/* The counter saw the peak even if no tick did. */
	raise(plot, peak.time_ns, (struct weigh_chart_column){.other = (double)peak.footprint});
	weigh_chart_scale(&plot->chart, 0);
}

/* What the allocators themselves said in the end: a program that leaks has little of it. */
static void print_end(const struct plot *plot, FILE *out)
{
	const struct weigh_capture *capture = plot->report->capture;
	double spare = weigh_resident_reusable(capture);
	char live[WEIGH_NUMBER], reusable[WEIGH_NUMBER];

	if (spare >= 0)
		fprintf(out, "%*sat the end %s live, %s free in the allocators\n", WEIGH_CHART_INDENT, "",
			weigh_bytes_text((double)capture->header->at_end.live, live),
			weigh_bytes_text(spare, reusable));
}

static void print_legend(const struct plot *plot, FILE *out)
{
	const struct weigh_style *style = &plot->report->style;
	const struct weigh_header *header = plot->report->capture->header;
	struct weigh_peak peak = weigh_capture_peak(plot->report->capture);
	char bytes[WEIGH_NUMBER], time[WEIGH_NUMBER];
	bool reusable = weigh_chart_shows(&plot->chart, WEIGH_CHART_APART);

	fprintf(out, "%*s%s recorded live   ", WEIGH_CHART_INDENT, "",
		weigh_chart_mark(style, WEIGH_CHART_BOTH));
	if (reusable)
		fprintf(out, "%s freed, kept for reuse\n%*s", weigh_chart_mark(style, WEIGH_CHART_APART),
			WEIGH_CHART_INDENT, "");
	fprintf(out, "%s resident besides", weigh_chart_mark(style, WEIGH_CHART_ONE));
	if (weigh_chart_shows(&plot->chart, WEIGH_CHART_OTHER))
		fprintf(out, "   %s live, not resident", weigh_chart_mark(style, WEIGH_CHART_OTHER));
	fprintf(out, "\n%*speak of live %s at %s", WEIGH_CHART_INDENT, "",
		weigh_bytes_text((double)peak.footprint, bytes), weigh_time_text(peak.time_ns, time));
	if (header->rss_peak)
		fprintf(out, "; highest resident %s", weigh_bytes_text((double)header->rss_peak, bytes));
	fputc('\n', out);
	if (reusable)
		print_end(plot, out);
}

struct weigh_error *weigh_timeline_print(const struct weigh_report *report, FILE *out)
{
	struct plot *plot;

	if (!weigh_capture_count(report->capture, WEIGH_SECTION_TIMELINE)) {
		fputs("No timeline: nothing watched the program.\n", out);
		return NULL;
	}
	plot = calloc(1, sizeof(*plot));
	if (!plot)
		return weigh_error_create_memory();
	plot->report = report;
	weigh_chart_init(&plot->chart, &report->style, ROWS);
	collect(plot);
	weigh_chart_print(&plot->chart, out);
	weigh_chart_axis(&plot->chart, 0, plot->duration, out);
	print_legend(plot, out);
	free(plot);
	return NULL;
}
