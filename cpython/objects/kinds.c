/*
 * Recognising types: by address where Python exports it, else by the full name
 * of a type written in C. With the GIL; runs no Python code.
 */
#include "cpython/objects/kinds.h"

#include "base/pages.h"
#include "cpython/objects/arrow.h"

#include <string.h>

enum { FIRST_CAPACITY = 512 };

bool weigh_kinds_init(struct weigh_kinds *kinds, unsigned follow)
{
	*kinds = (struct weigh_kinds){.capacity = FIRST_CAPACITY, .follow = follow};
	kinds->table = weigh_pages_take(FIRST_CAPACITY * sizeof(*kinds->table));
	return kinds->table != NULL;
}

void weigh_kinds_deinit(struct weigh_kinds *kinds)
{
	weigh_pages_give(kinds->table, kinds->capacity * sizeof(*kinds->table));
	*kinds = (struct weigh_kinds){0};
}

static struct weigh_kind *place_of(struct weigh_kinds *kinds, PyTypeObject *type)
{
	size_t i = weigh_kinds_place(kinds, type);
	while (kinds->table[i].type && kinds->table[i].type != type)
		i = (i + 1) & (kinds->capacity - 1);
	return &kinds->table[i];
}

static bool grow(struct weigh_kinds *kinds)
{
	struct weigh_kinds larger = *kinds;
	larger.capacity *= 2;
	larger.table = weigh_pages_take(larger.capacity * sizeof(*larger.table));
	if (!larger.table)
		return false;
	for (size_t i = 0; i < kinds->capacity; i++)
		if (kinds->table[i].type)
			*place_of(&larger, kinds->table[i].type) = kinds->table[i];
	weigh_pages_give(kinds->table, kinds->capacity * sizeof(*kinds->table));
	*kinds = larger;
	return true;
}

static bool written_in_c(PyTypeObject *type)
{
	return !(type->tp_flags & Py_TPFLAGS_HEAPTYPE) || type->tp_flags & Py_TPFLAGS_IMMUTABLETYPE;
}

PyTypeObject *weigh_kind_base(PyTypeObject *type)
{
	while (!written_in_c(type) && type->tp_base)
		type = type->tp_base;
	return type;
}

PyObject *weigh_type_dict(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030c0000
	PyObject *dict = PyType_GetDict(type);
	Py_XDECREF(dict);
	return dict;
#else
	return type->tp_dict;
#endif
}

static bool is_name(PyObject *key, const char *name, size_t bytes)
{
	return PyUnicode_CheckExact(key) && PyUnicode_IS_COMPACT_ASCII(key) &&
	       (size_t)PyUnicode_GET_LENGTH(key) == bytes && memcmp(PyUnicode_DATA(key), name, bytes) == 0;
}

PyObject *weigh_dict_find(PyObject *dict, const char *name)
{
	if (!dict || !PyDict_Check(dict))
		return NULL;
	struct weigh_values values = weigh_values_of_dict((PyDictObject *)dict);
	PyDictKeysObject *keys = ((PyDictObject *)dict)->ma_keys;
	size_t bytes = strlen(name);
	for (Py_ssize_t i = 0; i < keys->dk_nentries; i++) {
		PyObject *key;
		PyObject *value;
		weigh_dict_entry(keys, i, &key, &value);
		if (((PyDictObject *)dict)->ma_values)
			value = i < values.count ? values.slots[i] : NULL;
		if (key && value && is_name(key, name, bytes))
			return value;
	}
	return NULL;
}

PyObject *weigh_type_entry(PyTypeObject *type, const char *name)
{
	return weigh_dict_find(weigh_type_dict(type), name);
}

static const struct {
	const char *name;
	uint8_t form;
	bool by_prefix;
} named_types[] = {
	{"collections.deque", WEIGH_FORM_DEQUE, false},
	{"array.array", WEIGH_FORM_ARRAY, false},
	{"decimal.Decimal", WEIGH_FORM_DECIMAL, false},
	{"datetime.datetime", WEIGH_FORM_DATETIME, false},
	{"datetime.date", WEIGH_FORM_DATE, false},
	{"datetime.time", WEIGH_FORM_TIME, false},
	{"datetime.timedelta", WEIGH_FORM_TIMEDELTA, false},
	{"datetime.timezone", WEIGH_FORM_TIMEZONE, false},
	{"_io.BytesIO", WEIGH_FORM_BYTES_IO, false},
	{"functools._lru_cache_wrapper", WEIGH_FORM_LRU_CACHE, false},
	{"mmap.mmap", WEIGH_FORM_MAP, false},
	{"numpy.ndarray", WEIGH_FORM_NDARRAY, false},
	{"_io.", WEIGH_FORM_ASKED, true},
	{"_struct.Struct", WEIGH_FORM_ASKED, false},
	{"Struct", WEIGH_FORM_ASKED, false},
	{"re.Pattern", WEIGH_FORM_ASKED, false},
	{"re.Match", WEIGH_FORM_ASKED, false},
	{"xml.etree.ElementTree.Element", WEIGH_FORM_ASKED, false},
	{"_pickle.", WEIGH_FORM_ASKED, true},
	{"itertools.", WEIGH_FORM_ASKED, true},
	{"pyexpat.", WEIGH_FORM_ASKED, true},
};

/* ctypes has a family of types over one that it does not show. */
static bool is_cdata(PyTypeObject *type)
{
	for (; type; type = type->tp_base)
		if (strcmp(type->tp_name, "_ctypes._CData") == 0)
			return written_in_c(type) &&
			       type->tp_basicsize >= (Py_ssize_t)sizeof(struct weigh_cdata);
	return false;
}

static enum weigh_form form_by_name(PyTypeObject *base)
{
	for (size_t i = 0; i < sizeof(named_types) / sizeof(*named_types); i++) {
		size_t length = strlen(named_types[i].name) + !named_types[i].by_prefix;
		if (strncmp(base->tp_name, named_types[i].name, length) == 0)
			return named_types[i].form;
	}
	if (weigh_arrow_knows(base))
		return WEIGH_FORM_ARROW;
	return is_cdata(base) ? WEIGH_FORM_CDATA : WEIGH_FORM_PLAIN;
}

static enum weigh_form form_of(PyTypeObject *base)
{
	const unsigned long flags = base->tp_flags;
	if (flags & Py_TPFLAGS_UNICODE_SUBCLASS)
		return WEIGH_FORM_STR;
	if (flags & Py_TPFLAGS_LONG_SUBCLASS)
		return WEIGH_FORM_INT;
	if (flags & Py_TPFLAGS_BYTES_SUBCLASS)
		return WEIGH_FORM_BYTES;
	if (flags & Py_TPFLAGS_TUPLE_SUBCLASS)
		return WEIGH_FORM_TUPLE;
	if (flags & Py_TPFLAGS_LIST_SUBCLASS)
		return WEIGH_FORM_LIST;
	if (PyType_IsSubtype(base, &PyODict_Type))
		return WEIGH_FORM_ORDERED_DICT;
	if (flags & Py_TPFLAGS_DICT_SUBCLASS)
		return WEIGH_FORM_DICT;
	if (flags & Py_TPFLAGS_TYPE_SUBCLASS)
		return WEIGH_FORM_TYPE;
	if (PyType_IsSubtype(base, &PyFloat_Type))
		return WEIGH_FORM_FLOAT;
	if (PyType_IsSubtype(base, &PyComplex_Type))
		return WEIGH_FORM_COMPLEX;
	if (PyType_IsSubtype(base, &PySet_Type) || PyType_IsSubtype(base, &PyFrozenSet_Type))
		return WEIGH_FORM_SET;
	if (PyType_IsSubtype(base, &PyByteArray_Type))
		return WEIGH_FORM_BYTEARRAY;
	if (PyType_IsSubtype(base, &PyModule_Type))
		return WEIGH_FORM_MODULE;
	if (PyType_IsSubtype(base, &_PyWeakref_RefType) || base == &_PyWeakref_ProxyType ||
	    base == &_PyWeakref_CallableProxyType)
		return WEIGH_FORM_WEAKREF;
	if (base == &PyFunction_Type)
		return WEIGH_FORM_FUNCTION;
	if (base == &PyFrame_Type)
		return WEIGH_FORM_FRAME;
	if (base == &PyGen_Type || base == &PyCoro_Type || base == &PyAsyncGen_Type)
		return WEIGH_FORM_GENERATOR;
	if (base == &PyCode_Type)
		return WEIGH_FORM_CODE;
	if (base == &PyRange_Type)
		return WEIGH_FORM_RANGE;
	return form_by_name(base);
}

static bool is_stopped(const struct weigh_kind *kind, unsigned follow)
{
	switch (kind->form) {
	case WEIGH_FORM_MODULE:
		return !(follow & WEIGH_FOLLOW_MODULES);
	case WEIGH_FORM_TYPE:
		return !(follow & WEIGH_FOLLOW_TYPES);
	case WEIGH_FORM_CODE:
		return !(follow & WEIGH_FOLLOW_CODE);
	default:
		return false;
	}
}

/* Types without a traverse function that refer to objects all the same. */
static bool refers_untraversed(enum weigh_form form)
{
	switch (form) {
	case WEIGH_FORM_CODE:
	case WEIGH_FORM_RANGE:
	case WEIGH_FORM_DATETIME:
	case WEIGH_FORM_TIME:
	case WEIGH_FORM_TIMEZONE:
	case WEIGH_FORM_NDARRAY:
	case WEIGH_FORM_TYPE:
	case WEIGH_FORM_BYTES_IO:
		return true;
	default:
		return false;
	}
}

/* A method written in C that may be asked; else the type is taken as it is. */
static void find_asked(struct weigh_kind *kind, PyTypeObject *base)
{
	for (; base && base != &PyBaseObject_Type; base = base->tp_base) {
		PyObject *method = weigh_type_entry(base, "__sizeof__");
		if (!method)
			continue;
		if (Py_IS_TYPE(method, &PyMethodDescr_Type) && written_in_c(base))
			kind->asked = method;
		break;
	}
	if (!kind->asked)
		kind->form = WEIGH_FORM_PLAIN;
}

/* A structure sequence may have fields that are not among its items. */
static void find_fields(struct weigh_kind *kind)
{
	PyObject *count = kind->exact ? NULL : weigh_type_entry(kind->type, "n_fields");
	if (count && PyLong_CheckExact(count))
		kind->fields = PyLong_AsSsize_t(count);
	if (kind->fields > 0)
		kind->extra_items = 0;
	PyErr_Clear();
}

static void examine(struct weigh_kind *kind, unsigned follow)
{
	PyTypeObject *type = kind->type;
	PyTypeObject *base = weigh_kind_base(type);
	kind->form = form_of(base);
	kind->exact = base == type;
	kind->preheader = (uint8_t)weigh_preheader(type);
	kind->varies = PyType_IS_GC(type) && type->tp_is_gc;
	kind->extra_items = !kind->exact || kind->form == WEIGH_FORM_TYPE;
	kind->traverses = PyType_IS_GC(type) && type->tp_traverse;
	kind->stops = is_stopped(kind, follow);
	kind->leaf = !kind->traverses && !refers_untraversed(kind->form);
#if PY_VERSION_HEX >= 0x030b0000
	kind->attributes = type->tp_flags & Py_TPFLAGS_MANAGED_DICT;
#endif
	if (kind->form == WEIGH_FORM_ASKED)
		find_asked(kind, base);
	else if (kind->form == WEIGH_FORM_TUPLE)
		find_fields(kind);
}

struct weigh_kind *weigh_kinds_search(struct weigh_kinds *kinds, PyTypeObject *type)
{
	struct weigh_kind *kind = place_of(kinds, type);
	if (kind->type)
		return kind;
	if (kinds->count * 2 >= kinds->capacity) {
		if (!grow(kinds))
			return NULL;
		kind = place_of(kinds, type);
	}
	kinds->count++;
	kind->type = type;
	examine(kind, kinds->follow);
	return kind;
}
