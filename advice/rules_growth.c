/*
 * What grows: functions whose answers are kept without bound (24), and lines
 * of which ever more is alive (25).
 *
 * Growth is told from a program that builds what it needs by this: it goes on
 * to the end at no lesser rate, what grew is alive when the program's own code
 * has ended, and it is not kept by a line at the top of a script, nor made by
 * the same function as what is. That it is not wanted only the author can tell:
 * the grade is HYPOTHESIS.
 *
 * One thread; allocates with malloc, and through the collector.
 */
#include "advice/rules.h"
#include "advice/slope.h"
#include "advice/stack_rules.h"
#include "advice/tell.h"
#include "advice/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	SECONDS_LEAST = 1,
	GROWTHS_MOST = 64, /* lines; more say no more */
};

static const char cache_rule[] = "unbounded-cache";
static const char growth_rule[] = "growing-line";

static const double least_share = 0.01;   /* of the peak, for what grew */
static const double alive_share = 0.8;    /* of what there was at the peak, at the end */
static const double seconds_of_hour = 3600;

/* "@cache" and "@lru_cache(maxsize=None)", of functools or by themselves. */
static bool is_unbounded(const char *decorator)
{
	struct weigh_words text = weigh_words_all(decorator);
	bool lru =
		weigh_words_hold(text, "lru_cache(maxsize=None") || weigh_words_hold(text, "lru_cache(None");

	return *decorator == '@' &&
	       (lru ||
		(weigh_words_hold(text, "cache") && text.length >= 6 &&
		 !memcmp(text.start + text.length - 6, "@cache", 6)) ||
		(text.length >= 6 && !memcmp(text.start + text.length - 6, ".cache", 6)));
}

/* What a cached function's answers, and the entries that hold them, occupy. */
struct cache {
	const struct weigh_stack_line *line; /* one of the function's */
	double peak, end, blocks;
	uint32_t caller; /* WEIGH_NO_LINE: more than one, or none */
};

static void add_line(struct cache *cache, const struct weigh_stack_line *line)
{
	cache->peak += line->peak;
	cache->end += line->end;
	cache->blocks += line->end_blocks;
	cache->caller = line->callers == 1 ? line->caller : WEIGH_NO_LINE;
}

/*
 * The entries are made by the call, so they count at the line of the caller:
 * what that has beside the function, when it is there for the call alone.
 */
static void add_entries(const struct weigh_stacks *stacks, struct cache *cache)
{
	const struct weigh_stack_line *caller =
		cache->caller == WEIGH_NO_LINE ? NULL : &stacks->lines[cache->caller];
	const char *name = strrchr(cache->line->function, '.');
	const struct weigh_words function = {name ? name + 1 : cache->line->function,
					     strlen(name ? name + 1 : cache->line->function)};
	const char *text = caller ? weigh_stacks_text(stacks, caller, caller->line) : NULL;

	if (!text || !weigh_words_count(weigh_words_all(text), &function) || caller->peak < cache->peak)
		return;
	cache->peak = caller->peak;
	cache->end = caller->end;
}

static void report_cache(const struct weigh_stack_case *look, const struct cache *cache,
			 const char *decorator)
{
	struct weigh_collector *collector = look->collector;
	struct weigh_finding *finding = weigh_collect_finding(collector, 24, cache_rule);
	const struct weigh_stack_line *line = cache->line;
	char amount[WEIGH_TELL_COUNT], blocks[WEIGH_TELL_COUNT];

	if (!finding)
		return;
	weigh_collect_place(collector, finding, line->file, line->first_line, line->function);
	finding->title =
		weigh_collect_text(collector, "the answers of %s() are kept without bound", line->function);
	finding->quantity = WEIGH_QUANTITY_PEAK;
	finding->before = cache->peak;
	finding->saving = weigh_stacks_capped(look->stacks, line,
					      cache->peak * (1 - WEIGH_CACHE_BOUND / cache->blocks));
	if (cache->caller != WEIGH_NO_LINE)
		finding->saving = weigh_stacks_capped(look->stacks, &look->stacks->lines[cache->caller],
						      cache->peak * (1 - WEIGH_CACHE_BOUND / cache->blocks));
	finding->after = finding->before - finding->saving;
	finding->grade = WEIGH_GRADE_LIKELY;
	finding->evidence =
		weigh_collect_text(collector, "%s blocks of its answers alive at the end, %s with entries",
				   weigh_tell_count((uint64_t)round(cache->blocks), blocks),
				   weigh_tell_bytes(cache->end, amount));
	finding->change_before = weigh_collect_text(collector, "%s", decorator);
	finding->change_after = weigh_collect_text(collector, "@lru_cache(maxsize=%d)", WEIGH_CACHE_BOUND);
	weigh_collect_check(collector, finding, WEIGH_CHECK_HOLDS, "answers are alive at the end");
	weigh_collect_check(collector, finding, WEIGH_CHECK_UNKNOWN,
			    "few are asked for again: see %s.cache_info()", line->function);
	finding->cost = weigh_collect_text(collector, "answers that were dropped are computed again");
}

static void find_caches(const struct weigh_stack_case *look, bool *done)
{
	const struct weigh_stacks *stacks = look->stacks;

	for (uint32_t i = 0; i < stacks->count; i++) {
		const struct weigh_stack_line *line = &stacks->lines[i];
		const char *decorator = done[i] ? NULL : weigh_stacks_text(stacks, line, line->first_line);
		if (!decorator || !is_unbounded(decorator))
			continue;
		struct cache cache = {.line = line};
		for (uint32_t k = i; k < stacks->count; k++) {
			const struct weigh_stack_line *other = &stacks->lines[k];
			if (other->file_id != line->file_id || other->first_line != line->first_line)
				continue;
			add_line(&cache, other);
			done[k] = true;
			if (other->callers == 1)
				done[other->caller] = true;
		}
		/* The graph has told of it already, or why not. */
		if (look->graph)
			continue;
		if (cache.blocks < WEIGH_CACHE_LEAST || cache.end < alive_share * cache.peak)
			continue;
		add_entries(stacks, &cache);
		report_cache(look, &cache, decorator);
	}
}

/* The innermost line of the user's own on a stack; WEIGH_NO_LINE: none. */
static uint32_t inner_line(const struct weigh_stacks *stacks, uint32_t node)
{
	const struct weigh_capture *capture = stacks->capture;
	uint32_t frames = weigh_capture_count(capture, WEIGH_SECTION_NODES);

	for (; node && frames; node = capture->nodes[node].parent, frames--) {
		struct weigh_place place = weigh_names_place(stacks->names, node);
		if (place.line && weigh_stacks_own_file(place.file))
			return weigh_stacks_find(stacks, place.file_id, place.line);
	}
	return WEIGH_NO_LINE;
}

/* For each line the bytes it made that were alive at each moment, row after row. */
static double *series_of(const struct weigh_stacks *stacks, uint32_t moments)
{
	const struct weigh_capture *capture = stacks->capture;
	double *series = calloc((size_t)stacks->count * moments + 1, sizeof(*series));

	for (uint32_t m = 0; series && m < moments; m++) {
		const struct weigh_share *shares = &capture->shares[(uint64_t)m * WEIGH_MOMENT_SHARES];
		for (uint32_t s = 0; s < capture->moments[m].shares; s++) {
			const struct weigh_site *site = &capture->sites[shares[s].site];
			if (!(site->flags & WEIGH_SITE_USED) || site->key != shares[s].key)
				continue;
			uint32_t line = inner_line(stacks, site->node);
			if (line != WEIGH_NO_LINE)
				series[(size_t)line * moments + m] += shares[s].live.footprint;
		}
	}
	return series;
}

static struct weigh_slope slope_of_line(const struct weigh_stacks *stacks, const double *series,
					uint32_t moments, uint32_t line, struct weigh_point *points)
{
	for (uint32_t m = 0; m < moments; m++)
		points[m] = (struct weigh_point){(double)stacks->capture->moments[m].time_ns / 1e9,
						 series[(size_t)line * moments + m]};
	return weigh_slope_of(points, moments);
}

/* Lines that grow together: one is in a function that the other calls, or in the same one. */
struct growth {
	uint32_t line;
	struct weigh_slope slope;
	bool scripts;   /* kept by a line at the top of a script */
	uint32_t group; /* index of the first of them */
};

static void report_growth(const struct weigh_stack_case *look, const struct growth *all, uint32_t count,
			  uint32_t group)
{
	struct weigh_collector *collector = look->collector;
	struct weigh_slope sum = {0};
	const struct growth *most = &all[group];
	uint32_t lines = 0;
	char amount[WEIGH_TELL_COUNT], own[WEIGH_TELL_COUNT];

	for (uint32_t i = group; i < count; i++) {
		if (all[i].group != group)
			continue;
		lines++;
		sum.rate += all[i].slope.rate;
		sum.low += all[i].slope.low;
		sum.high += all[i].slope.high;
		if (all[i].slope.rate > most->slope.rate)
			most = &all[i];
	}
	const struct weigh_stack_line *line = &look->stacks->lines[most->line];
	const char *text = weigh_stacks_text(look->stacks, line, line->line);
	struct weigh_finding *finding = weigh_collect_finding(collector, 25, growth_rule);
	if (!finding)
		return;
	weigh_collect_place(collector, finding, line->file, line->line, line->function);
	finding->title =
		lines > 1 ? weigh_collect_text(collector,
					       "ever more of what this line and %u beside it make is alive",
					       lines - 1)
			  : weigh_collect_text(collector, "ever more of what this line makes is alive");
	finding->quantity = WEIGH_QUANTITY_GROWTH;
	finding->before = finding->saving = sum.rate * seconds_of_hour;
	finding->saving_low = sum.low * seconds_of_hour;
	finding->saving_high = sum.high * seconds_of_hour;
	finding->grade = WEIGH_GRADE_HYPOTHESIS;
	finding->evidence = weigh_collect_text(
		collector, "%s in a second, %s from this line, for %.1f s after the warm-up and to the end",
		weigh_tell_bytes(sum.rate, amount), weigh_tell_bytes(most->slope.rate, own),
		most->slope.seconds);
	finding->change_before = text ? weigh_collect_text(collector, "%s", text) : NULL;
	finding->change_after = weigh_collect_text(
		collector, "drop it when it is done with: weigh heap --paths shows what holds it");
	weigh_collect_check(collector, finding, WEIGH_CHECK_HOLDS, "the rate did not fall towards the end");
	weigh_collect_check(collector, finding, WEIGH_CHECK_HOLDS,
			    "alive when the program's own code had ended");
	weigh_collect_check(collector, finding, WEIGH_CHECK_UNKNOWN, "it is not needed any more");
	finding->cost = weigh_collect_text(collector, "to find out who keeps it, and why");
}

static bool belong_together(const struct weigh_stacks *stacks, uint32_t a, uint32_t b)
{
	const struct weigh_stack_line *x = &stacks->lines[a], *y = &stacks->lines[b];

	return weigh_stacks_same_function(x, y) ||
	       (x->caller != WEIGH_NO_LINE && weigh_stacks_same_function(&stacks->lines[x->caller], y)) ||
	       (y->caller != WEIGH_NO_LINE && weigh_stacks_same_function(&stacks->lines[y->caller], x));
}

/* Puts each growth into the group of the first one it belongs to. */
static void group_growths(const struct weigh_stacks *stacks, struct growth *all, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		all[i].group = i;
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t k = 0; k < i; k++) {
			uint32_t from = all[i].group, to = all[k].group;
			if (from == to || !belong_together(stacks, all[i].line, all[k].line))
				continue;
			for (uint32_t j = 0; j < count; j++) {
				if (all[j].group == (from > to ? from : to))
					all[j].group = from > to ? to : from;
			}
		}
	}
}

/*
 * Whether a line builds something on purpose: it is a script's own, or makes a
 * whole by itself, or stands in a function that makes something for the script.
 */
static bool is_building(const struct weigh_stacks *stacks, const struct growth *all, uint32_t count,
			const struct weigh_stack_line *line)
{
	const char *text = weigh_stacks_text(stacks, line, line->line);

	for (uint32_t i = 0; i < count; i++) {
		if (all[i].scripts && weigh_stacks_same_function(line, &stacks->lines[all[i].line]))
			return true;
	}
	return text && weigh_words_making(text).made != WEIGH_MADE_NOTHING;
}

/* Takes away what is built; returns how many are left. */
static uint32_t drop_built(const struct weigh_stack_case *look, struct growth *all, uint32_t count)
{
	struct growth left[GROWTHS_MOST];
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct weigh_stack_line *line = &look->stacks->lines[all[i].line];
		if (is_building(look->stacks, all, count, line))
			weigh_collect_rejected(look->collector, growth_rule, line->file, line->line, 0,
					       "it grows while the script builds what it is for");
		else
			left[kept++] = all[i];
	}
	memcpy(all, left, kept * sizeof(*all));
	return kept;
}

/* What of the lines grows; returns how many do. */
static uint32_t find_growths(const struct weigh_stack_case *look, const double *series, uint32_t moments,
			     const bool *done, struct weigh_point *points, struct growth *found)
{
	const struct weigh_stacks *stacks = look->stacks;
	uint32_t count = 0;

	for (uint32_t i = 0; i < stacks->count && count < GROWTHS_MOST; i++) {
		const struct weigh_stack_line *line = &stacks->lines[i];
		if (done[i] || line->end < alive_share * line->peak || line->end <= 0)
			continue;
		struct weigh_slope slope = slope_of_line(stacks, series, moments, i, points);
		if (!slope.known || !slope.growing || slope.seconds < SECONDS_LEAST ||
		    slope.rise < least_share * stacks->peak)
			continue;
		const struct weigh_stack_line *keeper = &stacks->lines[weigh_stacks_keeper(stacks, i)];
		bool scripts = !strcmp(keeper->function, "<module>");
		found[count++] = (struct growth){.line = i, .slope = slope, .scripts = scripts};
	}
	return drop_built(look, found, count);
}

static void find_growth(const struct weigh_stack_case *look, const double *series, uint32_t moments,
			struct weigh_point *points, const bool *done)
{
	struct growth found[GROWTHS_MOST];
	uint32_t count = find_growths(look, series, moments, done, points, found);

	group_growths(look->stacks, found, count);
	for (uint32_t i = 0; i < count; i++) {
		if (found[i].group == i)
			report_growth(look, found, count, i);
	}
}

struct weigh_error *weigh_rules_growth(const struct weigh_stack_case *look)
{
	const struct weigh_stacks *stacks = look->stacks;
	uint32_t moments = weigh_capture_count(stacks->capture, WEIGH_SECTION_MOMENTS);
	bool *done = calloc(stacks->count + 1, sizeof(*done)); /* lines that a cache explains */
	double *series = series_of(stacks, moments);
	struct weigh_point *points = calloc(moments + 1, sizeof(*points));
	struct weigh_error *error = NULL;

	if (done && series && points) {
		find_caches(look, done);
		find_growth(look, series, moments, points, done);
	} else {
		error = weigh_error_create_memory();
	}
	free(done);
	free(series);
	free(points);
	return error;
}
