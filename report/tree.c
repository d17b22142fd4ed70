/*
 * A view as a tree of frames: see report/tree.h.
 *
 * The frames of a capture are a tree already, but one of instructions: here
 * those of one line become one. Each frame is looked at once, its caller
 * before it.
 *
 * One thread; allocates with malloc.
 */
#include "report/tree.h"

#include "base/hash.h"
#include "report/rows.h"

#include <stdlib.h>
#include <string.h>

struct builder {
	const struct weigh_report *report;
	const char *filter;
	struct weigh_tree *tree;
	uint32_t *merged;  /* by frame of the capture: node of the tree, 0: not looked at */
	uint8_t *meets;    /* by node of the tree: it or a caller meets the filter */
	uint32_t *walk;    /* frames on the way down to one */
	uint32_t *slots;   /* nodes of the tree by hash; 0: free */
	uint32_t mask;
};

static uint32_t find_child(struct builder *b, uint32_t parent, const struct weigh_place *place)
{
	uint64_t hash = weigh_hash_step(weigh_hash_step(parent + 1, place->file_id + 1),
					(uint64_t)place->function_id << 32 | place->line);
	uint32_t slot = (uint32_t)hash & b->mask;

	for (; b->slots[slot]; slot = (slot + 1) & b->mask) {
		const struct weigh_tree_node *node = &b->tree->nodes[b->slots[slot]];
		if (node->parent == parent && node->place.file_id == place->file_id &&
		    node->place.function_id == place->function_id && node->place.line == place->line)
			return b->slots[slot];
	}
	uint32_t index = b->tree->count++;
	b->tree->nodes[index] = (struct weigh_tree_node){.place = *place, .parent = parent};
	b->meets[index] =
		b->meets[parent] || !b->filter || weigh_filter_meets(b->filter, place->file, place->function);
	b->slots[slot] = index;
	return index;
}

/* The node of the tree for a frame, made with all its callers when missing. */
static uint32_t merge(struct builder *b, uint32_t frame)
{
	const struct weigh_node *frames = b->report->capture->nodes;
	uint32_t depth = 0, at = 0;

	if (!frame) {
		struct weigh_place nowhere = weigh_names_place(b->report->names, 0);
		return find_child(b, 0, &nowhere);
	}
	for (; frame && !b->merged[frame]; frame = frames[frame].parent)
		b->walk[depth++] = frame;
	if (frame)
		at = b->merged[frame];
	while (depth) {
		frame = b->walk[--depth];
		struct weigh_place place = weigh_names_place(b->report->names, frame);
		at = b->merged[frame] = find_child(b, at, &place);
	}
	return at;
}

static int compare_siblings(const void *left, const void *right, void *nodes)
{
	const struct weigh_tree_node *a = (const struct weigh_tree_node *)nodes + *(const uint32_t *)left;
	const struct weigh_tree_node *b = (const struct weigh_tree_node *)nodes + *(const uint32_t *)right;

	if (a->tally.bytes != b->tally.bytes)
		return (a->tally.bytes < b->tally.bytes) - (a->tally.bytes > b->tally.bytes);
	int order = strcmp(a->place.file ? a->place.file : "", b->place.file ? b->place.file : "");
	if (!order)
		order = (a->place.line > b->place.line) - (a->place.line < b->place.line);
	return order ? order : strcmp(a->place.function, b->place.function);
}

/* Add subtrees up and chain siblings by bytes. `order` has room for all nodes. */
static void finish(struct weigh_tree *tree, uint32_t *order)
{
	struct weigh_tree_node *nodes = tree->nodes;
	uint32_t count = 0;

	for (uint32_t i = tree->count; i-- > 1;)
		weigh_tally_add(&nodes[nodes[i].parent].tally, &nodes[i].tally);
	for (uint32_t i = 1; i < tree->count; i++) {
		if (nodes[i].tally.samples)
			order[count++] = i;
	}
	qsort_r(order, count, sizeof(*order), compare_siblings, nodes);
	while (count) {
		struct weigh_tree_node *node = &nodes[order[--count]];
		node->next = nodes[node->parent].first_child;
		nodes[node->parent].first_child = order[count];
	}
}

static void add_items(struct builder *b, const struct weigh_view *view)
{
	const struct weigh_place rest = {
		.function = "(smaller sites)", .function_id = UINT32_MAX, .file_id = UINT32_MAX};

	for (uint32_t i = 0; i < view->count; i++) {
		const struct weigh_item *item = &view->items[i];
		uint32_t at = item->rest ? find_child(b, 0, &rest) : merge(b, item->node);

		if (!b->meets[at])
			continue;
		weigh_tally_add(&b->tree->nodes[at].tally, item->tally);
		b->tree->nodes[at].own += item->tally->bytes;
	}
}

struct weigh_error *weigh_tree_init(struct weigh_tree *tree, const struct weigh_report *report,
				    const struct weigh_view *view, const char *filter)
{
	/* Root, "no Python frame", the rest, and one for each frame. */
	size_t most = (size_t)weigh_capture_count(report->capture, WEIGH_SECTION_NODES) + 3, slots = 16;
	struct builder b = {.report = report, .filter = filter, .tree = tree};

	while (slots < most * 2)
		slots *= 2;
	b.mask = (uint32_t)(slots - 1);
	b.merged = calloc(most, sizeof(*b.merged));
	b.meets = calloc(most, sizeof(*b.meets));
	b.walk = malloc(most * sizeof(*b.walk));
	b.slots = calloc(slots, sizeof(*b.slots));
	tree->nodes = malloc(most * sizeof(*tree->nodes));

	struct weigh_error *error = NULL;
	if (b.merged && b.meets && b.walk && b.slots && tree->nodes) {
		tree->nodes[0] = (struct weigh_tree_node){.place = {.function = "(all)"}};
		tree->count = 1;
		tree->chance = view->chance;
		b.meets[0] = !filter;
		add_items(&b, view);
		finish(tree, b.walk);
	} else {
		error = weigh_error_create_memory();
		weigh_tree_deinit(tree);
	}
	free(b.merged);
	free(b.meets);
	free(b.walk);
	free(b.slots);
	return error;
}

void weigh_tree_deinit(struct weigh_tree *tree)
{
	free(tree->nodes);
	*tree = (struct weigh_tree){0};
}
