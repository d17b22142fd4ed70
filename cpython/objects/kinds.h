/*
 * What there is to know about a type before its objects are looked at: which
 * layout they have, how their references are found, whether they are followed
 * at all. Found out once for each type in a table of our own.
 *
 * With the GIL, within one call during which no Python code runs: the types
 * are borrowed. Memory comes from the kernel.
 */
#ifndef WEIGH_CPYTHON_OBJECTS_KINDS_H
#define WEIGH_CPYTHON_OBJECTS_KINDS_H

#include "cpython/objects/layouts.h"

/* What is not followed unless it is asked for. */
enum weigh_follow {
	WEIGH_FOLLOW_MODULES = 1,
	WEIGH_FOLLOW_TYPES = 2,
	WEIGH_FOLLOW_GLOBALS = 4, /* of functions */
	WEIGH_FOLLOW_CODE = 8,    /* of functions and frames */
	WEIGH_FOLLOW_FRAMES = 16, /* those that run */
	WEIGH_FOLLOW_WEAKREFS = 32,
};

/* Layouts, by the type nearest to object that is written in C. */
enum weigh_form {
	WEIGH_FORM_PLAIN, /* one block of the type's basic size and items */
	WEIGH_FORM_STR,
	WEIGH_FORM_BYTES,
	WEIGH_FORM_INT,
	WEIGH_FORM_FLOAT,
	WEIGH_FORM_COMPLEX,
	WEIGH_FORM_LIST,
	WEIGH_FORM_TUPLE,
	WEIGH_FORM_DICT,
	WEIGH_FORM_SET,
	WEIGH_FORM_BYTEARRAY,
	WEIGH_FORM_FUNCTION,
	WEIGH_FORM_FRAME,
	WEIGH_FORM_GENERATOR,
	WEIGH_FORM_CODE,
	WEIGH_FORM_TYPE,
	WEIGH_FORM_MODULE,
	WEIGH_FORM_WEAKREF,
	WEIGH_FORM_RANGE,
	WEIGH_FORM_DEQUE,
	WEIGH_FORM_ORDERED_DICT,
	WEIGH_FORM_ARRAY,
	WEIGH_FORM_DECIMAL,
	WEIGH_FORM_DATE,
	WEIGH_FORM_TIME,
	WEIGH_FORM_DATETIME,
	WEIGH_FORM_TIMEDELTA,
	WEIGH_FORM_TIMEZONE,
	WEIGH_FORM_BYTES_IO,
	WEIGH_FORM_MAP, /* mmap.mmap */
	WEIGH_FORM_CDATA,
	WEIGH_FORM_LRU_CACHE,
	WEIGH_FORM_NDARRAY,
	WEIGH_FORM_ARROW, /* of pyarrow, with memory of Arrow's */
	WEIGH_FORM_ASKED, /* what its own C __sizeof__ says beyond the basic size */
	WEIGH_FORMS,
};

struct weigh_kind {
	PyTypeObject *type;
	uint8_t form; /* enum weigh_form */
	bool exact;   /* the C type itself, not a class made in Python of it */
	bool stops;   /* not followed, and not counted */
	bool leaf;    /* refers to nothing */
	bool traverses; /* has a traverse function to be asked */
	bool attributes; /* its instances may have values beside or in them */
	uint8_t preheader; /* bytes before the object in its block */
	bool varies; /* some of its objects have no part for the garbage collector there: static types */
	uint8_t extra_items; /* that the type's allocator adds */
	Py_ssize_t fields; /* of a structure sequence, those that do not count as items too; else 0 */
	PyObject *asked; /* the method to ask, of WEIGH_FORM_ASKED; borrowed */
	void *plan; /* the caller's own; NULL at first */
	uint64_t objects;
	uint64_t gross;
	uint64_t requested;
	uint64_t net;
};

struct weigh_kinds {
	struct weigh_kind *table;
	size_t capacity; /* a power of two */
	size_t count;
	unsigned follow;
};

/* False without memory. */
bool weigh_kinds_init(struct weigh_kinds *kinds, unsigned follow);

/* Gives all memory back; also right on zeros. */
void weigh_kinds_deinit(struct weigh_kinds *kinds);

/* Out of line: a type that is not in the first place it would have. NULL without memory. */
struct weigh_kind *weigh_kinds_search(struct weigh_kinds *kinds, PyTypeObject *type);

static inline size_t weigh_kinds_place(const struct weigh_kinds *kinds, const PyTypeObject *type)
{
	return (size_t)((uintptr_t)type * 0x9e3779b97f4a7c15 >> 40) & (kinds->capacity - 1);
}

/* What there is to know about a type; NULL without memory. Valid until another type is looked up. */
static inline struct weigh_kind *weigh_kinds_find(struct weigh_kinds *kinds, PyTypeObject *type)
{
	struct weigh_kind *kind = &kinds->table[weigh_kinds_place(kinds, type)];
	return __builtin_expect(kind->type == type, 1) ? kind : weigh_kinds_search(kinds, type);
}

/* The type nearest to object that is written in C. Borrowed. */
PyTypeObject *weigh_kind_base(PyTypeObject *type);

/* The dict of a type; borrowed, NULL when it has none. */
PyObject *weigh_type_dict(PyTypeObject *type);

/* What a dict has under an ASCII str, by looking at all its entries: makes no object. Borrowed. */
PyObject *weigh_dict_find(PyObject *dict, const char *name);

/* What a type's own dict has under a name; borrowed. */
PyObject *weigh_type_entry(PyTypeObject *type, const char *name);

#endif
