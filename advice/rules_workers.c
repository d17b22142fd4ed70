/*
 * Data that is sent to worker processes over and over (42): what a pool or an
 * executor pickles for each task, where a global from before the fork or
 * shared memory would be there for all.
 *
 * Only the side of the program itself is recorded, so only the pickled bytes
 * are counted; each worker's own copy comes on top. A thread of the pool does
 * the pickling, with no line of the program on its stack: the line that hands
 * out the tasks is looked for in the source.
 *
 * One thread; allocates through the collector.
 */
#include "advice/stack_rules.h"
#include "advice/tell.h"

#include <string.h>

static const char workers_rule[] = "sent-to-workers";

static const double least_share = 0.01; /* of the peak */

enum { FRAMES_MOST = 64 };

/* All that is pickled for other processes. */
struct sent {
	double peak, end, total;
	struct weigh_place place; /* that pickles most */
	double most;
};

/* The line of the program that hands out tasks. */
struct sender {
	const struct weigh_stack_line *file; /* any line of its file */
	uint32_t line, count;
	const char *text;
};

/* Not what the module itself takes when it is imported. */
static bool pickles(const struct weigh_place *place)
{
	return place->file && strstr(place->function, "dump") &&
	       (strstr(place->file, "/multiprocessing/reduction.py") ||
		strstr(place->file, "/loky/backend/reduction.py"));
}

static void add_site(const struct weigh_stacks *stacks, const struct weigh_site *site, struct sent *sent)
{
	const struct weigh_capture *capture = stacks->capture;
	const struct weigh_tally *peak = weigh_capture_at_peak(capture, site);
	uint32_t node = site->node;

	for (int n = 0; node && n < FRAMES_MOST; n++, node = capture->nodes[node].parent) {
		struct weigh_place place = weigh_names_place(stacks->names, node);
		if (!pickles(&place))
			continue;
		sent->peak += peak->footprint;
		sent->end += site->live.footprint;
		sent->total += site->total.footprint;
		if (peak->footprint >= sent->most) {
			sent->most = peak->footprint;
			sent->place = place;
		}
		return;
	}
}

/* Methods of pools and executors that take a function and what it is to work on. */
static bool hands_out(const char *text)
{
	static const char *const calls[] = {".map(",       ".imap(",          ".imap_unordered(",
					    ".starmap(",   ".submit(",        ".apply_async(",
					    ".map_async(", ".starmap_async(", ".apply(",
					    "initargs=",   "Process(",        "Parallel(",
					    NULL};

	for (int i = 0; calls[i]; i++) {
		if (strstr(text, calls[i]))
			return true;
	}
	return false;
}

static bool note_sender(const struct weigh_stack_line *of_file, uint32_t line, const char *text, void *arg)
{
	struct sender *sender = arg;

	if (hands_out(text))
		*sender = (struct sender){of_file, line, sender->count + 1, text};
	return false;
}

static void report(const struct weigh_stack_case *look, const struct sent *sent, double saving)
{
	struct weigh_collector *collector = look->collector;
	struct weigh_finding *finding = weigh_collect_finding(collector, 42, workers_rule);
	struct sender sender = {.count = 0};
	char peak[WEIGH_TELL_COUNT], total[WEIGH_TELL_COUNT];

	if (!finding)
		return;
	weigh_stacks_search(look->stacks, note_sender, &sender);
	if (sender.count == 1)
		weigh_collect_place(collector, finding, sender.file->file, sender.line, NULL);
	finding->title = weigh_collect_text(collector, "data is pickled for worker processes, task by task");
	finding->quantity = WEIGH_QUANTITY_PEAK;
	finding->before = sent->peak;
	finding->saving = saving;
	finding->after = sent->peak - saving;
	finding->grade = WEIGH_GRADE_LIKELY;
	finding->evidence =
		weigh_collect_text(collector, "%s pickled in all, %s of it there at the peak",
				   weigh_tell_bytes(sent->total, total), weigh_tell_bytes(sent->peak, peak));
	finding->change_before = weigh_collect_text(
		collector, "%s", sender.count == 1 ? sender.text : "pool.map(work, [(table, part) for ...])");
	finding->change_after =
		weigh_collect_text(collector, "table = ...  # a global, before the workers are forked\n"
					      "pool.map(work, parts)  # or multiprocessing.shared_memory");
	weigh_collect_check(collector, finding, WEIGH_CHECK_HOLDS,
			    "there at the peak, more than tasks of numbers or names take");
	weigh_collect_check(collector, finding, WEIGH_CHECK_UNKNOWN,
			    "workers are forked, not spawned, and the same data goes to each");
	weigh_collect_check(collector, finding, WEIGH_CHECK_UNKNOWN, "workers do not write into it");
	finding->cost = weigh_collect_text(
		collector, "a global; each worker's own copy, which goes too, is not in these numbers");
	finding->effect.kind = WEIGH_EFFECT_BYTES;
}

struct weigh_error *weigh_rules_workers(const struct weigh_stack_case *look)
{
	const struct weigh_stacks *stacks = look->stacks;
	const struct weigh_capture *capture = stacks->capture;
	struct sent sent = {.peak = 0};
	char total[WEIGH_TELL_COUNT];

	for (uint32_t i = 0; i < weigh_capture_count(capture, WEIGH_SECTION_SITES); i++) {
		if (capture->sites[i].flags & WEIGH_SITE_USED)
			add_site(stacks, &capture->sites[i], &sent);
	}
	if (sent.total < least_share * stacks->peak)
		return NULL;
	struct weigh_stack_line line = {.file = sent.place.file,
					.file_id = sent.place.file_id,
					.line = sent.place.line,
					.peak = sent.peak,
					.end = sent.end};
	double saving = weigh_stacks_capped(stacks, &line, sent.peak);
	if (saving >= least_share * stacks->peak)
		report(look, &sent, saving);
	else
		weigh_collect_rejected(look->collector, workers_rule, NULL, 0, saving,
				       "%s are pickled for workers in all, but little of it at the peak",
				       weigh_tell_bytes(sent.total, total));
	return NULL;
}
