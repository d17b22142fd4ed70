/*
 * A snapshot opened for reading: the objects and what refers to what.
 *
 * Opening decodes every section and checks every number in it, so that code
 * behind this line may follow indices without looking: shapes and types of
 * objects, targets of references, texts, values, sites and roots all lie where
 * they should. Object numbers ascend with addresses.
 *
 * One thread per graph; allocates with malloc, about 40 bytes for each object
 * and 4 for each reference.
 */
#ifndef WEIGH_HEAP_GRAPH_H
#define WEIGH_HEAP_GRAPH_H

#include "base/error.h"
#include "weigh/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WEIGH_NO_OBJECT = 0xffffffff };

struct weigh_heap_slot {
	uint32_t name; /* text */
	uint32_t key;  /* object; WEIGH_NO_OBJECT without KEYS */
	uint8_t naming; /* enum weigh_snapshot_naming */
};

struct weigh_heap_shape {
	const struct weigh_heap_slot *slots; /* slot_count of them */
	uint32_t slot_count;
	uint32_t type;
	uint16_t flags; /* enum weigh_snapshot_shape_flags */
	uint8_t tail;   /* enum weigh_snapshot_tail */
};

struct weigh_heap_type {
	uint32_t name, module, variant; /* texts */
	uint32_t object;                /* WEIGH_NO_OBJECT: none */
	uint32_t base;                  /* type; its own number: none */
	uint16_t form;                  /* enum weigh_snapshot_form */
	uint16_t flags;                 /* enum weigh_snapshot_type_flags */
	uint64_t basic, item;           /* bytes */
};

struct weigh_heap_root {
	uint32_t object;
	uint32_t label; /* text */
	uint8_t kind;   /* enum weigh_snapshot_root */
};

struct weigh_heap_code {
	uint32_t file, function, lines; /* texts; the last raw bytes */
	uint32_t first_line, flags;
};
struct weigh_heap_node {
	uint32_t parent, code;
	int32_t instruction;
};
struct weigh_heap_site {
	uint32_t node, domain, thread; /* thread: text */
};

struct weigh_heap_value {
	uint8_t class; /* enum weigh_snapshot_class */
	uint8_t bits;
};

struct weigh_heap_graph {
	char *path;     /* for messages */
	struct weigh_snapshot_header header; /* a copy */
	uint32_t object_count;

	/* For each object. */
	uint64_t *addresses;
	uint32_t *shape_of;
	uint32_t *gross;   /* bytes; read with weigh_heap_gross() */
	uint32_t *net;     /* bytes; read with weigh_heap_net() */
	uint32_t *counted; /* references that its count says; UINT32_MAX: immortal */
	uint32_t *value;   /* of VALUED shapes, else UINT32_MAX; NULL when there are none */
	uint32_t *site;    /* UINT32_MAX: none known; NULL when no object has one */
	float *weight; /* of sited objects: 1 / the probability that it was sampled; NULL in exact mode */
	uint32_t *room; /* of SIZED shapes: items there is room for; else 0 */
	uint32_t *length; /* of SIZED shapes and of those with a tail: items; else 0 */

	/*
	 * References of object i: targets[first[i]] up to targets[first[i + 1]],
	 * WEIGH_NO_OBJECT for an empty slot. First those of its slots in order
	 * (with OWN_KEYS key and value by turns), then the tail. What a shape
	 * implies (keys of KEYS, the type) is not among them.
	 */
	uint32_t *first; /* object_count + 1 */
	uint32_t *targets;

	struct weigh_heap_type *types;
	uint32_t type_count;
	struct weigh_heap_shape *shapes;
	uint32_t shape_count;
	struct weigh_heap_root *roots;
	uint32_t root_count;
	struct weigh_heap_value *values; /* by value */
	uint32_t value_count;
	struct weigh_heap_code *codes;
	uint32_t code_count;
	struct weigh_heap_node *nodes;
	uint32_t node_count;
	struct weigh_heap_site *sites;
	uint32_t site_count;

	struct weigh_heap_store *store; /* private: texts, labels, samples, large sizes */
};

/*
 * Open the snapshot at `path`: a snapshot by itself, or the part of a capture
 * of that time (`when` 0: the only one, or the end's). On success the caller
 * ends `*graph` with weigh_heap_graph_close(). Fails with WEIGH_ERROR_SYSTEM
 * when it cannot be read, WEIGH_ERROR_FORMAT when it is damaged, cut short or
 * of a newer version (the message names section and byte), WEIGH_ERROR_STATE
 * when the capture has no snapshot (the message says how to take one).
 */
struct weigh_error *weigh_heap_graph_open(const char *path, enum weigh_snapshot_when when,
					  struct weigh_heap_graph **graph);

/* The same from memory, which is not needed afterwards; `path` is for messages. */
struct weigh_error *weigh_heap_graph_read(const uint8_t *bytes, uint64_t size, const char *path,
					  struct weigh_heap_graph **graph);

/* Takes NULL. */
void weigh_heap_graph_close(struct weigh_heap_graph *graph);

/* Text by number; NUL-terminated, owned by the graph. `*bytes` (may be NULL) gets its length. */
const char *weigh_heap_text(const struct weigh_heap_graph *graph, uint32_t text, size_t *bytes);

/* What the snapshot says of one object ("load (app.py:12)", a module's name); NULL: nothing. */
const char *weigh_heap_label(const struct weigh_heap_graph *graph, uint32_t object);

/* What a value looks like, for those that are often there: "'Blue line'"; NULL: not kept. */
const char *weigh_heap_sample(const struct weigh_heap_graph *graph, uint32_t value);

/* Bytes that an object occupies, and of these the data. */
uint64_t weigh_heap_gross(const struct weigh_heap_graph *graph, uint32_t object);
uint64_t weigh_heap_net(const struct weigh_heap_graph *graph, uint32_t object);

/* What a slot of this name refers to; WEIGH_NO_OBJECT when it is empty, or there is none. */
uint32_t weigh_heap_slot_target(const struct weigh_heap_graph *graph, uint32_t object, const char *name);

/* The object at an address; WEIGH_NO_OBJECT when none begins there. */
uint32_t weigh_heap_find(const struct weigh_heap_graph *graph, uint64_t address);

static inline const struct weigh_heap_shape *weigh_heap_shape(const struct weigh_heap_graph *graph,
							      uint32_t object)
{
	return &graph->shapes[graph->shape_of[object]];
}

static inline const struct weigh_heap_type *weigh_heap_type(const struct weigh_heap_graph *graph,
							    uint32_t object)
{
	return &graph->types[weigh_heap_shape(graph, object)->type];
}

enum { WEIGH_HEAP_NAME = 160 };

/* The full name of a type: "dict", "collections.Counter", "numpy.ndarray[float64]". Returns `name`. */
char *weigh_heap_type_name(const struct weigh_heap_graph *graph, uint32_t type, char name[WEIGH_HEAP_NAME]);

/* How an object holds what stands at a place in its references. */
struct weigh_heap_edge {
	enum {
		WEIGH_EDGE_SLOT, /* slot `index` of its shape */
		WEIGH_EDGE_KEY, /* the key of slot `index`, with OWN_KEYS */
		WEIGH_EDGE_ITEM, /* item `index` */
		WEIGH_EDGE_PAIR_KEY, /* key of pair `index` */
		WEIGH_EDGE_PAIR, /* value of pair `index` */
		WEIGH_EDGE_MEMBER,
		WEIGH_EDGE_SHAPE_KEY, /* implied: the key of slot `index` that its shape with KEYS names */
		WEIGH_EDGE_TYPE, /* implied: its type */
	} kind;
	uint32_t index;
};

/* `place` counts from first[object]. */
struct weigh_heap_edge weigh_heap_edge_at(const struct weigh_heap_graph *graph, uint32_t object,
					  uint32_t place);

/*
 * Writes an edge as people read it: ".name", "['route']", "[3]", "[*]" when
 * `general`, "(keys)", "(members)", a local as its name. The key of a pair is
 * shown when the snapshot kept what it looks like. Returns `name`.
 */
char *weigh_heap_edge_name(const struct weigh_heap_graph *graph, uint32_t object, struct weigh_heap_edge edge,
			   bool general, char name[WEIGH_HEAP_NAME]);

#endif
