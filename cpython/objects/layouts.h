/*
 * How CPython lays out the objects whose parts no public header tells, for
 * each version: the tables of dicts, the values of instances, deque, ordered
 * dict and the like. Facts about the interpreter, read where they lie.
 *
 * With the GIL; nothing here allocates or runs Python code.
 */
#ifndef WEIGH_CPYTHON_OBJECTS_LAYOUTS_H
#define WEIGH_CPYTHON_OBJECTS_LAYOUTS_H

#include "cpython/layout.h"

/* A public name of 3.12 that its own internal header defines anew. */
#undef _PyGC_FINALIZED
#if PY_VERSION_HEX >= 0x030b0000
#include "internal/pycore_dict.h"
#endif
#if PY_VERSION_HEX >= 0x030e0000
#include "internal/pycore_frame.h"
#endif
#include "internal/pycore_interp.h"
#if PY_VERSION_HEX < 0x030b0000
#include "internal/pycore_code.h"
#include "internal/pycore_pystate.h"
#endif
#include "internal/pycore_runtime.h"

enum { WEIGH_GC_HEAD = 16 };

/* Bytes before an object in its block. */
static inline size_t weigh_preheader(PyTypeObject *type)
{
	size_t bytes = PyType_IS_GC(type) ? WEIGH_GC_HEAD : 0;
#if PY_VERSION_HEX >= 0x030c0000
	bytes += type->tp_flags & Py_TPFLAGS_PREHEADER ? 2 * sizeof(void *) : 0;
#elif PY_VERSION_HEX >= 0x030b0000
	bytes += type->tp_flags & Py_TPFLAGS_MANAGED_DICT ? 2 * sizeof(void *) : 0;
#endif
	return bytes;
}

static inline bool weigh_is_immortal(PyObject *object)
{
#if PY_VERSION_HEX >= 0x030c0000
	return _Py_IsImmortal(object);
#else
	(void)object;
	return false;
#endif
}

/* Whether a signal waits for its Python handler. A hint. */
static inline bool weigh_signal_waits(void)
{
#if PY_VERSION_HEX >= 0x030c0000
	return *(const volatile int *)&_PyRuntime.signals.is_tripped;
#else
	return *(const volatile int *)&_PyRuntime.ceval.signals_pending;
#endif
}

#if PY_VERSION_HEX < 0x030b0000

struct _dictkeysobject {
	Py_ssize_t dk_refcnt;
	Py_ssize_t dk_size;
	void *dk_lookup;
	Py_ssize_t dk_usable;
	Py_ssize_t dk_nentries;
	char dk_indices[];
};

struct weigh_dict_entry {
	Py_hash_t hash;
	PyObject *key;
	PyObject *value;
};

/* The look-up function of tables with keys other than str; set by weigh_layouts_init. */
extern void *weigh_dict_lookup_general;

static inline size_t weigh_dict_index_bytes(const PyDictKeysObject *keys)
{
	size_t size = (size_t)keys->dk_size;
	return size <= 0xff ? size : size <= 0xffff ? size * 2 : size <= 0xffffffff ? size * 4 : size * 8;
}

static inline Py_ssize_t weigh_dict_capacity(const PyDictKeysObject *keys)
{
	return (keys->dk_size << 1) / 3;
}

static inline bool weigh_dict_has_general_keys(const PyDictKeysObject *keys)
{
	return keys->dk_lookup == weigh_dict_lookup_general;
}

static inline size_t weigh_dict_entry_bytes(const PyDictKeysObject *keys)
{
	(void)keys;
	return sizeof(struct weigh_dict_entry);
}

#else

static inline size_t weigh_dict_index_bytes(const PyDictKeysObject *keys)
{
	return (size_t)1 << keys->dk_log2_index_bytes;
}

static inline Py_ssize_t weigh_dict_capacity(const PyDictKeysObject *keys)
{
	return (Py_ssize_t)(((size_t)1 << keys->dk_log2_size << 1) / 3);
}

static inline bool weigh_dict_has_general_keys(const PyDictKeysObject *keys)
{
	return keys->dk_kind == DICT_KEYS_GENERAL;
}

static inline size_t weigh_dict_entry_bytes(const PyDictKeysObject *keys)
{
	return keys->dk_kind == DICT_KEYS_GENERAL ? sizeof(PyDictKeyEntry) : sizeof(PyDictUnicodeEntry);
}

#endif

static inline size_t weigh_dict_keys_bytes(const PyDictKeysObject *keys)
{
	return sizeof(*keys) + weigh_dict_index_bytes(keys) +
	       (size_t)weigh_dict_capacity(keys) * weigh_dict_entry_bytes(keys);
}

/* Entry i of a table: key NULL where nothing was ever put, value NULL where something was taken out. */
static inline void weigh_dict_entry(PyDictKeysObject *keys, Py_ssize_t i, PyObject **key, PyObject **value)
{
	char *entries = (char *)keys->dk_indices + weigh_dict_index_bytes(keys);
#if PY_VERSION_HEX < 0x030b0000
	struct weigh_dict_entry *entry = (struct weigh_dict_entry *)entries + i;
	*key = entry->key;
	*value = entry->value;
#else
	if (keys->dk_kind == DICT_KEYS_GENERAL) {
		PyDictKeyEntry *entry = (PyDictKeyEntry *)entries + i;
		*key = entry->me_key;
		*value = entry->me_value;
	} else {
		PyDictUnicodeEntry *entry = (PyDictUnicodeEntry *)entries + i;
		*key = entry->me_key;
		*value = entry->me_value;
	}
#endif
}

/* Whether values that are part of an instance count as the dict's that was made for it. */
enum { WEIGH_DICT_TELLS = PY_VERSION_HEX >= 0x030d0000 };

struct weigh_values {
	PyObject **slots; /* NULL: there are none */
	void *block;      /* NULL: they are part of the instance */
	size_t bytes;     /* what was requested for them, 0 when only the block can tell */
	Py_ssize_t count; /* of slots that may be read */
};

#if PY_VERSION_HEX < 0x030b0000

static inline struct weigh_values weigh_values_of_dict(PyDictObject *dict)
{
	Py_ssize_t count = dict->ma_values ? weigh_dict_capacity(dict->ma_keys) : 0;
	return (struct weigh_values){dict->ma_values, dict->ma_values, (size_t)count * sizeof(void *), count};
}

#elif PY_VERSION_HEX < 0x030d0000

/* The byte before the values says how long the bytes before them are: their number plus 2, rounded up to 8. */
static inline struct weigh_values weigh_values_shared(PyDictValues *values, PyDictKeysObject *keys)
{
	struct weigh_values found = {values->values, NULL, 0, keys->dk_nentries};
	size_t prefix = ((uint8_t *)values)[-1];
	size_t count = (size_t)(keys->dk_usable + keys->dk_nentries);
	found.block = (char *)values - prefix;
	if (((count + 2 + 7) & ~(size_t)7) == prefix)
		found.bytes = prefix + count * sizeof(void *);
	return found;
}

static inline struct weigh_values weigh_values_of_dict(PyDictObject *dict)
{
	return dict->ma_values ? weigh_values_shared(dict->ma_values, dict->ma_keys)
			       : (struct weigh_values){0};
}

/* What an early instance may have had: 9 less than the prefix to 2 less. */
static inline size_t weigh_values_guess(const struct weigh_values *values, uint64_t footprint)
{
	size_t prefix = (size_t)((char *)values->slots - (char *)values->block);
	size_t count = prefix - 2;
	while (count > prefix - 9 && prefix + count * sizeof(void *) > footprint)
		count--;
	return prefix + count * sizeof(void *);
}

#else

static inline struct weigh_values weigh_values_of_dict(PyDictObject *dict)
{
	PyDictValues *values = dict->ma_values;
	if (!values)
		return (struct weigh_values){0};
	size_t count = values->capacity;
	if (values->embedded && !WEIGH_DICT_TELLS)
		return (struct weigh_values){0};
	Py_ssize_t used = dict->ma_keys->dk_nentries;
	if (values->embedded)
		return (struct weigh_values){values->values, NULL, 0,
					     used < (Py_ssize_t)count ? used : (Py_ssize_t)count};
	return (struct weigh_values){values->values, values,
				     (count + 1) * sizeof(void *) + ((count + 7) & ~(size_t)7), used};
}

#endif

#if PY_VERSION_HEX < 0x030b0000 || PY_VERSION_HEX >= 0x030d0000
static inline size_t weigh_values_guess(const struct weigh_values *values, uint64_t footprint)
{
	(void)footprint;
	return values->bytes;
}
#endif

/* The attributes of an instance that has no dict of its own yet; never makes one. */
static inline struct weigh_values weigh_values_of_instance(PyObject *object)
{
	struct weigh_values none = {0};
#if PY_VERSION_HEX < 0x030b0000
	(void)object;
	return none;
#else
	PyTypeObject *type = Py_TYPE(object);
	if (!(type->tp_flags & Py_TPFLAGS_MANAGED_DICT))
		return none;
	PyDictKeysObject *keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
#if PY_VERSION_HEX < 0x030c0000
	PyDictValues *values = ((PyDictValues **)object)[-4];
	return values && keys ? weigh_values_shared(values, keys) : none;
#elif PY_VERSION_HEX < 0x030d0000
	uintptr_t word = ((uintptr_t *)object)[-3];
	return word & 1 && keys ? weigh_values_shared((PyDictValues *)(word + 1), keys) : none;
#else
	if (!(type->tp_flags & Py_TPFLAGS_INLINE_VALUES) || !keys)
		return none;
	PyDictValues *values = (PyDictValues *)((char *)object + type->tp_basicsize);
	size_t count = values->capacity;
	none.bytes = (count + 1) * sizeof(void *) + ((count + 7) & ~(size_t)7);
	if (values->valid) {
		none.slots = values->values;
		none.count = keys->dk_nentries < (Py_ssize_t)count ? keys->dk_nentries : (Py_ssize_t)count;
	}
	return none;
#endif
#endif
}

/* Whether an instance has a dict while its values are still in it, so that its type may visit either. */
static inline bool weigh_instance_dict_hides(PyObject *object)
{
#if PY_VERSION_HEX >= 0x030d0000
	PyTypeObject *type = Py_TYPE(object);
	return type->tp_flags & Py_TPFLAGS_INLINE_VALUES && ((void **)object)[-3] &&
	       ((PyDictValues *)((char *)object + type->tp_basicsize))->valid;
#else
	(void)object;
	return false;
#endif
}

/* The name of slot i of an instance's values; NULL when there is none. Borrowed. */
static inline PyObject *weigh_values_name(PyDictKeysObject *keys, Py_ssize_t i)
{
	PyObject *key = NULL;
	PyObject *value;
	if (i < keys->dk_nentries)
		weigh_dict_entry(keys, i, &key, &value);
	return key;
}

/* The dict of an instance, when it has one; borrowed. Never makes one. */
static inline PyObject *weigh_instance_dict(PyObject *object)
{
	PyTypeObject *type = Py_TYPE(object);
	Py_ssize_t offset = type->tp_dictoffset;
#if PY_VERSION_HEX >= 0x030d0000
	if (type->tp_flags & Py_TPFLAGS_MANAGED_DICT)
		return (PyObject *)((void **)object)[-3];
#elif PY_VERSION_HEX >= 0x030c0000
	if (type->tp_flags & Py_TPFLAGS_MANAGED_DICT) {
		uintptr_t word = ((uintptr_t *)object)[-3];
		return word & 1 ? NULL : (PyObject *)word;
	}
#elif PY_VERSION_HEX >= 0x030b0000
	if (type->tp_flags & Py_TPFLAGS_MANAGED_DICT)
		return ((PyObject **)object)[-3];
#endif
	if (!offset)
		return NULL;
	if (offset < 0) {
		Py_ssize_t items = Py_SIZE(object) < 0 ? -Py_SIZE(object) : Py_SIZE(object);
		offset += (Py_ssize_t)_PyObject_VAR_SIZE(type, items);
	}
	return *(PyObject **)((char *)object + offset);
}

static inline size_t weigh_int_digits(PyObject *object)
{
#if PY_VERSION_HEX >= 0x030c0000
	return ((PyLongObject *)object)->long_value.lv_tag >> 3;
#else
	Py_ssize_t size = Py_SIZE(object);
	return (size_t)(size < 0 ? -size : size);
#endif
}

/*
 * What an int of so many digits needs. Arithmetic asks for up to a digit more,
 * which nobody can tell afterwards; the block is mostly the same.
 */
static inline size_t weigh_int_bytes(size_t digits)
{
#if PY_VERSION_HEX >= 0x030c0000
	digits = digits ? digits : 1;
#endif
	return 24 + digits * sizeof(digit);
}

/* The copy of a str in wide characters that old versions keep; 0 when there is none. */
static inline size_t weigh_text_wide_bytes(PyObject *text, void **block)
{
#if PY_VERSION_HEX < 0x030c0000
	PyASCIIObject *head = (PyASCIIObject *)text;
	if (!head->wstr || (head->state.ready && (void *)head->wstr == PyUnicode_DATA(text)))
		return 0;
	*block = head->wstr;
	Py_ssize_t length = head->state.compact && head->state.ascii
				    ? head->length
				    : ((PyCompactUnicodeObject *)text)->wstr_length;
	return ((size_t)length + 1) * sizeof(wchar_t);
#else
	(void)text;
	(void)block;
	return 0;
#endif
}

static inline bool weigh_text_is_ready(PyObject *text)
{
#if PY_VERSION_HEX < 0x030c0000
	return ((PyASCIIObject *)text)->state.ready;
#else
	(void)text;
	return true;
#endif
}

enum { WEIGH_DEQUE_ITEMS = 64 };

struct weigh_deque_block {
	struct weigh_deque_block *left;
	PyObject *items[WEIGH_DEQUE_ITEMS];
	struct weigh_deque_block *right;
};

struct weigh_deque {
	PyVarObject head;
	struct weigh_deque_block *left_block;
	struct weigh_deque_block *right_block;
	Py_ssize_t left_index;
	Py_ssize_t right_index;
	size_t state;
	Py_ssize_t max_items;
	/* From here on when the type's basic size says so (3.12): */
	Py_ssize_t free_count;
	struct weigh_deque_block *free_blocks[16];
	PyObject *weak_references;
};

struct weigh_ordered_node {
	PyObject *key;
	Py_hash_t hash;
	struct weigh_ordered_node *next;
	struct weigh_ordered_node *previous;
};

struct weigh_ordered_dict {
	PyDictObject dict;
	struct weigh_ordered_node *first;
	struct weigh_ordered_node *last;
	struct weigh_ordered_node **fast;
	Py_ssize_t fast_count;
	void *resize_sentinel;
	size_t state;
	PyObject *instance_dict;
	PyObject *weak_references;
};

struct weigh_array_descriptor {
	char code;
	int item_bytes;
};

struct weigh_array {
	PyVarObject head;
	char *items;
	Py_ssize_t allocated;
	const struct weigh_array_descriptor *descriptor;
};

struct weigh_decimal {
	PyObject head;
	Py_hash_t hash;
	uint8_t flags;
	Py_ssize_t exponent;
	Py_ssize_t digits;
	Py_ssize_t words;
	Py_ssize_t allocated;
	uint64_t *data;
	uint64_t own[4];
};

struct weigh_bytes_io {
	PyObject head;
	PyObject *buffer;
};

struct weigh_range_object {
	PyObject head;
	PyObject *fields[4]; /* start, stop, step, length */
};

struct weigh_timezone {
	PyObject head;
	PyObject *offset;
	PyObject *name;
};

struct weigh_map {
	PyObject head;
	char *data;
	size_t bytes;
};

/* The head of every object of ctypes. */
struct weigh_cdata {
	PyObject head;
	char *data;
	int owns;
	PyObject *base;
	Py_ssize_t bytes;
	Py_ssize_t length;
	Py_ssize_t index;
	PyObject *kept;
	char own[16] __attribute__((aligned(16))); /* a long double has room */
};

/* The head of a link of functools.lru_cache, and of the cache, whose first link is part of it. */
struct weigh_cache_link {
	PyObject head;
	struct weigh_cache_link *previous;
	struct weigh_cache_link *next;
};

/* The links themselves. */
struct weigh_cache_entry {
	struct weigh_cache_link link;
	Py_hash_t hash;
	PyObject *key;
	PyObject *result;
};

struct weigh_cache {
	struct weigh_cache_entry root;
	void *wrapper;
	int typed;
	PyObject *cache;
	Py_ssize_t hits;
	PyObject *function;
	Py_ssize_t most; /* negative: no bound */
	Py_ssize_t misses;
};

/* numpy.ndarray: a public interface that has not changed since 1.7. */
struct weigh_ndarray {
	PyObject head;
	char *data;
	int dimensions;
	Py_ssize_t *shape; /* with the strides behind, one block */
	Py_ssize_t *strides;
	PyObject *base;
	PyObject *dtype;
	int flags;
	PyObject *weak_references;
};

enum { WEIGH_NDARRAY_OWNS = 4, WEIGH_NDARRAY_OBJECTS = 17 };

struct weigh_ndarray_dtype {
	PyObject head;
	PyTypeObject *scalar;
	char kind;
	char code;
	char order;
	char flags;
	int number;
	union {
		struct {
			int item_bytes;
			int alignment;
		} one; /* NumPy 1 */
		struct {
			uint64_t flags;
			Py_ssize_t item_bytes;
		} two;
	};
};

/* The block in which a bytearray has its bytes; NULL: it has none. Since 3.15 it is that of a bytes object. */
static inline char *weigh_bytearray_block(const PyByteArrayObject *bytes)
{
#if PY_VERSION_HEX >= 0x030f0000
	return bytes->ob_alloc ? (char *)bytes->ob_bytes_object : NULL;
#else
	return bytes->ob_bytes;
#endif
}

/* What was asked for that block. */
static inline size_t weigh_bytearray_block_bytes(const PyByteArrayObject *bytes)
{
#if PY_VERSION_HEX >= 0x030f0000
	return bytes->ob_alloc ? (size_t)bytes->ob_alloc + offsetof(PyBytesObject, ob_sval) + 1 : 0;
#else
	return bytes->ob_alloc > 0 ? (size_t)bytes->ob_alloc : 0;
#endif
}

/* What all classes that a class statement makes have in tp_traverse; set by weigh_layouts_init. */
extern traverseproc weigh_class_traverse;

/* Whether a class statement made a type: C can make heap types as well. */
static inline bool weigh_is_class(const PyTypeObject *type)
{
	return type->tp_flags & Py_TPFLAGS_HEAPTYPE && type->tp_traverse == weigh_class_traverse;
}

/* Reads what must be read from objects made for it. Once; allocates. False with an exception set. */
bool weigh_layouts_init(void);

/*
 * Whether the interpreter keeps an object of this address for everybody: small
 * ints, one-character strings, the empty tuple. Objects in a loaded file are
 * not asked about.
 */
static inline bool weigh_is_singleton(PyObject *object)
{
#if PY_VERSION_HEX < 0x030b0000
	PyInterpreterState *interpreter = _PyInterpreterState_GET();
	if (PyLong_CheckExact(object)) {
		Py_ssize_t size = Py_SIZE(object);
		long value = size == 0 ? 0 : (long)size * (long)((PyLongObject *)object)->ob_digit[0];
		return size >= -1 && size <= 1 && value >= -5 && value < 257 &&
		       (PyObject *)interpreter->small_ints[value + 5] == object;
	}
	if (PyUnicode_CheckExact(object)) {
		Py_ssize_t length = PyUnicode_GET_LENGTH(object);
		if (length == 0)
			return interpreter->unicode.empty_string == object;
		return length == 1 && PyUnicode_IS_READY(object) && PyUnicode_KIND(object) == 1 &&
		       interpreter->unicode.latin1[*(uint8_t *)PyUnicode_DATA(object)] == object;
	}
	if (PyBytes_CheckExact(object)) {
		Py_ssize_t length = PyBytes_GET_SIZE(object);
		if (length == 0)
			return interpreter->bytes.empty_string == object;
		return length == 1 &&
		       (PyObject *)interpreter->bytes.characters[(uint8_t)*PyBytes_AS_STRING(object)] ==
			       object;
	}
	return PyTuple_CheckExact(object) && Py_SIZE(object) == 0;
#else
	(void)object;
	return false;
#endif
}

#endif
