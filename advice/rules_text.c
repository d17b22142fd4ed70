/*
 * Rule on text whose widest character makes all of it wide: a str takes 1, 2 or
 * 4 bytes for each of its characters, by the widest, and as UTF-8 each takes
 * what it needs. By the place that refers to the texts.
 *
 * One thread; allocates with malloc.
 */
#include "advice/blocks.h"
#include "advice/rules.h"
#include "advice/sums.h"
#include "advice/tell.h"
#include "heap/facts.h"

static const char rule[] = "wide-text";

enum { BYTES_HEAD = 33, NARROW = 8 };

struct group {
	uint64_t texts, wide, bits; /* bits: of the widest character */
	double resident, wide_resident, saving;
	uint64_t utf8; /* bytes of the wide ones */
	uint32_t example;
	bool tabled; /* rules on tables are about the same bytes */
	struct weigh_line_vote vote;
};

static bool is_candidate(const struct weigh_evidence *e, uint32_t object)
{
	const struct weigh_heap_shape *shape = weigh_heap_shape(e->graph, object);

	return e->graph->value && e->graph->value[object] != UINT32_MAX &&
	       e->graph->types[shape->type].form == WEIGH_SNAPSHOT_STR &&
	       e->graph->counted[object] != UINT32_MAX && e->places->of[object] != WEIGH_NO_OBJECT;
}

/* Bytes as UTF-8; of narrow text those it has, which beyond ASCII may be twice as many. */
static uint64_t utf8_of(const struct weigh_heap_graph *graph, uint32_t object, bool *wide)
{
	uint64_t bytes = weigh_heap_wide(graph, graph->value[object]);

	*wide = bytes;
	return bytes ? bytes : weigh_heap_net(graph, object);
}

static bool seek(const struct weigh_evidence *e, struct weigh_heap_rows *sums)
{
	const struct weigh_heap_graph *graph = e->graph;
	bool wide;

	for (uint32_t i = 0; i < graph->object_count; i++) {
		if (!is_candidate(e, i))
			continue;
		struct group *group = weigh_heap_rows_put(sums, e->places->of[i], 0);
		if (!group)
			return false;
		uint64_t utf8 = utf8_of(graph, i, &wide), bits = graph->values[graph->value[i]].bits;
		double resident = weigh_gross_resident(weigh_heap_gross(graph, i));
		group->texts++;
		group->resident += resident;
		group->saving += resident - weigh_block_resident(BYTES_HEAD + utf8);
		if (!wide)
			continue;
		group->wide++;
		group->utf8 += utf8;
		group->wide_resident += resident;
		group->bits = bits > group->bits ? bits : group->bits;
		group->example = i;
		group->tabled |= e->records.covered[i];
		weigh_line_vote(&group->vote, e, i);
	}
	return true;
}

static void report(const struct weigh_evidence *e, struct weigh_collector *c,
		   const struct weigh_heap_rows *sums, uint32_t number)
{
	const struct group *group = weigh_heap_rows_at(sums, number);
	char name[WEIGH_HEAP_NAME], count[2][WEIGH_TELL_COUNT], bytes[WEIGH_TELL_COUNT];

	/* Where most is narrow, wide text is an exception, and all else is not to be changed for it. */
	if (group->wide_resident * 2 < group->resident || group->resident < c->advice->least)
		return;
	weigh_heap_place_name(e->graph, e->places, (uint32_t)sums->index.keys[number].a, name);
	if (group->saving <= 0) {
		struct weigh_heap_frame frame = weigh_line_vote_frame(&group->vote, e);
		weigh_collect_rejected(c, rule, frame.file, frame.line, group->saving,
				       "%s: its characters take as many bytes as UTF-8, or more", name);
		return;
	}
	struct weigh_finding *finding = weigh_collect_finding(c, 13, rule);
	if (!finding)
		return;
	weigh_line_vote_place(&group->vote, e, c, finding);
	weigh_collect_bytes(finding, e->quantity, group->resident, group->saving, WEIGH_GRADE_HYPOTHESIS);
	if (group->tabled)
		finding->effect.kind = WEIGH_EFFECT_NONE;
	finding->title = weigh_collect_text(c, "UTF-8 in bytes instead of wide text in %s", name);
	finding->evidence = weigh_collect_text(
		c, "%s: %s of %s str take up to %u bytes for each character, as UTF-8 %s in all", name,
		weigh_tell_count(group->wide, count[0]), weigh_tell_count(group->texts, count[1]),
		(unsigned)group->bits / NARROW, weigh_tell_bytes((double)group->utf8, bytes));
	finding->change_before = weigh_collect_text(c, "text");
	finding->change_after = weigh_collect_text(c, "text.encode()  # and .decode() where it is read");
	weigh_collect_check(c, finding, WEIGH_CHECK_HOLDS, "one wide character makes all of a str wide");
	weigh_collect_check(c, finding, WEIGH_CHECK_UNKNOWN,
			    "it is kept and handed on, not indexed or searched by character");
	finding->cost = weigh_collect_text(c, "decoding each time it is read");
}

struct weigh_error *weigh_rules_text(const struct weigh_evidence *evidence, struct weigh_collector *collector)
{
	static const struct weigh_sums_rule by_rows = {sizeof(struct group), seek, report};

	if (!weigh_heap_has_wide(evidence->graph))
		return NULL;
	return weigh_sums_ask(&by_rows, evidence, collector);
}
