/*
 * Data of which several processes have a copy each (42): lines that made the
 * same number of bytes once in each of them, by the captures of the workers.
 *
 * That the bytes are the same cannot be seen, only that a line made as many
 * everywhere, once, and kept them to the peak. What workers calculate has equal
 * sizes too; so the line must be one that reads, and the grade is HYPOTHESIS.
 *
 * One thread; allocates with malloc, and through the collector.
 */
#include "advice/rules.h"
#include "advice/stack_rules.h"
#include "advice/tell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char rule[] = "copies-per-worker";

static const double alike = 0.01; /* of the bytes: so much they may differ */

/* The stacks of one other process. */
struct process {
	struct weigh_names *names;
	struct weigh_stacks stacks;
};

struct comparing {
	const struct weigh_evidence *e;
	struct weigh_collector *c;
	struct weigh_stacks stacks;
	struct process *others;
	uint32_t count; /* of those that are open */
};

/* Whether large blocks of a line were made once, and were all there at the peak. */
static bool made_once(const struct weigh_stack_line *line)
{
	return line->large_peak.bytes > 0 && line->large_total.bytes <= line->large_peak.bytes * (1 + alike);
}

/* By its words, or those of the line that keeps what it makes. */
static bool reads(const struct weigh_stacks *stacks, uint32_t index)
{
	static const char *const words[] = {"load", "read", "open(", "fromfile", "parse", NULL};
	const uint32_t lines[] = {index, weigh_stacks_keeper(stacks, index)};

	for (int i = 0; i < 2; i++) {
		const struct weigh_stack_line *line = &stacks->lines[lines[i]];
		const char *text = weigh_stacks_text(stacks, line, line->line);
		for (int w = 0; text && words[w]; w++) {
			if (strstr(text, words[w]))
				return true;
		}
	}
	return false;
}

static bool has_copy(const struct process *process, const struct weigh_stack_line *line)
{
	for (uint32_t i = 0; i < process->stacks.count; i++) {
		const struct weigh_stack_line *other = &process->stacks.lines[i];
		if (other->line == line->line && !strcmp(other->file, line->file))
			return made_once(other) && fabs(other->large_peak.bytes - line->large_peak.bytes) <=
							   alike * line->large_peak.bytes;
	}
	return false;
}

static void report(const struct comparing *comparing, uint32_t index, uint32_t copies)
{
	struct weigh_collector *c = comparing->c;
	const struct weigh_stack_line *line = &comparing->stacks.lines[index];
	const struct weigh_stack_line *keeper =
		&comparing->stacks.lines[weigh_stacks_keeper(&comparing->stacks, index)];
	const char *text = weigh_stacks_text(&comparing->stacks, keeper, keeper->line);
	struct weigh_finding *finding = weigh_collect_finding(c, 42, rule);
	double bytes = line->large_peak.footprint;
	char each[WEIGH_TELL_COUNT];

	if (!finding)
		return;
	weigh_collect_place(c, finding, keeper->file, keeper->line, keeper->function);
	weigh_collect_bytes(finding, WEIGH_QUANTITY_PEAK, copies * bytes, (copies - 1) * bytes,
			    WEIGH_GRADE_HYPOTHESIS);
	/* Of all processes together: it is no part of the one whose steps are told. */
	finding->effect.kind = WEIGH_EFFECT_NONE;
	finding->title = weigh_collect_text(c, "%u processes have %s each from one line", copies,
					    weigh_tell_bytes(bytes, each));
	finding->evidence = weigh_collect_text(
		c, "made once in each of %u processes and kept to its peak, %.0f bytes here", copies,
		line->large_peak.bytes);
	finding->change_before = text ? weigh_collect_text(c, "%s", text) : NULL;
	finding->change_after = weigh_collect_text(
		c, "%s  # once, before the workers are forked, or in multiprocessing.shared_memory",
		text ? text : "table = ...");
	weigh_collect_check(c, finding, WEIGH_CHECK_UNKNOWN, "it is the same data in each process");
	weigh_collect_check(c, finding, WEIGH_CHECK_UNKNOWN, "no process writes into it");
	finding->cost = weigh_collect_text(
		c, "a global of before the fork, or shared memory that somebody has to unlink");
	finding->verify = weigh_collect_text(c, "weigh verify --predicted %.0f %s AFTER  # for each process",
					     bytes, comparing->e->capture->path);
}

static void compare(const struct comparing *comparing)
{
	for (uint32_t i = 0; i < comparing->stacks.count; i++) {
		const struct weigh_stack_line *line = &comparing->stacks.lines[i];
		uint32_t copies = 1;
		if (!made_once(line) || line->large_peak.footprint < comparing->c->advice->least ||
		    !reads(&comparing->stacks, i))
			continue;
		for (uint32_t k = 0; k < comparing->count; k++)
			copies += has_copy(&comparing->others[k], line);
		if (copies > 1)
			report(comparing, i, copies);
	}
}

static struct weigh_error *open_others(struct comparing *comparing)
{
	const struct weigh_evidence *e = comparing->e;

	comparing->others = calloc(e->other_count, sizeof(*comparing->others));
	if (!comparing->others)
		return weigh_error_create_memory();
	for (; comparing->count < e->other_count; comparing->count++) {
		struct process *process = &comparing->others[comparing->count];
		const struct weigh_capture *capture = e->others[comparing->count];
		struct weigh_error *error = weigh_names_create(capture, &process->names);
		if (error)
			return error;
		error = weigh_stacks_init(&process->stacks, capture, process->names, NULL);
		if (error) {
			weigh_names_destroy(process->names);
			return error;
		}
	}
	return NULL;
}

struct weigh_error *weigh_rules_copies(const struct weigh_evidence *evidence,
				       struct weigh_collector *collector)
{
	struct comparing comparing = {.e = evidence, .c = collector};

	if (!evidence->capture || !evidence->other_count)
		return NULL;
	struct weigh_error *error =
		weigh_stacks_init(&comparing.stacks, evidence->capture, evidence->names, evidence->source);
	if (error)
		return error;
	error = open_others(&comparing);
	if (!error)
		compare(&comparing);
	for (uint32_t i = 0; i < comparing.count; i++) {
		weigh_stacks_deinit(&comparing.others[i].stacks);
		weigh_names_destroy(comparing.others[i].names);
	}
	free(comparing.others);
	weigh_stacks_deinit(&comparing.stacks);
	return error;
}
