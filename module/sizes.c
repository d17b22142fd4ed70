/*
 * Sizes of objects for Python. Called with the GIL. While objects are walked
 * nothing of the interpreter is called; a signal that arrives ends the walk,
 * its handler runs when all memory is given back, and unless that raises the
 * walk begins anew.
 */
#include "module/sizes.h"

#include "base/clock.h"
#include "module/measure.h"

#include <stdio.h>
#include <unistd.h>

enum { TRIES = 4 }; /* beginnings; the last one does not look for signals */

/* A line of progress, from the second second on, on a terminal. */
static struct {
	uint64_t started_ns;
	bool wanted;
	bool shown;
} progress;

static void show_progress(const struct weigh_sizer *sizer)
{
	enum { SECOND = 1000000000 };
	if (weigh_clock_now() - progress.started_ns < SECOND)
		return;
	char text[96];
	int length = snprintf(text, sizeof(text), "\rweigh: %llu objects, %.1f MiB",
			      (unsigned long long)sizer->objects, (double)sizer->sink.gross / (1 << 20));
	if (write(STDERR_FILENO, text, (size_t)length) == length)
		progress.shown = true;
}

static void end_progress(void)
{
	static const char blank[] = "\r\033[K";
	if (progress.shown && write(STDERR_FILENO, blank, sizeof(blank) - 1) < 0)
		progress.shown = false;
	progress.shown = false;
}

/* One question put to objects: its walk, and what it makes of the result. */
struct question {
	unsigned follow;
	bool by_type;
	bool resident;
	bool (*walk)(struct weigh_sizer *sizer, void *arg);
	PyObject *(*answer)(struct weigh_sizer *sizer, void *arg); /* garbage is not collected meanwhile */
	void *arg;
};

static PyObject *answer_of(const struct question *question, struct weigh_sizer *sizer)
{
	int collecting = PyGC_Disable();
	PyObject *answer = question->answer(sizer, question->arg);
	if (collecting)
		PyGC_Enable();
	return answer;
}

static PyObject *ask(const struct question *question)
{
	for (int try = 1;; try++) {
		struct weigh_sizer sizer;
		PyObject *answer = NULL;
		bool ready = weigh_sizer_init(&sizer, question->follow);
		sizer.by_type = question->by_type;
		sizer.heap.resident = question->resident;
		sizer.deaf = try == TRIES;
		sizer.progress = progress.wanted ? show_progress : NULL;
		progress.started_ns = weigh_clock_now();
		if (!ready)
			sizer.status = WEIGH_SIZER_NO_MEMORY;
		else if (question->walk(&sizer, question->arg))
			answer = answer_of(question, &sizer);
		enum weigh_sizer_status status = sizer.status;
		weigh_sizer_deinit(&sizer);
		end_progress();
		if (answer || PyErr_Occurred())
			return answer;
		if (status != WEIGH_SIZER_INTERRUPTED)
			return PyErr_NoMemory();
		if (PyErr_CheckSignals() < 0)
			return NULL;
	}
}

static PyObject *figures(const struct weigh_sizer *sizer, const struct weigh_sink *before,
			 uint64_t objects_before)
{
	const struct weigh_sink *sink = &sizer->sink;
	return Py_BuildValue("KKKKK", sink->gross - before->gross, sink->requested - before->requested,
			     sink->net - before->net, sizer->objects - objects_before,
			     sink->untouched - before->untouched);
}

static bool walk_all(struct weigh_sizer *sizer, void *arg)
{
	PyObject *objects = arg;
	for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(objects); i++)
		if (!weigh_sizer_add(sizer, PyTuple_GET_ITEM(objects, i)))
			return false;
	return true;
}

static PyObject *tell_sum(struct weigh_sizer *sizer, void *arg)
{
	(void)arg;
	struct weigh_sink zero = {0};
	return figures(sizer, &zero, 0);
}

static PyObject *size(PyObject *module, PyObject *args)
{
	PyObject *objects;
	unsigned follow;
	int resident;
	int show;
	(void)module;
	if (!PyArg_ParseTuple(args, "O!Ipp:size", &PyTuple_Type, &objects, &follow, &resident, &show))
		return NULL;
	progress.wanted = show;
	struct question question = {follow, false, resident, walk_all, tell_sum, objects};
	return ask(&question);
}

static PyObject *tell_types(struct weigh_sizer *sizer, void *arg)
{
	(void)arg;
	PyObject *list = PyList_New(0);
	for (size_t i = 0; list && i < sizer->kinds.capacity; i++) {
		const struct weigh_kind *kind = &sizer->kinds.table[i];
		if (!kind->type || !kind->objects)
			continue;
		PyObject *row = Py_BuildValue("OKKKK", kind->type, kind->objects, kind->gross,
					      kind->requested, kind->net);
		if (!row || PyList_Append(list, row) < 0)
			Py_CLEAR(list);
		Py_XDECREF(row);
	}
	return list;
}

static PyObject *census(PyObject *module, PyObject *args)
{
	PyObject *objects;
	unsigned follow;
	int show;
	(void)module;
	if (!PyArg_ParseTuple(args, "O!Ip:census", &PyTuple_Type, &objects, &follow, &show))
		return NULL;
	progress.wanted = show;
	struct question question = {follow, true, false, walk_all, tell_types, objects};
	return ask(&question);
}

static bool walk_nothing(struct weigh_sizer *sizer, void *arg)
{
	(void)sizer;
	(void)arg;
	return true;
}

/* What each of several objects adds to those before it. */
static PyObject *tell_each(struct weigh_sizer *sizer, void *arg)
{
	PyObject *objects = arg;
	PyObject *list = PyList_New(0);
	for (Py_ssize_t i = 0; list && i < PyTuple_GET_SIZE(objects); i++) {
		struct weigh_sink before = sizer->sink;
		uint64_t objects_before = sizer->objects;
		PyObject *row = weigh_sizer_add(sizer, PyTuple_GET_ITEM(objects, i))
					? figures(sizer, &before, objects_before)
					: NULL;
		if (!row || PyList_Append(list, row) < 0)
			Py_CLEAR(list);
		Py_XDECREF(row);
	}
	return list;
}

static PyObject *sizes(PyObject *module, PyObject *args)
{
	PyObject *objects;
	unsigned follow;
	int show;
	(void)module;
	if (!PyArg_ParseTuple(args, "O!Ip:sizes", &PyTuple_Type, &objects, &follow, &show))
		return NULL;
	progress.wanted = show;
	struct question question = {follow, false, false, walk_nothing, tell_each, objects};
	return ask(&question);
}

static PyObject *tell_reached(struct weigh_sizer *sizer, void *arg)
{
	(void)arg;
	PyObject *list = PyList_New(0);
	for (struct weigh_marks_leaf *leaf = sizer->heap.seen.leaves; list && leaf; leaf = leaf->next) {
		uintptr_t address = weigh_marks_next(leaf, leaf->base);
		for (; list && address; address = weigh_marks_next(leaf, address + 8)) {
			PyObject *object = (PyObject *)address;
			const struct weigh_kind *kind = weigh_kinds_find(&sizer->kinds, Py_TYPE(object));
			if (!kind || kind->stops || object == (PyObject *)list)
				continue;
			if (PyList_Append(list, object) < 0)
				Py_CLEAR(list);
		}
	}
	return list;
}

static PyObject *reachable(PyObject *module, PyObject *args)
{
	PyObject *objects;
	unsigned follow;
	(void)module;
	if (!PyArg_ParseTuple(args, "O!I:reachable", &PyTuple_Type, &objects, &follow))
		return NULL;
	progress.wanted = false;
	struct question question = {follow, false, false, walk_all, tell_reached, objects};
	return ask(&question);
}

/* The blocks of one object, as they are told. */
struct block_list {
	struct weigh_sink sink;
	PyObject *list;
};

static void note_block(struct weigh_sink *sink, const struct weigh_block *block)
{
	struct block_list *blocks = (struct block_list *)sink;
	PyObject *row = Py_BuildValue("sKKKKK", block->what, (unsigned long long)block->address,
				      block->requested, block->footprint, block->net, block->untouched);
	if (blocks->list && (!row || PyList_Append(blocks->list, row) < 0))
		Py_CLEAR(blocks->list);
	Py_XDECREF(row);
}

static PyObject *tell_blocks(struct weigh_sizer *sizer, void *arg)
{
	PyObject *object = arg;
	struct block_list blocks = {{.heap = &sizer->heap, .each = note_block}, PyList_New(0)};
	struct weigh_kind *kind = weigh_kinds_find(&sizer->kinds, Py_TYPE(object));
	struct weigh_marks_leaf *leaf = weigh_marks_leaf(&sizer->heap.seen, (uintptr_t)object);
	if (!kind || !leaf) {
		sizer->status = WEIGH_SIZER_NO_MEMORY;
		Py_CLEAR(blocks.list);
	} else if (weigh_heap_place(&sizer->heap, leaf, (uintptr_t)object) != WEIGH_PLACE_STATIC &&
		   !weigh_is_singleton(object)) {
		weigh_blocks_tell(&blocks.sink, kind, object);
	}
	return blocks.list;
}

static PyObject *blocks(PyObject *module, PyObject *object)
{
	(void)module;
	progress.wanted = false;
	struct question question = {0, false, true, walk_nothing, tell_blocks, object};
	return ask(&question);
}

/* A walk of several; the sizer that is passed lends its settings only. */
static PyObject *tell_measure(struct weigh_sizer *sizer, void *arg)
{
	struct weigh_measure *measure = arg;
	measure->deaf = sizer->deaf;
	measure->progress = sizer->progress;
	measure->status = WEIGH_SIZER_GOES_ON;
	PyObject *tree = weigh_measure_tree(measure);
	sizer->status = measure->status;
	return tree;
}

static PyObject *measure(PyObject *module, PyObject *args)
{
	struct weigh_measure measure = {0};
	int show;
	(void)module;
	if (!PyArg_ParseTuple(args, "OinIp:measure", &measure.root, &measure.depth, &measure.limit,
			      &measure.follow, &show))
		return NULL;
	progress.wanted = show;
	struct question question = {measure.follow, false, false, walk_nothing, tell_measure, &measure};
	return ask(&question);
}

/* References of one object by name. */
struct reference_list {
	struct weigh_sizer *sizer;
	PyObject *list;
};

static int note_reference(const struct weigh_edge *edge, void *arg)
{
	struct reference_list *references = arg;
	char name[WEIGH_EDGE_TEXT];
	const struct weigh_kind *kind = weigh_kinds_find(&references->sizer->kinds, Py_TYPE(edge->target));
	if (!kind || kind->stops)
		return 0;
	weigh_edge_write(edge, false, name);
	PyObject *row = Py_BuildValue("sO", name, edge->target);
	int answer = row ? PyList_Append(references->list, row) : -1;
	Py_XDECREF(row);
	return answer;
}

static PyObject *tell_references(struct weigh_sizer *sizer, void *arg)
{
	PyObject *object = arg;
	struct reference_list references = {sizer, PyList_New(0)};
	const struct weigh_kind *kind = weigh_kinds_find(&sizer->kinds, Py_TYPE(object));
	if (!references.list || !kind)
		return references.list;
	struct weigh_kind copy = *kind;
	if (weigh_edges_named(&copy, object, sizer->kinds.follow, note_reference, &references))
		Py_CLEAR(references.list);
	return references.list;
}

static PyObject *references(PyObject *module, PyObject *args)
{
	PyObject *object;
	unsigned follow;
	(void)module;
	if (!PyArg_ParseTuple(args, "OI:references", &object, &follow))
		return NULL;
	progress.wanted = false;
	struct question question = {follow, false, false, walk_nothing, tell_references, object};
	return ask(&question);
}

static PyMethodDef methods[] = {
	{"size", size, METH_VARARGS,
	 "size(objs, follow, resident, progress)\n--\n\nSums over all that the objects lead to, each object once."},
	{"sizes", sizes, METH_VARARGS,
	 "sizes(objs, follow, progress)\n--\n\nThe same for each, without what those before it have counted."},
	{"census", census, METH_VARARGS, "census(objs, follow, progress)\n--\n\nThe sums of each type."},
	{"reachable", reachable, METH_VARARGS,
	 "reachable(objs, follow)\n--\n\nAll that the objects lead to."},
	{"measure", measure, METH_VARARGS,
	 "measure(obj, depth, limit, follow, progress)\n--\n\nSums of an object and of what it refers to, as a tree."},
	{"references", references, METH_VARARGS,
	 "references(obj, follow)\n--\n\nWhat one object refers to, with names."},
	{"blocks", blocks, METH_O, "blocks(obj)\n--\n\nThe blocks of one object."},
	{NULL, NULL, 0, NULL},
};

bool weigh_sizes_add(PyObject *module)
{
	weigh_heap_probe();
	return weigh_layouts_init() && PyModule_AddFunctions(module, methods) == 0 &&
	       PyModule_AddIntConstant(module, "FOLLOW_MODULES", WEIGH_FOLLOW_MODULES) == 0 &&
	       PyModule_AddIntConstant(module, "FOLLOW_TYPES", WEIGH_FOLLOW_TYPES) == 0 &&
	       PyModule_AddIntConstant(module, "FOLLOW_GLOBALS", WEIGH_FOLLOW_GLOBALS) == 0 &&
	       PyModule_AddIntConstant(module, "FOLLOW_CODE", WEIGH_FOLLOW_CODE) == 0 &&
	       PyModule_AddIntConstant(module, "FOLLOW_FRAMES", WEIGH_FOLLOW_FRAMES) == 0 &&
	       PyModule_AddIntConstant(module, "FOLLOW_WEAKREFS", WEIGH_FOLLOW_WEAKREFS) == 0;
}
