/*
 * Large blocks, arrays above all, that are alive together at the peak though
 * one would do: the old one while the new one is made (29), what an expression
 * makes on its way (30), the copy at each step of a growth (32).
 *
 * Each looks at a line that made two or more of the large blocks there were at
 * the peak. What the line is for is read from its words; so the best grade is
 * LIKELY.
 *
 * One thread; allocates through the collector.
 */
#include "advice/stack_rules.h"
#include "advice/steps.h"
#include "advice/tell.h"
#include "advice/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	RUNS_LEAST = 3,  /* a line that ran less often may have made blocks that are all kept */
	STEPS_LEAST = 8, /* of a growth */
	NAMES_MOST = 8,
	NAMES_ROOM = 256,
};

static const char rebind_rule[] = "old-value-alive";
static const char temporaries_rule[] = "temporary-arrays";
static const char concatenation_rule[] = "growing-by-copies";

/* A line at which large blocks were made, and how it reads. */
struct place {
	const struct weigh_stack_line *line; /* made them */
	const struct weigh_stack_line *keeper; /* binds them */
	const char *text;                      /* of the keeper */
	struct weigh_words name, value;
	bool bound;
	double blocks, runs; /* at the peak; ever made */
	double size, asked;  /* bytes of one, and of these what the program asked for */
};

/* `keeper` is the line that binds what the line `index` makes, or the line itself. */
static bool read_place(const struct weigh_stacks *stacks, uint32_t index, uint32_t keeper,
		       struct place *place)
{
	const struct weigh_stack_line *line = &stacks->lines[index];

	*place = (struct place){.line = line, .blocks = round(line->large_peak.blocks)};
	if (place->blocks < 1)
		return false;
	place->keeper = &stacks->lines[keeper];
	place->text = weigh_stacks_text(stacks, place->keeper, place->keeper->line);
	if (!place->text)
		return false;
	place->size = line->large_peak.footprint / place->blocks;
	place->asked =
		round(line->large_size > 0 ? line->large_size : line->large_peak.bytes / place->blocks);
	place->runs = round(line->large_total.blocks);
	place->bound = weigh_words_target(place->text, &place->name);
	place->value = weigh_words_value(place->text);
	return true;
}

static bool find_place(const struct weigh_stacks *stacks, uint32_t index, struct place *place)
{
	return read_place(stacks, index, weigh_stacks_keeper(stacks, index), place);
}

/* One array for one run of the line, as far as it can be seen: a call or an operator, not both. */
static bool makes_one(const struct place *place)
{
	struct weigh_arithmetic arithmetic = weigh_words_arithmetic(place->text);

	return place->line != place->keeper || arithmetic.operators + arithmetic.calls <= 1;
}

/* A name that is bound anew while what it stood for is alive, and not made of that. */
static bool is_rebound(const struct place *place)
{
	return place->bound && place->runs >= RUNS_LEAST && makes_one(place) &&
	       !weigh_words_count(place->value, &place->name);
}

/* The names that are bound anew in one function: each holds its old value while others are made. */
struct rebound {
	char names[NAMES_ROOM];
	struct weigh_words each[NAMES_MOST];
	int count;
	uint32_t first, last; /* lines */
};

static void add_name(struct rebound *rebound, const struct place *place)
{
	size_t used = strlen(rebound->names);

	for (int i = 0; i < rebound->count; i++) {
		if (weigh_words_same(rebound->each[i], place->name))
			return;
	}
	if (rebound->count == NAMES_MOST || used + place->name.length + 3 > sizeof(rebound->names))
		return;
	snprintf(rebound->names + used, sizeof(rebound->names) - used, "%s%.*s", used ? ", " : "",
		 (int)place->name.length, place->name.start);
	rebound->each[rebound->count++] = place->name;
	if (!rebound->first || place->keeper->line < rebound->first)
		rebound->first = place->keeper->line;
	if (place->keeper->line > rebound->last)
		rebound->last = place->keeper->line;
}

/* The last line of the function after them that reads one of the names; 0: none does. */
static uint32_t last_reader(const struct weigh_stacks *stacks, const struct weigh_stack_line *at,
			    const struct rebound *rebound)
{
	uint32_t last = 0;

	for (uint32_t ahead = 1; ahead <= WEIGH_LINES_AHEAD; ahead++) {
		const char *text = weigh_stacks_text(stacks, at, rebound->last + ahead);
		if (!text || weigh_words_start_function(text))
			break;
		/* The names given up already are not read. */
		if (!strncmp(text, "del ", 4))
			continue;
		for (int i = 0; i < rebound->count; i++) {
			if (weigh_words_count(weigh_words_all(text), &rebound->each[i]))
				last = rebound->last + ahead;
		}
	}
	return last;
}

static void report_rebound(const struct weigh_stack_case *look, const struct place *place,
			   const struct rebound *rebound)
{
	struct weigh_collector *collector = look->collector;
	struct weigh_finding *finding = weigh_collect_finding(collector, 29, rebind_rule);
	uint32_t reader = last_reader(look->stacks, place->keeper, rebound);
	char amount[WEIGH_TELL_COUNT];

	if (!finding)
		return;
	weigh_collect_place(collector, finding, place->keeper->file, place->keeper->line,
			    place->keeper->function);
	finding->title = weigh_collect_text(collector, "the old %.*s is alive while the new one is made",
					    (int)place->name.length, place->name.start);
	finding->quantity = WEIGH_QUANTITY_PEAK;
	finding->before = place->line->large_peak.footprint;
	finding->saving = weigh_stacks_capped(look->stacks, place->line, place->size);
	finding->after = finding->before - finding->saving;
	finding->grade = reader ? WEIGH_GRADE_HYPOTHESIS : WEIGH_GRADE_LIKELY;
	finding->evidence = weigh_collect_text(
		collector, "2 blocks of %s bytes at the peak from a line that binds one name, %.0f in all",
		weigh_tell_count((uint64_t)place->asked, amount), place->runs);
	finding->change_before = weigh_collect_text(collector, "%s", place->text);
	finding->change_after =
		weigh_collect_text(collector, "%s\ndel %s  # after line %u, before the next pass",
				   place->text, rebound->names, reader ? reader : rebound->last);
	weigh_collect_check(collector, finding, WEIGH_CHECK_HOLDS, "the new %.*s is not made of the old one",
			    (int)place->name.length, place->name.start);
	weigh_collect_check(collector, finding, WEIGH_CHECK_HOLDS,
			    "of %.0f made only 2 were alive at the peak", place->runs);
	if (reader)
		weigh_collect_check(collector, finding, WEIGH_CHECK_UNKNOWN,
				    "line %u, the last to read %s, is in the loop", reader, rebound->names);
	else
		weigh_collect_check(collector, finding, WEIGH_CHECK_HOLDS,
				    "no line of the function after %u reads %s", rebound->last,
				    rebound->names);
	finding->cost =
		weigh_collect_text(collector, "one line; an exception in between leaves the name unbound");
	finding->effect.kind = WEIGH_EFFECT_BYTES;
}

/*
 * `at` made two blocks under one name at the peak. Every other name that is
 * bound anew in this function is as much in the way: with all of them given
 * up, what is highest is the end of a pass, when each is there once.
 */
static bool try_rebound(const struct weigh_stack_case *look, const struct place *at)
{
	const struct weigh_stacks *stacks = look->stacks;
	struct rebound rebound = {.count = 0};

	if (!is_rebound(at) || at->blocks != 2)
		return false;
	for (uint32_t i = 0; i < stacks->count; i++) {
		struct place other;
		if (stacks->lines[i].large_peak.blocks >= 0.5 && find_place(stacks, i, &other) &&
		    weigh_stacks_same_function(other.keeper, at->keeper) && is_rebound(&other))
			add_name(&rebound, &other);
	}
	report_rebound(look, at, &rebound);
	return true;
}

static bool is_concatenation(struct weigh_words value)
{
	static const char *const calls[] = {"append(", "concatenate(", "concat(", "vstack(",
					    "hstack(", "resize(",      NULL};

	for (int i = 0; calls[i]; i++) {
		if (weigh_words_hold(value, calls[i]))
			return true;
	}
	return false;
}

/*
 * With n steps of the same size what is alive at the last one are n and n - 1
 * of them; made in one piece, n.
 */
static void report_concatenation(const struct weigh_stack_case *look, const struct place *place)
{
	struct weigh_collector *collector = look->collector;
	struct weigh_finding *finding = weigh_collect_finding(collector, 32, concatenation_rule);
	double part = (place->runs - 1) / (2 * place->runs - 1);
	char amount[WEIGH_TELL_COUNT], all[WEIGH_TELL_COUNT], runs[WEIGH_TELL_COUNT];

	if (!finding)
		return;
	weigh_collect_place(collector, finding, place->keeper->file, place->keeper->line,
			    place->keeper->function);
	finding->title = weigh_collect_text(collector, "%.*s is copied at each step of its growth",
					    (int)place->name.length, place->name.start);
	finding->quantity = WEIGH_QUANTITY_PEAK;
	finding->before = place->line->large_peak.footprint;
	finding->saving = weigh_stacks_capped(look->stacks, place->line, part * finding->before);
	finding->after = finding->before - finding->saving;
	finding->saving_low = 0.8 * finding->saving;
	finding->saving_high = finding->saving;
	finding->grade = WEIGH_GRADE_LIKELY;
	finding->evidence =
		weigh_collect_text(collector, "%s copies of %s in all, the last two alive at the peak",
				   weigh_tell_count((uint64_t)place->runs, runs),
				   weigh_tell_bytes(place->line->large_total.footprint, all));
	finding->change_before = weigh_collect_text(collector, "%s", place->text);
	finding->change_after = weigh_collect_text(
		collector, "%.*s = np.empty(%s in all)  # once, then fill the parts", (int)place->name.length,
		place->name.start, weigh_tell_bytes(finding->after, amount));
	weigh_collect_check(collector, finding, WEIGH_CHECK_UNKNOWN,
			    "the size is known before, or the parts are kept in a list and joined once");
	finding->cost = weigh_collect_text(collector, "the size must be known; it is faster too");
	finding->effect.kind = WEIGH_EFFECT_BYTES;
}

static bool try_concatenation(const struct weigh_stack_case *look, const struct place *place)
{
	if (!place->bound || place->runs < STEPS_LEAST || place->blocks != 2 ||
	    !weigh_words_count(place->value, &place->name) || !is_concatenation(place->value))
		return false;
	report_concatenation(look, place);
	return true;
}

static void report_temporaries(const struct weigh_stack_case *look, const struct place *place, double needed)
{
	struct weigh_collector *collector = look->collector;
	struct weigh_finding *finding = weigh_collect_finding(collector, 30, temporaries_rule);
	double spare = place->blocks - needed;
	char amount[WEIGH_TELL_COUNT], steps[WEIGH_STEPS];

	if (!finding)
		return;
	weigh_collect_place(collector, finding, place->line->file, place->line->line, place->line->function);
	if (spare > 1)
		finding->title = weigh_collect_text(
			collector, "an expression makes %.0f arrays more than it needs", spare);
	else
		finding->title =
			weigh_collect_text(collector, "an expression makes an array more than it needs");
	finding->quantity = WEIGH_QUANTITY_PEAK;
	finding->before = place->line->large_peak.footprint;
	finding->saving = weigh_stacks_capped(look->stacks, place->line, spare * place->size);
	finding->after = finding->before - finding->saving;
	finding->grade = WEIGH_GRADE_LIKELY;
	finding->evidence = weigh_collect_text(
		collector, "%.0f blocks of %s bytes from this line at the peak, %.0f needed", place->blocks,
		weigh_tell_count((uint64_t)place->asked, amount), needed);
	finding->change_before = weigh_collect_text(collector, "%s", place->text);
	finding->change_after = weigh_collect_text(
		collector, "%s",
		weigh_steps_of(place->text, steps)
			? steps
			: "one step to a line, each into the array before: t *= x; np.sqrt(t, out=t)");
	weigh_collect_check(collector, finding, WEIGH_CHECK_UNKNOWN, "the steps are of one dtype and shape");
	weigh_collect_check(collector, finding, WEIGH_CHECK_UNKNOWN,
			    "what is written into is used by nothing else");
	finding->cost = weigh_collect_text(collector, "less readable: several lines instead of one");
	finding->effect.kind = WEIGH_EFFECT_BYTES;
}

/*
 * NumPy reuses a temporary as the place for the result of the next operator
 * where it can; so what counts is what was there at the peak, and what an
 * expression written in place would need: one array, two when sums of products
 * are made.
 */
static bool try_temporaries(const struct weigh_stack_case *look, const struct place *place)
{
	struct weigh_arithmetic arithmetic = weigh_words_arithmetic(place->text);
	double needed = arithmetic.terms > 1 ? 2 : 1;

	if (place->blocks < 2 || !arithmetic.operators || arithmetic.operators + arithmetic.calls < 2)
		return false;
	/* What goes item by item works on numbers or texts, whatever large blocks it builds. */
	if (weigh_words_hold(weigh_words_all(place->text), " for "))
		return false;
	/* The old value of a name that is bound in a loop is one of them. */
	if (place->bound && place->runs >= RUNS_LEAST * place->blocks)
		needed++;
	if (place->blocks > needed)
		report_temporaries(look, place, needed);
	else
		weigh_collect_rejected(
			look->collector, temporaries_rule, place->line->file, place->line->line, 0,
			"%.0f arrays are alive at once, and as many are needed in place", place->blocks);
	return true;
}

static void reject_kept(const struct weigh_stack_case *look, const struct place *place)
{
	if (place->bound && place->blocks > 2 && is_rebound(place))
		weigh_collect_rejected(look->collector, rebind_rule, place->keeper->file, place->keeper->line,
				       0, "%.0f of its blocks are alive: they are kept elsewhere",
				       place->blocks);
}

static void look_at(const struct weigh_stack_case *look, uint32_t index)
{
	struct place own, kept;

	if (!read_place(look->stacks, index, index, &own))
		return;
	if (try_concatenation(look, &own) || try_temporaries(look, &own))
		return;
	if (find_place(look->stacks, index, &kept) && !try_rebound(look, &kept))
		reject_kept(look, &kept);
}

struct weigh_error *weigh_rules_arrays(const struct weigh_stack_case *look)
{
	for (uint32_t i = 0; i < look->stacks->count; i++) {
		if (look->stacks->lines[i].large_peak.blocks >= 1.5)
			look_at(look, i);
	}
	return NULL;
}
