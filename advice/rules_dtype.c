/*
 * Rule on arrays of numbers that are wider than what is in them: by type and
 * the line that made them, all arrays of one line together.
 *
 * One thread; allocates with malloc.
 */
#include "advice/rules.h"
#include "advice/sums.h"
#include "advice/table.h"
#include "advice/tell.h"
#include "heap/facts.h"
#include "heap/sites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char rule[] = "narrower-dtype";

/* Arrays of one type from one line. */
struct group {
	uint64_t arrays, items, filled;
	double resident;
	uint32_t example;
	unsigned bits;  /* the most that any needs */
	unsigned flags; /* enum weigh_snapshot_numbers; SINGLE only when all have it */
	bool whole, real;
	uint32_t low, high; /* texts */
	struct weigh_line_vote vote;
};

/* What the numbers would fit into. */
struct narrow {
	unsigned width; /* bytes */
	unsigned spare; /* bits that are left */
	bool is_float, is_unsigned;
};

static double number_of(const struct weigh_heap_graph *graph, uint32_t text)
{
	return strtod(weigh_heap_text(graph, text, NULL), NULL);
}

static void add(const struct weigh_evidence *e, struct group *group, uint32_t object,
		const struct weigh_heap_numbers *numbers)
{
	bool first = !group->arrays++;

	group->items += numbers->items;
	group->filled += numbers->filled;
	group->resident += weigh_gross_resident(weigh_heap_gross(e->graph, object));
	group->example = object;
	group->bits = numbers->bits > group->bits ? numbers->bits : group->bits;
	unsigned single = first ? numbers->flags : group->flags & numbers->flags;
	group->flags |= numbers->flags;
	group->flags &= ~(unsigned)WEIGH_NUMBERS_SINGLE;
	group->flags |= single & WEIGH_NUMBERS_SINGLE;
	group->whole |= numbers->class == WEIGH_VALUE_WHOLE;
	group->real |= numbers->class == WEIGH_VALUE_REAL;
	if (first || number_of(e->graph, numbers->low) < number_of(e->graph, group->low))
		group->low = numbers->low;
	if (first || number_of(e->graph, numbers->high) > number_of(e->graph, group->high))
		group->high = numbers->high;
	weigh_line_vote(&group->vote, e, object);
}

/* Arrays of which no line is known are told apart by the place that refers to them. */
static uint64_t origin_of(const struct weigh_evidence *e, uint32_t object)
{
	uint32_t line = weigh_heap_line_of(e->graph, e->lines, object);

	return line == WEIGH_NO_OBJECT ? (uint64_t)1 << 32 | e->places->of[object] : line;
}

static bool seek(const struct weigh_evidence *e, struct weigh_heap_rows *sums)
{
	const struct weigh_heap_graph *graph = e->graph;

	for (uint32_t i = 0; i < graph->object_count; i++) {
		const struct weigh_heap_fact *fact =
			weigh_heap_type(graph, i)->form == WEIGH_SNAPSHOT_ARRAY
				? weigh_heap_fact_of(graph, i, WEIGH_FACT_NUMBERS)
				: NULL;
		if (!fact || !fact->numbers.items)
			continue;
		struct group *group =
			weigh_heap_rows_put(sums, weigh_heap_shape(graph, i)->type, origin_of(e, i));
		if (!group)
			return false;
		add(e, group, i, &fact->numbers);
	}
	return true;
}

/* Bytes of an item of array.array by its letter; 0: NumPy's, which are called by their width. */
static unsigned letter_width(const char *variant)
{
	if (!*variant || variant[1])
		return 0;
	return strchr("hH", *variant) ? 2 : strchr("iIf", *variant) ? 4 : 8;
}

static unsigned width_of(const char *variant)
{
	unsigned letter = letter_width(variant);

	return letter ? letter : (unsigned)strtoul(variant + strcspn(variant, "0123456789"), NULL, 10) / 8;
}

static struct narrow narrow_of(const struct group *group)
{
	struct narrow to = {.is_float = group->whole || group->real};

	if (to.is_float) {
		to.width = group->flags & WEIGH_NUMBERS_SINGLE ? 4 : 8;
		return to;
	}
	to.is_unsigned = !(group->flags & WEIGH_NUMBERS_NEGATIVE);
	unsigned bits = group->bits - to.is_unsigned;
	to.width = weigh_width_of_bits(bits);
	to.spare = to.width * 8 - bits;
	return to;
}

/* "int16" of NumPy, "h" of array.array. Returns `name`. */
static char *name_narrow(const struct narrow *to, bool letter, char name[24])
{
	static const char *const letters[] = {[1] = "b", [2] = "h", [4] = "i", [8] = "q"};

	if (!letter)
		snprintf(name, 24, "%s%s%u", to->is_unsigned ? "u" : "", to->is_float ? "float" : "int",
			 to->width * 8);
	else if (to->is_float)
		snprintf(name, 24, "f");
	else
		snprintf(name, 24, "%c", letters[to->width][0] - (to->is_unsigned ? 'a' - 'A' : 0));
	return name;
}

static void say_change(const struct weigh_evidence *e, struct weigh_collector *c,
		       struct weigh_finding *finding, const char *name, const char *now, const char *later)
{
	bool letter = letter_width(now);
	char quoted[2][32];

	snprintf(quoted[0], sizeof(quoted[0]), letter ? "\"%.20s\"" : "%.20s", now);
	snprintf(quoted[1], sizeof(quoted[1]), letter ? "\"%.20s\"" : "%.20s", later);
	if (weigh_tell_replaced(c, e, finding, quoted[0], quoted[1]))
		return;
	if (letter) {
		finding->change_before = weigh_collect_text(c, "%s = array(\"%s\", ...)", name, now);
		finding->change_after = weigh_collect_text(c, "%s = array(\"%s\", ...)", name, later);
		return;
	}
	finding->change_before = weigh_collect_text(c, "%s = np.array(..., dtype=\"%s\")", name, now);
	finding->change_after = weigh_collect_text(
		c, "%s = np.array(..., dtype=\"%s\")  # made so, not by astype() afterwards", name, later);
}

static void say_checks(const struct weigh_evidence *e, struct weigh_collector *c,
		       struct weigh_finding *finding, const struct group *group, const struct narrow *to)
{
	const char *low = weigh_heap_text(e->graph, group->low, NULL);
	const char *high = weigh_heap_text(e->graph, group->high, NULL);

	if (to->is_float) {
		weigh_collect_check(c, finding, WEIGH_CHECK_HOLDS,
				    "all of them survive as float32, from %s to %s", low, high);
		weigh_collect_check(c, finding, WEIGH_CHECK_UNKNOWN,
				    "what is calculated from them needs no more than 7 digits");
		return;
	}
	weigh_collect_check(c, finding, WEIGH_CHECK_HOLDS, "all numbers were looked at: from %s to %s", low,
			    high);
	weigh_collect_check(c, finding, to->spare ? WEIGH_CHECK_HOLDS : WEIGH_CHECK_UNKNOWN,
			    to->spare ? "twice as large ones would fit as well"
				      : "they become no larger: they fill the new type");
	weigh_collect_check(c, finding, WEIGH_CHECK_UNKNOWN,
			    "what is calculated in place from them does not overflow");
}

static void report(const struct weigh_evidence *e, struct weigh_collector *c,
		   const struct weigh_heap_rows *sums, uint32_t number)
{
	const struct group *group = weigh_heap_rows_at(sums, number);
	const char *now = weigh_heap_text(e->graph, weigh_heap_type(e->graph, group->example)->variant, NULL);
	struct narrow to = narrow_of(group);
	struct weigh_heap_frame frame = weigh_line_vote_frame(&group->vote, e);
	unsigned width = width_of(now);
	double saving = (double)group->items * ((double)width - to.width);
	char name[WEIGH_TELL_NAME], later[24], count[2][WEIGH_TELL_COUNT];

	if (to.width >= width || saving < c->advice->least)
		return;
	weigh_tell_object(e, group->example, name);
	if (!*name)
		strcpy(name, "numbers");
	if (group->filled * 2 < group->items) {
		weigh_collect_rejected(c, rule, frame.file, frame.line, 0,
				       "%s: %s of %s numbers are not zero: what it is to hold is not known",
				       name, weigh_tell_count(group->filled, count[0]),
				       weigh_tell_count(group->items, count[1]));
		return;
	}
	struct weigh_finding *finding = weigh_collect_finding(c, 17, rule);
	if (!finding)
		return;
	weigh_line_vote_place(&group->vote, e, c, finding);
	name_narrow(&to, letter_width(now), later);
	weigh_collect_bytes(finding, e->quantity, group->resident, saving,
			    to.is_float ? WEIGH_GRADE_HYPOTHESIS : WEIGH_GRADE_LIKELY);
	finding->title = weigh_collect_text(c, "%s instead of %s for %s", later, now, name);
	finding->evidence = weigh_collect_text(
		c, "%s: %s numbers in %s array%s of %s, from %s to %s", name,
		weigh_tell_count(group->items, count[0]), weigh_tell_count(group->arrays, count[1]),
		group->arrays == 1 ? "" : "s", now, weigh_heap_text(e->graph, group->low, NULL),
		weigh_heap_text(e->graph, group->high, NULL));
	say_change(e, c, finding, name, now, later);
	say_checks(e, c, finding, group, &to);
	finding->cost =
		weigh_collect_text(c, to.is_float ? "digits, when numbers with more of them come"
						  : "an error, or a wrong number, when larger ones come");
}

struct weigh_error *weigh_rules_dtype(const struct weigh_evidence *evidence,
				      struct weigh_collector *collector)
{
	static const struct weigh_sums_rule by_rows = {sizeof(struct group), seek, report};

	return weigh_sums_ask(&by_rows, evidence, collector);
}
