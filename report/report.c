/*
 * What every form of a report needs: see report/report.h.
 *
 * One thread; allocates with malloc.
 */
#include "report/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct weigh_error *weigh_report_init(struct weigh_report *report, const struct weigh_capture *capture,
				      const struct weigh_style *style)
{
	*report = (struct weigh_report){.capture = capture, .style = *style};

	struct weigh_error *error = weigh_names_create(capture, &report->names);
	if (!error)
		error = weigh_sources_create(capture, &report->sources);
	if (error)
		weigh_report_deinit(report);
	return error;
}

void weigh_report_deinit(struct weigh_report *report)
{
	weigh_sources_destroy(report->sources);
	weigh_names_destroy(report->names);
	*report = (struct weigh_report){0};
}

char *weigh_python_text(uint32_t version, char text[static WEIGH_NUMBER])
{
	unsigned level = (version >> 4) & 15, serial = version & 15;
	int length = snprintf(text, WEIGH_NUMBER, "%u.%u.%u", version >> 24, (version >> 16) & 255,
			      (version >> 8) & 255);

	if (level >= 10 && level < 15)
		snprintf(text + length, (size_t)(WEIGH_NUMBER - length), "%s%u",
			 level == 10   ? "a"
			 : level == 11 ? "b"
				       : "rc",
			 serial);
	return text;
}

const char *weigh_mode_text(const struct weigh_header *header)
{
	return header->mode == WEIGH_MODE_EXACT ? "exact" : "sampled";
}

char *weigh_program_text(const struct weigh_capture *capture)
{
	const struct weigh_text command = capture->header->command;
	const char *start = capture->strings + command.offset;
	size_t length = strnlen(start, command.length);

	if ((length == 2 && !memcmp(start, "-m", 2)) || (length == 2 && !memcmp(start, "-c", 2))) {
		const char *next = start + length + 1;
		size_t rest = length < command.length ? strnlen(next, command.length - length - 1) : 0;
		char *word = weigh_text_clean(start[1] == 'c' ? "" : next, start[1] == 'c' ? 0 : rest, false);
		char *text = NULL;

		if (word && asprintf(&text, start[1] == 'c' ? "-c ...%s" : "-m %s", word) < 0)
			text = NULL;
		free(word);
		return text;
	}
	return weigh_text_clean(start, length, false);
}

void weigh_report_title(const struct weigh_report *report, FILE *out)
{
	const struct weigh_header *header = report->capture->header;
	const char *dot = weigh_style_pick(&report->style, " · ", ", ");
	char number[WEIGH_NUMBER], ending[WEIGH_NOTE];
	char *program = weigh_program_text(report->capture);

	weigh_style_ink(&report->style, out, WEIGH_INK_BOLD);
	if (program && *program)
		weigh_text_print_end(&report->style, out, program,
				     report->style.width ? report->style.width / 2 : 0);
	else
		fputs(report->capture->path, out);
	weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
	free(program);

	fprintf(out, "%sCPython %s%s%s", dot, weigh_python_text(header->python, number), dot,
		weigh_mode_text(header));
	fprintf(out, "%s%s", dot, weigh_time_text(weigh_capture_duration(report->capture), number));
	weigh_exit_text(header, ending);
	fprintf(out, "%s%s\n", *ending ? dot : "", ending);
}

static void print_requested(const struct weigh_report *report, const struct weigh_view *view, FILE *out)
{
	char bytes[WEIGH_NUMBER], spread[WEIGH_NUMBER];
	struct weigh_estimate requested = weigh_estimate_bytes(&view->sum, &view->chance);

	weigh_spread_text(&report->style, requested, spread);
	fprintf(out, " (%s%s%s requested)", weigh_bytes_text(requested.value, bytes), *spread ? " " : "",
		spread);
}

void weigh_report_totals(const struct weigh_report *report, const struct weigh_view *peak,
			 const struct weigh_view *end, FILE *out)
{
	char bytes[WEIGH_NUMBER], blocks[WEIGH_NUMBER], time[WEIGH_NUMBER];

	fprintf(out, "  peak         ");
	weigh_style_ink(&report->style, out, WEIGH_INK_BOLD);
	fprintf(out, "%9s", weigh_bytes_text((double)peak->footprint, bytes));
	weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
	fprintf(out, " in %s at %s", weigh_blocks_text((double)peak->blocks, blocks),
		weigh_time_text(peak->time_ns, time));
	print_requested(report, peak, out);
	fprintf(out, "\n  %s  %9s in %s",
		report->capture->header->state == WEIGH_STATE_ENDED ? "live at end" : "live last  ",
		weigh_bytes_text((double)end->footprint, bytes),
		weigh_blocks_text((double)end->blocks, blocks));
	print_requested(report, end, out);
	fputc('\n', out);
}

void weigh_report_unseen(const struct weigh_report *report, const struct weigh_view *view, FILE *out)
{
	double most = weigh_chance_unseen(&view->chance);
	char bytes[WEIGH_NUMBER];

	if (most < 1)
		return;
	weigh_style_ink(&report->style, out, WEIGH_INK_DIM);
	fprintf(out, "a line that no sample met is not shown: it holds less than %s in 95 %% of cases",
		weigh_bytes_text(most, bytes));
	weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
	fputc('\n', out);
}

void weigh_report_notes(const struct weigh_report *report, const struct weigh_notes *notes, FILE *out)
{
	for (int i = 0; i < notes->count; i++) {
		weigh_style_ink(&report->style, out, WEIGH_INK_WARN);
		fputs(notes->lines[i], out);
		weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
		fputc('\n', out);
	}
}
