/*
 * The one screen after a program has run: see report/summary.h.
 *
 * One thread; allocates with malloc.
 */
#include "report/summary.h"

#include "capture/parts.h"
#include "capture/resident.h"
#include "report/advice.h"
#include "report/report.h"
#include "report/rows.h"
#include "report/table.h"

#include <string.h>

enum {
	LINES = 8,
	WIDTH_IN_FILE = 100,
	BESIDE_REPORT = 19, /* columns by which `weigh report` with an option is longer than a verb's name */
	NOTES = 3, /* more do not fit the screen; the report has them all */
};

/* Words that flow from line to line. */
struct flow {
	const struct weigh_style *style;
	FILE *out;
	int width, column, indent;
};

static void flow_term(struct flow *flow, const char *term)
{
	int width = weigh_text_width(term);

	if (flow->column + 1 + width > flow->width) {
		fprintf(flow->out, "\n%*s", flow->indent, "");
		flow->column = flow->indent;
	} else {
		fputc(' ', flow->out);
		flow->column++;
	}
	fputs(term, flow->out);
	flow->column += width;
}

static void print_resident(const struct weigh_report *report, FILE *out)
{
	struct weigh_resident_sum sum = weigh_resident_sum(report->capture);
	const struct weigh_style *style = &report->style;
	struct flow flow = {style, out, style->width ? style->width : WIDTH_IN_FILE, 0, 4};
	char bytes[WEIGH_NUMBER], share[WEIGH_NUMBER], term[128];

	if (!sum.known)
		return;
	flow.column = fprintf(out, "Resident at the peak %s", weigh_bytes_text((double)sum.peak, bytes));
	for (int i = 0; i < sum.part_count; i++) {
		int64_t part = sum.parts[i].bytes;
		snprintf(term, sizeof(term), "%s %s %s",
			 i == 0     ? "="
			 : part < 0 ? weigh_style_pick(style, "−", "-")
				    : "+",
			 weigh_bytes_text((double)(part < 0 ? -part : part), bytes), sum.parts[i].name);
		flow_term(&flow, term);
	}
	int64_t rest = sum.unexplained < 0 ? -sum.unexplained : sum.unexplained;
	snprintf(term, sizeof(term), "%s %s unexplained (%s)",
		 sum.unexplained < 0 ? weigh_style_pick(style, "−", "-") : "+",
		 weigh_bytes_text((double)rest, bytes),
		 weigh_share_text((double)rest / (double)sum.peak, share));
	flow_term(&flow, term);
	fputc('\n', out);
}

/* A path as a shell takes it; one that is plain stays as it is. */
static void print_quoted(const char *path, FILE *out)
{
	if (*path &&
	    !path[strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=./,:@%")]) {
		fputs(path, out);
		return;
	}
	fputc('\'', out);
	for (; *path; path++) {
		if (*path == '\'')
			fputs("'\\''", out);
		else
			fputc(*path, out);
	}
	fputc('\'', out);
}

static void print_verb(const struct weigh_report *report, const char *verb, const char *about, FILE *out)
{
	fprintf(out, "  weigh %s ", verb);
	print_quoted(report->capture->path, out);
	fprintf(out, "%*s", BESIDE_REPORT - (int)strlen(verb), "");
	weigh_style_ink(&report->style, out, WEIGH_INK_DIM);
	fprintf(out, "# %s", about);
	weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
	fputc('\n', out);
}

static void print_next(const struct weigh_report *report, FILE *out)
{
	static const char *const options[][2] = {
		{"--tree", "who called these lines"},
		{"--timeline", "memory over time"},
	};

	for (int i = 0; i < 2; i++) {
		fputs("  weigh report ", out);
		print_quoted(report->capture->path, out);
		fprintf(out, " %-10s  ", options[i][0]);
		weigh_style_ink(&report->style, out, WEIGH_INK_DIM);
		fprintf(out, "# %s", options[i][1]);
		weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
		fputc('\n', out);
	}
	if (weigh_parts_end(report->capture->header) == report->capture->header->file_size)
		return;
	print_verb(report, "heap", "the objects, and who holds them", out);
	print_verb(report, "advise", "what to change, and what that saves", out);
}

static struct weigh_error *print_rows(const struct weigh_report *report, const struct weigh_view *peak,
				      FILE *out)
{
	const struct weigh_query query = {
		.by = WEIGH_BY_LINE, .sort = WEIGH_SORT_BYTES, .limit = LINES, .least_share = 0.001};
	struct weigh_rows rows;
	struct weigh_error *error = weigh_rows_init(&rows, peak, report->names, &query);

	if (!error)
		weigh_table_print(report, &rows, out);
	weigh_rows_deinit(&rows);
	return error;
}

static struct weigh_error *print_screen(struct weigh_report *report, FILE *out)
{
	struct weigh_view peak = {0}, end = {0};
	struct weigh_notes notes = {0};
	struct weigh_error *error = weigh_view_init(&peak, report->capture, WEIGH_AT_PEAK, 0);

	if (!error)
		error = weigh_view_init(&end, report->capture, WEIGH_AT_END, 0);
	if (!error) {
		weigh_report_title(report, out);
		weigh_report_totals(report, &peak, &end, out);
		fputs("\nMost bytes at the peak\n", out);
		error = print_rows(report, &peak, out);
	}
	if (!error) {
		fputc('\n', out);
		print_resident(report, out);
		weigh_notes_collect(&notes, report->capture);
		if (notes.count > NOTES)
			notes.count = NOTES;
		weigh_report_notes(report, &notes, out);
		/* A snapshot that cannot be read is no reason to show nothing. */
		weigh_error_destroy(
			weigh_advice_brief(report->capture, report->sources, &report->style, out));
		print_next(report, out);
	}
	weigh_view_deinit(&peak);
	weigh_view_deinit(&end);
	return error;
}

struct weigh_error *weigh_summary_print(const struct weigh_capture *capture, FILE *out,
					const struct weigh_style *style)
{
	struct weigh_report report;
	struct weigh_style wide = *style;

	/* In a file too the screen stays a screen. */
	if (!wide.width)
		wide.width = WIDTH_IN_FILE;
	struct weigh_error *error = weigh_report_init(&report, capture, &wide);
	if (error)
		return error;
	error = print_screen(&report, out);
	weigh_report_deinit(&report);
	return error;
}
