/*
 * Rule on functools.lru_cache without bound, told by the graph: what its table
 * keeps alive, and which function it is of. Rules on stacks tell the same of a
 * program of which there is no snapshot.
 *
 * One thread; allocates through the collector.
 */
#include "advice/blocks.h"
#include "advice/rules.h"
#include "advice/tell.h"
#include "heap/facts.h"

#include <stdlib.h>
#include <string.h>

static const char rule[] = "unbounded-cache";

enum {
	LINK = 56, /* bytes of what a bounded cache has for each answer, beside its table */
	FEW_HITS = 10, /* one call in so many */
};

struct case_of_cache {
	const struct weigh_evidence *e;
	struct weigh_collector *c;
	uint32_t cache, table;
	uint64_t answers;
	double retained; /* by the table, itself included */
};

static bool is_called(const struct weigh_heap_graph *graph, uint32_t type, const char *name)
{
	return !strcmp(weigh_heap_text(graph, graph->types[type].name, NULL), name) &&
	       !strcmp(weigh_heap_text(graph, graph->types[type].module, NULL), "functools");
}

/* A bounded one keeps its answers in links; one without bound in the table itself. */
static bool is_bounded(const struct weigh_heap_graph *graph, uint32_t table)
{
	uint32_t value = graph->targets[graph->first[table + 1] - 1];

	return value != WEIGH_NO_OBJECT &&
	       is_called(graph, weigh_heap_shape(graph, value)->type, "_lru_list_elem");
}

/* What is left with a bound: so many answers with their links, and a table that has room to turn over. */
static double bounded(const struct case_of_cache *look)
{
	double table = (double)weigh_heap_gross(look->e->graph, look->table);
	double answer = (look->retained - table) / (double)look->answers;
	struct weigh_object_blocks anew = weigh_blocks_dict(look->e->python, 2 * WEIGH_CACHE_BOUND, false);

	return WEIGH_CACHE_BOUND * (answer + weigh_block_resident(LINK)) + weigh_object_resident(&anew);
}

/* "describe" and its place of "describe (app.py:8)". */
struct function {
	char name[WEIGH_TELL_NAME], file[4096];
	uint32_t line; /* 0: not known */
};

static void find_function(const struct weigh_heap_graph *graph, uint32_t cache, struct function *function)
{
	uint32_t object = weigh_heap_slot_target(graph, cache, "__wrapped__");
	const char *label = object == WEIGH_NO_OBJECT ? NULL : weigh_heap_label(graph, object);
	const char *open = label ? strstr(label, " (") : NULL, *colon = open ? strrchr(open, ':') : NULL;

	*function = (struct function){.name = "function"};
	if (!colon || colon - open - 2 >= (ptrdiff_t)sizeof(function->file) ||
	    open - label >= (ptrdiff_t)sizeof(function->name))
		return;
	memset(function->name, 0, sizeof(function->name));
	memcpy(function->name, label, (size_t)(open - label));
	memcpy(function->file, open + 2, (size_t)(colon - open - 2));
	function->line = (uint32_t)strtoul(colon + 1, NULL, 10);
}

/* What the cache counted itself. */
static void say_hits(const struct case_of_cache *look, struct weigh_finding *finding, const char *name)
{
	const struct weigh_heap_fact *fact =
		weigh_heap_fact_of(look->e->graph, look->cache, WEIGH_FACT_CACHE);
	char hits[WEIGH_TELL_COUNT], calls[WEIGH_TELL_COUNT];

	if (!fact) {
		weigh_collect_check(look->c, finding, WEIGH_CHECK_UNKNOWN,
				    "few are asked for again: see %s.cache_info()", name);
		return;
	}
	uint64_t all = fact->cache.hits + fact->cache.misses;
	bool few = fact->cache.hits * FEW_HITS <= all;
	if (!few)
		finding->grade = WEIGH_GRADE_HYPOTHESIS;
	weigh_collect_check(look->c, finding, few ? WEIGH_CHECK_HOLDS : WEIGH_CHECK_UNKNOWN,
			    "%s are asked for again: %s hits in %s calls", few ? "few" : "only the last ones",
			    weigh_tell_count(fact->cache.hits, hits), weigh_tell_count(all, calls));
}

/* Whether more calls were answered by the cache than not: it is worth what it takes. */
static bool is_worth_it(const struct case_of_cache *look)
{
	const struct weigh_heap_fact *fact =
		weigh_heap_fact_of(look->e->graph, look->cache, WEIGH_FACT_CACHE);

	return fact && fact->cache.hits > fact->cache.misses;
}

static void report(const struct case_of_cache *look)
{
	const struct weigh_evidence *e = look->e;
	struct weigh_collector *c = look->c;
	struct function function;
	char answers[WEIGH_TELL_COUNT], bytes[WEIGH_TELL_COUNT];

	find_function(e->graph, look->cache, &function);
	if (is_worth_it(look)) {
		weigh_collect_rejected(c, rule, function.file, function.line, 0,
				       "the answers of %s() are asked for again, more often than not",
				       function.name);
		return;
	}
	struct weigh_finding *finding = weigh_collect_finding(c, 24, rule);
	if (!finding)
		return;
	if (function.line)
		weigh_collect_place(c, finding, function.file, function.line, function.name);
	const char *decorator = weigh_line_read(e->source, finding->file, finding->line);
	weigh_collect_bytes(finding, e->quantity, look->retained, look->retained - bounded(look),
			    WEIGH_GRADE_LIKELY);
	finding->title = weigh_collect_text(c, "the answers of %s() are kept without bound", function.name);
	finding->evidence = weigh_collect_text(c, "%s answers are kept, which with their table keep %s alive",
					       weigh_tell_count(look->answers, answers),
					       weigh_tell_bytes(look->retained, bytes));
	finding->change_before = weigh_collect_text(
		c, "%s", decorator && *decorator == '@' ? decorator : "@lru_cache(maxsize=None)");
	finding->change_after = weigh_collect_text(c, "@lru_cache(maxsize=%d)", WEIGH_CACHE_BOUND);
	weigh_collect_check(c, finding, WEIGH_CHECK_HOLDS, "nothing else keeps the answers alive");
	say_hits(look, finding, function.name);
	finding->cost = weigh_collect_text(c, "answers that were dropped are computed again");
}

/* The table of a cache without bound that is worth a word; else WEIGH_NO_OBJECT. */
static uint32_t table_of(const struct weigh_heap_graph *graph, uint32_t cache)
{
	uint32_t table = weigh_heap_slot_target(graph, cache, "(cache)");

	if (table == WEIGH_NO_OBJECT || graph->length[table] < WEIGH_CACHE_LEAST ||
	    weigh_heap_shape(graph, table)->tail != WEIGH_TAIL_PAIRS ||
	    graph->first[table] == graph->first[table + 1])
		return WEIGH_NO_OBJECT;
	return is_bounded(graph, table) ? WEIGH_NO_OBJECT : table;
}

static struct weigh_error *find_caches(const struct weigh_evidence *e, struct weigh_collector *c,
				       uint32_t type)
{
	const struct weigh_heap_graph *graph = e->graph;
	const struct weigh_heap_dominators *dominators;

	for (uint32_t i = 0; i < graph->object_count; i++) {
		uint32_t table =
			weigh_heap_shape(graph, i)->type == type ? table_of(graph, i) : WEIGH_NO_OBJECT;
		if (table == WEIGH_NO_OBJECT)
			continue;
		struct weigh_error *error = weigh_evidence_dominators(e, &dominators);
		if (error)
			return error;
		struct case_of_cache look = {
			e, c, i, table, graph->length[table], (double)dominators->retained[table]};
		report(&look);
	}
	return NULL;
}

struct weigh_error *weigh_rules_caches(const struct weigh_evidence *evidence,
				       struct weigh_collector *collector)
{
	struct weigh_error *error = NULL;

	for (uint32_t t = 0; !error && t < evidence->graph->type_count; t++) {
		if (is_called(evidence->graph, t, "_lru_cache_wrapper"))
			error = find_caches(evidence, collector, t);
	}
	return error;
}
