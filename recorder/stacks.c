/*
 * The tree of stacks in the capture, and the index that finds a child by
 * (parent, code, instruction). Slow path only, any thread, under the intern
 * lock. A node lives as long as a site or a child holds it.
 */
#include "recorder/stacks.h"

#include "base/hash.h"
#include "base/pages.h"
#include "recorder/codes.h"
#include "recorder/recorder.h"

#include <string.h>

static uint32_t *nodes_index; /* node numbers by hash; 0 is free */
static uint32_t mask;
static uint32_t *holders; /* of each node: its children and sites; of a free one: the next free one */
static uint32_t holders_capacity;
static uint32_t spare; /* the first free node */
static uint32_t spare_count;
static uint64_t collections = 1; /* nodes may have been freed since */

static size_t index_bytes(void)
{
	return ((size_t)mask + 1) * sizeof(*nodes_index);
}

bool weigh_stacks_init(uint32_t nodes)
{
	uint32_t cells = 64;
	while (cells < nodes * 2)
		cells *= 2;
	mask = cells - 1;
	collections++;
	spare = 0;
	spare_count = 0;
	holders_capacity = nodes;
	nodes_index = weigh_pages_take(index_bytes());
	holders = weigh_pages_take(nodes * sizeof(*holders));
	return nodes_index && holders;
}

void weigh_stacks_deinit(void)
{
	weigh_pages_give(nodes_index, nodes_index ? index_bytes() : 0);
	weigh_pages_give(holders, holders ? holders_capacity * sizeof(*holders) : 0);
	nodes_index = NULL;
	holders = NULL;
}

static uint32_t home_of(const struct weigh_node *node)
{
	uint64_t hash =
		weigh_hash_step((uint64_t)node->parent << 32 | (uint32_t)node->instruction, node->code);
	return (uint32_t)(hash >> 20) & mask;
}

static bool same(const struct weigh_node *a, const struct weigh_node *b)
{
	return a->parent == b->parent && a->code == b->code && a->instruction == b->instruction;
}

/* Whose node is made: each leaves free what is kept for those below. */
enum claim {
	CLAIM_USUAL,
	CLAIM_LARGE, /* the stack of a large block */
	CLAIM_LINE, /* an innermost line alone, without which nothing could be pruned */
};

static uint32_t room_for(enum claim claim)
{
	static const uint32_t reserved_parts[] = {[CLAIM_USUAL] = 8, [CLAIM_LARGE] = 16};
	const struct weigh_section *section = &weigh_recorder.header->sections[WEIGH_SECTION_NODES];
	uint32_t left = spare_count + section->capacity - section->used;
	uint32_t reserved = claim == CLAIM_LINE ? 0 : section->capacity / reserved_parts[claim];
	return left > reserved ? left - reserved : 0;
}

uint32_t weigh_stacks_room(void)
{
	return room_for(CLAIM_USUAL);
}

static uint32_t new_node(enum claim claim)
{
	struct weigh_section *section = &weigh_recorder.header->sections[WEIGH_SECTION_NODES];
	uint32_t node = spare;
	if (!room_for(claim))
		return 0;
	if (!node)
		return section->used++;
	spare = holders[node];
	spare_count--;
	holders[node] = 0;
	return node;
}

/* The child of a parent for one frame; 0 when it is new and there is no room. */
static uint32_t child(struct weigh_node wanted, enum claim claim)
{
	uint32_t i = home_of(&wanted);
	for (; nodes_index[i]; i = (i + 1) & mask)
		if (same(&weigh_recorder.nodes[nodes_index[i]], &wanted))
			return nodes_index[i];
	uint32_t node = new_node(claim);
	if (!node)
		return 0;
	weigh_recorder.nodes[node] = wanted;
	nodes_index[i] = node;
	holders[wanted.parent]++;
	return node;
}

void weigh_stacks_hold(uint32_t node)
{
	holders[node]++;
}

/* Empties a cell, and moves up those behind it that would no longer be found. */
static void unlink_cell(uint32_t hole)
{
	for (uint32_t i = (hole + 1) & mask; nodes_index[i]; i = (i + 1) & mask) {
		uint32_t home = home_of(&weigh_recorder.nodes[nodes_index[i]]);
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		nodes_index[hole] = nodes_index[i];
		hole = i;
	}
	nodes_index[hole] = 0;
}

static void free_node(uint32_t node)
{
	uint32_t i = home_of(&weigh_recorder.nodes[node]);
	while (nodes_index[i] != node)
		i = (i + 1) & mask;
	unlink_cell(i);
	weigh_recorder.nodes[node] = (struct weigh_node){.parent = 0};
	holders[node] = spare;
	spare = node;
	spare_count++;
}

void weigh_stacks_release(uint32_t node)
{
	collections++;
	while (--holders[node] == 0 && node) {
		uint32_t parent = weigh_recorder.nodes[node].parent;
		free_node(node);
		node = parent;
	}
}

/* How many frames, from the outermost on, are those of the memo. */
static uint32_t common(const struct weigh_stack_memo *memo, const struct weigh_frame *frames, uint32_t count)
{
	uint32_t same = 0;
	uint32_t limit = count < memo->count ? count : memo->count;
	while (same < limit && memo->frames[same].code == frames[count - 1 - same].code &&
	       memo->frames[same].instruction == frames[count - 1 - same].instruction)
		same++;
	return same;
}

static struct weigh_node node_for(const struct weigh_frame *frame, uint32_t parent, bool large)
{
	return (struct weigh_node){
		.parent = parent,
		.code = weigh_codes_intern(frame->code, large),
		.instruction = frame->instruction,
	};
}

uint32_t weigh_stacks_intern(struct weigh_stack_memo *memo, const struct weigh_frame *frames, uint32_t count,
			     bool large, bool *whole)
{
	uint64_t stamp = collections << 24 ^ weigh_codes_epoch();
	/* Nodes of the memo may lack a code object that a large block has room for. */
	bool lacking = large && weigh_recorder.header->sections[WEIGH_SECTION_CODES].refused;
	uint32_t same = memo->stamp == stamp && !lacking ? common(memo, frames, count) : 0;
	uint32_t node = same ? memo->nodes[same - 1] : 0;
	memo->stamp = stamp;
	*whole = true;
	for (uint32_t i = same; i < count; i++) {
		const struct weigh_frame *frame = &frames[count - 1 - i];
		uint32_t next = child(node_for(frame, node, large), large ? CLAIM_LARGE : CLAIM_USUAL);
		if (!next) {
			memo->count = 0;
			*whole = false;
			weigh_stacks_hold(node);
			weigh_stacks_release(node);
			return child(node_for(&frames[0], 0, large), CLAIM_LINE);
		}
		node = next;
		memo->frames[i] = *frame;
		memo->nodes[i] = node;
	}
	memo->count = count;
	return node;
}

uint32_t weigh_stacks_shorten(uint32_t node)
{
	struct weigh_node alone = weigh_recorder.nodes[node];
	alone.parent = 0;
	return node ? child(alone, CLAIM_LINE) : 0;
}
