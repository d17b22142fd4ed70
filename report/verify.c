/*
 * A prediction against what was measured: see report/verify.h.
 *
 * One thread; allocates with malloc.
 */
#include "report/verify.h"

#include "advice/collect.h"
#include "advice/slope.h"
#include "capture/resident.h"
#include "report/grid.h"
#include "weigh/format_math.h"

#include <math.h>
#include <stdlib.h>

static const double seconds_of_hour = 3600;
static const double growth_seconds = 1; /* after the warm-up; less is no time to grow in */

static double own_of(const struct weigh_resident *resident)
{
	return (double)resident->recorder;
}

static void measure_growth(const struct weigh_capture *capture, struct weigh_measured *measured)
{
	uint32_t count = weigh_capture_count(capture, WEIGH_SECTION_TIMELINE);
	struct weigh_point *points = malloc((count ? count : 1) * sizeof(*points));

	for (uint32_t i = 0; points && i < count; i++)
		points[i] = (struct weigh_point){(double)capture->ticks[i].time_ns / 1e9,
						 (double)capture->ticks[i].live};
	struct weigh_slope slope = weigh_slope_of(points, points ? count : 0);
	free(points);
	measured->growth_known = slope.known && slope.seconds >= growth_seconds;
	measured->growth = measured->growth_known && slope.growing ? slope.rate * seconds_of_hour : 0;
}

struct weigh_measured weigh_measured_of(const struct weigh_capture *capture)
{
	const struct weigh_header *header = capture->header;
	const struct weigh_resident *end = &header->at_end;
	double resident = (double)(end->anonymous + end->file + end->shared);
	struct weigh_measured measured = {
		.peak = (double)weigh_capture_peak(capture).footprint,
		.end = (double)weigh_counters_live(&header->counters),
		.reusable = weigh_resident_reusable(capture),
	};

	if (header->rss_peak)
		measured.rss_peak = fmax(0, (double)header->rss_peak - own_of(&header->at_peak));
	if (resident > 0)
		measured.rss_end = fmax(0, resident - own_of(end));
	measure_growth(capture, &measured);
	return measured;
}

void weigh_verify_deinit(struct weigh_verify *verify)
{
	free(verify->before_path);
	free(verify->after_path);
	free(verify->advice);
	*verify = (struct weigh_verify){0};
}

struct weigh_saved weigh_verify_saved(const struct weigh_verify *verify, enum weigh_quantity quantity)
{
	const struct weigh_measured *before = &verify->before, *after = &verify->after;
	struct weigh_saved saved = {.known = true};

	switch (quantity) {
	case WEIGH_QUANTITY_PEAK:
		saved.before = before->peak;
		saved.after = after->peak;
		break;
	case WEIGH_QUANTITY_GROWTH:
		saved.known = before->growth_known && after->growth_known;
		saved.before = before->growth;
		saved.after = after->growth;
		break;
	case WEIGH_QUANTITY_REUSABLE:
		saved.known = before->reusable >= 0 && after->reusable >= 0;
		saved.before = before->reusable;
		saved.after = after->reusable;
		break;
	default:
		saved.before = before->end;
		saved.after = after->end;
		break;
	}
	saved.saving = saved.before - saved.after;
	return saved;
}

void weigh_verify_predict(struct weigh_verify *verify, double saving, double low, double high)
{
	verify->predicted_known = true;
	verify->predicted = saving;
	if (saving != 0)
		verify->within = fmax(verify->within, fmax(high - saving, saving - low) / fabs(saving));
}

double weigh_verify_error(const struct weigh_verify *verify)
{
	struct weigh_saved saved = weigh_verify_saved(verify, verify->quantity);
	double whole = verify->predicted != 0 ? fabs(verify->predicted) : fmax(saved.before, 1);

	return (saved.saving - verify->predicted) / whole;
}

bool weigh_verify_holds(const struct weigh_verify *verify)
{
	if (verify->predicted_known)
		return weigh_verify_saved(verify, verify->quantity).known &&
		       fabs(weigh_verify_error(verify)) <= verify->within;
	return verify->after.peak <= verify->before.peak * (1 + verify->within) &&
	       verify->after.end <= verify->before.end * (1 + verify->within);
}

/* Bytes that may be below zero. */
static void add_change(struct weigh_grid *grid, double bytes)
{
	char text[WEIGH_NUMBER];

	weigh_grid_format(grid, "%s%s", bytes < 0 ? "-" : "", weigh_bytes_text(fabs(bytes), text));
}

static void add_row(struct weigh_grid *grid, const struct weigh_verify *verify, const char *name,
		    struct weigh_saved saved, bool predicted)
{
	if (!saved.known)
		return;
	weigh_grid_bytes(grid, saved.before);
	weigh_grid_bytes(grid, saved.after);
	add_change(grid, saved.saving);
	if (predicted) {
		add_change(grid, verify->predicted);
		weigh_grid_format(grid, "%+.1f %%", 100 * weigh_verify_error(verify));
	} else {
		weigh_grid_cell(grid, "");
		weigh_grid_cell(grid, "");
	}
	weigh_grid_cell(grid, name);
}

static struct weigh_saved saved_of(double before, double after)
{
	return (struct weigh_saved){before > 0 && after > 0, before, after, before - after};
}

static void add_rows(struct weigh_grid *grid, const struct weigh_verify *verify)
{
	bool given = verify->predicted_known;
	add_row(grid, verify, "peak", weigh_verify_saved(verify, WEIGH_QUANTITY_PEAK),
		given && verify->quantity == WEIGH_QUANTITY_PEAK);
	add_row(grid, verify, "live at the end", weigh_verify_saved(verify, WEIGH_QUANTITY_END),
		given && verify->quantity == WEIGH_QUANTITY_END);
	if (given && verify->quantity == WEIGH_QUANTITY_REUSABLE)
		add_row(grid, verify, "freed and kept at the end",
			weigh_verify_saved(verify, WEIGH_QUANTITY_REUSABLE), true);
	add_row(grid, verify, "resident, highest", saved_of(verify->before.rss_peak, verify->after.rss_peak),
		false);
	add_row(grid, verify, "resident at the end", saved_of(verify->before.rss_end, verify->after.rss_end),
		false);
	if (verify->before.growth > 0 || (given && verify->quantity == WEIGH_QUANTITY_GROWTH))
		add_row(grid, verify, "growth in an hour", weigh_verify_saved(verify, WEIGH_QUANTITY_GROWTH),
			given && verify->quantity == WEIGH_QUANTITY_GROWTH);
}

/* "the peak is 1.2 MiB smaller (4.0 %)": what was measured, in words. */
static void print_change(const char *what, double before, double after, FILE *out)
{
	double change = after - before, part = before > 0 ? fabs(change) / before : 0;
	char text[WEIGH_NUMBER];

	if (part < 0.0005) {
		fprintf(out, "%s the same", what);
		return;
	}
	fprintf(out, "%s %s %s", what, weigh_bytes_text(fabs(change), text),
		change < 0 ? "smaller" : "larger");
	/* What was next to nothing before has no part to tell. */
	if (part < 10)
		fprintf(out, " (%.1f %%)", 100 * part);
}

static void print_measured(const struct weigh_verify *verify, FILE *out)
{
	const struct weigh_measured *before = &verify->before, *after = &verify->after;

	print_change("the peak is", before->peak, after->peak, out);
	print_change(", what is live at the end", before->end, after->end, out);
	if (after->peak > before->peak || after->end > before->end)
		fprintf(out, ", %s the %.3g %% allowed", weigh_verify_holds(verify) ? "within" : "more than",
			100 * verify->within);
}

static void print_verdict(const struct weigh_verify *verify, const struct weigh_style *style, FILE *out)
{
	bool holds = weigh_verify_holds(verify);

	weigh_style_ink(style, out, holds ? WEIGH_INK_BOLD : WEIGH_INK_WARN);
	if (verify->predicted_known && !weigh_verify_saved(verify, verify->quantity).known)
		fputs(verify->quantity == WEIGH_QUANTITY_GROWTH
			      ? "not measured: the program ran too short to tell its growth"
			      : "not measured: a recording did not end in order",
		      out);
	else if (verify->predicted_known)
		fprintf(out, "%s the prediction by %+.1f %%, %s %.3g %%",
			holds ? "confirmed: off" : "not confirmed: off", 100 * weigh_verify_error(verify),
			holds ? "within" : "more than", 100 * verify->within);
	else
		print_measured(verify, out);
	weigh_style_ink(style, out, WEIGH_INK_PLAIN);
	fputc('\n', out);
}

void weigh_verify_print(const struct weigh_verify *verify, const struct weigh_style *style, FILE *out)
{
	static const struct weigh_grid_column columns[] = {
		{.head = "before"},    {.head = "after"}, {.head = "saved", .bold = true},
		{.head = "predicted"}, {.head = "error"}, {.head = "", .left = true},
	};
	struct weigh_grid grid;

	if (verify->advice)
		fprintf(out, "Advice %s, on %s\n", verify->advice,
			verify->quantity == WEIGH_QUANTITY_REUSABLE ? "what is freed and kept"
			: verify->quantity == WEIGH_QUANTITY_PEAK   ? "the peak"
			: verify->quantity == WEIGH_QUANTITY_END    ? "the end"
								    : "the growth");
	fprintf(out, "before %s\nafter  %s\n\n", verify->before_path, verify->after_path);
	weigh_grid_init(&grid, style, columns, sizeof(columns) / sizeof(columns[0]));
	add_rows(&grid, verify);
	weigh_error_destroy(weigh_grid_print(&grid, 2, out));
	weigh_grid_deinit(&grid);
	fputc('\n', out);
	print_verdict(verify, style, out);
}
