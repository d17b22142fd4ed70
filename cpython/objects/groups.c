/*
 * Grouping references. With the GIL; memory comes from the kernel.
 *
 * First each name makes a group of its own. When there are more than wanted,
 * all is done again with positions and keys written `[*]`.
 */
#include "cpython/objects/groups.h"

#include "base/pages.h"

#include <string.h>

enum {
	GROUP_BYTES = (sizeof(struct weigh_group) + 4095) & ~4095,
	LOOKUPS = 1024, /* a power of two */
};

/* A group that a name of this identity went to. */
struct lookup {
	const void *key;
	PyTypeObject *type;
	Py_ssize_t index;
	struct weigh_group *group;
};

struct grouping {
	struct weigh_groups *groups;
	struct weigh_group **end;
	struct weigh_sizer sizer; /* for its knowledge of places and kinds */
	struct lookup lookups[LOOKUPS];
	size_t limit;
	bool general; /* positions and keys are all one name */
	bool single;  /* there is but one member, whose positions can be told */
	bool overflows;
};

static bool counts_at_all(struct grouping *grouping, PyObject *target)
{
	struct weigh_sizer *sizer = &grouping->sizer;
	struct weigh_marks_leaf *leaf = weigh_marks_leaf(&sizer->heap.seen, (uintptr_t)target);
	const struct weigh_kind *kind = weigh_kinds_find(&sizer->kinds, Py_TYPE(target));
	if (!leaf || !kind || kind->stops || weigh_is_singleton(target))
		return false;
	if (kind->form == WEIGH_FORM_FRAME && weigh_frame_runs(target) &&
	    !(sizer->kinds.follow & WEIGH_FOLLOW_FRAMES))
		return false;
	return weigh_heap_place(&sizer->heap, leaf, (uintptr_t)target) != WEIGH_PLACE_STATIC;
}

static struct weigh_group *new_group(struct grouping *grouping, const char *name, PyTypeObject *type)
{
	struct weigh_group *group = weigh_pages_take(GROUP_BYTES);
	if (!group)
		return NULL;
	group->type = type;
	strcpy(group->name, name);
	*grouping->end = group;
	grouping->end = &group->next;
	grouping->groups->count++;
	return group;
}

static struct weigh_group *group_by_name(struct grouping *grouping, const struct weigh_edge *edge)
{
	char name[WEIGH_EDGE_TEXT];
	bool general = grouping->general || (edge->naming == WEIGH_NAMED_INDEX && !grouping->single);
	weigh_edge_write(edge, general, name);
	for (struct weigh_group *group = grouping->groups->first; group; group = group->next)
		if (group->type == Py_TYPE(edge->target) && strcmp(group->name, name) == 0)
			return group;
	if (!grouping->general && grouping->groups->count >= grouping->limit) {
		grouping->overflows = true;
		return NULL;
	}
	return new_group(grouping, name, Py_TYPE(edge->target));
}

static struct weigh_group *group_of(struct grouping *grouping, const struct weigh_edge *edge)
{
	const void *key = edge->key ? (const void *)edge->key : edge->text;
	bool general = grouping->general && edge->naming <= WEIGH_NAMED_INDEX;
	if (general || edge->naming == WEIGH_NAMED_KEY_ITSELF)
		key = NULL;
	Py_ssize_t index =
		general || (edge->naming == WEIGH_NAMED_INDEX && !grouping->single) ? -1 : edge->index;
	uint64_t hash = ((uintptr_t)key >> 4) * 0x9e3779b97f4a7c15 ^ (uintptr_t)Py_TYPE(edge->target) >> 4 ^
			(uint64_t)(index + edge->naming) * 0x2545f4914f6cdd1d;
	struct lookup *lookup = &grouping->lookups[(hash ^ hash >> 29) % LOOKUPS];
	index = index * 8 + edge->naming;
	if (lookup->group && lookup->key == key && lookup->type == Py_TYPE(edge->target) &&
	    lookup->index == index)
		return lookup->group;
	struct weigh_group *group = group_by_name(grouping, edge);
	if (group)
		*lookup = (struct lookup){key, Py_TYPE(edge->target), index, group};
	return group;
}

/* An object met again soon adds to the count of its word and takes no new one. */
static bool put(struct weigh_group *group, PyObject *target)
{
	uintptr_t *recent = &group->recent[((uintptr_t)target >> 4) % WEIGH_GROUP_RECENT];
	group->edges++;
	if (weigh_cut_object(*recent) == target && weigh_cut_references(*recent) < WEIGH_CUT_MAX) {
		*recent += (uintptr_t)1 << WEIGH_CUT_SHIFT;
		return true;
	}
	bool done = !*recent || weigh_pile_push(&group->members, *recent);
	*recent = weigh_cut_pack(target, 1);
	return done;
}

static int sort_in(const struct weigh_edge *edge, void *arg)
{
	struct grouping *grouping = arg;
	if (!counts_at_all(grouping, edge->target))
		return 0;
	struct weigh_group *group = group_of(grouping, edge);
	return group && put(group, edge->target) ? 0 : -1;
}

static int sort_members(struct grouping *grouping, const struct weigh_pile *members)
{
	size_t used = members->used;
	for (const struct weigh_pile_chunk *chunk = members->top; chunk; chunk = chunk->below) {
		for (size_t i = 0; i < used; i++) {
			PyObject *object = weigh_cut_object(chunk->words[i]);
			struct weigh_marks_leaf *leaf =
				weigh_marks_leaf(&grouping->sizer.heap.seen, (uintptr_t)object);
			const struct weigh_kind *kind =
				weigh_kinds_find(&grouping->sizer.kinds, Py_TYPE(object));
			if (!kind || !leaf)
				return -1;
			if (!weigh_marks_add(leaf, (uintptr_t)object))
				continue;
			struct weigh_kind copy = *kind;
			if (weigh_edges_named(&copy, object, grouping->sizer.kinds.follow, sort_in, grouping))
				return -1;
		}
		used = WEIGH_PILE_WORDS;
	}
	return 0;
}

static bool finish(struct weigh_groups *groups)
{
	for (struct weigh_group *group = groups->first; group; group = group->next)
		for (int i = 0; i < WEIGH_GROUP_RECENT; i++)
			if (group->recent[i] && !weigh_pile_push(&group->members, group->recent[i]))
				return false;
	return true;
}

static bool attempt(struct grouping *grouping, const struct weigh_pile *members, unsigned follow)
{
	bool done = weigh_sizer_init(&grouping->sizer, follow) && sort_members(grouping, members) == 0 &&
		    finish(grouping->groups);
	weigh_sizer_deinit(&grouping->sizer);
	return done;
}

bool weigh_groups_make(struct weigh_groups *groups, const struct weigh_pile *members, unsigned follow,
		       size_t limit)
{
	struct grouping *grouping = weigh_pages_take(sizeof(*grouping));
	*groups = (struct weigh_groups){0};
	if (!grouping)
		return false;
	grouping->groups = groups;
	grouping->end = &groups->first;
	grouping->limit = limit;
	grouping->single = members->top && !members->top->below && members->used == 1;
	bool done = attempt(grouping, members, follow);
	if (!done && grouping->overflows) {
		weigh_groups_deinit(groups);
		memset(grouping, 0, sizeof(*grouping));
		grouping->groups = groups;
		grouping->end = &groups->first;
		grouping->general = true;
		done = attempt(grouping, members, follow);
	}
	weigh_pages_give(grouping, sizeof(*grouping));
	return done;
}

void weigh_groups_deinit(struct weigh_groups *groups)
{
	for (struct weigh_group *group = groups->first, *next; group; group = next) {
		next = group->next;
		weigh_pile_deinit(&group->members);
		weigh_pages_give(group, GROUP_BYTES);
	}
	*groups = (struct weigh_groups){0};
}
