/*
 * The tree of measure(): for a group of objects its sums, what of it nobody
 * else holds, and the groups of what it refers to. With the GIL; only the
 * result is made of Python objects.
 */
#include "module/measure.h"

#include <string.h>

static PyObject *fail(struct weigh_measure *measure, enum weigh_sizer_status status)
{
	measure->status = status == WEIGH_SIZER_GOES_ON ? WEIGH_SIZER_NO_MEMORY : status;
	return NULL;
}

static bool add_members(struct weigh_sizer *sizer, const struct weigh_pile *members)
{
	size_t used = members->used;
	for (const struct weigh_pile_chunk *chunk = members->top; chunk; chunk = chunk->below) {
		for (size_t i = 0; i < used; i++)
			if (!weigh_sizer_add(sizer, weigh_cut_object(chunk->words[i])))
				return false;
		used = WEIGH_PILE_WORDS;
	}
	return true;
}

static bool begin(struct weigh_sizer *sizer, const struct weigh_measure *measure)
{
	bool ready = weigh_sizer_init(sizer, measure->follow);
	sizer->deaf = measure->deaf;
	sizer->progress = measure->progress;
	return ready;
}

/* Bytes of the members alone. */
static bool sum_flat(struct weigh_measure *measure, const struct weigh_pile *members, uint64_t *flat)
{
	struct weigh_sizer sizer;
	bool done = begin(&sizer, measure);
	sizer.shallow = true;
	done = done && add_members(&sizer, members);
	*flat = sizer.sink.gross;
	if (!done)
		fail(measure, sizer.status);
	weigh_sizer_deinit(&sizer);
	return done;
}

static const char *note_of(const struct weigh_pile *members)
{
	if (!members->top || members->top->below || members->used != 1)
		return "";
	PyObject *object = weigh_cut_object(members->top->words[0]);
	if (PyMemoryView_Check(object))
		return "view: what it shows is counted with its owner";
	if (strcmp(weigh_kind_base(Py_TYPE(object))->tp_name, "numpy.ndarray") == 0) {
		struct weigh_ndarray *array = (struct weigh_ndarray *)object;
		if (!(array->flags & WEIGH_NDARRAY_OWNS) && array->base)
			return "view: its data is counted with its base";
	}
	return "";
}

static PyObject *make_node(struct weigh_measure *measure, const struct weigh_group *group,
			   const struct weigh_pile *holders, int depth);

static PyObject *make_children(struct weigh_measure *measure, const struct weigh_pile *members, int depth)
{
	PyObject *list = PyList_New(0);
	if (!list || depth <= 0)
		return list;
	struct weigh_groups groups;
	if (!weigh_groups_make(&groups, members, measure->follow, measure->limit)) {
		fail(measure, WEIGH_SIZER_NO_MEMORY);
		Py_CLEAR(list);
	}
	for (const struct weigh_group *group = groups.first; list && group; group = group->next) {
		PyObject *node = make_node(measure, group, members, depth - 1);
		if (!node || PyList_Append(list, node) < 0)
			Py_CLEAR(list);
		Py_XDECREF(node);
	}
	weigh_groups_deinit(&groups);
	return list;
}

static PyObject *make_node(struct weigh_measure *measure, const struct weigh_group *group,
			   const struct weigh_pile *holders, int depth)
{
	const struct weigh_pile *members = &group->members;
	struct weigh_cut cut = {members, holders};
	struct weigh_sizer sizer;
	uint64_t flat;
	uint64_t shared = 0;
	bool done = begin(&sizer, measure);
	sizer.heap.resident = true;
	done = done && add_members(&sizer, members) && weigh_held_elsewhere(&sizer, &cut, &shared);
	if (!done)
		fail(measure, sizer.status);
	struct weigh_sink sums = sizer.sink;
	uint64_t objects = sizer.objects;
	weigh_sizer_deinit(&sizer);
	if (!done || !sum_flat(measure, members, &flat))
		return NULL;
	PyObject *children = make_children(measure, members, depth);
	if (!children)
		return NULL;
	PyObject *figures =
		Py_BuildValue("KKKKK", sums.gross, sums.requested, sums.net, objects, sums.untouched);
	PyObject *node = Py_BuildValue("sOsKKNKN", group->name, group->type, note_of(members), group->edges,
				       flat, figures, sums.gross - shared, children);
	return node;
}

PyObject *weigh_measure_tree(struct weigh_measure *measure)
{
	struct weigh_group root = {.type = Py_TYPE(measure->root), .edges = 1};
	PyObject *node = NULL;
	if (weigh_pile_push(&root.members, weigh_cut_pack(measure->root, 1)))
		node = make_node(measure, &root, NULL, measure->depth);
	else
		fail(measure, WEIGH_SIZER_NO_MEMORY);
	weigh_pile_deinit(&root.members);
	return node;
}
