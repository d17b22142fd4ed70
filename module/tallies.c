/*
 * Tallies for Python: what weigh.compat makes its answers of. Called with the
 * GIL. While objects are walked nothing of the interpreter runs; while answers
 * are made of what was found the garbage collector rests, so that what was
 * found is still there.
 */
#include "module/tallies.h"

#include "cpython/objects/attributes.h"
#include "cpython/objects/tally.h"

enum {
	TRIES = 4, /* beginnings of a walk that signals interrupt */
	RANKS = 100,
};

static const char capsule_name[] = "weigh._weigh.tally";

static void destroy_tally(PyObject *capsule)
{
	struct weigh_tally *tally = PyCapsule_GetPointer(capsule, capsule_name);
	weigh_tally_deinit(tally);
	PyMem_Free(tally);
}

static PyObject *tally_new(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	struct weigh_tally *tally = PyMem_Malloc(sizeof(*tally));
	if (!tally)
		return PyErr_NoMemory();
	PyObject *capsule = weigh_tally_init(tally) ? PyCapsule_New(tally, capsule_name, destroy_tally)
						    : PyErr_NoMemory();
	if (!capsule) {
		weigh_tally_deinit(tally);
		PyMem_Free(tally);
	}
	return capsule;
}

static PyObject *tally_bar(PyObject *module, PyObject *args)
{
	PyObject *capsule;
	PyObject *objects;
	int references_only;
	(void)module;
	if (!PyArg_ParseTuple(args, "OO!p:tally_bar", &capsule, &PyTuple_Type, &objects, &references_only))
		return NULL;
	struct weigh_tally *tally = PyCapsule_GetPointer(capsule, capsule_name);
	if (!tally)
		return NULL;
	for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(objects); i++)
		if (!weigh_tally_bar(tally, PyTuple_GET_ITEM(objects, i), references_only))
			return PyErr_NoMemory();
	Py_RETURN_NONE;
}

static PyObject *tally_counts(PyObject *module, PyObject *capsule)
{
	(void)module;
	struct weigh_tally *tally = PyCapsule_GetPointer(capsule, capsule_name);
	if (!tally)
		return NULL;
	return Py_BuildValue("KKKK", tally->objects, tally->visits, tally->duplicates, tally->depth);
}

/* One call of tally_add. */
struct request {
	struct weigh_tally *tally;
	PyObject *objects;
	unsigned follow;
	unsigned long long base;
	unsigned long long limit;
	unsigned long long align;
	PyObject *excluded; /* types */
	int lasts;          /* whether the tally is used again */
	long long above;    /* totals that are ranked; negative: nothing is kept */
};

static bool exclude(struct weigh_tally_walk *walk, PyObject *types)
{
	for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(types); i++) {
		PyObject *type = PyTuple_GET_ITEM(types, i);
		struct weigh_kind *kind =
			PyType_Check(type) ? weigh_kinds_find(&walk->kinds, (PyTypeObject *)type) : NULL;
		if (!kind)
			return false;
		kind->stops = true;
	}
	return true;
}

static PyObject *tell_excluded(struct weigh_tally_walk *walk, PyObject *types)
{
	PyObject *list = PyList_New(0);
	for (Py_ssize_t i = 0; list && i < PyTuple_GET_SIZE(types); i++) {
		const struct weigh_kind *kind =
			weigh_kinds_find(&walk->kinds, (PyTypeObject *)PyTuple_GET_ITEM(types, i));
		PyObject *number = PyLong_FromUnsignedLongLong(kind ? kind->objects : 0);
		if (!number || PyList_Append(list, number) < 0)
			Py_CLEAR(list);
		Py_XDECREF(number);
	}
	return list;
}

/* Sums of each type: in its kind, whose `gross` holds the largest here. */
static bool sum_kinds(struct weigh_tally_walk *walk)
{
	for (size_t i = 0; i < walk->node_count; i++) {
		const struct weigh_tally_node *node = &walk->nodes[i];
		struct weigh_kind *kind = weigh_kinds_find(&walk->kinds, Py_TYPE(node->object));
		if (!kind)
			return false;
		kind->objects++;
		kind->requested += node->flat;
		if (node->flat > kind->gross)
			kind->gross = node->flat;
	}
	return true;
}

/* (type, objects, bytes, bytes of the largest, the largest) */
static PyObject *tell_profiles(struct weigh_tally_walk *walk)
{
	PyObject *list = sum_kinds(walk) ? PyList_New(0) : PyErr_NoMemory();
	for (size_t i = 0; list && i < walk->node_count; i++) {
		const struct weigh_tally_node *node = &walk->nodes[i];
		struct weigh_kind *kind = weigh_kinds_find(&walk->kinds, Py_TYPE(node->object));
		if (!kind->objects || node->flat != kind->gross)
			continue;
		PyObject *row = Py_BuildValue("OKKKO", kind->type, kind->objects, kind->requested,
					      kind->gross, node->object);
		kind->objects = 0;
		if (!row || PyList_Append(list, row) < 0)
			Py_CLEAR(list);
		Py_XDECREF(row);
	}
	return list;
}

/* Puts a node among the largest so far, ordered, and tells how many there are now. */
static size_t rank(const struct weigh_tally_node **ranks, size_t count, const struct weigh_tally_node *node)
{
	size_t place = count;
	while (place > 0 && ranks[place - 1]->total < node->total)
		place--;
	if (place == RANKS)
		return count;
	count += count < RANKS;
	for (size_t i = count - 1; i > place; i--)
		ranks[i] = ranks[i - 1];
	ranks[place] = node;
	return count;
}

/* How many are above, and of the largest (object, total, level, address of the parent). */
static PyObject *tell_ranks(struct weigh_tally_walk *walk, uint64_t above)
{
	const struct weigh_tally_node *ranks[RANKS];
	size_t count = 0;
	unsigned long long found = 0;
	weigh_tally_sum(walk);
	for (size_t i = 0; i < walk->node_count; i++) {
		if (walk->nodes[i].total <= above)
			continue;
		found++;
		count = rank(ranks, count, &walk->nodes[i]);
	}
	PyObject *list = PyList_New(0);
	for (size_t i = 0; list && i < count; i++) {
		const struct weigh_tally_node *node = ranks[i];
		const struct weigh_tally_node *above_it = &walk->nodes[node->parent];
		uintptr_t parent = above_it == node ? 0 : (uintptr_t)above_it->object;
		PyObject *row = Py_BuildValue("OKKK", node->object, node->total, node->depth,
					      (unsigned long long)parent);
		if (!row || PyList_Append(list, row) < 0)
			Py_CLEAR(list);
		Py_XDECREF(row);
	}
	return list ? Py_BuildValue("KN", found, list) : NULL;
}

static PyObject *tell_rows(struct weigh_tally_walk *walk, PyObject *objects)
{
	PyObject *list = PyList_New(0);
	for (Py_ssize_t i = 0; list && i < PyTuple_GET_SIZE(objects); i++) {
		uint64_t before = walk->bytes;
		uint64_t flat;
		PyObject *row = weigh_tally_add(walk, PyTuple_GET_ITEM(objects, i), &flat)
					? Py_BuildValue("KK", walk->bytes - before, flat)
					: NULL;
		if (!row || PyList_Append(list, row) < 0)
			Py_CLEAR(list);
		Py_XDECREF(row);
	}
	return list;
}

static PyObject *answer(struct weigh_tally_walk *walk, const struct request *request)
{
	PyObject *rows = tell_rows(walk, request->objects);
	PyObject *excluded = rows ? tell_excluded(walk, request->excluded) : NULL;
	PyObject *profiles = excluded ? tell_profiles(walk) : NULL;
	PyObject *ranks = profiles ? tell_ranks(walk, (uint64_t)request->above) : NULL;
	bool kept = ranks && (!request->lasts || weigh_tally_keep(walk));
	if (ranks && !kept)
		PyErr_NoMemory();
	PyObject *all = kept ? PyTuple_Pack(4, rows, excluded, profiles, ranks) : NULL;
	Py_XDECREF(rows);
	Py_XDECREF(excluded);
	Py_XDECREF(profiles);
	Py_XDECREF(ranks);
	return all;
}

static PyObject *perform(const struct request *request)
{
	for (int try = 1;; try++) {
		struct weigh_tally_walk walk;
		PyObject *all = NULL;
		bool ready = weigh_tally_begin(&walk, request->tally, request->follow) &&
			     exclude(&walk, request->excluded);
		walk.base = request->base;
		walk.limit = request->limit;
		walk.mask = request->align > 1 ? request->align - 1 : 0;
		walk.keeps = request->above >= 0;
		if (try == TRIES)
			walk.next_look = UINT64_MAX;
		int collecting = PyGC_Disable();
		if (ready)
			all = answer(&walk, request);
		bool interrupted = walk.interrupted;
		weigh_tally_end(&walk);
		if (collecting)
			PyGC_Enable();
		if (all || PyErr_Occurred())
			return all;
		if (!interrupted)
			return PyErr_NoMemory();
		if (PyErr_CheckSignals() < 0)
			return NULL;
	}
}

static PyObject *tally_add(PyObject *module, PyObject *args)
{
	PyObject *capsule;
	struct request request;
	(void)module;
	if (!PyArg_ParseTuple(args, "OO!IKKKO!pL:tally_add", &capsule, &PyTuple_Type, &request.objects,
			      &request.follow, &request.base, &request.limit, &request.align, &PyTuple_Type,
			      &request.excluded, &request.lasts, &request.above))
		return NULL;
	request.tally = PyCapsule_GetPointer(capsule, capsule_name);
	return request.tally ? perform(&request) : NULL;
}

static PyObject *flats(PyObject *module, PyObject *args)
{
	PyObject *objects;
	unsigned long long align;
	struct weigh_tally_walk walk;
	(void)module;
	if (!PyArg_ParseTuple(args, "O!K:flats", &PyList_Type, &objects, &align))
		return NULL;
	bool ready = weigh_tally_begin(&walk, NULL, 0);
	walk.mask = align > 1 ? align - 1 : 0;
	PyObject *list = ready ? PyList_New(PyList_GET_SIZE(objects)) : PyErr_NoMemory();
	for (Py_ssize_t i = 0; list && i < PyList_GET_SIZE(list); i++) {
		uint64_t bytes = weigh_tally_flat(&walk, PyList_GET_ITEM(objects, i));
		PyObject *number = PyLong_FromUnsignedLongLong(bytes);
		if (number)
			PyList_SET_ITEM(list, i, number);
		else
			Py_CLEAR(list);
	}
	if (walk.failed && list) {
		Py_CLEAR(list);
		PyErr_NoMemory();
	}
	weigh_tally_end(&walk);
	return list;
}

static PyObject *tell_known(const struct weigh_tally_walk *walk, PyObject *apart)
{
	PyObject *list = PyList_New(0);
	for (size_t i = 0; list && i < walk->node_count; i++) {
		PyObject *object = walk->nodes[i].object;
		if (object != apart && PyList_Append(list, object) < 0)
			Py_CLEAR(list);
	}
	return list;
}

/*
 * What the garbage collector lists and what that leads to. Not among them: the
 * list of the former, the tuple of what is barred, what is in it, and what only
 * that leads to.
 */
static PyObject *known_from(PyObject *start, PyObject *barred, unsigned follow)
{
	struct weigh_tally tally;
	struct weigh_tally_walk walk;
	PyObject *list = NULL;
	bool ready = weigh_tally_init(&tally);
	ready = weigh_tally_begin(&walk, &tally, follow) && ready && weigh_tally_bar(&tally, start, false) &&
		weigh_tally_bar(&tally, barred, false);
	for (Py_ssize_t i = 0; ready && i < PyTuple_GET_SIZE(barred); i++)
		ready = weigh_tally_bar(&tally, PyTuple_GET_ITEM(barred, i), false);
	walk.keeps = true;
	walk.next_look = UINT64_MAX;
	for (Py_ssize_t i = 0; ready && i < PyList_GET_SIZE(start); i++) {
		uint64_t flat;
		ready = weigh_tally_add(&walk, PyList_GET_ITEM(start, i), &flat);
	}
	if (ready)
		list = tell_known(&walk, start);
	else
		PyErr_NoMemory();
	weigh_tally_end(&walk);
	weigh_tally_deinit(&tally);
	return list;
}

static PyObject *known(PyObject *module, PyObject *args)
{
	PyObject *barred;
	unsigned follow;
	(void)module;
	if (!PyArg_ParseTuple(args, "O!I:known", &PyTuple_Type, &barred, &follow))
		return NULL;
	int collecting = PyGC_Disable();
	PyObject *collector = PyImport_ImportModule("gc");
	PyObject *start = collector ? PyObject_CallMethod(collector, "get_objects", NULL) : NULL;
	Py_XDECREF(collector);
	PyObject *list = start && PyList_CheckExact(start) ? known_from(start, barred, follow) : NULL;
	Py_XDECREF(start);
	if (collecting)
		PyGC_Enable();
	return list;
}

static int append(PyObject *object, void *list)
{
	return PyList_Append(list, object);
}

static PyObject *referents(PyObject *module, PyObject *args)
{
	PyObject *object;
	unsigned follow;
	struct weigh_kinds kinds;
	(void)module;
	if (!PyArg_ParseTuple(args, "OI:referents", &object, &follow))
		return NULL;
	bool ready = weigh_kinds_init(&kinds, follow);
	const struct weigh_kind *kind = ready ? weigh_kinds_find(&kinds, Py_TYPE(object)) : NULL;
	int collecting = PyGC_Disable();
	PyObject *list = kind ? PyList_New(0) : PyErr_NoMemory();
	if (list && weigh_edges_visit(kind, object, follow, append, list))
		Py_CLEAR(list);
	if (collecting)
		PyGC_Enable();
	weigh_kinds_deinit(&kinds);
	return list;
}

static PyObject *attributes(PyObject *module, PyObject *object)
{
	(void)module;
	return weigh_attributes_tell(object);
}

static PyObject *room(PyObject *module, PyObject *object)
{
	(void)module;
	return PyLong_FromSsize_t(weigh_attributes_room(object));
}

static PyObject *preheader(PyObject *module, PyObject *type)
{
	(void)module;
	if (!PyType_Check(type))
		return PyErr_Format(PyExc_TypeError, "preheader: a type is wanted");
	return PyLong_FromSize_t(weigh_preheader((PyTypeObject *)type));
}

static PyMethodDef methods[] = {
	{"tally", tally_new, METH_NOARGS, "tally()\n--\n\nA set of objects that are counted once."},
	{"tally_bar", tally_bar, METH_VARARGS,
	 "tally_bar(tally, objs, references_only)\n--\n\nKeep objects, or references to them, from being counted."},
	{"tally_add", tally_add, METH_VARARGS,
	 "tally_add(tally, objs, follow, base, limit, align, excluded, lasts, above)\n--\n\n"
	 "Count objects and what they lead to."},
	{"tally_counts", tally_counts, METH_O,
	 "tally_counts(tally)\n--\n\nObjects, visits, objects visited again, levels."},
	{"flats", flats, METH_VARARGS, "flats(objs, align)\n--\n\nThe own bytes of each object."},
	{"known", known, METH_VARARGS,
	 "known(barred, follow)\n--\n\nAll objects that the garbage collector lists or that those lead to."},
	{"referents", referents, METH_VARARGS, "referents(obj, follow)\n--\n\nWhat an object refers to."},
	{"attributes", attributes, METH_O,
	 "attributes(obj)\n--\n\nThe dict of an instance, or its attributes, or None; makes no dict."},
	{"room", room, METH_O, "room(obj)\n--\n\nItems a container has memory for; -1 when nobody can tell."},
	{"preheader", preheader, METH_O, "preheader(type)\n--\n\nBytes in front of each instance."},
	{NULL, NULL, 0, NULL},
};

bool weigh_tallies_add(PyObject *module)
{
	return PyModule_AddFunctions(module, methods) == 0;
}
