/*
 * The first pass: everything that the roots lead to, and everything that the
 * garbage collector knows, goes into the set. One thread; memory from the
 * kernel: the set, a pile as deep as the structures are, and the kinds.
 */
#include "cpython/objects/frames.h"
#include "cpython/snapshot/references.h"

enum {
	PIECE = 1024, /* items of a container looked at in one go, so that the pile stays small */
	AHEAD = 8,    /* items whose memory is asked for beforehand */
};

static int reach(struct weigh_scan *scan, PyObject *object);

/* A type that is met for the first time is an object itself, though nothing may refer to it. */
static __attribute__((noinline)) struct weigh_plan *meet_type(struct weigh_scan *scan, PyTypeObject *type)
{
	struct weigh_plan *plan = weigh_plan_make(scan, type);
	if (plan && reach(scan, (PyObject *)type))
		return NULL;
	return plan;
}

static void note_namespace(struct weigh_scan *scan, PyObject *dict, PyObject *owner)
{
	if (dict && PyDict_CheckExact(dict))
		weigh_special_add(scan, (uintptr_t)dict, WEIGH_SPECIAL_NAMESPACE, (uintptr_t)owner);
}

static void note(struct weigh_scan *scan, const struct weigh_plan *plan, PyObject *object)
{
	if (plan->way == WEIGH_WAY_TYPE) {
		note_namespace(scan, weigh_type_dict((PyTypeObject *)object), object);
		if (!(((PyTypeObject *)object)->tp_flags & Py_TPFLAGS_HEAPTYPE) &&
		    !weigh_pile_push(&scan->bare_types, (uintptr_t)object))
			scan->failed = true;
	} else if (plan->kind.form == WEIGH_FORM_MODULE) {
		note_namespace(scan, PyModule_GetDict(object), object);
	}
}

static inline __attribute__((always_inline)) int reach_inline(struct weigh_scan *scan, PyObject *object)
{
	struct weigh_marks_leaf *leaf = weigh_marks_leaf(&scan->heap.seen, (uintptr_t)object);
	if (__builtin_expect(!leaf, 0))
		return 0;
	if (!weigh_marks_add(leaf, (uintptr_t)object))
		return 0;
	struct weigh_kind *kind = weigh_kinds_find(&scan->kinds, Py_TYPE(object));
	struct weigh_plan *plan = kind ? kind->plan : NULL;
	if (__builtin_expect(!plan, 0) && !(plan = meet_type(scan, Py_TYPE(object))))
		return -1;
	scan->reached++;
	if (plan->way == WEIGH_WAY_SCALAR)
		return 0;
	if (__builtin_expect(plan->way == WEIGH_WAY_TYPE || plan->kind.form == WEIGH_FORM_MODULE, 0))
		note(scan, plan, object);
	if (weigh_pile_push(&scan->pile, (uintptr_t)object))
		return 0;
	scan->failed = true;
	return -1;
}

static int reach(struct weigh_scan *scan, PyObject *object)
{
	return reach_inline(scan, object);
}

static int visit(PyObject *object, void *arg)
{
	return reach_inline(arg, object);
}

/* Puts aside that a container is to be gone on with at a position. */
static bool put_off(struct weigh_scan *scan, PyObject *object, Py_ssize_t from)
{
	if (weigh_pile_push(&scan->pile, (uintptr_t)from) &&
	    weigh_pile_push(&scan->pile, (uintptr_t)object | 1))
		return true;
	scan->failed = true;
	return false;
}

static void reach_items(struct weigh_scan *scan, PyObject *holder, PyObject **items, Py_ssize_t count,
			Py_ssize_t from)
{
	Py_ssize_t end = count - from > PIECE ? from + PIECE : count;
	if (end < count && !put_off(scan, holder, end))
		return;
	for (Py_ssize_t i = from; i < end; i++) {
		if (i + AHEAD < end)
			__builtin_prefetch(items[i + AHEAD]);
		if (items[i] && reach_inline(scan, items[i]))
			return;
	}
}

static void reach_entries(struct weigh_scan *scan, PyDictObject *dict, Py_ssize_t from)
{
	PyDictKeysObject *keys = dict->ma_keys;
	Py_ssize_t count = keys->dk_nentries;
	Py_ssize_t end = count - from > PIECE ? from + PIECE : count;
	if (end < count && !put_off(scan, (PyObject *)dict, end))
		return;
	for (Py_ssize_t i = from; i < end; i++) {
		PyObject *key;
		PyObject *value;
		weigh_dict_entry(keys, i, &key, &value);
		if (value && (reach_inline(scan, key) || reach_inline(scan, value)))
			return;
	}
}

static void reach_references(struct weigh_scan *scan, const struct weigh_plan *plan, PyObject *object,
			     struct weigh_references *references)
{
	for (uint32_t i = 0; i < references->count; i++)
		if (references->slots[i] && reach_inline(scan, references->slots[i]))
			return;
	weigh_tail_visit(scan, plan, object, references, visit, scan);
}

/* What one object refers to, or the next piece of it. */
static void expand(struct weigh_scan *scan, PyObject *object, Py_ssize_t from)
{
	const struct weigh_plan *plan = weigh_plan_of(scan, Py_TYPE(object));
	struct weigh_references references;
	if (!plan)
		return;
	if (plan->way == WEIGH_WAY_LIST && plan->kind.type == &PyList_Type) {
		reach_items(scan, object, ((PyListObject *)object)->ob_item, Py_SIZE(object), from);
		return;
	}
	if (plan->way == WEIGH_WAY_TUPLE && plan->kind.type == &PyTuple_Type) {
		reach_items(scan, object, ((PyTupleObject *)object)->ob_item, Py_SIZE(object), from);
		return;
	}
	if (plan->way == WEIGH_WAY_DICT && !((PyDictObject *)object)->ma_values) {
		reach_entries(scan, (PyDictObject *)object, from);
		return;
	}
	weigh_slots_gather(plan, object, &references);
	reach_references(scan, plan, object, &references);
}

static void drain(struct weigh_scan *scan)
{
	uintptr_t word;
	while (!scan->failed && weigh_pile_pop(&scan->pile, &word)) {
		uintptr_t from = 0;
		if (word & 1)
			weigh_pile_pop(&scan->pile, &from);
		expand(scan, (PyObject *)(word & ~(uintptr_t)1), (Py_ssize_t)from);
	}
}

void weigh_reach_one(struct weigh_scan *scan, PyObject *object)
{
	if (!scan->failed && reach(scan, object) == 0)
		drain(scan);
}

static void reach_collected(struct weigh_scan *scan, PyObject *object)
{
	if (Py_REFCNT(object) > 0)
		weigh_reach_one(scan, object);
}

#if PY_VERSION_HEX >= 0x030b0000
/* A frame that is no object: into the set goes its address. */
static bool reach_frame(struct weigh_scan *scan, uintptr_t address)
{
	if (weigh_special_find(scan, address).kind != WEIGH_SPECIAL_FRAME)
		return false;
	struct weigh_references references = {.count = 0};
	struct weigh_plan *plan = weigh_plan_of(scan, &PyFrame_Type);
	struct weigh_frame_view view = weigh_frame_view_running((weigh_python_frame *)address);
	struct weigh_marks_leaf *leaf = weigh_marks_leaf(&scan->heap.seen, address);
	if (!plan || !leaf || !weigh_marks_add(leaf, address))
		return true;
	scan->reached++;
	weigh_frame_gather(&view, &references);
	for (uint32_t i = 0; i < references.count; i++)
		if (references.slots[i])
			reach(scan, references.slots[i]);
	for (Py_ssize_t i = 0; !view.guessed && i < view.stack_count; i++) {
		PyObject *value = weigh_frame_slot(view.stack[i]);
		if (value)
			reach(scan, value);
	}
	return true;
}
#else
static bool reach_frame(struct weigh_scan *scan, uintptr_t address)
{
	(void)scan;
	(void)address;
	return false;
}
#endif

static void reach_root(struct weigh_scan *scan, enum weigh_snapshot_root kind, const char *label,
		       PyObject *object)
{
	(void)label;
	if (kind != WEIGH_ROOT_FRAME || !reach_frame(scan, (uintptr_t)object))
		reach(scan, object);
	drain(scan);
}

bool weigh_scan_reach(struct weigh_scan *scan)
{
	weigh_threads_note(scan);
	reach(scan, (PyObject *)&PyType_Type);
	meet_type(scan, &PyFrame_Type);
	weigh_roots_visit(scan, reach_root);
	weigh_collected_visit(scan, reach_collected);
	if (!scan->failed)
		weigh_strays_reach(scan);
	return !scan->failed;
}
