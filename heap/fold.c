/*
 * Gives each object its holder, from the top of the tree of dominators down:
 * see heap/holders.h.
 *
 * What hangs right below ROOTS is shared by several owners or named by one: a
 * module's global that functions use is held by both, and still is the
 * module's. So homes go first, in the order in which a person would name
 * things: globals, then locals of frames, the outermost first.
 *
 * One thread; allocates what heap/holders.c does.
 */
#include "heap/fold.h"

#include "heap/references.h"

#include <stdio.h>
#include <string.h>

enum { NONE = 0xffffffff };

struct folding {
	struct weigh_heap_holders *holders;
	const struct weigh_heap_graph *graph;
	const struct weigh_heap_below *below;
	const uint32_t *idom;
	uint32_t *holder_of;
	uint32_t owners[WEIGH_OWNERS]; /* holders of what is right below an owner in the dominators */
	uint32_t from; /* the object whose references are visited */
	uint32_t parent; /* its holder */
	bool failed;
};

static void put(struct folding *f, uint32_t object, uint32_t holder)
{
	f->failed |= holder == NONE;
	f->holder_of[object] = holder;
}

/* "json" of "json.decoder" */
static uint32_t package_of(struct folding *f, uint32_t module)
{
	const char *label = weigh_heap_label(f->graph, module);
	char package[WEIGH_HEAP_NAME];

	if (!label)
		label = "(modules)";
	snprintf(package, sizeof(package), "%.*s", (int)strcspn(label, "."), label);
	return weigh_holder_owner(f->holders, WEIGH_HOLDER_PACKAGE, package);
}

/* "main" of "main (app.py:12)" */
static uint32_t frame_of(struct folding *f, uint32_t frame)
{
	const char *label = weigh_heap_label(f->graph, frame);
	char function[WEIGH_HEAP_NAME];

	if (!label)
		label = "(frame)";
	const char *end = strstr(label, " (");
	snprintf(function, sizeof(function), "%.*s", end ? (int)(end - label) : (int)strlen(label), label);
	return weigh_holder_owner(f->holders, WEIGH_HOLDER_FRAME, function);
}

/* All owners, so that they come before all other holders; homes belong to theirs. */
static void put_homes(struct folding *f)
{
	static const struct {
		enum weigh_heap_owner owner;
		enum weigh_holder_kind kind;
	} owners[] = {
		{WEIGH_OWNER_ROOTS, WEIGH_HOLDER_SHARED},
		{WEIGH_OWNER_ELSEWHERE, WEIGH_HOLDER_ELSEWHERE},
		{WEIGH_OWNER_IMMORTAL, WEIGH_HOLDER_IMMORTAL},
		{WEIGH_OWNER_GARBAGE, WEIGH_HOLDER_GARBAGE},
	};
	for (unsigned i = 0; i < WEIGH_OWNERS; i++) {
		f->owners[owners[i].owner] = weigh_holder_owner(f->holders, owners[i].kind, "");
		f->failed |= f->owners[owners[i].owner] == NONE;
	}
	for (uint32_t i = 0; i < f->holders->homes.count; i++) {
		const struct weigh_heap_home *home = &f->holders->homes.homes[i];
		if (home->kind == WEIGH_HOME_FRAME)
			put(f, home->object, frame_of(f, home->object));
		else if (home->kind == WEIGH_HOME_MODULES)
			put(f, home->object, weigh_holder_owner(f->holders, WEIGH_HOLDER_PACKAGE, "sys"));
		else
			put(f, home->object, package_of(f, home->module));
	}
}

/* What the interpreter holds by itself; objects that a home will name are left to it. */
static uint32_t root_owner(struct folding *f, const struct weigh_heap_root *root)
{
	const char *label = weigh_heap_text(f->graph, root->label, NULL);

	switch (root->kind) {
	case WEIGH_ROOT_THREAD:
		return weigh_holder_owner(f->holders, WEIGH_HOLDER_THREAD, label);
	case WEIGH_ROOT_TYPE:
		return weigh_holder_owner(f->holders, WEIGH_HOLDER_STATIC, "");
	default:
		return weigh_holder_owner(f->holders, WEIGH_HOLDER_INTERPRETER, label);
	}
}

/* Whether an object hangs where a home may claim it: below ROOTS, or below any home. */
static bool is_claimable(const struct folding *f, uint32_t object)
{
	uint32_t idom = f->idom[object];

	if (f->holder_of[object] != NONE)
		return false;
	return idom == f->graph->object_count + WEIGH_OWNER_ROOTS ||
	       (idom < f->graph->object_count && weigh_heap_homes_find(&f->holders->homes, idom));
}

static void claim(struct folding *f, const struct weigh_heap_home *home, bool native)
{
	const struct weigh_heap_graph *graph = f->graph;
	enum weigh_holder_kind kind =
		home->kind == WEIGH_HOME_FRAME ? WEIGH_HOLDER_LOCAL : WEIGH_HOLDER_GLOBAL;
	uint32_t first = graph->first[home->object];

	for (uint32_t i = first; i < graph->first[home->object + 1] && !f->failed; i++) {
		uint32_t target = graph->targets[i];
		if (target == WEIGH_NO_OBJECT || !is_claimable(f, target))
			continue;
		if (native && !weigh_heap_homes_native(&f->holders->homes, home, target))
			continue;
		struct weigh_heap_edge edge = weigh_heap_edge_at(graph, home->object, i - first);
		if (edge.kind == WEIGH_EDGE_KEY || edge.kind == WEIGH_EDGE_PAIR_KEY)
			continue;
		put(f, target,
		    weigh_holder_below(f->holders, f->holder_of[home->object], kind, target, home->object,
				       i - first));
	}
}

static bool is_main(const struct folding *f, const struct weigh_heap_home *home)
{
	const char *label = weigh_heap_label(f->graph, home->module);
	return label && !strcmp(label, "__main__");
}

/*
 * Globals: what was made in a module before what was imported into it; of two
 * modules that have the same object __main__ is the one that imported it.
 */
static void claim_globals(struct folding *f)
{
	const struct weigh_heap_homes *homes = &f->holders->homes;

	for (unsigned pass = 0; pass < 4; pass++) {
		for (uint32_t i = 0; i < homes->count; i++) {
			const struct weigh_heap_home *home = &homes->homes[i];
			if (home->kind == WEIGH_HOME_GLOBALS && is_main(f, home) == (pass % 2 != 0))
				claim(f, home, pass < 2);
		}
	}
}

static void claim_locals(struct folding *f)
{
	for (uint32_t i = 0; i < f->holders->homes.count; i++) {
		const struct weigh_heap_home *home = &f->holders->homes.homes[i];
		if (home->kind == WEIGH_HOME_FRAME)
			claim(f, home, false);
	}
}

static void put_roots(struct folding *f)
{
	const struct weigh_heap_graph *graph = f->graph;

	/* All of these owners first: below them holders begin. */
	for (uint32_t i = 0; i < graph->root_count; i++) {
		if (graph->roots[i].kind != WEIGH_ROOT_MODULES && graph->roots[i].kind != WEIGH_ROOT_FRAME)
			f->failed |= root_owner(f, &graph->roots[i]) == NONE;
	}
	if (f->failed)
		return;
	claim_globals(f);
	claim_locals(f);
	for (uint32_t i = 0; i < graph->root_count && !f->failed; i++) {
		uint32_t object = graph->roots[i].object;
		if (f->holder_of[object] == NONE)
			put(f, object,
			    weigh_holder_below(f->holders, root_owner(f, &graph->roots[i]), WEIGH_HOLDER_OWN,
					       object, WEIGH_NO_OBJECT, 0));
	}
}

static void visit(void *arg, uint32_t target, uint32_t place)
{
	struct folding *f = arg;

	if (f->idom[target] != f->from || f->holder_of[target] != NONE || f->failed)
		return;
	put(f, target, weigh_holder_below(f->holders, f->parent, WEIGH_HOLDER_EDGE, target, f->from, place));
}

/* What several objects below `at` refer to, or what only an owner keeps. */
static void put_rest(struct folding *f, uint32_t at)
{
	for (uint32_t child = f->below->first[at]; child != WEIGH_NO_OBJECT && !f->failed;
	     child = f->below->next[child]) {
		if (f->holder_of[child] != NONE)
			continue;
		uint32_t place = f->holders->places->of[child];
		bool own = place == WEIGH_NO_OBJECT ||
			   (at >= f->graph->object_count && at != f->graph->object_count + WEIGH_OWNER_ROOTS);
		put(f, child,
		    weigh_holder_below(f->holders, f->parent,
				       own ? WEIGH_HOLDER_OWN : WEIGH_HOLDER_SHARED_BELOW, child,
				       WEIGH_NO_OBJECT, own ? 0 : place));
	}
}

/* All below one owner, holders before what they hold. */
static void put_below(struct folding *f, enum weigh_heap_owner owner)
{
	uint32_t objects = f->graph->object_count, top = objects + owner;

	for (uint32_t at = top; at != WEIGH_NO_OBJECT && !f->failed;
	     at = weigh_heap_below_next(f->below, top, at)) {
		if (f->below->first[at] == WEIGH_NO_OBJECT)
			continue;
		f->from = at;
		f->parent = at < objects ? f->holder_of[at] : f->owners[owner];
		if (at < objects)
			weigh_references_each(f->graph, at, visit, f);
		put_rest(f, at);
	}
}

bool weigh_fold(struct weigh_heap_holders *holders, const struct weigh_heap_dominators *dominators,
		const struct weigh_heap_below *below)
{
	struct folding f = {
		.holders = holders,
		.graph = holders->graph,
		.below = below,
		.idom = dominators->idom,
		.holder_of = holders->holder_of,
	};

	memset(f.holder_of, 0xff, (size_t)f.graph->object_count * sizeof(*f.holder_of));
	put_homes(&f);
	if (!f.failed)
		put_roots(&f);
	for (unsigned owner = 0; owner < WEIGH_OWNERS && !f.failed; owner++)
		put_below(&f, (enum weigh_heap_owner)owner);
	return !f.failed;
}
