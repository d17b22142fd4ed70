/*
 * The walk of a tally, level by level. With the GIL; runs no Python code;
 * memory comes from the kernel: two piles of one word for each object of a
 * level, the set of what was met, and 40 bytes for each object when the nodes
 * are kept.
 */
#include "cpython/objects/tally.h"

#include "base/pages.h"

#include <string.h>

enum {
	LOOK_EVERY = 1 << 16, /* objects, or a few milliseconds */
	INT_HEAD = 24,
	FIRST_NODES = 1 << 10,
};

bool weigh_tally_init(struct weigh_tally *tally)
{
	*tally = (struct weigh_tally){0};
	return weigh_marks_init(&tally->counted) && weigh_marks_init(&tally->barred) &&
	       weigh_marks_init(&tally->given) && weigh_marks_init(&tally->again);
}

void weigh_tally_deinit(struct weigh_tally *tally)
{
	weigh_marks_deinit(&tally->counted);
	weigh_marks_deinit(&tally->barred);
	weigh_marks_deinit(&tally->given);
	weigh_marks_deinit(&tally->again);
	*tally = (struct weigh_tally){0};
}

bool weigh_tally_bar(struct weigh_tally *tally, PyObject *object, bool references_only)
{
	struct weigh_marks *marks = references_only ? &tally->given : &tally->barred;
	struct weigh_marks_leaf *leaf = weigh_marks_leaf(marks, (uintptr_t)object);
	tally->used = true;
	if (leaf)
		weigh_marks_add(leaf, (uintptr_t)object);
	return leaf != NULL;
}

bool weigh_tally_begin(struct weigh_tally_walk *walk, struct weigh_tally *tally, unsigned follow)
{
	*walk = (struct weigh_tally_walk){
		.tally = tally, .limit = WEIGH_TALLY_ALL, .next_look = LOOK_EVERY, .heap = {.pagemap = -1}};
	walk->sink.heap = &walk->heap;
	return weigh_heap_init(&walk->heap) && weigh_kinds_init(&walk->kinds, follow);
}

void weigh_tally_end(struct weigh_tally_walk *walk)
{
	weigh_heap_deinit(&walk->heap);
	weigh_kinds_deinit(&walk->kinds);
	weigh_pile_deinit(&walk->now);
	weigh_pile_deinit(&walk->next);
	weigh_pages_give(walk->nodes, walk->node_room * sizeof(*walk->nodes));
	walk->nodes = NULL;
	walk->node_room = 0;
}

static int fail(struct weigh_tally_walk *walk)
{
	walk->failed = true;
	return -1;
}

/* One that is not made as an object: static, or in memory that a library filled by hand, without a header. */
static bool is_bare_type(const struct weigh_kind *kind, PyObject *object)
{
	return kind->form == WEIGH_FORM_TYPE && !(((PyTypeObject *)object)->tp_flags & Py_TPFLAGS_HEAPTYPE);
}

/* What is static has no blocks to ask about; types among it belong to no data. */
static uint64_t flat_of(struct weigh_tally_walk *walk, const struct weigh_kind *kind, PyObject *object,
			enum weigh_place place)
{
	uint64_t bytes;
	if (is_bare_type(kind, object))
		return 0;
	if (place == WEIGH_PLACE_STATIC) {
		bytes = weigh_blocks_own(kind, object) - kind->preheader;
	} else {
		uint64_t before = walk->sink.requested;
		weigh_blocks_tell(&walk->sink, kind, object);
		bytes = walk->sink.requested - before;
	}
	/* The int 0 that everybody has comes with a digit. */
	if (kind->form == WEIGH_FORM_INT && kind->exact && bytes == INT_HEAD)
		bytes += sizeof(digit);
	return (bytes + walk->mask) & ~walk->mask;
}

uint64_t weigh_tally_flat(struct weigh_tally_walk *walk, PyObject *object)
{
	struct weigh_marks_leaf *leaf = weigh_marks_leaf(&walk->heap.seen, (uintptr_t)object);
	struct weigh_kind *kind = weigh_kinds_find(&walk->kinds, Py_TYPE(object));
	if (!leaf || !kind) {
		walk->failed = true;
		return 0;
	}
	weigh_heap_forget(&walk->heap);
	return flat_of(walk, kind, object, weigh_heap_place(&walk->heap, leaf, (uintptr_t)object));
}

static bool note_node(struct weigh_tally_walk *walk, PyObject *object, uint64_t flat)
{
	if (walk->node_count == walk->node_room) {
		size_t room = walk->node_room ? walk->node_room * 2 : FIRST_NODES;
		struct weigh_tally_node *nodes = weigh_pages_take(room * sizeof(*nodes));
		if (!nodes)
			return false;
		if (walk->node_count)
			memcpy(nodes, walk->nodes, walk->node_count * sizeof(*nodes));
		weigh_pages_give(walk->nodes, walk->node_room * sizeof(*nodes));
		walk->nodes = nodes;
		walk->node_room = room;
	}
	walk->nodes[walk->node_count++] =
		(struct weigh_tally_node){object, walk->parent, flat, flat, walk->level};
	return true;
}

static int note_again(struct weigh_tally_walk *walk, uintptr_t address)
{
	struct weigh_marks_leaf *leaf = weigh_marks_leaf(&walk->tally->again, address);
	if (!leaf)
		return fail(walk);
	walk->visits++;
	walk->tally->duplicates += weigh_marks_add(leaf, address);
	return 0;
}

static void take_out(struct weigh_marks_leaf *leaf, uintptr_t address)
{
	leaf->words[(address >> WEIGH_MARKS_WORD_SHIFT) % WEIGH_MARKS_WORDS] &=
		~((uint64_t)1 << (address >> 3) % 64);
}

static bool is_passed_over(const struct weigh_tally_walk *walk, const struct weigh_kind *kind,
			   PyObject *object)
{
	if (kind->stops)
		return walk->level > 0 || kind->form != WEIGH_FORM_MODULE;
	return kind->form == WEIGH_FORM_FRAME && !(walk->kinds.follow & WEIGH_FOLLOW_FRAMES) &&
	       weigh_frame_runs(object);
}

/* Counts an object met for the first time. */
static int count(struct weigh_tally_walk *walk, PyObject *object, enum weigh_place place)
{
	struct weigh_kind *kind = weigh_kinds_find(&walk->kinds, Py_TYPE(object));
	if (!kind)
		return fail(walk);
	if (is_passed_over(walk, kind, object)) {
		kind->objects += kind->stops;
		return 0;
	}
	bool leads_on = place != WEIGH_PLACE_STATIC && !kind->leaf;
	uint64_t flat = flat_of(walk, kind, object, place);
	walk->bytes += flat;
	walk->objects++;
	walk->visits++;
	if (walk->level > walk->depth)
		walk->depth = walk->level;
	if (walk->keeps && !note_node(walk, object, flat))
		return fail(walk);
	if (walk->objects >= walk->next_look) {
		walk->next_look = walk->objects + LOOK_EVERY;
		if (weigh_signal_waits()) {
			walk->interrupted = true;
			return -1;
		}
	}
	if (!leads_on || walk->level >= walk->limit)
		return 0;
	uintptr_t word = walk->keeps ? walk->node_count - 1 : (uintptr_t)object;
	return weigh_pile_push(&walk->next, word) ? 0 : fail(walk);
}

static int reach(struct weigh_tally_walk *walk, PyObject *object)
{
	const struct weigh_tally *tally = walk->tally;
	uintptr_t address = (uintptr_t)object;
	struct weigh_marks_leaf *leaf = weigh_marks_leaf(&walk->heap.seen, address);
	if (!leaf)
		return fail(walk);
	if (!weigh_marks_add(leaf, address))
		return note_again(walk, address);
	if (tally->used) {
		if (weigh_marks_has(&tally->barred, address))
			return 0;
		if (weigh_marks_has(&tally->counted, address))
			return note_again(walk, address);
		if (walk->level && weigh_marks_has(&tally->given, address)) {
			take_out(leaf, address);
			return 0;
		}
	}
	return count(walk, object, weigh_heap_place(&walk->heap, leaf, address));
}

static int visit(PyObject *object, void *arg)
{
	return reach(arg, object);
}

static int expand(struct weigh_tally_walk *walk, uintptr_t word)
{
	PyObject *object = walk->keeps ? walk->nodes[word].object : (PyObject *)word;
	const struct weigh_kind *kind = weigh_kinds_find(&walk->kinds, Py_TYPE(object));
	if (!kind)
		return fail(walk);
	/* The table of kinds may move while the object is walked. */
	struct weigh_kind copy = *kind;
	walk->parent = word;
	return weigh_edges_visit(&copy, object, walk->kinds.follow, visit, walk);
}

/* The next level becomes the one to look at. Whether there is one. */
static bool descend(struct weigh_tally_walk *walk)
{
	struct weigh_pile empty = walk->now;
	walk->now = walk->next;
	walk->next = empty;
	walk->level++;
	return walk->now.top && (walk->now.used || walk->now.top->below);
}

bool weigh_tally_add(struct weigh_tally_walk *walk, PyObject *root, uint64_t *flat)
{
	uint64_t before = walk->bytes;
	walk->level = walk->base;
	walk->parent = walk->node_count;
	reach(walk, root);
	*flat = walk->bytes - before;
	while (!walk->failed && !walk->interrupted && descend(walk)) {
		uintptr_t word;
		while (weigh_pile_pop(&walk->now, &word) && expand(walk, word) == 0)
			;
	}
	return !walk->failed && !walk->interrupted;
}

/* A parent stands before what was met from it. */
void weigh_tally_sum(struct weigh_tally_walk *walk)
{
	for (size_t i = walk->node_count; i-- > 0;) {
		const struct weigh_tally_node *node = &walk->nodes[i];
		if (node->parent != i)
			walk->nodes[node->parent].total += node->total;
	}
}

bool weigh_tally_keep(struct weigh_tally_walk *walk)
{
	struct weigh_tally *tally = walk->tally;
	for (struct weigh_marks_leaf *leaf = walk->heap.seen.leaves; leaf; leaf = leaf->next) {
		struct weigh_marks_leaf *kept = weigh_marks_leaf(&tally->counted, leaf->base);
		if (!kept)
			return false;
		for (size_t i = 0; i < WEIGH_MARKS_WORDS; i++)
			if (leaf->words[i])
				kept->words[i] |= leaf->words[i];
	}
	tally->used = true;
	tally->objects += walk->objects;
	tally->visits += walk->visits;
	if (walk->depth > tally->depth)
		tally->depth = walk->depth;
	return true;
}
