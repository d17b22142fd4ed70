/*
 * Blocks by layout. With the GIL; allocates nothing but what the methods in C
 * of the few types that are asked return, for the moment.
 */
#include "cpython/objects/blocks.h"

#include "cpython/objects/arrow.h"

#include <string.h>

static inline size_t at_least_0(Py_ssize_t size)
{
	return size < 0 ? 0 : (size_t)size;
}

enum { LARGE = 1 << 16 }; /* from here on pages may never have been touched */

static void tell(struct weigh_sink *sink, struct weigh_block *block)
{
	sink->gross += block->footprint;
	sink->requested += block->requested;
	sink->net += block->net;
	sink->untouched += block->untouched;
	if (sink->each)
		sink->each(sink, block);
}

static uint64_t untouched(const struct weigh_sink *sink, const void *address, uint64_t bytes)
{
	uintptr_t start = (uintptr_t)address;
	return sink->heap->resident && start ? weigh_heap_absent(sink->heap, start, start + bytes) : 0;
}

/* A block of Python's allocators or malloc's; static data costs nothing. */
static inline void add(struct weigh_sink *sink, const char *what, const void *address, uint64_t requested,
		       uint64_t net)
{
	if (!address)
		return;
	bool pooled;
	uint64_t footprint = weigh_heap_footprint_of(sink->heap, (uintptr_t)address, requested, &pooled);
	if (__builtin_expect(!footprint, 0))
		return;
	if (__builtin_expect(sink->each || requested >= LARGE, 0)) {
		struct weigh_block block = {what,      (uintptr_t)address,
					    requested, footprint,
					    net,       untouched(sink, address, requested)};
		tell(sink, &block);
		return;
	}
	sink->gross += footprint;
	sink->pooled += pooled ? footprint : 0;
	sink->requested += requested;
	sink->net += net;
}

/*
 * A block of which only the first bytes are used. Pages of the reserve that
 * nobody has touched are no memory yet, and are left away.
 */
static void add_grown(struct weigh_sink *sink, const char *what, const void *address, uint64_t requested,
		      uint64_t used, uint64_t net)
{
	if (requested < used + LARGE) {
		add(sink, what, address, requested, net);
		return;
	}
	uintptr_t start = (uintptr_t)address;
	uint64_t absent = weigh_heap_absent(sink->heap, start + used, start + requested);
	uint64_t footprint = weigh_heap_footprint(sink->heap, start, requested) - absent;
	struct weigh_block block = {what, start, requested, footprint, net, untouched(sink, address, used)};
	tell(sink, &block);
}

/* Memory that is not in a block of malloc's that could be asked. */
static void add_foreign(struct weigh_sink *sink, const char *what, const void *address, uint64_t requested,
			uint64_t footprint, uint64_t net)
{
	struct weigh_block block = {
		what, (uintptr_t)address, requested, footprint, net, untouched(sink, address, requested)};
	if (address || requested)
		tell(sink, &block);
}

static size_t text_bytes(PyObject *text)
{
	PyASCIIObject *head = (PyASCIIObject *)text;
	size_t length = (size_t)head->length;
	if (head->state.ascii)
		return sizeof(PyASCIIObject) + length + 1;
	return sizeof(PyCompactUnicodeObject) + (length + 1) * head->state.kind;
}

static size_t round_8(size_t bytes)
{
	return (bytes + 7) & ~(size_t)7;
}

static size_t items_of(const struct weigh_kind *kind, PyObject *object)
{
	switch (kind->form) {
	case WEIGH_FORM_INT: {
		size_t digits = weigh_int_digits(object);
		return digits ? digits : 1;
	}
	case WEIGH_FORM_FRAME:
	case WEIGH_FORM_GENERATOR:
		return 0;
	default:
		return at_least_0(kind->fields ? kind->fields : Py_SIZE(object));
	}
}

static size_t plain_bytes(const struct weigh_kind *kind, PyObject *object)
{
	PyTypeObject *type = kind->type;
	size_t bytes = (size_t)type->tp_basicsize;
	if (type->tp_itemsize)
		bytes = round_8(bytes +
				(items_of(kind, object) + kind->extra_items) * (size_t)type->tp_itemsize);
	return bytes;
}

#if PY_VERSION_HEX >= 0x030b0000

/* Slots of the frame that a code object needs. */
static size_t frame_slots(PyCodeObject *code)
{
	return (size_t)(code->co_nlocalsplus + code->co_stacksize);
}

static size_t frame_bytes(PyObject *object)
{
	PyFrameObject *frame = (PyFrameObject *)object;
	size_t head = offsetof(PyFrameObject, _f_frame_data);
	PyCodeObject *code = frame->f_frame ? weigh_frame_code(frame->f_frame) : NULL;
	return head + offsetof(struct _PyInterpreterFrame, localsplus) + (code ? frame_slots(code) * 8 : 0);
}

static size_t generator_bytes(PyObject *object)
{
	PyTypeObject *type = Py_TYPE(object);
	PyGenObject *generator = (PyGenObject *)object;
#if PY_VERSION_HEX >= 0x030e0000
	PyCodeObject *code = (PyCodeObject *)PyGen_GetCode(generator);
	Py_DECREF(code);
#elif PY_VERSION_HEX >= 0x030c0000
	PyCodeObject *code = weigh_frame_code((weigh_python_frame *)generator->gi_iframe);
#else
	PyCodeObject *code = generator->gi_code;
#endif
	return (size_t)type->tp_basicsize + (code ? frame_slots(code) * 8 : 0);
}

#else

static size_t frame_bytes(PyObject *object)
{
	return round_8((size_t)Py_TYPE(object)->tp_basicsize +
		       at_least_0(Py_SIZE(object)) * (size_t)Py_TYPE(object)->tp_itemsize);
}

static size_t generator_bytes(PyObject *object)
{
	return (size_t)Py_TYPE(object)->tp_basicsize;
}

#endif

/* Without a time zone the field for it is left away. */
static size_t naive_bytes(const struct weigh_kind *kind, PyObject *object, size_t naive)
{
	bool aware = ((char *)object)[sizeof(PyObject) + sizeof(Py_hash_t)];
	return kind->exact && !aware ? naive : (size_t)kind->type->tp_basicsize;
}

static size_t preheader(const struct weigh_kind *kind, PyObject *object)
{
	bool without = __builtin_expect(kind->varies, 0) && !kind->type->tp_is_gc(object);
	return kind->preheader - (without ? WEIGH_GC_HEAD : 0);
}

size_t weigh_blocks_own(const struct weigh_kind *kind, PyObject *object)
{
	size_t before = preheader(kind, object);
	switch (kind->form) {
	case WEIGH_FORM_STR:
		return ((PyASCIIObject *)object)->state.compact ? text_bytes(object)
								: before + plain_bytes(kind, object);
	case WEIGH_FORM_INT:
		return kind->exact ? weigh_int_bytes(weigh_int_digits(object))
				   : before + plain_bytes(kind, object);
	case WEIGH_FORM_BYTES:
		return kind->exact ? (size_t)kind->type->tp_basicsize + at_least_0(Py_SIZE(object))
				   : before + plain_bytes(kind, object);
	case WEIGH_FORM_TYPE:
		if (!(((PyTypeObject *)object)->tp_flags & Py_TPFLAGS_HEAPTYPE))
			return before + sizeof(PyTypeObject);
		return before + plain_bytes(kind, object);
	case WEIGH_FORM_FRAME:
		return before + frame_bytes(object);
	case WEIGH_FORM_GENERATOR:
		return before + generator_bytes(object);
	case WEIGH_FORM_DATETIME:
		return before + naive_bytes(kind, object, 40);
	case WEIGH_FORM_TIME:
		return before + naive_bytes(kind, object, 32);
	default:
		return before + plain_bytes(kind, object);
	}
}

static void add_text(struct weigh_sink *sink, PyObject *text)
{
	PyASCIIObject *head = (PyASCIIObject *)text;
	PyCompactUnicodeObject *compact = (PyCompactUnicodeObject *)text;
	void *wide = NULL;
	size_t wide_bytes = weigh_text_wide_bytes(text, &wide);
	if (wide)
		add(sink, "copy in wide characters", wide, wide_bytes, 0);
	if (head->state.compact && head->state.ascii)
		return;
	void *data = head->state.compact ? NULL : ((PyUnicodeObject *)text)->data.any;
	size_t unit = head->state.kind;
	if (data && data != wide)
		add(sink, "characters", data, ((size_t)head->length + 1) * unit, (size_t)head->length * unit);
	if (compact->utf8 && (void *)compact->utf8 != data)
		add(sink, "copy in UTF-8", compact->utf8, (size_t)compact->utf8_length + 1, 0);
}

static void add_values(struct weigh_sink *sink, struct weigh_values values)
{
	if (!values.block)
		return;
	if (!values.bytes) {
		uint64_t footprint = weigh_heap_footprint(sink->heap, (uintptr_t)values.block, 1);
		values.bytes = weigh_values_guess(&values, footprint);
	}
	add(sink, "values of the attributes", values.block, values.bytes, 0);
}

/* A table of keys that others use as well belongs to the class. */
static void add_dict(struct weigh_sink *sink, PyDictObject *dict)
{
	struct weigh_values values = weigh_values_of_dict(dict);
	if (!dict->ma_values || dict->ma_keys->dk_refcnt == 1)
		add(sink, "table of keys", dict->ma_keys, weigh_dict_keys_bytes(dict->ma_keys), 0);
	add_values(sink, values);
}

static void add_ordered_dict(struct weigh_sink *sink, PyObject *object)
{
	struct weigh_ordered_dict *ordered = (struct weigh_ordered_dict *)object;
	add(sink, "index of nodes", ordered->fast, (size_t)ordered->fast_count * sizeof(void *), 0);
	for (struct weigh_ordered_node *node = ordered->first; node; node = node->next)
		add(sink, "node", node, sizeof(*node), 0);
}

static void add_deque(struct weigh_sink *sink, PyTypeObject *base, PyObject *object)
{
	struct weigh_deque *deque = (struct weigh_deque *)object;
	if (!deque->left_block)
		return;
	for (struct weigh_deque_block *block = deque->left_block;; block = block->right) {
		add(sink, "block of 64 items", block, sizeof(*block), 0);
		if (block == deque->right_block)
			break;
	}
	if (base->tp_basicsize < (Py_ssize_t)sizeof(*deque))
		return;
	for (Py_ssize_t i = 0; i < deque->free_count && i < 16; i++)
		add(sink, "spare block", deque->free_blocks[i], sizeof(struct weigh_deque_block), 0);
}

/* In 3.10 code that has run keeps its last frame for the next call, no object meanwhile, and caches of its own. */
static void add_code(struct weigh_sink *sink, PyObject *object)
{
#if PY_VERSION_HEX < 0x030b0000
	PyCodeObject *code = (PyCodeObject *)object;
	char *frame = code->co_zombieframe;
	if (frame)
		add(sink, "frame for the next call", frame - sizeof(PyGC_Head),
		    sizeof(PyGC_Head) + frame_bytes((PyObject *)frame), 0);
	if (code->co_opcache_map)
		add(sink, "map of caches", code->co_opcache_map,
		    at_least_0(PyBytes_GET_SIZE(code->co_code)) / sizeof(_Py_CODEUNIT), 0);
	if (code->co_opcache)
		add(sink, "caches", code->co_opcache, code->co_opcache_size * sizeof(*code->co_opcache), 0);
#else
	(void)sink;
	(void)object;
#endif
}

static void add_type(struct weigh_sink *sink, PyTypeObject *type)
{
	if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE))
		return;
	PyHeapTypeObject *heap = (PyHeapTypeObject *)type;
	if (heap->ht_cached_keys)
		add(sink, "names of the attributes", heap->ht_cached_keys,
		    weigh_dict_keys_bytes(heap->ht_cached_keys), 0);
	if (type->tp_doc)
		add(sink, "documentation", type->tp_doc, strlen(type->tp_doc) + 1, 0);
#if PY_VERSION_HEX >= 0x030b0000
	if (heap->_ht_tpname)
		add(sink, "name", heap->_ht_tpname, strlen(heap->_ht_tpname) + 1, 0);
#endif
}

static size_t dtype_item_bytes(const struct weigh_ndarray_dtype *dtype)
{
	/* NumPy 1 has a smaller structure, and the sizes as two ints. */
	return Py_TYPE(dtype)->tp_basicsize <= 96 ? (size_t)dtype->one.item_bytes
						  : (size_t)dtype->two.item_bytes;
}

static bool claim(struct weigh_sink *sink, const void *address)
{
	return weigh_heap_claim(sink->heap, (uintptr_t)address);
}

/* Of bytes the data begins in the midst of the block. */
static bool is_seen_bytes(struct weigh_sink *sink, uintptr_t address)
{
	uintptr_t object = address - offsetof(PyBytesObject, ob_sval);
	return weigh_marks_has(&sink->heap->seen, object) && PyBytes_CheckExact((PyObject *)object);
}

/*
 * Arrow takes memory in steps of 64 bytes, from an allocator that cannot be
 * asked; or lays a buffer over what others have.
 */
static void add_arrow(uintptr_t address, uint64_t bytes, void *arg)
{
	struct weigh_sink *sink = arg;
	if (address) {
		struct weigh_marks_leaf *leaf = weigh_marks_leaf(&sink->heap->seen, address);
		if (leaf && weigh_heap_place(sink->heap, leaf, address) == WEIGH_PLACE_STATIC)
			return;
		if (is_seen_bytes(sink, address) || !claim(sink, (const void *)address))
			return;
	}
	add_foreign(sink, "Arrow buffer", (const void *)address, bytes, (bytes + 63) & ~(uint64_t)63, bytes);
}

/* What pyarrow made for pandas: Arrow's memory is held by a capsule. */
static bool shows_arrow(const struct weigh_ndarray *array)
{
	const char *name =
		array->base && PyCapsule_CheckExact(array->base) ? PyCapsule_GetName(array->base) : NULL;
	return name && strncmp(name, "arrow::", 7) == 0;
}

static void add_ndarray(struct weigh_sink *sink, struct weigh_ndarray *array)
{
	const struct weigh_ndarray_dtype *dtype = (const struct weigh_ndarray_dtype *)array->dtype;
	size_t bytes = dtype ? dtype_item_bytes(dtype) : 0;
	size_t axes = array->dimensions > 1 ? 2 * (size_t)array->dimensions : 2;
	for (int i = 0; i < array->dimensions; i++)
		bytes *= (size_t)array->shape[i];
	if (array->shape)
		add(sink, "shape and strides", array->shape, axes * sizeof(Py_ssize_t), 0);
	bool objects = dtype && dtype->number == WEIGH_NDARRAY_OBJECTS;
	if (array->flags & WEIGH_NDARRAY_OWNS && array->data && claim(sink, array->data))
		add(sink, "data", array->data, bytes ? bytes : 1, objects ? 0 : bytes);
	else if (!(array->flags & WEIGH_NDARRAY_OWNS) && bytes && shows_arrow(array))
		add_arrow((uintptr_t)array->data, bytes, sink);
}

static void add_asked(struct weigh_sink *sink, const struct weigh_kind *kind, PyObject *object)
{
	PyObject *answer = PyObject_CallOneArg(kind->asked, object);
	Py_ssize_t whole = answer && PyLong_CheckExact(answer) ? PyLong_AsSsize_t(answer) : -1;
	Py_ssize_t own = kind->type->tp_basicsize;
	if (kind->type->tp_itemsize)
		own += Py_SIZE(object) * kind->type->tp_itemsize;
	Py_XDECREF(answer);
	PyErr_Clear();
	if (whole > own)
		add_foreign(sink, "buffers", NULL, (size_t)(whole - own),
			    weigh_heap_rounded((size_t)(whole - own)), 0);
}

static void add_map(struct weigh_sink *sink, struct weigh_map *map)
{
	if (map->data && map->data != (char *)-1 && claim(sink, map->data))
		add_foreign(sink, "mapping", map->data, map->bytes, (map->bytes + 4095) & ~(size_t)4095,
			    map->bytes);
}

/* The parts beside the object's own block. */
static void tell_parts(struct weigh_sink *sink, const struct weigh_kind *kind, PyObject *object)
{
	switch (kind->form) {
	case WEIGH_FORM_STR:
		add_text(sink, object);
		break;
	case WEIGH_FORM_LIST: {
		PyListObject *list = (PyListObject *)object;
		Py_ssize_t room = list->allocated > Py_SIZE(list) ? list->allocated : Py_SIZE(list);
		add_grown(sink, "items", list->ob_item, at_least_0(room) * sizeof(void *),
			  at_least_0(Py_SIZE(list)) * sizeof(void *), 0);
		break;
	}
	case WEIGH_FORM_ORDERED_DICT:
		add_ordered_dict(sink, object);
		__attribute__((fallthrough));
	case WEIGH_FORM_DICT:
		add_dict(sink, (PyDictObject *)object);
		break;
	case WEIGH_FORM_SET: {
		PySetObject *set = (PySetObject *)object;
		if (set->table != set->smalltable)
			add(sink, "table", set->table, ((size_t)set->mask + 1) * sizeof(setentry), 0);
		break;
	}
	case WEIGH_FORM_BYTEARRAY: {
		PyByteArrayObject *bytes = (PyByteArrayObject *)object;
		size_t length = at_least_0(Py_SIZE(bytes));
		if (bytes->ob_bytes && !claim(sink, bytes->ob_start))
			break;
		char *block = weigh_bytearray_block(bytes);
		add_grown(sink, "buffer", block, weigh_bytearray_block_bytes(bytes),
			  block ? (size_t)(bytes->ob_start - block) + length : 0, length);
		break;
	}
	case WEIGH_FORM_DEQUE:
		add_deque(sink, weigh_kind_base(kind->type), object);
		break;
	case WEIGH_FORM_ARRAY: {
		struct weigh_array *array = (struct weigh_array *)object;
		size_t unit = (size_t)array->descriptor->item_bytes;
		size_t used = at_least_0(Py_SIZE(array)) * unit;
		if (array->items && !claim(sink, array->items))
			break;
		add_grown(sink, "items", array->items, at_least_0(array->allocated) * unit, used, used);
		break;
	}
	case WEIGH_FORM_DECIMAL: {
		struct weigh_decimal *decimal = (struct weigh_decimal *)object;
		if (decimal->data != decimal->own)
			add(sink, "digits", decimal->data, at_least_0(decimal->allocated) * sizeof(uint64_t),
			    0);
		break;
	}
	case WEIGH_FORM_CDATA: {
		struct weigh_cdata *data = (struct weigh_cdata *)object;
		if (data->owns && data->data != data->own)
			add(sink, "memory", data->data, at_least_0(data->bytes), at_least_0(data->bytes));
		break;
	}
	case WEIGH_FORM_CODE:
		add_code(sink, object);
		break;
	case WEIGH_FORM_TYPE:
		add_type(sink, (PyTypeObject *)object);
		break;
	case WEIGH_FORM_MODULE: {
		PyModuleDef *definition = PyModule_GetDef(object);
		if (definition && definition->m_size > 0)
			add(sink, "state", PyModule_GetState(object), (size_t)definition->m_size, 0);
		break;
	}
	case WEIGH_FORM_NDARRAY:
		add_ndarray(sink, (struct weigh_ndarray *)object);
		break;
	case WEIGH_FORM_MAP:
		add_map(sink, (struct weigh_map *)object);
		break;
	case WEIGH_FORM_ARROW:
		if (!sink->quiet)
			weigh_arrow_visit(weigh_kind_base(kind->type), object, add_arrow, sink);
		break;
	case WEIGH_FORM_ASKED:
		if (!sink->quiet)
			add_asked(sink, kind, object);
		break;
	default:
		break;
	}
}

/* Data within the object's own block. */
static size_t own_net(const struct weigh_kind *kind, PyObject *object)
{
	switch (kind->form) {
	case WEIGH_FORM_STR: {
		PyASCIIObject *head = (PyASCIIObject *)object;
		return head->state.compact ? (size_t)head->length * head->state.kind : 0;
	}
	case WEIGH_FORM_BYTES:
		return at_least_0(Py_SIZE(object));
	case WEIGH_FORM_INT:
		return weigh_int_digits(object) * sizeof(digit);
	case WEIGH_FORM_FLOAT:
		return sizeof(double);
	case WEIGH_FORM_COMPLEX:
		return 2 * sizeof(double);
	case WEIGH_FORM_DECIMAL:
		return at_least_0(((struct weigh_decimal *)object)->words) * sizeof(uint64_t);
	case WEIGH_FORM_DATE:
		return 4;
	case WEIGH_FORM_TIME:
		return 6;
	case WEIGH_FORM_DATETIME:
		return 10;
	case WEIGH_FORM_TIMEDELTA:
		return 12;
	case WEIGH_FORM_CDATA: {
		struct weigh_cdata *data = (struct weigh_cdata *)object;
		return data->data == data->own ? at_least_0(data->bytes) : 0;
	}
	default:
		return 0;
	}
}

void weigh_blocks_tell(struct weigh_sink *sink, const struct weigh_kind *kind, PyObject *object)
{
	size_t requested = weigh_blocks_own(kind, object);
	if (__builtin_expect(sink->heap->data.root != NULL, 0) && kind->form == WEIGH_FORM_BYTES &&
	    weigh_heap_is_claimed(sink->heap, (uintptr_t)((PyBytesObject *)object)->ob_sval)) {
		requested = sizeof(PyBytesObject);
		add_foreign(sink, "object", object, requested, weigh_heap_rounded(requested), 0);
		return;
	}
	if (kind->attributes) {
		struct weigh_values values = weigh_values_of_instance(object);
		if (!values.block)
			requested += values.bytes;
		else
			add_values(sink, values);
	}
	add(sink, "object", (char *)object - preheader(kind, object), requested, own_net(kind, object));
	if (kind->form != WEIGH_FORM_PLAIN)
		tell_parts(sink, kind, object);
}
