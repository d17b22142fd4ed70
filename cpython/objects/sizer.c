/*
 * The walk. With the GIL; runs no Python code; memory comes from the kernel.
 *
 * A pending object is one word on the pile. A long list, tuple or dict is
 * looked at in pieces, so that the pile grows with the depth of a structure
 * and not with its breadth: two words, the address with the lowest bit set on
 * top of the position to go on at.
 */
#include "cpython/objects/sizer.h"

enum {
	PIECE = 1024,         /* items of a container looked at in one go */
	LOOK_EVERY = 1 << 16, /* objects, or a few milliseconds */
	AHEAD = 8,            /* items whose memory is asked for beforehand */
};

bool weigh_sizer_init(struct weigh_sizer *sizer, unsigned follow)
{
	*sizer = (struct weigh_sizer){.next_look = LOOK_EVERY};
	bool done = weigh_heap_init(&sizer->heap) && weigh_kinds_init(&sizer->kinds, follow);
	sizer->sink.heap = &sizer->heap;
	return done;
}

void weigh_sizer_deinit(struct weigh_sizer *sizer)
{
	weigh_heap_deinit(&sizer->heap);
	weigh_kinds_deinit(&sizer->kinds);
	weigh_pile_deinit(&sizer->pile);
}

static int fail(struct weigh_sizer *sizer, enum weigh_sizer_status status)
{
	sizer->status = status;
	return -1;
}

static __attribute__((noinline)) int look_around(struct weigh_sizer *sizer)
{
	sizer->next_look = sizer->objects + LOOK_EVERY;
	if (!sizer->deaf && weigh_signal_waits())
		return fail(sizer, WEIGH_SIZER_INTERRUPTED);
	if (sizer->progress)
		sizer->progress(sizer);
	return 0;
}

static inline void account(struct weigh_sizer *sizer, struct weigh_kind *kind, PyObject *object)
{
	struct weigh_sink *sink = &sizer->sink;
	sizer->objects++;
	if (!sizer->by_type) {
		weigh_blocks_tell(sink, kind, object);
		return;
	}
	struct weigh_sink before = *sink;
	weigh_blocks_tell(sink, kind, object);
	kind->objects++;
	kind->gross += sink->gross - before.gross;
	kind->requested += sink->requested - before.requested;
	kind->net += sink->net - before.net;
}

/* A reference was found. Marks, sums, and puts aside what leads on. */
static inline __attribute__((always_inline)) int reach(struct weigh_sizer *sizer, PyObject *object)
{
	struct weigh_marks_leaf *leaf = weigh_marks_leaf(&sizer->heap.seen, (uintptr_t)object);
	if (__builtin_expect(!leaf, 0))
		return fail(sizer, WEIGH_SIZER_NO_MEMORY);
	if (weigh_heap_place(&sizer->heap, leaf, (uintptr_t)object) == WEIGH_PLACE_STATIC)
		return 0;
	if (!weigh_marks_add(leaf, (uintptr_t)object))
		return 0;
	struct weigh_kind *kind = weigh_kinds_find(&sizer->kinds, Py_TYPE(object));
	if (__builtin_expect(!kind, 0))
		return fail(sizer, WEIGH_SIZER_NO_MEMORY);
	if (kind->stops || weigh_is_singleton(object))
		return 0;
	if (__builtin_expect(kind->form == WEIGH_FORM_FRAME, 0) &&
	    !(sizer->kinds.follow & WEIGH_FOLLOW_FRAMES) && weigh_frame_runs(object))
		return 0;
	account(sizer, kind, object);
	if (__builtin_expect(sizer->objects >= sizer->next_look, 0) && look_around(sizer))
		return -1;
	if (kind->leaf || sizer->shallow)
		return 0;
	return weigh_pile_push(&sizer->pile, (uintptr_t)object) ? 0 : fail(sizer, WEIGH_SIZER_NO_MEMORY);
}

static int visit(PyObject *object, void *arg)
{
	return reach(arg, object);
}

static int visit_uncut(PyObject *object, void *arg)
{
	struct weigh_sizer *sizer = arg;
	return weigh_marks_has(sizer->cut_held, (uintptr_t)object) ? 0 : reach(sizer, object);
}

/* The items of a list or tuple from a position on. */
static int reach_items(struct weigh_sizer *sizer, PyObject *holder, PyObject **items, Py_ssize_t count,
		       Py_ssize_t from)
{
	Py_ssize_t end = count - from > PIECE ? from + PIECE : count;
	if (end < count && (!weigh_pile_push(&sizer->pile, (uintptr_t)end) ||
			    !weigh_pile_push(&sizer->pile, (uintptr_t)holder | 1)))
		return fail(sizer, WEIGH_SIZER_NO_MEMORY);
	for (Py_ssize_t i = from; i < end; i++) {
		if (i + AHEAD < end)
			__builtin_prefetch(items[i + AHEAD]);
		if (items[i] && reach(sizer, items[i]))
			return -1;
	}
	return 0;
}

static int reach_entries(struct weigh_sizer *sizer, PyDictObject *dict, Py_ssize_t from)
{
	PyDictKeysObject *keys = dict->ma_keys;
	Py_ssize_t count = keys->dk_nentries;
	Py_ssize_t end = count - from > PIECE ? from + PIECE : count;
	if (end < count && (!weigh_pile_push(&sizer->pile, (uintptr_t)end) ||
			    !weigh_pile_push(&sizer->pile, (uintptr_t)dict | 1)))
		return fail(sizer, WEIGH_SIZER_NO_MEMORY);
	for (Py_ssize_t i = from; i < end; i++) {
		PyObject *key;
		PyObject *value;
		weigh_dict_entry(keys, i, &key, &value);
		if (value && (reach(sizer, key) || reach(sizer, value)))
			return -1;
	}
	return 0;
}

/* What one object refers to, or the next piece of it. */
static int expand(struct weigh_sizer *sizer, PyObject *object, Py_ssize_t from)
{
	visitproc through = visit;
	if (__builtin_expect(sizer->cut_holders != NULL, 0) &&
	    weigh_marks_has(sizer->cut_holders, (uintptr_t)object))
		through = visit_uncut;
	else if (PyList_CheckExact(object))
		return reach_items(sizer, object, ((PyListObject *)object)->ob_item, Py_SIZE(object), from);
	else if (PyTuple_CheckExact(object))
		return reach_items(sizer, object, ((PyTupleObject *)object)->ob_item, Py_SIZE(object), from);
	else if (PyDict_CheckExact(object) && !((PyDictObject *)object)->ma_values)
		return reach_entries(sizer, (PyDictObject *)object, from);
	const struct weigh_kind *kind = weigh_kinds_find(&sizer->kinds, Py_TYPE(object));
	if (!kind)
		return fail(sizer, WEIGH_SIZER_NO_MEMORY);
	/* The table of kinds may move while the object is walked. */
	struct weigh_kind copy = *kind;
	return weigh_edges_visit(&copy, object, sizer->kinds.follow, through, sizer);
}

static void drain(struct weigh_sizer *sizer)
{
	uintptr_t word;
	while (sizer->status == WEIGH_SIZER_GOES_ON && weigh_pile_pop(&sizer->pile, &word)) {
		uintptr_t from = 0;
		if (word & 1)
			weigh_pile_pop(&sizer->pile, &from);
		expand(sizer, (PyObject *)(word & ~(uintptr_t)1), (Py_ssize_t)from);
	}
}

bool weigh_sizer_add(struct weigh_sizer *sizer, PyObject *root)
{
	struct weigh_kind *kind = weigh_kinds_find(&sizer->kinds, Py_TYPE(root));
	struct weigh_marks_leaf *leaf = weigh_marks_leaf(&sizer->heap.seen, (uintptr_t)root);
	if (!kind || !leaf) {
		fail(sizer, WEIGH_SIZER_NO_MEMORY);
		return false;
	}
	bool follow_anyway = kind->stops || kind->form == WEIGH_FORM_FRAME;
	if (!follow_anyway) {
		reach(sizer, root);
	} else if (weigh_marks_add(leaf, (uintptr_t)root)) {
		if (weigh_heap_place(&sizer->heap, leaf, (uintptr_t)root) != WEIGH_PLACE_STATIC)
			account(sizer, kind, root);
		if (!sizer->shallow)
			expand(sizer, root, 0);
	}
	drain(sizer);
	return sizer->status == WEIGH_SIZER_GOES_ON;
}
