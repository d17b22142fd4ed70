/*
 * What is made as a whole and passed over once: a comprehension that is only
 * summed up (28), a file that is read to its end before its first line is
 * looked at (33), rows that are dead after the loop over them (34).
 *
 * The words of the line tell how it is made and used; the stacks tell that it
 * was there at the peak and gone at the end. What they cannot tell is whether
 * a name is used in yet another way; every line of the function that names it
 * is looked at for that.
 *
 * One thread; allocates with malloc, and through the collector.
 */
#include "advice/stack_rules.h"
#include "advice/tell.h"
#include "advice/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char comprehension_rule[] = "comprehension-used-once";
static const char reading_rule[] = "file-read-whole";
static const char structure_rule[] = "structure-used-once";

static const double least_share = 0.01; /* of the peak */
static const double gone_share = 0.1;  /* of what a line had at the peak, at the end */

struct made {
	const struct weigh_stack_line *line; /* that makes it */
	const char *text;
	struct weigh_making making;
	const struct weigh_stack_line *keeper; /* that names it, or uses it */
	const char *keeper_text;
	uint32_t pass; /* line of the one pass over the name; 0: on the line itself */
};

static const char *rule_of(const struct made *made, unsigned *number)
{
	if (made->making.made == WEIGH_MADE_READ || made->making.made == WEIGH_MADE_READLINES) {
		*number = 33;
		return reading_rule;
	}
	*number = made->pass ? 34 : 28;
	return made->pass ? structure_rule : comprehension_rule;
}

/* The same line with a generator, or the file itself, in the place of the structure. */
static char *changed_line(struct weigh_collector *collector, const struct made *made)
{
	struct weigh_words value = made->making.value;
	const char *text = made->text, *rest = value.start + value.length;
	int before = (int)(value.start - text);
	size_t inner = value.length;
	bool alone = value.start > text && value.start[-1] == '(' && *rest == ')';

	switch (made->making.made) {
	case WEIGH_MADE_COMPREHENSION:
		return weigh_collect_text(collector, "%.*s%s%.*s%s%s", before, text, alone ? "" : "(",
					  (int)value.length - 2, value.start + 1, alone ? "" : ")", rest);
	case WEIGH_MADE_LIST:
		/* Between "list(" and ")". */
		return weigh_collect_text(collector, "%.*s%.*s%s", before, text,
					  (int)(inner - strlen("list()")), value.start + strlen("list("),
					  rest);
	default:
		for (inner = 0; inner < value.length && strncmp(value.start + inner, ".read", 5); inner++)
			;
		return weigh_collect_text(collector, "%.*s%.*s%s", before, text, (int)inner, value.start,
					  rest);
	}
}

static void add_checks(const struct weigh_stack_case *look, struct weigh_finding *finding,
		       const struct made *made)
{
	struct weigh_collector *collector = look->collector;

	weigh_collect_check(collector, finding, WEIGH_CHECK_HOLDS, "gone at the end");
	if (!made->pass && made->making.used == WEIGH_USED_ONCE)
		weigh_collect_check(collector, finding, WEIGH_CHECK_HOLDS,
				    "%.*s() takes one item after another", (int)made->making.user.length,
				    made->making.user.start);
	if (made->pass)
		weigh_collect_check(collector, finding, WEIGH_CHECK_HOLDS,
				    "named once more in the function, by the pass at line %u", made->pass);
	if (made->pass)
		weigh_collect_check(collector, finding, WEIGH_CHECK_UNKNOWN, "that pass is made once");
	if (made->making.made == WEIGH_MADE_LIST && !made->pass)
		weigh_collect_check(collector, finding, WEIGH_CHECK_UNKNOWN,
				    "the loop does not change what the list was made from");
	if (made->making.made == WEIGH_MADE_READ)
		weigh_collect_check(collector, finding, WEIGH_CHECK_UNKNOWN,
				    "the text is wanted line by line, no line ends kept");
}

static enum weigh_grade grade_of(const struct made *made)
{
	if (made->making.made == WEIGH_MADE_LIST && !made->pass && made->making.used == WEIGH_USED_LOOPED)
		return WEIGH_GRADE_HYPOTHESIS;
	return WEIGH_GRADE_LIKELY;
}

static void report(const struct weigh_stack_case *look, const struct made *made)
{
	struct weigh_collector *collector = look->collector;
	unsigned number;
	const char *rule = rule_of(made, &number);
	struct weigh_finding *finding = weigh_collect_finding(collector, number, rule);
	char blocks[WEIGH_TELL_COUNT], amount[WEIGH_TELL_COUNT], at_end[WEIGH_TELL_COUNT];

	if (!finding)
		return;
	weigh_collect_place(collector, finding, made->line->file, made->line->line, made->line->function);
	if (number == 33)
		finding->title = weigh_collect_text(collector, "a file is held whole, and passed over once");
	else if (number == 34)
		finding->title = weigh_collect_text(collector, "all of it is kept for one pass, at line %u",
						    made->pass);
	else
		finding->title = weigh_collect_text(collector, "a list is made only to be passed over once");
	finding->quantity = WEIGH_QUANTITY_PEAK;
	finding->before = made->keeper->peak;
	finding->saving = weigh_stacks_capped(look->stacks, made->keeper, made->keeper->peak);
	finding->after = finding->before - finding->saving;
	finding->grade = grade_of(made);
	finding->evidence = weigh_collect_text(
		collector, "%s blocks, %s at the peak, %s at the end",
		weigh_tell_count((uint64_t)round(made->keeper->peak_blocks), blocks),
		weigh_tell_bytes(made->keeper->peak, amount), weigh_tell_bytes(made->keeper->end, at_end));
	finding->change_before = weigh_collect_text(collector, "%s", made->text);
	finding->change_after = changed_line(collector, made);
	add_checks(look, finding, made);
	finding->cost = weigh_collect_text(collector, "none in time; it can be passed over only once");
	finding->effect.kind = look->graph ? WEIGH_EFFECT_NONE : WEIGH_EFFECT_BYTES;
}

/*
 * Where the name that a line binds is read after it: true and the line when
 * there is one, and it is one pass over it.
 */
static bool find_pass(const struct weigh_stack_case *look, struct made *made, uint32_t *other)
{
	struct weigh_words name;

	*other = 0;
	if (!weigh_words_target(made->keeper_text, &name))
		return false;
	for (uint32_t ahead = 1; ahead <= WEIGH_LINES_AHEAD; ahead++) {
		uint32_t number = made->keeper->line + ahead;
		const char *text = weigh_stacks_text(look->stacks, made->keeper, number);
		if (!text || weigh_words_start_function(text))
			break;
		if (!weigh_words_count(weigh_words_all(text), &name) || !strncmp(text, "del ", 4))
			continue;
		if (made->pass || !weigh_words_pass_over(text, &name)) {
			*other = number;
			return false;
		}
		made->pass = number;
	}
	return made->pass != 0;
}

static void reject(const struct weigh_stack_case *look, const struct made *made, uint32_t other)
{
	struct weigh_collector *collector = look->collector;
	unsigned number;
	const char *rule = rule_of(made, &number);

	if (made->making.used == WEIGH_USED_KEPT)
		weigh_collect_rejected(collector, rule, made->line->file, made->line->line, 0,
				       "%.*s() needs all of it at once", (int)made->making.user.length,
				       made->making.user.start);
	else if (other)
		weigh_collect_rejected(collector, rule, made->line->file, made->line->line, 0,
				       "line %u needs it too, or otherwise than item by item", other);
}

/* Looks at one line; `done` are the lines of whose bytes something was said, one way or the other. */
static void look_at(const struct weigh_stack_case *look, uint32_t index, bool *done)
{
	const struct weigh_stacks *stacks = look->stacks;
	struct made made = {.line = &stacks->lines[index]};
	uint32_t other = 0, keeper = index;

	made.text = weigh_stacks_text(stacks, made.line, made.line->line);
	if (!made.text)
		return;
	made.making = weigh_words_making(made.text);
	if (made.making.made == WEIGH_MADE_NOTHING)
		return;
	if (made.making.used == WEIGH_USED_UNKNOWN)
		keeper = weigh_stacks_keeper(stacks, index);
	made.keeper = &stacks->lines[keeper];
	made.keeper_text = weigh_stacks_text(stacks, made.keeper, made.keeper->line);
	if (done[keeper] || !made.keeper_text || made.keeper->end > gone_share * made.keeper->peak)
		return;
	bool once = made.making.used == WEIGH_USED_ONCE || made.making.used == WEIGH_USED_LOOPED ||
		    (made.making.used == WEIGH_USED_UNKNOWN && find_pass(look, &made, &other));
	if (once)
		report(look, &made);
	else
		reject(look, &made, other);
	done[keeper] = done[index] = once || other || made.making.used == WEIGH_USED_KEPT;
}

struct weigh_error *weigh_rules_once(const struct weigh_stack_case *look)
{
	const struct weigh_stacks *stacks = look->stacks;
	bool *done = calloc(stacks->count + 1, sizeof(*done));

	if (!done)
		return weigh_error_create_memory();
	for (uint32_t i = 0; i < stacks->count && stacks->lines[i].peak >= least_share * stacks->peak; i++) {
		if (!done[i])
			look_at(look, i, done);
	}
	free(done);
	return NULL;
}
