/*
 * What the stacks of a capture tell of each line: see advice/stacks.h.
 *
 * One thread; allocates with malloc.
 */
#include "advice/stacks.h"

#include "advice/words.h"
#include "weigh/format_math.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	FRAMES_MOST = 4096,
	KEEPERS_MOST = 8,
	LINES_MOST = 20000, /* of one file */
};
#define SIZE_OFF 0.05 /* of a size: what small blocks beside large ones may add to the sum */

bool weigh_stacks_own_file(const char *file)
{
	return file && file[0] && file[0] != '<' && !strstr(file, "/site-packages/") &&
	       !strstr(file, "/dist-packages/") && !strstr(file, "/lib/python3");
}

static uint32_t hash_place(uint32_t file_id, uint32_t line)
{
	uint64_t mixed = ((uint64_t)file_id << 32 | line) * 0x9e3779b97f4a7c15ull;

	return (uint32_t)(mixed >> 32);
}

uint32_t weigh_stacks_find(const struct weigh_stacks *stacks, uint32_t file_id, uint32_t line)
{
	uint32_t slot = hash_place(file_id, line) & stacks->slot_mask;

	for (; stacks->slots[slot]; slot = (slot + 1) & stacks->slot_mask) {
		const struct weigh_stack_line *found = &stacks->lines[stacks->slots[slot] - 1];
		if (found->file_id == file_id && found->line == line)
			return stacks->slots[slot] - 1;
	}
	return WEIGH_NO_LINE;
}

static void put_slot(struct weigh_stacks *stacks, uint32_t index)
{
	const struct weigh_stack_line *line = &stacks->lines[index];
	uint32_t slot = hash_place(line->file_id, line->line) & stacks->slot_mask;

	while (stacks->slots[slot])
		slot = (slot + 1) & stacks->slot_mask;
	stacks->slots[slot] = index + 1;
}

/* Of a comprehension that is a function of its own the one around it says more. */
static const char *plain_function(const char *now, const char *other)
{
	return strchr(now, '<') && strcmp(now, "<module>") != 0 ? other : now;
}

/* The line of a node; WEIGH_NO_LINE when it is not the user's own. */
static uint32_t line_of_node(struct weigh_stacks *stacks, uint32_t node)
{
	struct weigh_place place = weigh_names_place(stacks->names, node);

	if (!place.line || !weigh_stacks_own_file(place.file))
		return WEIGH_NO_LINE;
	uint32_t index = weigh_stacks_find(stacks, place.file_id, place.line);
	if (index != WEIGH_NO_LINE) {
		struct weigh_stack_line *line = &stacks->lines[index];
		line->function = plain_function(line->function, place.function);
		return index;
	}
	index = stacks->count++;
	stacks->lines[index] = (struct weigh_stack_line){
		.file = place.file,
		.function = place.function,
		.file_id = place.file_id,
		.line = place.line,
		.first_line = stacks->capture->codes[stacks->capture->nodes[node].code].first_line,
		.caller = WEIGH_NO_LINE,
		.seen_by = WEIGH_NO_LINE,
	};
	put_slot(stacks, index);
	return index;
}

static void add_large(struct weigh_large_sum *sum, const struct weigh_tally *tally)
{
	if (tally->samples <= 0 || tally->footprint < WEIGH_LARGE_LEAST * tally->blocks)
		return;
	sum->blocks += tally->blocks;
	sum->bytes += tally->bytes;
	sum->footprint += tally->footprint;
}

bool weigh_stacks_same_function(const struct weigh_stack_line *a, const struct weigh_stack_line *b)
{
	return a->file_id == b->file_id && a->first_line == b->first_line &&
	       !strcmp(a->function, b->function);
}

static void note_caller(struct weigh_stacks *stacks, uint32_t line, uint32_t caller)
{
	struct weigh_stack_line *called = &stacks->lines[line];

	if (called->caller == caller)
		return;
	called->callers++;
	called->caller = caller;
}

/* Adds what a site holds to each of the lines on its stack, once. */
static void add_site(struct weigh_stacks *stacks, uint32_t index)
{
	const struct weigh_capture *capture = stacks->capture;
	const struct weigh_site *site = &capture->sites[index];
	const struct weigh_tally *peak = weigh_capture_at_peak(capture, site);
	uint32_t inner = WEIGH_NO_LINE, frames = 0;
	uint32_t deepest = WEIGH_NO_LINE; /* of the calls of the function of `inner` by itself */

	for (uint32_t node = site->node; node && frames < FRAMES_MOST; node = capture->nodes[node].parent) {
		uint32_t at = line_of_node(stacks, node);
		frames++;
		if (at == WEIGH_NO_LINE)
			continue;
		struct weigh_stack_line *line = &stacks->lines[at];
		if (inner == WEIGH_NO_LINE) {
			add_large(&line->large_peak, peak);
			add_large(&line->large_end, &site->live);
			add_large(&line->large_total, &site->total);
			deepest = at;
		} else if (!weigh_stacks_same_function(&stacks->lines[inner], &stacks->lines[at])) {
			note_caller(stacks, inner, at);
			note_caller(stacks, deepest, at);
			deepest = at;
		}
		inner = at;
		if (line->seen_by == index)
			continue;
		line->seen_by = index;
		line->peak += peak->footprint;
		line->peak_blocks += peak->blocks;
		line->peak_variance += peak->footprint_variance;
		line->end += site->live.footprint;
		line->end_blocks += site->live.blocks;
		line->total += site->total.footprint;
	}
}

struct weigh_size_bucket weigh_stacks_sizes(const struct weigh_capture *capture, uint32_t bucket)
{
	uint32_t used = weigh_capture_count(capture, WEIGH_SECTION_SIZES);
	struct weigh_size_bucket sum = {0};

	for (uint32_t at = bucket; at < used; at += WEIGH_SIZE_BUCKETS) {
		sum.blocks += capture->sizes[at].blocks;
		sum.bytes += capture->sizes[at].bytes;
	}
	return sum;
}

/*
 * The one size that all large blocks of a line have, as near as can be told: a
 * size that was asked for in the program, by the histogram of sizes, of which a
 * whole number makes up the sum; of several the largest, for few blocks are
 * the better guess and keep rules silent. Beside each there may be a few small blocks,
 * the strides of an array, that are counted otherwise. 0: there is none.
 */
static double size_of_all(const struct weigh_capture *capture, const struct weigh_large_sum *sum)
{
	double best = 0, most = 0;

	for (uint32_t i = 0; i < WEIGH_SIZE_BUCKETS; i++) {
		struct weigh_size_bucket bucket = weigh_stacks_sizes(capture, i);
		double size = bucket.blocks > 0 ? bucket.bytes / bucket.blocks : 0;
		double count = size >= WEIGH_LARGE_LEAST ? round(sum->bytes / size) : 0;
		if (count >= 1 && (!most || count < most) && count <= sum->blocks + 0.5 &&
		    fabs(sum->bytes - count * size) <= SIZE_OFF * size) {
			most = count;
			best = size;
		}
	}
	return best;
}

static void count_large(const struct weigh_capture *capture, struct weigh_stack_line *line)
{
	struct weigh_large_sum *const sums[] = {&line->large_peak, &line->large_end, &line->large_total};
	double size = line->large_peak.bytes > 0 ? size_of_all(capture, &line->large_peak) : 0;

	line->large_size = size;
	for (int i = 0; size > 0 && i < 3; i++)
		sums[i]->blocks = round(sums[i]->bytes / size);
}

static int compare_lines(const void *a, const void *b)
{
	const struct weigh_stack_line *x = a, *y = b;

	if (x->peak != y->peak)
		return x->peak > y->peak ? -1 : 1;
	int order = strcmp(x->file, y->file);
	return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* Largest first; callers are found anew, because indices change. */
static void sort_lines(struct weigh_stacks *stacks)
{
	for (uint32_t i = 0; i < stacks->count; i++) {
		struct weigh_stack_line *line = &stacks->lines[i];
		/* Until all have moved, what does not move stands for the caller. */
		line->seen_by = line->caller == WEIGH_NO_LINE ? 0 : stacks->lines[line->caller].line;
		line->caller =
			line->caller == WEIGH_NO_LINE ? WEIGH_NO_LINE : stacks->lines[line->caller].file_id;
	}
	qsort(stacks->lines, stacks->count, sizeof(*stacks->lines), compare_lines);
	memset(stacks->slots, 0, ((size_t)stacks->slot_mask + 1) * sizeof(*stacks->slots));
	for (uint32_t i = 0; i < stacks->count; i++)
		put_slot(stacks, i);
	for (uint32_t i = 0; i < stacks->count; i++) {
		struct weigh_stack_line *line = &stacks->lines[i];
		if (line->caller != WEIGH_NO_LINE)
			line->caller = weigh_stacks_find(stacks, line->caller, line->seen_by);
	}
}

struct weigh_error *weigh_stacks_init(struct weigh_stacks *stacks, const struct weigh_capture *capture,
				      struct weigh_names *names, const struct weigh_line_reader *reader)
{
	uint32_t nodes = weigh_capture_count(capture, WEIGH_SECTION_NODES);
	uint32_t sites = weigh_capture_count(capture, WEIGH_SECTION_SITES);
	uint32_t slots = 16;

	while (slots < nodes * 2)
		slots *= 2;
	*stacks = (struct weigh_stacks){
		.capture = capture,
		.names = names,
		.reader = reader,
		.lines = calloc((size_t)nodes + 1, sizeof(*stacks->lines)),
		.peak = (double)weigh_capture_peak(capture).footprint,
		.end = (double)weigh_counters_live(&capture->header->counters),
		.slots = calloc(slots, sizeof(*stacks->slots)),
		.slot_mask = slots - 1,
	};
	if (!stacks->lines || !stacks->slots) {
		weigh_stacks_deinit(stacks);
		return weigh_error_create_memory();
	}
	for (uint32_t i = 0; i < sites; i++) {
		if (capture->sites[i].flags & WEIGH_SITE_USED)
			add_site(stacks, i);
	}
	for (uint32_t i = 0; i < stacks->count; i++)
		count_large(capture, &stacks->lines[i]);
	sort_lines(stacks);
	return NULL;
}

void weigh_stacks_deinit(struct weigh_stacks *stacks)
{
	free(stacks->lines);
	free(stacks->slots);
	*stacks = (struct weigh_stacks){0};
}

const char *weigh_stacks_text(const struct weigh_stacks *stacks, const struct weigh_stack_line *at,
			      uint32_t line)
{
	return weigh_line_read(stacks->reader, at->file, line);
}

static bool is_first_of_file(const struct weigh_stacks *stacks, uint32_t index)
{
	for (uint32_t i = 0; i < index; i++) {
		if (stacks->lines[i].file_id == stacks->lines[index].file_id)
			return false;
	}
	return true;
}

bool weigh_stacks_search(const struct weigh_stacks *stacks, weigh_stacks_each *each, void *arg)
{
	for (uint32_t i = 0; i < stacks->count; i++) {
		const struct weigh_stack_line *line = &stacks->lines[i];
		const char *text;
		if (!is_first_of_file(stacks, i))
			continue;
		for (uint32_t n = 1; n < LINES_MOST && (text = weigh_stacks_text(stacks, line, n)); n++) {
			if (each(line, n, text, arg))
				return true;
		}
	}
	return false;
}

static bool passes(const struct weigh_stacks *stacks, uint32_t node, const struct weigh_stack_line *line)
{
	for (uint32_t frames = 0; node && frames < FRAMES_MOST; frames++) {
		struct weigh_place place = weigh_names_place(stacks->names, node);
		if (place.file_id == line->file_id && place.line == line->line && place.file)
			return true;
		node = stacks->capture->nodes[node].parent;
	}
	return false;
}

double weigh_stacks_peak_without(const struct weigh_stacks *stacks, const struct weigh_stack_line *line)
{
	const struct weigh_capture *capture = stacks->capture;
	uint32_t count = weigh_capture_count(capture, WEIGH_SECTION_MOMENTS);
	double most = stacks->peak - line->peak;

	if (stacks->end - line->end > most)
		most = stacks->end - line->end;
	for (uint32_t i = 0; i < count; i++) {
		const struct weigh_share *shares = &capture->shares[(uint64_t)i * WEIGH_MOMENT_SHARES];
		double rest = (double)capture->moments[i].live;
		if (rest <= most)
			continue;
		for (uint32_t s = 0; s < capture->moments[i].shares; s++) {
			const struct weigh_site *site = &capture->sites[shares[s].site];
			if (site->key == shares[s].key && passes(stacks, site->node, line))
				rest -= shares[s].live.footprint;
		}
		if (rest > most)
			most = rest;
	}
	return most < stacks->peak ? most : stacks->peak;
}

/* Whether a function returns, or yields, the name that one of its lines binds. */
static bool is_returned(const struct weigh_stacks *stacks, const struct weigh_stack_line *line,
			const struct weigh_words *name)
{
	for (uint32_t ahead = 1; ahead <= WEIGH_LINES_AHEAD; ahead++) {
		const char *text = weigh_stacks_text(stacks, line, line->line + ahead);
		if (!text || weigh_words_start_function(text))
			return false;
		if (weigh_words_return(text, name))
			return true;
	}
	return false;
}

uint32_t weigh_stacks_keeper(const struct weigh_stacks *stacks, uint32_t index)
{
	for (int step = 0; step < KEEPERS_MOST; step++) {
		const struct weigh_stack_line *line = &stacks->lines[index];
		const char *text = weigh_stacks_text(stacks, line, line->line);
		struct weigh_words name;
		bool returned = text && (weigh_words_is_return(text) || (weigh_words_target(text, &name) &&
									 is_returned(stacks, line, &name)));
		if (!returned || line->caller == WEIGH_NO_LINE || line->callers != 1)
			return index;
		index = line->caller;
	}
	return index;
}
