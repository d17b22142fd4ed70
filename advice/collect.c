/*
 * Where rules put what they have to say: see advice/collect.h.
 *
 * One thread; allocates with malloc.
 */
#include "advice/collect.h"

#include "base/grow.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the next finding with this beginning: rules may share one. */
static unsigned number_of(const struct weigh_advice *advice, const char *beginning)
{
	unsigned number = 1;

	for (uint32_t i = 0; i < advice->finding_count; i++)
		number += !strncmp(advice->findings[i].id, beginning, strlen(beginning));
	return number;
}

struct weigh_finding *weigh_collect_finding(struct weigh_collector *c, unsigned number, const char *rule)
{
	struct weigh_advice *advice = c->advice;

	if (!weigh_grow(&advice->findings, &c->finding_room, advice->finding_count,
			sizeof(*advice->findings))) {
		c->failed = true;
		return NULL;
	}
	struct weigh_finding *finding = &advice->findings[advice->finding_count];
	char beginning[5]; /* "W09-" */

	*finding = (struct weigh_finding){.rule = rule};
	snprintf(beginning, sizeof(beginning), "W%02u-", number % 100);
	snprintf(finding->id, sizeof(finding->id), "%s%u", beginning, number_of(advice, beginning));
	advice->finding_count++;
	return finding;
}

static char *format_text(struct weigh_collector *c, const char *format, va_list arguments)
{
	char *text;

	if (vasprintf(&text, format, arguments) >= 0)
		return text;
	c->failed = true;
	return NULL;
}

char *weigh_collect_text(struct weigh_collector *c, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *text = format_text(c, format, arguments);
	va_end(arguments);
	return text;
}

static char *copy(struct weigh_collector *c, const char *text)
{
	return text ? weigh_collect_text(c, "%s", text) : NULL;
}

void weigh_collect_place(struct weigh_collector *c, struct weigh_finding *finding, const char *file,
			 uint32_t line, const char *function)
{
	finding->file = copy(c, file);
	finding->line = line;
	finding->function = copy(c, function);
}

void weigh_collect_bytes(struct weigh_finding *finding, enum weigh_quantity quantity, double before,
			 double saving, enum weigh_grade grade)
{
	finding->effect.kind = WEIGH_EFFECT_BYTES;
	finding->quantity = quantity;
	finding->before = before;
	finding->saving = saving;
	finding->after = before - saving;
	finding->grade = grade;
}

void weigh_collect_check(struct weigh_collector *c, struct weigh_finding *finding,
			 enum weigh_check_state state, const char *format, ...)
{
	va_list arguments;

	if (finding->check_count == WEIGH_CHECKS_MAX)
		return;
	va_start(arguments, format);
	finding->checks[finding->check_count++] =
		(struct weigh_check){format_text(c, format, arguments), state};
	va_end(arguments);
}

/* Takes over the texts. */
static void reject(struct weigh_collector *c, struct weigh_rejected rejected)
{
	struct weigh_advice *advice = c->advice;

	if (!weigh_grow(&advice->rejected, &c->rejected_room, advice->rejected_count,
			sizeof(*advice->rejected))) {
		c->failed = true;
		weigh_rejected_deinit(&rejected);
		return;
	}
	advice->rejected[advice->rejected_count++] = rejected;
}

void weigh_collect_rejected(struct weigh_collector *c, const char *rule, const char *file, uint32_t line,
			    double saving, const char *format, ...)
{
	struct weigh_rejected rejected = {.rule = rule, .line = line, .saving = saving};
	va_list arguments;

	va_start(arguments, format);
	rejected.why = format_text(c, format, arguments);
	va_end(arguments);
	rejected.file = copy(c, file);
	reject(c, rejected);
}

double weigh_grade_confidence(enum weigh_grade grade)
{
	static const double confidence[] = {
		[WEIGH_GRADE_EXACT] = 1, [WEIGH_GRADE_LIKELY] = 0.8, [WEIGH_GRADE_HYPOTHESIS] = 0.4};

	return confidence[grade];
}

static double weight_of(const struct weigh_finding *finding)
{
	double effort = finding->effort > 1 ? finding->effort : 1;

	return finding->saving * weigh_grade_confidence(finding->grade) / effort;
}

static int compare(const void *left, const void *right)
{
	const struct weigh_finding *a = left, *b = right;
	double x = weight_of(a), y = weight_of(b);

	if (x != y)
		return x < y ? 1 : -1;
	return strcmp(a->id, b->id);
}

static void reject_finding(struct weigh_collector *c, const struct weigh_finding *finding)
{
	reject(c,
	       (struct weigh_rejected){
		       .rule = finding->rule,
		       .file = copy(c, finding->file),
		       .line = finding->line,
		       .why = weigh_collect_text(c, "%s: %s", finding->title ? finding->title : finding->rule,
						 finding->saving > 0 ? "below the gate" : "saves nothing"),
		       .saving = finding->saving,
	       });
}

/* Those that save too little to be worth an edit become rejections. */
static void close_gate(struct weigh_collector *c)
{
	struct weigh_advice *advice = c->advice;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < advice->finding_count; i++) {
		struct weigh_finding *finding = &advice->findings[i];
		if (finding->saving >= advice->least && finding->saving > 0) {
			advice->findings[kept++] = *finding;
			continue;
		}
		/* What is about next to nothing was not worth considering. */
		if (finding->before >= advice->least)
			reject_finding(c, finding);
		weigh_finding_deinit(finding);
	}
	advice->finding_count = kept;
}

struct weigh_error *weigh_collect_finish(struct weigh_collector *c)
{
	close_gate(c);
	if (c->advice->finding_count)
		qsort(c->advice->findings, c->advice->finding_count, sizeof(*c->advice->findings), compare);
	return c->failed ? weigh_error_create_memory() : NULL;
}

const char *weigh_grade_name(enum weigh_grade grade)
{
	static const char *const names[] = {[WEIGH_GRADE_EXACT] = "exact",
					    [WEIGH_GRADE_LIKELY] = "likely",
					    [WEIGH_GRADE_HYPOTHESIS] = "hypothesis"};

	return names[grade];
}

const char *weigh_quantity_name(enum weigh_quantity quantity)
{
	static const char *const names[] = {[WEIGH_QUANTITY_PEAK] = "peak",
					    [WEIGH_QUANTITY_END] = "end",
					    [WEIGH_QUANTITY_REUSABLE] = "reusable",
					    [WEIGH_QUANTITY_GROWTH] = "growth"};

	return names[quantity];
}

void weigh_finding_deinit(struct weigh_finding *finding)
{
	free(finding->title);
	free(finding->file);
	free(finding->function);
	free(finding->evidence);
	free(finding->change_before);
	free(finding->change_after);
	for (int i = 0; i < finding->check_count; i++)
		free(finding->checks[i].text);
	free(finding->cost);
	free(finding->verify);
}

void weigh_rejected_deinit(struct weigh_rejected *rejected)
{
	free(rejected->file);
	free(rejected->why);
}
