/*
 * A snapshot in the making: what its files share.
 *
 * The way is twice through all objects. First everything is put into a set of
 * addresses, which numbers them; then they are gone through by ascending
 * address, and each is written. What is known of a type is worked out once, as
 * a plan: which references have names and where they lie, and how the rest is
 * found.
 *
 * One thread, everything else standing still; memory from the kernel. See
 * take.h.
 */
#ifndef WEIGH_CPYTHON_SNAPSHOT_SCAN_H
#define WEIGH_CPYTHON_SNAPSHOT_SCAN_H

#include "base/pile.h"
#include "cpython/objects/blocks.h"
#include "cpython/objects/kinds.h"
#include "cpython/snapshot/room.h"
#include "cpython/snapshot/take.h"

enum {
	WEIGH_SLOTS_MAX = 512, /* named references of one object that is no dict; the rest are members */
	WEIGH_SCAN_FOLLOW =
		WEIGH_FOLLOW_MODULES | WEIGH_FOLLOW_TYPES | WEIGH_FOLLOW_GLOBALS | WEIGH_FOLLOW_CODE,
	WEIGH_NUMBER_NONE = 0xffffffff,
};

/* How the references of an object are found, beside its slots. */
enum weigh_way {
	WEIGH_WAY_OTHER, /* none */
	WEIGH_WAY_SCALAR, /* exact str, bytes, int, float: no references, a value */
	WEIGH_WAY_LIST,
	WEIGH_WAY_TUPLE,
	WEIGH_WAY_RECORD, /* a named tuple: as many slots as its type has names, else items */
	WEIGH_WAY_DICT,   /* exactly a dict */
	WEIGH_WAY_PAIRS,  /* a class made of dict */
	WEIGH_WAY_ORDERED,
	WEIGH_WAY_SET,
	WEIGH_WAY_DEQUE,
	WEIGH_WAY_ARRAY, /* of NumPy's */
	WEIGH_WAY_BUFFER, /* array.array */
	WEIGH_WAY_FRAME, /* also generators, and frames that are no objects */
	WEIGH_WAY_CODE,
	WEIGH_WAY_TYPE,
	WEIGH_WAY_CACHE, /* functools.lru_cache */
	WEIGH_WAY_LOCAL, /* threading.local of versions before 3.13 */
	WEIGH_WAY_ZONED, /* of datetime */
};

/* A reference at a place in the object. */
struct weigh_field {
	uint32_t offset;
	const char *name; /* constant, or the type's */
};

/* What objects of one type and the same names have in common; see snapshot.h. */
struct weigh_shape {
	uint32_t number;
	uint32_t slots;
	uint32_t tail; /* enum weigh_snapshot_tail */
	uint32_t flags;
	uint32_t site;   /* of the sited object before */
	uint32_t *guess; /* the last target of each slot, with OWN_KEYS key and value by turns */
	PyObject **keys; /* of a dict: the key objects, or with OWN_KEYS the first ones met. Borrowed */
};

struct weigh_plan {
	struct weigh_kind kind;
	uint8_t way;        /* enum weigh_way */
	bool heap;          /* instances hold their type */
	bool traverses;     /* there may be references that are not listed here */
	bool dict;          /* instances may have a dict that is not among the fields */
	bool valued;
	bool data;          /* slots are attributes */
	uint32_t type;      /* number in TYPES; NONE until it is needed */
	uint32_t field_count;
	struct weigh_field *fields;
	PyObject *names; /* of a named tuple; borrowed */
	PyDictKeysObject *shared; /* names of the values of an instance; NULL */
	uint32_t value_count;
	struct weigh_shape *usual[2]; /* of objects in memory; of static ones */
	struct weigh_shape *record[2]; /* of a named tuple with its names */
};

/* What an address in the set is, when it is no ordinary object. */
enum weigh_special_kind {
	WEIGH_SPECIAL_NONE,
	WEIGH_SPECIAL_FRAME,       /* a frame that is no object */
	WEIGH_SPECIAL_THREAD_DICT, /* the dict of a thread's state */
	WEIGH_SPECIAL_NAMESPACE, /* the dict of a module or type: all its keys are names; `of` is that */
};

struct weigh_special {
	uintptr_t address; /* 0: free */
	uintptr_t of;
	enum weigh_special_kind kind;
};

/* A thread-local's entry in the dict of one thread. */
struct weigh_thread_local {
	uintptr_t local;
	PyObject *key;
	PyObject *dummy;
};

struct weigh_scan {
	struct weigh_heap heap; /* its set: all objects */
	struct weigh_kinds kinds;
	struct weigh_sink sink;
	struct weigh_pile pile;
	struct weigh_room room;
	struct weigh_writer *writer;
	const struct weigh_take *take;
	PyInterpreterState *interpreter;
	PyObject *modules; /* sys.modules; borrowed */
	bool same_build; /* the interpreter is the very version whose headers this was built with */
	bool failed;     /* no memory: the snapshot cannot be finished */
	uint64_t reached;

	struct weigh_pile bare_types; /* static ones, which nothing holds */

	struct weigh_marks special_marks;
	struct weigh_special *specials; /* a table */
	size_t special_capacity;
	size_t special_count;
	struct weigh_thread_local *locals;
	size_t local_count;
	size_t local_room;

	struct weigh_memo *memo; /* private to shapes.c */
	struct weigh_pending *pending; /* private to scalars.c */
	struct weigh_shape *keys_shape; /* of dicts, the last met: the next is mostly alike */
	struct weigh_shape *own_shape;
	uint64_t dict_shapes;
	uint64_t dict_slots;
	uint32_t shape_count;
	uint32_t type_count;
	uint64_t number; /* of the object that is being written */
	uint64_t labelled; /* the last object with a label */
	uint32_t arrays_told; /* of which it was said what they hold */
	struct weigh_facts {
		uint64_t object; /* the last with a fact */
		uint64_t items;  /* of arrays, looked at */
		uint32_t texts;  /* containers of which stretches were taken */
	} facts; /* private to facts.c */
};

/* plans.c. NULL without memory. */
struct weigh_plan *weigh_plan_make(struct weigh_scan *scan, PyTypeObject *type);

static inline struct weigh_plan *weigh_plan_of(struct weigh_scan *scan, PyTypeObject *type)
{
	struct weigh_kind *kind = weigh_kinds_find(&scan->kinds, type);
	return __builtin_expect(kind && kind->plan, 1) ? kind->plan : weigh_plan_make(scan, type);
}

/* reach.c: puts everything there is into the set. False without memory. */
bool weigh_scan_reach(struct weigh_scan *scan);

/* reach.c: an object and all that it leads to. What finds no room sets `failed`. */
void weigh_reach_one(struct weigh_scan *scan, PyObject *object);

/* strays.c: objects that nothing leads to, once everything else has been reached. */
void weigh_strays_reach(struct weigh_scan *scan);

/* Bytes of blocks in use, of all pools in which blocks of objects were met. */
uint64_t weigh_pools_in_use(const struct weigh_scan *scan);

/* roots.c. Calls `each` for every named root, in the same order each time. */
typedef void weigh_root_visit(struct weigh_scan *scan, enum weigh_snapshot_root kind, const char *label,
			      PyObject *object);
void weigh_roots_visit(struct weigh_scan *scan, weigh_root_visit *each);

/* Everything on the lists of the garbage collector. */
void weigh_collected_visit(struct weigh_scan *scan, void each(struct weigh_scan *scan, PyObject *object));

/* threads.c: before anything else is reached. */
void weigh_threads_note(struct weigh_scan *scan);
void weigh_threads_visit(struct weigh_scan *scan, weigh_root_visit *each);

/* specials.c */
bool weigh_special_add(struct weigh_scan *scan, uintptr_t address, enum weigh_special_kind kind,
		       uintptr_t of);
struct weigh_special weigh_special_find(const struct weigh_scan *scan, uintptr_t address);

/* objects.c: writes all objects. */
void weigh_scan_write(struct weigh_scan *scan);

/* Whether a key of a thread's dict is that of a thread-local, and of which. */
bool weigh_is_local_key(PyObject *key, uintptr_t *local);

#endif
