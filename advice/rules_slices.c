/*
 * Rule on slices of bytes that are copies, while what they were cut from is
 * alive all the same: a memoryview shows the same bytes. The line that made
 * them says what they are slices of.
 *
 * One thread; allocates with malloc.
 */
#include "advice/blocks.h"
#include "advice/rules.h"
#include "advice/sums.h"
#include "advice/tell.h"

#include <ctype.h>
#include <string.h>

static const char rule[] = "copied-slices";

enum {
	BASE_LEAST = 64 << 10,
	SLICES_LEAST = 8,
	MEMORYVIEW = 200, /* bytes asked for: 184, and the head of the garbage collector */
};

/* Bytes objects at one place. */
struct group {
	uint64_t slices;
	double resident, net;
	struct weigh_line_vote vote;
};

static bool is_bytes(const struct weigh_heap_graph *graph, uint32_t object)
{
	enum weigh_snapshot_form form = weigh_heap_type(graph, object)->form;

	return form == WEIGH_SNAPSHOT_BYTES || form == WEIGH_SNAPSHOT_BYTEARRAY;
}

static bool seek(const struct weigh_evidence *e, struct weigh_heap_rows *sums)
{
	const struct weigh_heap_graph *graph = e->graph;

	for (uint32_t i = 0; i < graph->object_count; i++) {
		if (!is_bytes(graph, i) || e->places->of[i] == WEIGH_NO_OBJECT ||
		    graph->counted[i] == UINT32_MAX)
			continue;
		struct group *group = weigh_heap_rows_put(sums, e->places->of[i], 0);
		if (!group)
			return false;
		group->slices++;
		group->resident += weigh_gross_resident(weigh_heap_gross(graph, i));
		group->net += (double)weigh_heap_net(graph, i);
		weigh_line_vote(&group->vote, e, i);
	}
	return true;
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* "data" of "rows.append(self.data[at:at + size])", the first such; false when the line slices nothing. */
static bool find_sliced(const char *line, char name[static WEIGH_TELL_NAME])
{
	for (const char *open = strchr(line, '['); open; open = strchr(open + 1, '[')) {
		size_t inside = strcspn(open + 1, "[]:");
		const char *start = open;
		while (start > line && is_name(start[-1]))
			start--;
		if (open[1 + inside] != ':' || start == open || isdigit((unsigned char)*start) ||
		    open - start >= WEIGH_TELL_NAME)
			continue;
		memcpy(name, start, (size_t)(open - start));
		name[open - start] = 0;
		return true;
	}
	return false;
}

/* The object that is called so and is at least as large as its slices together; WEIGH_NO_OBJECT: it is gone. */
static uint32_t find_base(const struct weigh_evidence *e, const char *name, double bytes)
{
	const struct weigh_heap_graph *graph = e->graph;
	char called[WEIGH_TELL_NAME];

	for (uint32_t i = 0; i < graph->object_count; i++) {
		if (!is_bytes(graph, i) || weigh_heap_gross(graph, i) < BASE_LEAST ||
		    (double)weigh_heap_gross(graph, i) < bytes)
			continue;
		weigh_tell_object(e, i, called);
		const char *last = strrchr(called, '.');
		if (!strcmp(last ? last + 1 : called, name))
			return i;
	}
	return WEIGH_NO_OBJECT;
}

static void report(const struct weigh_evidence *e, struct weigh_collector *c,
		   const struct weigh_heap_rows *sums, uint32_t number)
{
	const struct group *group = weigh_heap_rows_at(sums, number);
	struct weigh_heap_frame frame = weigh_line_vote_frame(&group->vote, e);
	const char *line = weigh_line_read(e->source, frame.file, frame.line);
	char name[WEIGH_TELL_NAME], count[WEIGH_TELL_COUNT], bytes[WEIGH_TELL_COUNT];

	if (group->slices < SLICES_LEAST || group->resident < c->advice->least || !line ||
	    !find_sliced(line, name))
		return;
	uint32_t base = find_base(e, name, group->net);
	if (base == WEIGH_NO_OBJECT) {
		weigh_collect_rejected(c, rule, frame.file, frame.line, 0,
				       "%s is gone: a memoryview would keep all of it", name);
		return;
	}
	struct weigh_finding *finding = weigh_collect_finding(c, 15, rule);
	if (!finding)
		return;
	weigh_line_vote_place(&group->vote, e, c, finding);
	weigh_collect_bytes(finding, e->quantity, group->resident,
			    group->resident - (double)group->slices * weigh_block_resident(MEMORYVIEW),
			    WEIGH_GRADE_LIKELY);
	finding->title = weigh_collect_text(c, "memoryviews instead of copied slices of %s", name);
	finding->evidence = weigh_collect_text(
		c, "%s slices of %.0f B on the average, and %s itself, of %s, is alive too",
		weigh_tell_count(group->slices, count), group->net / (double)group->slices, name,
		weigh_tell_bytes((double)weigh_heap_gross(e->graph, base), bytes));
	finding->change_before = weigh_collect_text(c, "%s", line);
	finding->change_after =
		weigh_collect_text(c, "view = memoryview(%s)  # once, and slices of view", name);
	weigh_collect_check(c, finding, WEIGH_CHECK_HOLDS, "%s is alive as well, and as large as its slices",
			    name);
	weigh_collect_check(c, finding, WEIGH_CHECK_UNKNOWN,
			    "who reads them takes a memoryview, and %s is not dropped later", name);
	finding->cost = weigh_collect_text(c, "%d bytes for each view, however short", MEMORYVIEW);
}

struct weigh_error *weigh_rules_slices(const struct weigh_evidence *evidence,
				       struct weigh_collector *collector)
{
	static const struct weigh_sums_rule by_rows = {sizeof(struct group), seek, report};

	return weigh_sums_ask(&by_rows, evidence, collector);
}
