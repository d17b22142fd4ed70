/*
 * Files that are read whole and then looked at here and there (35): mapped
 * into memory, only the pages that are looked at are ever read.
 *
 * The line that reads made a large block by itself; every other line of the
 * program that names it takes a part. How much these parts come to cannot be
 * seen from outside, so this is never more than a hypothesis.
 *
 * One thread; allocates through the collector.
 */
#include "advice/stack_rules.h"
#include "advice/tell.h"
#include "advice/words.h"

#include <math.h>
#include <string.h>

static const char mapped_rule[] = "file-looked-up";

static const double least_share = 0.01; /* of the peak */

enum { OPEN_BEFORE = 3 }; /* lines from an open() to its read() */

/* How a line reads a file. */
enum reader {
	READER_NONE,
	READER_LOAD, /* np.load(path) */
	READER_RAW,  /* np.fromfile(path, dtype) */
	READER_READ, /* open(path, "rb").read() */
};

struct mapped {
	const struct weigh_stack_line *keeper; /* binds the name */
	const char *text;
	struct weigh_words name;
	enum reader reader;
	uint32_t parts, first_part; /* lines that take a part */
	uint32_t whole;             /* a line that needs all of it; 0: none */
};

static bool opens_bytes(const char *text)
{
	return text && strstr(text, "open(") && (strstr(text, "\"rb\"") || strstr(text, "'rb'"));
}

static enum reader reader_of(const struct weigh_stacks *stacks, const struct weigh_stack_line *line,
			     const char *text)
{
	if (strstr(text, "np.load(") || strstr(text, "numpy.load("))
		return strstr(text, "mmap_mode") || strstr(text, ".npz") ? READER_NONE : READER_LOAD;
	if (weigh_words_hold(weigh_words_all(text), "fromfile("))
		return READER_RAW;
	if (!strstr(text, ".read()") || strstr(text, ".read().") || strstr(text, ".read()["))
		return READER_NONE;
	for (uint32_t before = 0; before <= OPEN_BEFORE && before < line->line; before++) {
		if (opens_bytes(weigh_stacks_text(stacks, line, line->line - before)))
			return READER_READ;
	}
	return READER_NONE;
}

/* Names within a formatted string are not seen as words. */
static bool is_formatted(const char *text, const struct weigh_words *name)
{
	const char *at = text;

	if (!strstr(text, "f\"") && !strstr(text, "f'"))
		return false;
	while (*at && strncmp(at, name->start, name->length) != 0)
		at++;
	return *at;
}

/* All lines behind it: of the function, or of the file when it is a global name. */
static void look_at_uses(const struct weigh_stacks *stacks, struct mapped *mapped)
{
	bool global = !strcmp(mapped->keeper->function, "<module>");

	for (uint32_t ahead = 1; ahead <= WEIGH_LINES_AHEAD && !mapped->whole; ahead++) {
		uint32_t number = mapped->keeper->line + ahead;
		const char *text = weigh_stacks_text(stacks, mapped->keeper, number);
		if (!text || (!global && weigh_words_start_function(text)))
			return;
		enum weigh_use use = weigh_words_use(text, &mapped->name);
		if (use == WEIGH_USE_WHOLE || (use == WEIGH_USE_NONE && is_formatted(text, &mapped->name)))
			mapped->whole = number;
		if (use != WEIGH_USE_PART)
			continue;
		mapped->first_part = mapped->parts++ ? mapped->first_part : number;
	}
}

static char *changed_line(struct weigh_collector *collector, const struct mapped *mapped)
{
	int length = (int)mapped->name.length;
	const char *name = mapped->name.start, *text = mapped->text, *end = text + strlen(text);

	switch (mapped->reader) {
	case READER_LOAD:
		end = strrchr(text, ')');
		if (end)
			return weigh_collect_text(collector, "%.*s, mmap_mode=\"r\"%s", (int)(end - text),
						  text, end);
		return weigh_collect_text(collector, "%.*s = np.load(..., mmap_mode=\"r\")", length, name);
	case READER_RAW:
		return weigh_collect_text(collector, "%.*s = np.memmap(..., mode=\"r\")  # the same dtype",
					  length, name);
	default:
		return weigh_collect_text(collector,
					  "%.*s = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)",
					  length, name);
	}
}

static void report(const struct weigh_stack_case *look, const struct weigh_stack_line *line,
		   const struct mapped *mapped)
{
	struct weigh_collector *collector = look->collector;
	struct weigh_finding *finding = weigh_collect_finding(collector, 35, mapped_rule);
	int length = (int)mapped->name.length;
	char amount[WEIGH_TELL_COUNT];

	if (!finding)
		return;
	weigh_collect_place(collector, finding, mapped->keeper->file, mapped->keeper->line,
			    mapped->keeper->function);
	finding->title = weigh_collect_text(collector, "%.*s is read whole, and looked at in parts", length,
					    mapped->name.start);
	finding->quantity = WEIGH_QUANTITY_PEAK;
	finding->before = line->large_peak.footprint;
	finding->saving = weigh_stacks_capped(look->stacks, line, line->large_peak.footprint);
	finding->after = finding->before - finding->saving;
	finding->grade = WEIGH_GRADE_HYPOTHESIS;
	finding->evidence = weigh_collect_text(
		collector, "%s read at once; %u lines take a part of it, the first is %u",
		weigh_tell_bytes(line->large_peak.footprint, amount), mapped->parts, mapped->first_part);
	finding->change_before = weigh_collect_text(collector, "%s", mapped->text);
	finding->change_after = changed_line(collector, mapped);
	weigh_collect_check(collector, finding, WEIGH_CHECK_HOLDS, "no line below needs all of it");
	weigh_collect_check(collector, finding, WEIGH_CHECK_UNKNOWN, "the parts are few beside the whole");
	if (mapped->reader == READER_LOAD)
		weigh_collect_check(collector, finding, WEIGH_CHECK_UNKNOWN,
				    "the file is one .npy without objects");
	weigh_collect_check(collector, finding, WEIGH_CHECK_UNKNOWN, "the file stays as it is meanwhile");
	finding->cost = weigh_collect_text(
		collector,
		"each page is read when it is first looked at, and stays resident while there is room");
	finding->effect.kind = look->graph ? WEIGH_EFFECT_NONE : WEIGH_EFFECT_BYTES;
}

static void look_at(const struct weigh_stack_case *look, uint32_t index)
{
	const struct weigh_stacks *stacks = look->stacks;
	const struct weigh_stack_line *line = &stacks->lines[index];
	const char *text = weigh_stacks_text(stacks, line, line->line);
	struct mapped mapped = {.keeper = &stacks->lines[weigh_stacks_keeper(stacks, index)]};

	if (!text)
		return;
	mapped.reader = reader_of(stacks, line, text);
	mapped.text = weigh_stacks_text(stacks, mapped.keeper, mapped.keeper->line);
	if (mapped.reader == READER_NONE || !mapped.text || !weigh_words_target(mapped.text, &mapped.name))
		return;
	look_at_uses(stacks, &mapped);
	if (mapped.whole)
		weigh_collect_rejected(look->collector, mapped_rule, line->file, line->line, 0,
				       "line %u needs all of %.*s", mapped.whole, (int)mapped.name.length,
				       mapped.name.start);
	else if (mapped.parts)
		report(look, line, &mapped);
}

struct weigh_error *weigh_rules_mapped(const struct weigh_stack_case *look)
{
	const struct weigh_stacks *stacks = look->stacks;

	for (uint32_t i = 0; i < stacks->count; i++) {
		if (stacks->lines[i].large_peak.footprint >= least_share * stacks->peak)
			look_at(look, i);
	}
	return NULL;
}
