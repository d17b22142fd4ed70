/*
 * From a capture to advice: see advice/advise.h.
 *
 * One thread; allocates with malloc.
 */
#include "advice/advise.h"

#include "advice/collect.h"
#include "advice/model.h"
#include "advice/rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In the order in which they are asked; the graph's are skipped without one. */
static const struct {
	struct weigh_error *(*ask)(const struct weigh_evidence *evidence, struct weigh_collector *collector);
	bool graph;
} rules[] = {
	{weigh_rules_records, true},    {weigh_rules_values, true},    {weigh_rules_duplicates, true},
	{weigh_rules_containers, true}, {weigh_rules_held, true},      {weigh_rules_keys, true},
	{weigh_rules_caches, true},     {weigh_rules_callbacks, true}, {weigh_rules_sets, true},
	{weigh_rules_text, true},       {weigh_rules_dtype, true},     {weigh_rules_slices, true},
	{weigh_rules_stacks, false},    {weigh_rules_category, true},  {weigh_rules_reading, true},
	{weigh_rules_copies, false},
};

enum { RULES = sizeof(rules) / sizeof(rules[0]) };

/* The program's words after the interpreter; empty when not known. */
static void command_text(const struct weigh_capture *capture, char *text, size_t room)
{
	size_t used = 0;

	*text = 0;
	if (!capture)
		return;
	const struct weigh_text command = capture->header->command;
	for (uint32_t i = 0; i < command.length && used + 2 < room; i++) {
		char c = capture->strings[command.offset + i];
		if (!c && i + 1 == command.length)
			break;
		text[used++] = c ? c : ' ';
	}
	text[used] = 0;
}

static void say_how_to_verify(const struct weigh_evidence *evidence, struct weigh_collector *collector)
{
	const char *path = evidence->capture ? evidence->capture->path : "BEFORE";
	char command[400];

	command_text(evidence->capture, command, sizeof(command));
	for (uint32_t i = 0; i < collector->advice->finding_count; i++) {
		struct weigh_finding *finding = &collector->advice->findings[i];
		if (!finding->verify)
			finding->verify =
				weigh_collect_text(collector, "weigh verify --advice %s %s -- python %s",
						   finding->id, path, *command ? command : "SCRIPT.py");
	}
}

/* By how much the prediction may be off: what the model was measured to, or twice as much and more. */
static void say_how_near(struct weigh_advice *advice)
{
	static const double parts[] = {
		[WEIGH_GRADE_EXACT] = 0.02, [WEIGH_GRADE_LIKELY] = 0.05, [WEIGH_GRADE_HYPOTHESIS] = 0.05};

	for (uint32_t i = 0; i < advice->finding_count; i++) {
		struct weigh_finding *finding = &advice->findings[i];
		double off = fmax(finding->saving * parts[finding->grade], finding->sampled_off);
		if (finding->saving_low != 0 || finding->saving_high != 0)
			continue;
		finding->saving_low = finding->saving - off;
		finding->saving_high = finding->saving + off;
	}
}

static struct weigh_error *fill(const struct weigh_evidence *evidence, struct weigh_advice *advice)
{
	struct weigh_collector collector = {.advice = advice};
	struct weigh_error *error = NULL;

	for (int i = 0; !error && i < RULES; i++) {
		if (evidence->graph || !rules[i].graph)
			error = rules[i].ask(evidence, &collector);
	}
	say_how_to_verify(evidence, &collector);
	say_how_near(advice);
	struct weigh_error *unfinished = weigh_collect_finish(&collector);
	if (error) {
		weigh_error_destroy(unfinished);
		return error;
	}
	return unfinished ? unfinished : weigh_model_waterfall(evidence, advice);
}

struct weigh_error *weigh_advice_create(const struct weigh_evidence *evidence, double share,
					struct weigh_advice **result)
{
	struct weigh_advice *advice = calloc(1, sizeof(*advice));

	if (!advice)
		return weigh_error_create_memory();
	advice->quantity = evidence->quantity;
	advice->peak = evidence->peak;
	advice->end = evidence->end;
	advice->least = share * (advice->quantity == WEIGH_QUANTITY_END ? advice->end : advice->peak);
	if (advice->least < WEIGH_ADVICE_LEAST)
		advice->least = WEIGH_ADVICE_LEAST;
	struct weigh_error *error = fill(evidence, advice);
	if (error)
		weigh_advice_destroy(advice);
	else
		*result = advice;
	return error;
}

void weigh_advice_destroy(struct weigh_advice *advice)
{
	if (!advice)
		return;
	for (uint32_t i = 0; i < advice->finding_count; i++)
		weigh_finding_deinit(&advice->findings[i]);
	for (uint32_t i = 0; i < advice->rejected_count; i++)
		weigh_rejected_deinit(&advice->rejected[i]);
	free(advice->findings);
	free(advice->rejected);
	free(advice->steps);
	free(advice);
}

const struct weigh_finding *weigh_advice_find(const struct weigh_advice *advice, const char *id)
{
	for (uint32_t i = 0; i < advice->finding_count; i++) {
		if (!strcmp(advice->findings[i].id, id))
			return &advice->findings[i];
	}
	return NULL;
}
