/*
 * Advice as text: see report/advice.h.
 *
 * One thread; allocates nothing.
 */
#include "report/advice.h"

#include "advice/collect.h"

#include <string.h>

uint32_t weigh_advice_shown(const struct weigh_advice_report *report)
{
	uint32_t count = report->advice->finding_count;

	return report->limit && report->limit < count ? report->limit : count;
}

static void print_ink(const struct weigh_advice_report *report, enum weigh_ink ink, const char *text,
		      FILE *out)
{
	weigh_style_ink(&report->style, out, ink);
	weigh_text_print(&report->style, out, text, 0);
	weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
}

const char *weigh_advice_quantity(enum weigh_quantity quantity)
{
	static const char *const texts[] = {[WEIGH_QUANTITY_PEAK] = "of the peak",
					    [WEIGH_QUANTITY_END] = "live at the end",
					    [WEIGH_QUANTITY_REUSABLE] = "reusable, not returned",
					    [WEIGH_QUANTITY_GROWTH] = "each hour"};

	return texts[quantity];
}

/* Several lines, each behind the same indent and mark. */
static void print_lines(const struct weigh_advice_report *report, const char *mark, const char *text,
			FILE *out)
{
	char line[512];

	while (text && *text) {
		size_t length = strcspn(text, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)length, text);
		fprintf(out, "     %s ", mark);
		weigh_text_print(&report->style, out, line, 0);
		fputc('\n', out);
		text += length + (text[length] == '\n');
	}
}

static void print_checks(const struct weigh_advice_report *report, const struct weigh_finding *finding,
			 FILE *out)
{
	static const char *const marks[][2] = {[WEIGH_CHECK_FAILS] = {"✗", "x"},
					       [WEIGH_CHECK_HOLDS] = {"✓", "+"},
					       [WEIGH_CHECK_UNKNOWN] = {"?", "?"}};

	for (int i = 0; i < finding->check_count; i++) {
		const struct weigh_check *check = &finding->checks[i];
		bool fails = check->state == WEIGH_CHECK_FAILS;
		fprintf(out, "     %s ",
			weigh_style_pick(&report->style, marks[check->state][0], marks[check->state][1]));
		print_ink(report, fails ? WEIGH_INK_WARN : WEIGH_INK_PLAIN, check->text, out);
		fputc('\n', out);
	}
}

static void print_place(const struct weigh_advice_report *report, const struct weigh_finding *finding,
			FILE *out)
{
	if (!finding->file)
		return;
	const char *file =
		report->sources ? weigh_source_short_path(report->sources, finding->file) : finding->file;
	fputs("     ", out);
	weigh_style_ink(&report->style, out, WEIGH_INK_BOLD);
	weigh_text_print_end(&report->style, out, file, 0);
	fprintf(out, ":%u", finding->line);
	weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
	if (finding->function && *finding->function) {
		fputs("  ", out);
		weigh_text_print(&report->style, out, finding->function, 0);
	}
	fputc('\n', out);
}

static void print_finding(const struct weigh_advice_report *report, uint32_t number, FILE *out)
{
	const struct weigh_finding *finding = &report->advice->findings[number];
	const char *arrow = weigh_style_pick(&report->style, "→", "->");
	char saving[WEIGH_NUMBER], before[WEIGH_NUMBER], after[WEIGH_NUMBER], head[96];

	snprintf(head, sizeof(head), "%2u  saves %s", number + 1, weigh_bytes_text(finding->saving, saving));
	fputc('\n', out);
	print_ink(report, WEIGH_INK_BOLD, head, out);
	fprintf(out, " %s (%s %s %s): ", weigh_advice_quantity(finding->quantity),
		weigh_bytes_text(finding->before, before), arrow, weigh_bytes_text(finding->after, after));
	print_ink(report, WEIGH_INK_BOLD, finding->title, out);
	fprintf(out, "  [%s, %s]\n", finding->id, weigh_grade_name(finding->grade));
	print_place(report, finding, out);
	if (finding->evidence)
		print_lines(report, weigh_style_pick(&report->style, "·", "."), finding->evidence, out);
	print_lines(report, "-", finding->change_before, out);
	print_lines(report, "+", finding->change_after, out);
	print_checks(report, finding, out);
	weigh_style_ink(&report->style, out, WEIGH_INK_DIM);
	if (finding->cost)
		print_lines(report, "costs:", finding->cost, out);
	if (finding->verify)
		print_lines(report, "$", finding->verify, out);
	weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
}

static void print_waterfall(const struct weigh_advice_report *report, FILE *out)
{
	const struct weigh_advice *advice = report->advice;
	char bytes[WEIGH_NUMBER];
	double start = advice->quantity == WEIGH_QUANTITY_END ? advice->end : advice->peak;

	if (!advice->step_count)
		return;
	fputc('\n', out);
	print_ink(report, WEIGH_INK_BOLD, "Applied in order", out);
	fprintf(out, "\n  %10s  %s\n", weigh_bytes_text(start, bytes),
		advice->quantity == WEIGH_QUANTITY_END ? "live at the end" : "at the peak");
	for (uint32_t i = 0; i < advice->step_count; i++) {
		const struct weigh_finding *finding = &advice->findings[advice->steps[i].finding];
		fprintf(out, "  %10s  after %s: ", weigh_bytes_text(advice->steps[i].after, bytes),
			finding->id);
		weigh_text_print(&report->style, out, finding->title, 0);
		fputc('\n', out);
	}
}

static void print_rejected(const struct weigh_advice_report *report, FILE *out)
{
	char bytes[WEIGH_NUMBER];

	fputc('\n', out);
	print_ink(report, WEIGH_INK_BOLD, "Considered, and not advised", out);
	fputc('\n', out);
	for (uint32_t i = 0; i < report->advice->rejected_count; i++) {
		const struct weigh_rejected *rejected = &report->advice->rejected[i];
		fprintf(out, "  %10s  %s: ", weigh_bytes_text(rejected->saving, bytes), rejected->rule);
		weigh_text_print(&report->style, out, rejected->why, 0);
		if (rejected->file)
			fprintf(out, " (%s:%u)",
				report->sources ? weigh_source_short_path(report->sources, rejected->file)
						: rejected->file,
				rejected->line);
		fputc('\n', out);
	}
	if (!report->advice->rejected_count)
		fputs("  nothing\n", out);
}

/* A peak that was passed before the snapshot could be taken. */
static void print_part_seen(const struct weigh_advice_report *report, double whole, FILE *out)
{
	char seen[WEIGH_NUMBER];
	double part = report->evidence->seen;

	if (part <= 0 || part > whole * 0.95)
		return;
	weigh_style_ink(&report->style, out, WEIGH_INK_WARN);
	fprintf(out, "  the snapshot was taken at %s: what came later is not in these numbers\n",
		weigh_bytes_text(part, seen));
	weigh_style_ink(&report->style, out, WEIGH_INK_PLAIN);
}

void weigh_advice_print(const struct weigh_advice_report *report, FILE *out)
{
	const struct weigh_advice *advice = report->advice;
	double whole = advice->quantity == WEIGH_QUANTITY_END ? advice->end : advice->peak;
	uint32_t shown = weigh_advice_shown(report);
	char bytes[WEIGH_NUMBER], gate[WEIGH_NUMBER];

	fputs("Advice for ", out);
	print_ink(report, WEIGH_INK_BOLD, report->path, out);
	fprintf(out, ": %s %s, findings from %s on\n", weigh_bytes_text(whole, bytes),
		weigh_advice_quantity(advice->quantity), weigh_bytes_text(advice->least, gate));
	if (!report->evidence->graph)
		fputs("  no snapshot of the heap in it, so objects are not known: weigh run --heap=peak\n",
		      out);
	print_part_seen(report, whole, out);
	if (!advice->finding_count)
		fputs("  nothing worth changing was found\n", out);
	for (uint32_t i = 0; i < shown; i++)
		print_finding(report, i, out);
	if (shown < advice->finding_count)
		fprintf(out, "\n  %u more: --limit 0\n", advice->finding_count - shown);
	print_waterfall(report, out);
	if (report->rejected)
		print_rejected(report, out);
	if (report->ladder)
		weigh_advice_print_ladder(report, out);
}

void weigh_advice_print_brief(const struct weigh_advice_report *report, FILE *out)
{
	uint32_t shown = weigh_advice_shown(report);
	char bytes[WEIGH_NUMBER];

	if (!shown)
		return;
	fputs("\nWhat to change\n", out);
	for (uint32_t i = 0; i < shown; i++) {
		const struct weigh_finding *finding = &report->advice->findings[i];
		int used = fprintf(out, "  saves %s: ", weigh_bytes_text(finding->saving, bytes));
		int room = report->style.width ? report->style.width - used : 0;
		char line[600];
		if (finding->file)
			snprintf(line, sizeof(line), "%s (%s:%u)", finding->title,
				 report->sources ? weigh_source_short_path(report->sources, finding->file)
						 : finding->file,
				 finding->line);
		else
			snprintf(line, sizeof(line), "%s", finding->title);
		weigh_text_print(&report->style, out, line, room > 0 ? room : 0);
		fputc('\n', out);
	}
	fputc('\n', out);
}
