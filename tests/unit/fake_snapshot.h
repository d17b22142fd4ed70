/*
 * Snapshots made by hand, for tests of what reads them: a second hand at the
 * layout of weigh/snapshot.h, which shares no code with the first.
 *
 * Everything is the test's own memory; a failed allocation ends the test. What
 * is added is numbered from 0 in the order of adding.
 *
 *     struct fake_snapshot *fake = fake_snapshot_create();
 *     uint32_t list = fake_snapshot_type(fake, "builtins", "list", WEIGH_SNAPSHOT_LIST, 0);
 *     uint32_t shape = fake_snapshot_shape(fake, list, WEIGH_SHAPE_SIZED, WEIGH_TAIL_ITEMS);
 *     uint32_t outer = fake_snapshot_object(fake, shape, 88), inner = fake_snapshot_object(fake, shape, 56);
 *     fake_snapshot_refer(fake, outer, inner);
 *     fake_snapshot_root(fake, WEIGH_ROOT_INTERPRETER, "builtins", outer);
 *     uint8_t *bytes = fake_snapshot_build(fake, &size);
 */
#ifndef WEIGH_TESTS_FAKE_SNAPSHOT_H
#define WEIGH_TESTS_FAKE_SNAPSHOT_H

#include "weigh/snapshot.h"

#include <stddef.h>
#include <stdint.h>

enum {
	FAKE_NONE = 0xffffffff, /* no object, no value, no site */
	FAKE_IMMORTAL = 0xffffffff, /* as surplus */
	FAKE_UNCOUNTED = FAKE_IMMORTAL,
};

struct fake_rows {
	void *bytes;
	size_t count, room;
};

struct fake_object {
	uint64_t gross, net;
	uint32_t shape;
	uint32_t surplus; /* references that its count has beside those in the snapshot, or modulo 2^32
	                     lacks; where both are none the count is 1, as nothing lives with less */
	uint32_t value;
	uint32_t site;
	uint32_t length, room; /* of SIZED shapes; FAKE_NONE: as many as it refers to */
	uint32_t requested;
	uint8_t period_log;
};

struct fake_snapshot {
	struct weigh_snapshot_header header; /* all but sizes, counts and sections is taken as it stands */
	struct fake_rows texts, types, shapes, slots, codes, nodes, sites, values, samples, labels, roots,
		facts;
	struct fake_rows objects; /* struct fake_object */
	struct fake_rows references;
	uint64_t base; /* address of object 0 */
	uint64_t spacing; /* from object to object; 16 */
};

/* Of a Python 3.13 program that ended; no recording ran. */
struct fake_snapshot *fake_snapshot_create(void);
void fake_snapshot_destroy(struct fake_snapshot *fake);

/* Texts are stored as often as they are added; 0 is the empty one. */
uint32_t fake_snapshot_text(struct fake_snapshot *fake, const char *text);

uint32_t fake_snapshot_type(struct fake_snapshot *fake, const char *module, const char *name,
			    enum weigh_snapshot_form form, uint64_t flags);

/* The type just named has this object, base (a type; FAKE_NONE: none), sizes. May be left out. */
void fake_snapshot_type_object(struct fake_snapshot *fake, uint32_t type, uint32_t object);
void fake_snapshot_type_base(struct fake_snapshot *fake, uint32_t type, uint32_t base);

uint32_t fake_snapshot_shape(struct fake_snapshot *fake, uint32_t type, uint64_t flags,
			     enum weigh_snapshot_tail tail);

/* A slot more for the shape added last. `key`: an object, of shapes with KEYS, else FAKE_NONE. */
void fake_snapshot_slot(struct fake_snapshot *fake, enum weigh_snapshot_naming naming, const char *name,
			uint32_t key);

/* Its reference count is what is found in the snapshot; net is gross - 16; it has a value of its own. */
uint32_t fake_snapshot_object(struct fake_snapshot *fake, uint32_t shape, uint64_t gross);

/* To change what an object has; valid until the next is added. */
struct fake_object *fake_snapshot_at(struct fake_snapshot *fake, uint32_t object);

/*
 * The next reference of an object, FAKE_NONE for an empty slot: first one for
 * each slot (with OWN_KEYS key and value by turns), then the tail (key and
 * value by turns for PAIRS). Slots that are left over at the end are empty.
 */
void fake_snapshot_refer(struct fake_snapshot *fake, uint32_t object, uint32_t target);

void fake_snapshot_root(struct fake_snapshot *fake, enum weigh_snapshot_root kind, const char *label,
			uint32_t object);

/* Objects that are labelled must be named in ascending order. */
void fake_snapshot_label(struct fake_snapshot *fake, uint32_t object, const char *label);

/* A value that objects may share; `sample` NULL: what it looks like was not kept. */
uint32_t fake_snapshot_value(struct fake_snapshot *fake, enum weigh_snapshot_class class, uint64_t bits,
			     const char *sample);

/* The bytes of a TEXT of more than 8 bits as UTF-8. */
void fake_snapshot_wide(struct fake_snapshot *fake, uint32_t value, uint64_t utf8);

/* A fact of an object: its kind and what follows. Objects must be named in ascending order. */
void fake_snapshot_fact(struct fake_snapshot *fake, uint32_t object, const uint64_t *numbers, size_t count);

/* A frame below `parent` (0: the root), and a site there in the domain "object". */
uint32_t fake_snapshot_node(struct fake_snapshot *fake, uint32_t parent, const char *file,
			    const char *function, uint32_t line);
uint32_t fake_snapshot_site(struct fake_snapshot *fake, uint32_t node);

/* The file. The caller frees it. */
uint8_t *fake_snapshot_build(const struct fake_snapshot *fake, size_t *size);

/* Seal a built file anew after it was changed. */
void fake_snapshot_seal(uint8_t *bytes);

#endif
