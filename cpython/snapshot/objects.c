/*
 * The second pass: by ascending address each object is written into the
 * streams. One thread; memory from the kernel.
 *
 * Cost: 0.2 to 0.4 us for an object of a usual kind.
 */
#include "cpython/snapshot/references.h"
#include "cpython/snapshot/shapes.h"
#include "weigh/format.h"

#include <string.h>

enum { TELL_EVERY = 1 << 18 }; /* objects, or a tenth of a second */

static struct weigh_stream *stream_of(struct weigh_scan *scan, enum weigh_snapshot_section_id id)
{
	return &scan->writer->streams[id];
}

static void put(struct weigh_scan *scan, enum weigh_snapshot_section_id id, uint64_t value)
{
	weigh_stream_put(stream_of(scan, id), value);
}

static void put_entry(struct weigh_scan *scan, enum weigh_snapshot_section_id id, uint64_t value)
{
	put(scan, id, value);
	stream_of(scan, id)->entries++;
}

/* Items of a container and what it has room for. */
static void put_room(struct weigh_scan *scan, const struct weigh_plan *plan, PyObject *object)
{
	Py_ssize_t length = Py_SIZE(object);
	Py_ssize_t room = length;
	switch (plan->kind.form) {
	case WEIGH_FORM_LIST:
		room = ((PyListObject *)object)->allocated;
		break;
	case WEIGH_FORM_DICT:
	case WEIGH_FORM_ORDERED_DICT:
		length = ((PyDictObject *)object)->ma_used;
		room = weigh_dict_capacity(((PyDictObject *)object)->ma_keys);
		break;
	case WEIGH_FORM_SET:
		length = ((PySetObject *)object)->used;
		room = (((PySetObject *)object)->mask + 1) * 3 / 5;
		break;
	case WEIGH_FORM_DEQUE:
		room = length;
		if (((struct weigh_deque *)object)->left_block)
			room = (length + WEIGH_DEQUE_ITEMS + ((struct weigh_deque *)object)->left_index) /
			       WEIGH_DEQUE_ITEMS * WEIGH_DEQUE_ITEMS;
		break;
	case WEIGH_FORM_ARRAY:
		room = ((struct weigh_array *)object)->allocated;
		break;
	case WEIGH_FORM_BYTEARRAY:
		room = ((PyByteArrayObject *)object)->ob_alloc;
		break;
	case WEIGH_FORM_NDARRAY:
		length = 1;
		for (int i = 0; i < ((struct weigh_ndarray *)object)->dimensions; i++)
			length *= ((struct weigh_ndarray *)object)->shape[i];
		room = length;
		break;
	default:
		break;
	}
	length = length > 0 ? length : 0;
	put(scan, WEIGH_SNAPSHOT_ROOMS, (uint64_t)length);
	put_entry(scan, WEIGH_SNAPSHOT_ROOMS, (uint64_t)(room > length ? room : length));
}

struct tail {
	struct weigh_scan *scan;
	uint32_t last;
	uint64_t count;
};

static int put_member(PyObject *target, void *arg)
{
	struct tail *tail = arg;
	weigh_put_reference(tail->scan, &tail->last, target);
	tail->count++;
	return 0;
}

/* Pairs come as keys and values by turns. */
struct pairs {
	struct weigh_scan *scan;
	uint32_t last[2];
	uint64_t count;
};

static int put_half(PyObject *target, void *arg)
{
	struct pairs *pairs = arg;
	weigh_put_reference(pairs->scan, &pairs->last[pairs->count++ % 2], target);
	return 0;
}

/*
 * A class made of dict. The nodes of an ordered one hold each key once more:
 * these are written as pairs without a value, after the others.
 */
static uint64_t put_pairs(struct weigh_scan *scan, const struct weigh_plan *plan, PyObject *object)
{
	struct pairs pairs = {scan, {(uint32_t)scan->number, (uint32_t)scan->number}, 0};
	PyDictObject *dict = (PyDictObject *)object;
	struct weigh_values values = weigh_values_of_dict(dict);
	for (Py_ssize_t i = 0; i < dict->ma_keys->dk_nentries; i++) {
		PyObject *key;
		PyObject *value;
		weigh_dict_entry(dict->ma_keys, i, &key, &value);
		if (dict->ma_values)
			value = i < values.count ? values.slots[i] : NULL;
		if (!value)
			continue;
		put_half(dict->ma_values ? NULL : key, &pairs);
		put_half(value, &pairs);
	}
	if (plan->way != WEIGH_WAY_ORDERED)
		return pairs.count / 2;
	struct weigh_ordered_node *node = ((struct weigh_ordered_dict *)object)->first;
	for (; node; node = node->next) {
		put_half(node->key, &pairs);
		put_half(NULL, &pairs);
	}
	return pairs.count / 2;
}

/* Items with their empty places, so that positions are right. */
static uint64_t put_items(struct weigh_scan *scan, PyObject **items, Py_ssize_t count)
{
	enum { AHEAD = 12 };
	uint32_t last = (uint32_t)scan->number;
	for (Py_ssize_t i = 0; i < count; i++) {
		if (i + AHEAD < count) {
			uintptr_t ahead = (uintptr_t)items[i + AHEAD];
			const struct weigh_marks_leaf *leaf =
				scan->heap.seen.root[ahead >> WEIGH_MARKS_LEAF_SHIFT & ((1 << 23) - 1)];
			if (leaf)
				__builtin_prefetch(
					&leaf->words[(ahead >> WEIGH_MARKS_WORD_SHIFT) % WEIGH_MARKS_WORDS]);
		}
		weigh_put_reference(scan, &last, items[i]);
	}
	return (uint64_t)count;
}

static void put_slots(struct weigh_scan *scan, struct weigh_shape *shape, PyObject *const *slots,
		      uint32_t count)
{
	for (uint32_t i = 0; i < shape->slots; i++)
		weigh_put_reference(scan, &shape->guess[i], i < count ? slots[i] : NULL);
}

/* The shape of an object with slots; also of a generator, by its code. */
static struct weigh_shape *shape_of(struct weigh_scan *scan, struct weigh_plan *plan, PyObject *object,
				    const struct weigh_references *references, bool in_file)
{
	if (plan->way == WEIGH_WAY_FRAME && references->frame.code)
		return weigh_shape_frame(scan, plan, references->frame.code, true,
					 (uint32_t)references->named_locals);
	if (plan->way == WEIGH_WAY_ARRAY || plan->way == WEIGH_WAY_BUFFER)
		return weigh_shape_array(scan, plan, object);
	return weigh_shape_usual(scan, plan, in_file);
}

/* Writes the references of one object; its shape. `length` is that of its tail. */
static struct weigh_shape *put_references(struct weigh_scan *scan, struct weigh_plan *plan, PyObject *object,
					  bool in_file, struct weigh_special special, uint64_t *length)
{
	struct weigh_references references;
	struct weigh_shape *shape;
	*length = 0;
	if (plan->way == WEIGH_WAY_SCALAR)
		return weigh_shape_usual(scan, plan, in_file);
	if (plan->way == WEIGH_WAY_DICT)
		return weigh_dict_write(scan, plan, (PyDictObject *)object, special, in_file, length);
	if (plan->way == WEIGH_WAY_RECORD && Py_SIZE(object) == PyTuple_GET_SIZE(plan->names)) {
		shape = weigh_shape_record(scan, plan, in_file);
		if (shape)
			put_slots(scan, shape, ((PyTupleObject *)object)->ob_item, shape->slots);
		return shape;
	}
	weigh_slots_gather(plan, object, &references);
	shape = shape_of(scan, plan, object, &references, in_file);
	if (!shape)
		return NULL;
	put_slots(scan, shape, references.slots, references.count);
	if (shape->tail == WEIGH_TAIL_NONE)
		return shape;
	if (plan->way == WEIGH_WAY_LIST) {
		*length = put_items(scan, ((PyListObject *)object)->ob_item, Py_SIZE(object));
	} else if (plan->way == WEIGH_WAY_TUPLE || plan->way == WEIGH_WAY_RECORD) {
		*length = put_items(scan, ((PyTupleObject *)object)->ob_item, Py_SIZE(object));
	} else if (shape->tail == WEIGH_TAIL_PAIRS) {
		*length = put_pairs(scan, plan, object);
	} else {
		struct tail tail = {scan, (uint32_t)scan->number, 0};
		weigh_tail_visit(scan, plan, object, &references, put_member, &tail);
		*length = tail.count;
	}
	return shape;
}

static uintptr_t other_block(const struct weigh_plan *plan, PyObject *object)
{
	switch (plan->kind.form) {
	case WEIGH_FORM_LIST:
		return (uintptr_t)((PyListObject *)object)->ob_item;
	case WEIGH_FORM_DICT:
	case WEIGH_FORM_ORDERED_DICT:
		/* Of shared keys none has the block. */
		return ((PyDictObject *)object)->ma_values ? 0 : (uintptr_t)((PyDictObject *)object)->ma_keys;
	case WEIGH_FORM_SET:
		return (uintptr_t)((PySetObject *)object)->table;
	case WEIGH_FORM_DEQUE:
		return (uintptr_t)((struct weigh_deque *)object)->left_block;
	case WEIGH_FORM_ARRAY:
		return (uintptr_t)((struct weigh_array *)object)->items;
	case WEIGH_FORM_BYTEARRAY:
		return (uintptr_t)weigh_bytearray_block((PyByteArrayObject *)object);
	case WEIGH_FORM_NDARRAY:
		return (uintptr_t)((struct weigh_ndarray *)object)->data;
	default:
		return plan->shared ? (uintptr_t)weigh_values_of_instance(object).block : 0;
	}
}

/*
 * Where the recorder saw the object's own block, or else the first of its
 * others. Either would have done, so the chance that one was sampled is that of
 * the bytes of both.
 */
static void put_site(struct weigh_scan *scan, const struct weigh_plan *plan, PyObject *object,
		     struct weigh_shape *shape, uint64_t requested)
{
	const struct weigh_take_sites *sites = scan->take->sites;
	struct weigh_take_seen seen;
	uintptr_t other = sites ? other_block(plan, object) : 0;
	bool found = sites && sites->find((uintptr_t)object - plan->kind.preheader, &seen, sites->arg);
	if (!found && other)
		found = sites->find(other, &seen, sites->arg);
	if (!found) {
		put(scan, WEIGH_SNAPSHOT_SITED, 0);
		return;
	}
	int64_t off = (int64_t)seen.site - (int64_t)shape->site;
	put(scan, WEIGH_SNAPSHOT_SITED, ((uint64_t)off << 1 ^ (uint64_t)(off >> 63)) + 1);
	shape->site = seen.site;
	if (scan->take->known.mode == WEIGH_MODE_SAMPLED) {
		put(scan, WEIGH_SNAPSHOT_SITED, seen.period_log);
		put(scan, WEIGH_SNAPSHOT_SITED, other ? requested : seen.bytes);
	}
}

static void put_bytes(struct weigh_scan *scan, uint64_t gross, uint64_t net, uint64_t counted)
{
	put(scan, WEIGH_SNAPSHOT_GROSS, gross);
	put(scan, WEIGH_SNAPSHOT_NET, net);
	put(scan, WEIGH_SNAPSHOT_COUNTED, counted);
}

static void put_shape(struct weigh_scan *scan, const struct weigh_shape *shape, uint64_t length)
{
	put(scan, WEIGH_SNAPSHOT_SHAPED, shape->number);
	if (shape->tail != WEIGH_TAIL_NONE)
		put_entry(scan, WEIGH_SNAPSHOT_LENGTHS, length);
}

static void write_object(struct weigh_scan *scan, struct weigh_marks_leaf *leaf, PyObject *object,
			 struct weigh_special special)
{
	struct weigh_plan *plan = weigh_plan_of(scan, Py_TYPE(object));
	bool in_file = weigh_heap_place(&scan->heap, leaf, (uintptr_t)object) == WEIGH_PLACE_STATIC;
	uint64_t gross = scan->sink.gross;
	uint64_t net = scan->sink.net;
	uint64_t requested = scan->sink.requested;
	uint64_t length;
	struct weigh_shape *shape =
		plan ? put_references(scan, plan, object, in_file, special, &length) : NULL;
	if (!shape) {
		scan->failed = true;
		return;
	}
	put_shape(scan, shape, length);
	if (shape->flags & WEIGH_SHAPE_SIZED)
		put_room(scan, plan, object);
	if (shape->flags & WEIGH_SHAPE_VALUED)
		weigh_scalar_write(scan, object);
	if (in_file) {
		put_bytes(scan, 0, 0, 0);
		put(scan, WEIGH_SNAPSHOT_SITED, 0);
	} else {
		weigh_blocks_tell(&scan->sink, &plan->kind, object);
		put_bytes(scan, scan->sink.gross - gross, scan->sink.net - net,
			  weigh_is_immortal(object) ? 0 : (uint64_t)Py_REFCNT(object));
		put_site(scan, plan, object, shape, scan->sink.requested - requested);
	}
	weigh_label_write(scan, plan, object);
	weigh_fact_write(scan, plan, object);
	if (special.kind == WEIGH_SPECIAL_NAMESPACE && PyModule_Check((PyObject *)special.of))
		weigh_label_write_module(scan, (PyObject *)special.of);
}

/* A frame that is no object: what it holds, and nothing it would occupy. */
static void write_frame(struct weigh_scan *scan, uintptr_t address)
{
#if PY_VERSION_HEX >= 0x030b0000
	struct weigh_references references = {.count = 0};
	struct weigh_plan *plan = weigh_plan_of(scan, &PyFrame_Type);
	struct weigh_frame_view view = weigh_frame_view_running((weigh_python_frame *)address);
	struct tail tail = {scan, (uint32_t)scan->number, 0};
	weigh_frame_gather(&view, &references);
	struct weigh_shape *shape =
		weigh_shape_frame(scan, plan, view.code, false, (uint32_t)references.named_locals);
	if (!shape) {
		scan->failed = true;
		return;
	}
	put_slots(scan, shape, references.slots, references.count);
	weigh_frame_tail_visit(scan, &references, put_member, &tail);
	put_shape(scan, shape, tail.count);
	put_bytes(scan, 0, 0, 0);
	put(scan, WEIGH_SNAPSHOT_SITED, 0);
	weigh_label_write_frame(scan, view.code);
#else
	(void)scan;
	(void)address;
#endif
}

static void write_leaf(struct weigh_scan *scan, struct weigh_marks_leaf *leaf, uintptr_t *before)
{
	bool specials = scan->special_marks.root[leaf->base >> WEIGH_MARKS_LEAF_SHIFT] != NULL;
	for (size_t word = 0; word < WEIGH_MARKS_WORDS && !scan->failed; word++) {
		uintptr_t base = leaf->base + ((uintptr_t)word << WEIGH_MARKS_WORD_SHIFT);
		for (uint64_t bits = leaf->words[word]; bits; bits &= bits - 1) {
			uintptr_t address = base + ((uintptr_t)__builtin_ctzll(bits) << 3);
			struct weigh_special special = {0};
			if (__builtin_expect(specials, 0))
				special = weigh_special_find(scan, address);
			put(scan, WEIGH_SNAPSHOT_ADDRESSES, (address - *before) / 8);
			*before = address;
			if (special.kind == WEIGH_SPECIAL_FRAME)
				write_frame(scan, address);
			else
				write_object(scan, leaf, (PyObject *)address, special);
			if (++scan->number % TELL_EVERY == 0)
				weigh_writer_tell(scan->writer, scan->take->fd, scan->number);
		}
	}
}

static void put_root(struct weigh_scan *scan, enum weigh_snapshot_root kind, const char *label,
		     PyObject *object)
{
	uint32_t number = weigh_number_of(scan, object);
	if (number == WEIGH_NUMBER_NONE)
		return;
	put(scan, WEIGH_SNAPSHOT_ROOTS, kind);
	put(scan, WEIGH_SNAPSHOT_ROOTS, weigh_writer_text(scan->writer, label, strlen(label)));
	put_entry(scan, WEIGH_SNAPSHOT_ROOTS, number);
}

static void put_roots(struct weigh_scan *scan)
{
	uintptr_t type;
	weigh_roots_visit(scan, put_root);
	while (weigh_pile_pop(&scan->bare_types, &type))
		put_root(scan, WEIGH_ROOT_TYPE, ((PyTypeObject *)type)->tp_name, (PyObject *)type);
}

void weigh_scan_write(struct weigh_scan *scan)
{
	static const enum weigh_snapshot_section_id for_each[] = {
		WEIGH_SNAPSHOT_ADDRESSES, WEIGH_SNAPSHOT_SHAPED,  WEIGH_SNAPSHOT_GROSS,
		WEIGH_SNAPSHOT_NET,       WEIGH_SNAPSHOT_COUNTED,
	};
	uintptr_t before = 0;
	for (struct weigh_marks_leaf *leaf = scan->heap.seen.leaves; leaf; leaf = leaf->next)
		write_leaf(scan, leaf, &before);
	put_roots(scan);
	weigh_scalars_end(scan);
	for (size_t i = 0; i < sizeof(for_each) / sizeof(*for_each); i++)
		stream_of(scan, for_each[i])->entries = scan->number;
	scan->writer->header.small_live = weigh_pools_in_use(scan);
	scan->writer->header.small_found = scan->sink.pooled;
	scan->writer->header.objects = scan->number;
	scan->writer->header.references = stream_of(scan, WEIGH_SNAPSHOT_EDGES)->entries;
}
