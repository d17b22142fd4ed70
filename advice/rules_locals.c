/*
 * Large things that a name keeps past its last use, while the function goes on
 * and takes more (31).
 *
 * Whether a line runs again, in a loop, cannot be seen from its words; so only
 * functions without loops are looked at, where what stands below runs later.
 *
 * One thread; allocates through the collector.
 */
#include "advice/stack_rules.h"
#include "advice/tell.h"
#include "advice/words.h"

#include <math.h>
#include <string.h>

static const char locals_rule[] = "kept-past-last-use";

static const double least_share = 0.01; /* of the peak */
static const double gone_share = 0.1;   /* of what there was at the peak, at the end */

struct local {
	const struct weigh_stack_line *keeper; /* binds the name */
	const char *text;
	struct weigh_words name;
	uint32_t last_use; /* line; that of the keeper when it is not used at all */
	uint32_t derived;  /* a line that makes something of it, and binds that; 0: none */
	double later;      /* bytes at the peak of lines below the last use */
};

/* Names within a formatted string are not seen as words. */
static bool has_format(const char *text)
{
	return strstr(text, "f\"") || strstr(text, "f'");
}

/* Reads the function from its first line to its end; false when there is a loop in it, or no end in sight. */
static bool read_function(const struct weigh_stacks *stacks, struct local *local)
{
	const struct weigh_stack_line *keeper = local->keeper;
	bool begun = false;

	local->last_use = keeper->line;
	for (uint32_t number = keeper->first_line; number <= keeper->line + WEIGH_LINES_AHEAD; number++) {
		const char *text = weigh_stacks_text(stacks, keeper, number);
		struct weigh_words other;
		if (!text)
			return number > keeper->line;
		if (number > keeper->line && weigh_words_start_function(text))
			return begun;
		begun |= !strncmp(text, "def ", 4) || !strncmp(text, "async def ", 10);
		if (weigh_words_is_loop(text) || (number > keeper->line && has_format(text)))
			return false;
		if (number == keeper->line || !weigh_words_count(weigh_words_all(text), &local->name))
			continue;
		if (number < keeper->line)
			return false;
		local->last_use = number;
		if (weigh_words_target(text, &other))
			local->derived = number;
	}
	return false;
}

static double bytes_below(const struct weigh_stacks *stacks, const struct local *local)
{
	double sum = 0;

	for (uint32_t i = 0; i < stacks->count; i++) {
		const struct weigh_stack_line *line = &stacks->lines[i];
		if (weigh_stacks_same_function(line, local->keeper) && line->line > local->last_use)
			sum += line->peak;
	}
	return sum;
}

static void report(const struct weigh_stack_case *look, const struct local *local)
{
	struct weigh_collector *collector = look->collector;
	struct weigh_finding *finding = weigh_collect_finding(collector, 31, locals_rule);
	const struct weigh_stack_line *keeper = local->keeper;
	int length = (int)local->name.length;
	char own[WEIGH_TELL_COUNT], later[WEIGH_TELL_COUNT];

	if (!finding)
		return;
	weigh_collect_place(collector, finding, keeper->file, keeper->line, keeper->function);
	finding->title =
		weigh_collect_text(collector, "%.*s is kept past its last use", length, local->name.start);
	finding->quantity = WEIGH_QUANTITY_PEAK;
	finding->before = keeper->peak;
	finding->saving = weigh_stacks_capped(look->stacks, keeper, fmin(keeper->peak, local->later));
	finding->after = finding->before - finding->saving;
	finding->grade = local->derived ? WEIGH_GRADE_HYPOTHESIS : WEIGH_GRADE_LIKELY;
	finding->evidence = weigh_collect_text(
		collector, "%s of it at the peak, beside %s that was made below its last use, line %u",
		weigh_tell_bytes(keeper->peak, own), weigh_tell_bytes(local->later, later), local->last_use);
	finding->change_before = weigh_collect_text(collector, "%s", local->text);
	finding->change_after = weigh_collect_text(collector, "%s\ndel %.*s  # after line %u", local->text,
						   length, local->name.start, local->last_use);
	weigh_collect_check(collector, finding, WEIGH_CHECK_HOLDS, "no line of %s() below %u names it",
			    keeper->function, local->last_use);
	if (local->derived)
		weigh_collect_check(collector, finding, WEIGH_CHECK_UNKNOWN,
				    "what line %u makes of it does not hold it", local->derived);
	weigh_collect_check(collector, finding, WEIGH_CHECK_UNKNOWN, "nothing else refers to it");
	finding->cost = weigh_collect_text(collector, "one line; it is not there any more in a debugger");
	finding->effect.kind = look->graph ? WEIGH_EFFECT_NONE : WEIGH_EFFECT_BYTES;
}

static void look_at(const struct weigh_stack_case *look, uint32_t index)
{
	const struct weigh_stacks *stacks = look->stacks;
	struct local local = {.keeper = &stacks->lines[index]};

	local.text = weigh_stacks_text(stacks, local.keeper, local.keeper->line);
	if (!local.text || !weigh_words_target(local.text, &local.name) ||
	    local.keeper->end > gone_share * local.keeper->peak || !read_function(stacks, &local))
		return;
	local.later = bytes_below(stacks, &local);
	if (local.later >= least_share * stacks->peak)
		report(look, &local);
}

struct weigh_error *weigh_rules_locals(const struct weigh_stack_case *look)
{
	const struct weigh_stacks *stacks = look->stacks;

	for (uint32_t i = 0; i < stacks->count && stacks->lines[i].peak >= least_share * stacks->peak; i++) {
		if (strcmp(stacks->lines[i].function, "<module>") != 0)
			look_at(look, i);
	}
	return NULL;
}
