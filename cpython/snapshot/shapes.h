/*
 * Types and shapes as they are written, and references by way of them. During
 * the second pass; see scan.h.
 */
#ifndef WEIGH_CPYTHON_SNAPSHOT_SHAPES_H
#define WEIGH_CPYTHON_SNAPSHOT_SHAPES_H

#include "cpython/snapshot/scan.h"

/* The number of a text that a str has. */
uint32_t weigh_scan_text(struct weigh_scan *scan, PyObject *text);

/* The number of a plan's type in TYPES, where it is put now if it was not before. */
uint32_t weigh_type_number(struct weigh_scan *scan, struct weigh_plan *plan);

/* The shape of all objects of a plan that differ in nothing but their data. */
struct weigh_shape *weigh_shape_usual(struct weigh_scan *scan, struct weigh_plan *plan, bool in_file);

/* Of a named tuple that has as many items as its type has names. */
struct weigh_shape *weigh_shape_record(struct weigh_scan *scan, struct weigh_plan *plan, bool in_file);

/* Of arrays of numbers: one for each type of these. */
struct weigh_shape *weigh_shape_array(struct weigh_scan *scan, struct weigh_plan *plan, PyObject *object);

/* Of a frame or generator with its code's locals; `object` false for a frame that is none. */
struct weigh_shape *weigh_shape_frame(struct weigh_scan *scan, struct weigh_plan *plan, PyCodeObject *code,
				      bool object, uint32_t locals);

/*
 * Puts a shape into SHAPES, of which the object that is being written is the
 * first; the caller then puts each slot. NULL without memory.
 */
struct weigh_shape *weigh_shape_begin(struct weigh_scan *scan, uint32_t type, uint32_t flags, uint32_t tail,
				      uint32_t slots);

static inline void weigh_shape_slot(struct weigh_scan *scan, enum weigh_snapshot_naming naming, uint32_t name)
{
	weigh_stream_put(&scan->writer->streams[WEIGH_SNAPSHOT_SHAPES], naming);
	weigh_stream_put(&scan->writer->streams[WEIGH_SNAPSHOT_SHAPES], name);
}

/* Shapes by what makes them: a hash and a word. Valid until the next look-up. */
struct weigh_memo_entry {
	uint64_t hash; /* 0: free */
	const void *identity;
	struct weigh_shape *shape; /* NULL: new */
	void *more;                /* whoever put the entry in knows what */
};
struct weigh_memo_entry *weigh_memo_find(struct weigh_scan *scan, uint64_t hash, const void *identity);
bool weigh_memo_init(struct weigh_scan *scan);
void weigh_memo_deinit(struct weigh_scan *scan);

/* The number of an object; NONE when it is not in the set. */
static inline uint32_t weigh_number_of(const struct weigh_scan *scan, const void *object)
{
	uintptr_t address = (uintptr_t)object;
	const struct weigh_marks_leaf *leaf =
		address >> WEIGH_MARKS_ADDRESS_BITS ? NULL
						    : scan->heap.seen.root[address >> WEIGH_MARKS_LEAF_SHIFT];
	if (__builtin_expect(!leaf, 0))
		return WEIGH_NUMBER_NONE;
	size_t word = (address >> WEIGH_MARKS_WORD_SHIFT) % WEIGH_MARKS_WORDS;
	uint64_t bits = leaf->words[word];
	uint64_t bit = (uint64_t)1 << (address >> 3) % 64;
	if (__builtin_expect(!(bits & bit) || !leaf->ranks, 0))
		return WEIGH_NUMBER_NONE;
	return leaf->ranks[word] + (uint32_t)__builtin_popcountll(bits & (bit - 1));
}

/* Puts a reference; `guess` is the target that is expected. */
static inline void weigh_put_reference(struct weigh_scan *scan, uint32_t *guess, const void *target)
{
	struct weigh_stream *edges = &scan->writer->streams[WEIGH_SNAPSHOT_EDGES];
	uint32_t number = target ? weigh_number_of(scan, target) : WEIGH_NUMBER_NONE;
	if (number == WEIGH_NUMBER_NONE) {
		weigh_stream_put(edges, 0);
		return;
	}
	int64_t off = (int64_t)number - (int64_t)*guess;
	weigh_stream_put(edges, ((uint64_t)off << 1 ^ (uint64_t)(off >> 63)) + 1);
	*guess = number;
	edges->entries++;
}

/* dicts.c: writes the references of a dict; its shape. `names` when all keys are names. */
struct weigh_shape *weigh_dict_write(struct weigh_scan *scan, struct weigh_plan *plan, PyDictObject *dict,
				     struct weigh_special special, bool in_file, uint64_t *length);

/* scalars.c: puts the value of an object of a VALUED shape. */
void weigh_scalar_write(struct weigh_scan *scan, PyObject *object);
void weigh_scalars_end(struct weigh_scan *scan);

/* labels.c */
void weigh_label_write(struct weigh_scan *scan, const struct weigh_plan *plan, PyObject *object);
void weigh_label_write_module(struct weigh_scan *scan, PyObject *module);
void weigh_label_write_frame(struct weigh_scan *scan, PyCodeObject *code);

/* facts.c: what is seen in the object, when it is a large one of those that advice asks about. */
void weigh_fact_write(struct weigh_scan *scan, const struct weigh_plan *plan, PyObject *object);

#endif
