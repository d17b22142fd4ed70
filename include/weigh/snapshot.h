/*
 * The layout of a snapshot: the object graph of a program at one instant.
 *
 * A snapshot opens by itself; within a capture it is a part, copied there
 * whole. It is a header followed by sections. Each section is a stream of
 * bytes, stored as one zstd frame; unless said otherwise a stream is a row of
 * varints (seven bits to a byte, lowest first, the highest bit set on all but
 * the last byte, at most ten bytes). docs/snapshot.md says the same in prose.
 *
 * Objects are numbered from 0 by ascending address. What their address is
 * aligned to (8 bytes) leaves room between them, so each has a number of its
 * own, and neighbours in memory are neighbours here: that is what makes the
 * streams short. An object's identity for people is its address, as id() gives
 * it.
 *
 * Any change that an older reader would misread raises
 * WEIGH_SNAPSHOT_VERSION.
 */
#ifndef WEIGH_SNAPSHOT_H
#define WEIGH_SNAPSHOT_H

#include <stdint.h>

#define WEIGH_SNAPSHOT_MAGIC "WEIGHEAP"

enum { WEIGH_SNAPSHOT_VERSION = 2 };

/* When it was taken. */
enum weigh_snapshot_when {
	WEIGH_SNAPSHOT_ASKED = 1, /* by the program: weigh.snapshot() */
	WEIGH_SNAPSHOT_PEAK = 2,
	WEIGH_SNAPSHOT_END = 3,
};

enum weigh_snapshot_state {
	WEIGH_SNAPSHOT_WRITING = 1, /* in progress, or cut off */
	WEIGH_SNAPSHOT_COMPLETE = 2,
};

enum weigh_snapshot_section_id {
	WEIGH_SNAPSHOT_TEXTS = 0,     /* each: length, that many bytes of UTF-8. Text 0 is empty */
	WEIGH_SNAPSHOT_TYPES = 1,     /* see struct weigh_snapshot_type: its fields in order */
	WEIGH_SNAPSHOT_SHAPES = 2,    /* see struct weigh_snapshot_shape */
	WEIGH_SNAPSHOT_CODES =
		3,     /* each: file, function, line table (texts; raw bytes the last), first line, flags */
	WEIGH_SNAPSHOT_NODES =
		4,     /* each: parent, code, instruction + 1. Node 0 is the root, parents come first */
	WEIGH_SNAPSHOT_SITES = 5,     /* each: node, domain, thread name (text) */
	WEIGH_SNAPSHOT_ADDRESSES =
		6, /* for each object: (address - address before it) / 8, the first from 0 */
	WEIGH_SNAPSHOT_SHAPED = 7,    /* for each object: its shape */
	WEIGH_SNAPSHOT_GROSS = 8,     /* for each object: bytes occupied by all its blocks */
	WEIGH_SNAPSHOT_NET = 9,       /* for each object: bytes of data in them */
	WEIGH_SNAPSHOT_COUNTED = 10, /* for each object: its reference count; 0: immortal, or not counted */
	WEIGH_SNAPSHOT_LENGTHS =
		11, /* for each object whose shape has a tail: items, pairs or members in it */
	WEIGH_SNAPSHOT_ROOMS = 12, /* for each object of a SIZED shape: length, items there is room for */
	WEIGH_SNAPSHOT_VALUED = 13, /* for each object of a VALUED shape: see below */
	WEIGH_SNAPSHOT_SITED = 14, /* for each object: see below; empty when nothing was recorded */
	WEIGH_SNAPSHOT_EDGES = 15, /* for each object: its references, see below */
	WEIGH_SNAPSHOT_ROOTS = 16, /* each: enum weigh_snapshot_root, label (text), object */
	WEIGH_SNAPSHOT_LABELS = 17, /* each: object - object before it, label (text) */
	WEIGH_SNAPSHOT_VALUES =
		18, /* for each value: enum weigh_snapshot_class, bits; of wide text its bytes as UTF-8 */
	WEIGH_SNAPSHOT_SAMPLES = 19, /* each: value - value before it, what it looks like (text) */
	WEIGH_SNAPSHOT_FACTS = 20, /* each: object - object before it, enum weigh_snapshot_fact, see below */
	WEIGH_SNAPSHOT_SECTIONS = 21,
};

struct weigh_snapshot_section {
	uint64_t offset; /* from the start of the snapshot */
	uint64_t stored; /* bytes of the zstd frame; 0 for an empty stream */
	uint64_t bytes; /* of the stream */
	uint64_t entries; /* of whatever it is a row of */
};

struct weigh_snapshot_header {
	char magic[8];
	uint32_t version;
	uint32_t byte_order; /* 0x01020304 */
	uint32_t header_size;
	uint32_t state; /* enum weigh_snapshot_state */
	uint64_t size; /* of the snapshot, header included */
	uint64_t seal; /* XXH3 64 of the header with this field 0, combined with that of each section */

	uint32_t when; /* enum weigh_snapshot_when */
	uint32_t python; /* PY_VERSION_HEX */
	uint32_t pid;
	uint32_t mode; /* enum weigh_mode of the recording; 0: none ran */
	uint64_t taken_unix_ns; /* wall clock */
	uint64_t taken_ns; /* CLOCK_MONOTONIC */
	uint64_t recording_ns; /* CLOCK_MONOTONIC at the start of the recording; 0: none ran */
	uint64_t live; /* footprint of live recorded blocks then */
	uint64_t
		small_live; /* bytes in use in pools of the small-object allocator that hold objects' blocks */
	uint64_t small_found; /* of these, blocks that belong to objects in the snapshot */
	uint64_t rss; /* resident bytes then */
	uint64_t anonymous; /* the part of it that no file backs */
	uint64_t pause_ns; /* how long the program stood still for it */
	uint64_t progress; /* objects written so far, while WRITING */
	uint64_t expected; /* objects there will be, once known */
	uint64_t lost; /* references and names that found no room, for want of memory */
	uint64_t objects;
	uint64_t references; /* in EDGES, without those that shapes imply */

	struct weigh_snapshot_section sections[WEIGH_SNAPSHOT_SECTIONS];
};

/*
 * The seal is XXH3 64 (xxhash.h) over the words: hash of the header with seal
 * 0, then for each section in order the hash of its stored bytes (0 for an
 * empty one).
 */

/* Flags of a type. */
enum weigh_snapshot_type_flags {
	WEIGH_TYPE_HEAP = 1, /* its instances hold a reference to it: an edge that is implied */
	WEIGH_TYPE_COLLECTED = 2, /* instances have a head for the garbage collector */
	WEIGH_TYPE_PYTHON = 4, /* made by a class statement, not written in C */
	WEIGH_TYPE_DICT = 8, /* instances can have a __dict__ */
	WEIGH_TYPE_WEAKREFS = 16, /* instances can be weakly referenced by a slot of their own */
	WEIGH_TYPE_VALUES = 32, /* attributes lie beside or in the instance until __dict__ is asked for */
	WEIGH_TYPE_SLOTS = 64, /* the class statement says __slots__ */
};

/*
 * A type as snapshots know it: arrays of different dtype are different types
 * here, told apart by `variant` ("float64"). All fields are varints.
 */
struct weigh_snapshot_type {
	uint64_t name; /* text, qualified: "Counter", "Outer.Inner" */
	uint64_t module; /* text: "collections", "builtins" */
	uint64_t variant; /* text; 0: none */
	uint64_t object; /* number of the type object plus 1; 0: not among the objects */
	uint64_t base; /* type plus 1; 0: none, or not among the types */
	uint64_t form; /* enum weigh_snapshot_form */
	uint64_t flags; /* enum weigh_snapshot_type_flags */
	uint64_t basic; /* bytes of an instance without items */
	uint64_t item; /* bytes of an item; 0: none */
};

/* What the analysis needs to know of how objects are laid out. */
enum weigh_snapshot_form {
	WEIGH_SNAPSHOT_PLAIN = 0,
	WEIGH_SNAPSHOT_STR = 1,
	WEIGH_SNAPSHOT_BYTES = 2,
	WEIGH_SNAPSHOT_INT = 3,
	WEIGH_SNAPSHOT_FLOAT = 4,
	WEIGH_SNAPSHOT_LIST = 5,
	WEIGH_SNAPSHOT_TUPLE = 6,
	WEIGH_SNAPSHOT_DICT = 7,
	WEIGH_SNAPSHOT_SET = 8,
	WEIGH_SNAPSHOT_FUNCTION = 9,
	WEIGH_SNAPSHOT_FRAME =
		10, /* also one that runs and is no object: gross 0, labelled "function (file:line)" */
	WEIGH_SNAPSHOT_GENERATOR = 11,
	WEIGH_SNAPSHOT_CODE = 12,
	WEIGH_SNAPSHOT_TYPE = 13,
	WEIGH_SNAPSHOT_MODULE = 14,
	WEIGH_SNAPSHOT_WEAKREF = 15,
	WEIGH_SNAPSHOT_ARRAY = 16, /* array.array, numpy.ndarray and other buffers of numbers */
	WEIGH_SNAPSHOT_BYTEARRAY = 17,
	WEIGH_SNAPSHOT_DEQUE = 18,
	WEIGH_SNAPSHOT_FORMS = 19,
};

enum weigh_snapshot_shape_flags {
	WEIGH_SHAPE_SIZED = 1, /* a container: has an entry in ROOMS */
	WEIGH_SHAPE_VALUED = 2, /* has an entry in VALUED */
	WEIGH_SHAPE_STATIC = 4, /* part of a loaded file: gross 0, immortal */
	WEIGH_SHAPE_KEYS = 8, /* a dict: slot i holds the value of key i, and each object
	                           also refers to the key object named with the slot */
	WEIGH_SHAPE_OWN_KEYS = 16, /* a dict alike whose keys are objects of its own: each slot has
	                              two references in EDGES, first the key, then the value */
	WEIGH_SHAPE_DATA = 32, /* the slots are fields of a record: attributes, keys or named items */
};

enum weigh_snapshot_tail {
	WEIGH_TAIL_NONE = 0,
	WEIGH_TAIL_ITEMS = 1, /* references by position */
	WEIGH_TAIL_PAIRS = 2, /* keys and values of a dict */
	WEIGH_TAIL_MEMBERS = 3, /* references without a name */
};

/* How a slot's text is to be read. */
enum weigh_snapshot_naming {
	WEIGH_SLOT_ATTRIBUTE = 0, /* .text */
	WEIGH_SLOT_KEY = 1, /* ['text'] */
	WEIGH_SLOT_LOCAL = 2, /* a local variable of a frame or generator */
	WEIGH_SLOT_PART = 3, /* text as it stands: "(field 0)", "(buffer)", "(value in use)" */
};

/*
 * A shape is what objects of one type have in common that refer to things
 * under the same names in the same order: records. A list of dicts with the
 * same keys has one shape for all of them. In SHAPES, all varints: type,
 * flags, tail, number of slots, and for each slot: naming, name (text), and in
 * a shape with KEYS the number of the key object.
 */
struct weigh_snapshot_shape {
	uint64_t type;
	uint64_t flags; /* enum weigh_snapshot_shape_flags */
	uint64_t tail; /* enum weigh_snapshot_tail */
	uint64_t slots;
};
struct weigh_snapshot_slot {
	uint64_t naming; /* enum weigh_snapshot_naming */
	uint64_t name; /* text */
	uint64_t key; /* object; only with WEIGH_SHAPE_KEYS */
};

/*
 * EDGES. For each object: one reference for each slot of its shape (two with
 * OWN_KEYS), then those of the tail. A reference is 0 for none, else 1 +
 * zigzag(target - guess), where guess is
 *   - for a slot: the target of the same slot in the object of the same shape
 *     before it, for the first such object its own number; keys and values of
 *     OWN_KEYS each have a guess of their own; none does not change the guess;
 *   - for items and members: the target before it in this tail, for the first
 *     the object's own number;
 *   - for pairs: keys after keys, values after values, in the same way.
 * Beside these an object has the references that are implied: to its type when
 * that is HEAP and among the objects, and to the keys of a shape with KEYS.
 * Each reference stands for one in the reference count of its target.
 *
 * VALUED. Equal strings, bytes, ints and floats (of exactly these types) have
 * one value. Values are numbered as they first occur: 0 says "the next new
 * value", else the entry is next new value - value.
 *
 * SITED. 0: no site known. Else 1 + zigzag(site - site of the sited object of
 * the same shape before it, at first 0), and in sampled mode two more: log2
 * of the sampling period (0: taken for certain) and the requested bytes of the
 * blocks of which any would have told the site, which together say the
 * probability that one of them was sampled.
 */

/* What a value is like, for what it could be stored as. `bits` beside it. */
enum weigh_snapshot_class {
	WEIGH_VALUE_OTHER = 0, /* bits 0 */
	WEIGH_VALUE_INTEGER = 1, /* an int: bits of two's complement it needs */
	WEIGH_VALUE_REAL = 2, /* a float; bits 32 when it survives being a 32-bit float, else 64 */
	WEIGH_VALUE_WHOLE = 3, /* a float that is a whole number; bits as for INTEGER, 64 when too large */
	/*
	 * A str, none of those below; bits of the widest character: 7, 8, 16, 32.
	 * With more than 8 it is wide: the number of its bytes as UTF-8 follows.
	 */
	WEIGH_VALUE_TEXT = 4,
	WEIGH_VALUE_INTEGER_TEXT = 5, /* str(int(text)) is the text; bits as for INTEGER */
	WEIGH_VALUE_REAL_TEXT = 6, /* digits with a point; bits: digits after it */
	WEIGH_VALUE_DATE_TEXT = 7, /* 2001-12-31, 12/31/2001 or 20011231-like with separators; bits 0 */
	WEIGH_VALUE_TIME_TEXT = 8, /* a date with a time of day */
	WEIGH_VALUE_UUID_TEXT = 9,
	WEIGH_VALUE_HEX_TEXT = 10, /* an even number, at least 16, of hex digits of one case */
	WEIGH_VALUE_CLASSES = 11,
};

/*
 * What was seen in single large objects, that advice may know what else they
 * could be. An object has one fact at most. All fields are varints.
 */
enum weigh_snapshot_fact {
	/* An lru_cache: hits, misses, the most answers plus 1 (0: no bound). */
	WEIGH_FACT_CACHE = 0,
	/*
	 * The numbers of an array that has its data to itself: items, those that
	 * are not zero, class and bits as of a value, enum
	 * weigh_snapshot_numbers, the least and the greatest (texts).
	 */
	WEIGH_FACT_NUMBERS = 1,
	/*
	 * Of the texts in a set, or of those that are keys of a dict, stretches
	 * as if all were sorted: stretches, then for each the number of texts and
	 * the texts, in no order.
	 */
	WEIGH_FACT_TEXTS = 2,
	WEIGH_FACT_COUNT = 3,
};

enum weigh_snapshot_numbers {
	WEIGH_NUMBERS_NEGATIVE = 1,
	WEIGH_NUMBERS_NAN = 2,
	WEIGH_NUMBERS_INFINITE = 4,
	WEIGH_NUMBERS_SINGLE = 8, /* all survive being floats of 32 bits */
};

enum weigh_snapshot_root {
	WEIGH_ROOT_MODULES = 0, /* sys.modules */
	WEIGH_ROOT_FRAME = 1, /* a frame that runs; label: the thread. Innermost first */
	WEIGH_ROOT_THREAD =
		2, /* other things of a thread: its exception being handled, context; label: the thread */
	WEIGH_ROOT_INTERPRETER = 3, /* label: which: "builtins", "codecs", "atexit" */
	WEIGH_ROOT_TYPE = 4, /* a static type */
	WEIGH_ROOT_COUNT = 5,
};

#endif
