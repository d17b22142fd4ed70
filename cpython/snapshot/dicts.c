/*
 * Dicts: those whose keys are names are records, and have a shape by their
 * keys, like instances; others are maps, with pairs. One thread; memory from
 * the kernel: for each shape a few words for each key.
 *
 * Dicts made by the same code mostly share the key objects themselves, so these
 * make the shape; comparing addresses is fast, and the reader knows the keys
 * without their being written each time. Where every dict has key objects of
 * its own (one json.loads() call each), the texts make it after the first few.
 */
#include "cpython/snapshot/shapes.h"

#include "base/hash.h"

#include <string.h>

enum {
	NAMES_MAX = 64, /* keys of a dict that may be a record, unless it is a namespace */
	NAMESPACE_MAX = 65535,
	SHAPES_MAX = 65536,   /* of dicts; what comes later has pairs */
	SLOTS_MAX = 1 << 21,  /* in these */
	SAME_TEXTS_MAX = 8,   /* shapes with the same texts, before one is made for all */
};

/* Dicts whose keys have the same texts. */
struct group {
	uint32_t shapes;
	struct weigh_shape *own; /* for those with keys of their own */
};

/* The entries of one dict that are in use. */
struct entries {
	PyObject **keys;
	PyObject **values;
	uint32_t count;
};

/* False when there are too many, or a key is no name. */
static bool collect(PyDictKeysObject *keys, struct entries *entries, uint32_t limit)
{
	entries->count = 0;
	for (Py_ssize_t i = 0; i < keys->dk_nentries; i++) {
		PyObject *key;
		PyObject *value;
		weigh_dict_entry(keys, i, &key, &value);
		if (!value)
			continue;
		if (entries->count == limit || !PyUnicode_CheckExact(key))
			return false;
		entries->keys[entries->count] = key;
		entries->values[entries->count++] = value;
	}
	return entries->count > 0;
}

static uint64_t hash_keys(const struct entries *entries)
{
	uint64_t hash = entries->count;
	for (uint32_t i = 0; i < entries->count; i++)
		hash = weigh_hash_step(hash, (uintptr_t)entries->keys[i]);
	return hash;
}

static bool same_keys(const struct weigh_shape *shape, const struct entries *entries)
{
	return shape->slots == entries->count &&
	       memcmp(shape->keys, entries->keys, entries->count * sizeof(*entries->keys)) == 0;
}

static bool same_text(PyObject *a, PyObject *b)
{
	if (a == b)
		return true;
	Py_ssize_t length = PyUnicode_GET_LENGTH(a);
	return weigh_text_is_ready(a) && weigh_text_is_ready(b) && length == PyUnicode_GET_LENGTH(b) &&
	       PyUnicode_KIND(a) == PyUnicode_KIND(b) &&
	       memcmp(PyUnicode_DATA(a), PyUnicode_DATA(b), (size_t)length * PyUnicode_KIND(a)) == 0;
}

static bool same_texts(const struct weigh_shape *shape, const struct entries *entries)
{
	if (shape->slots != entries->count)
		return false;
	for (uint32_t i = 0; i < entries->count; i++)
		if (!same_text(shape->keys[i], entries->keys[i]))
			return false;
	return true;
}

static struct weigh_shape *make(struct weigh_scan *scan, struct weigh_plan *plan,
				const struct entries *entries, uint32_t flags)
{
	size_t bytes = entries->count * sizeof(*entries->keys);
	struct weigh_stream *shapes = &scan->writer->streams[WEIGH_SNAPSHOT_SHAPES];
	struct weigh_shape *shape = weigh_shape_begin(scan, weigh_type_number(scan, plan),
						      flags | WEIGH_SHAPE_SIZED | WEIGH_SHAPE_DATA,
						      WEIGH_TAIL_NONE, entries->count);
	if (!shape)
		return NULL;
	shape->keys = weigh_room_take(&scan->room, bytes);
	if (!shape->keys)
		scan->failed = true;
	else
		memcpy(shape->keys, entries->keys, bytes);
	for (uint32_t i = 0; i < entries->count; i++) {
		weigh_shape_slot(scan, WEIGH_SLOT_KEY, weigh_scan_text(scan, entries->keys[i]));
		if (flags & WEIGH_SHAPE_KEYS)
			weigh_stream_put(shapes, weigh_number_of(scan, entries->keys[i]));
	}
	scan->dict_shapes++;
	scan->dict_slots += entries->count;
	return scan->failed ? NULL : shape;
}

/* Not by its number: a text that is part of no shape need not be in the snapshot. */
static uint64_t hash_of_text(PyObject *key)
{
	if (!weigh_text_is_ready(key))
		return (uintptr_t)key;
	size_t bytes = (size_t)PyUnicode_GET_LENGTH(key) * PyUnicode_KIND(key);
	return weigh_writer_value_hash((unsigned)PyUnicode_KIND(key), PyUnicode_DATA(key), bytes);
}

static struct group *group_of(struct weigh_scan *scan, const struct entries *entries)
{
	uint64_t hash = entries->count;
	for (uint32_t i = 0; i < entries->count; i++)
		hash = weigh_hash_step(hash, hash_of_text(entries->keys[i]));
	struct weigh_memo_entry *entry = weigh_memo_find(scan, hash, &group_of);
	if (entry && !entry->more)
		entry->more = weigh_room_take(&scan->room, sizeof(struct group));
	return entry ? entry->more : NULL;
}

/* The shape for keys that were not met before; NULL when it is to be a map. */
static struct weigh_shape *shape_for_new(struct weigh_scan *scan, struct weigh_plan *plan,
					 const struct entries *entries, bool namespace)
{
	bool full = scan->dict_shapes >= SHAPES_MAX || scan->dict_slots + entries->count > SLOTS_MAX;
	for (uint32_t i = 0; i < entries->count; i++)
		if (weigh_number_of(scan, entries->keys[i]) == WEIGH_NUMBER_NONE)
			return NULL;
	if (namespace)
		return make(scan, plan, entries, WEIGH_SHAPE_KEYS);
	struct group *group = group_of(scan, entries);
	if (!group)
		return NULL;
	if (group->own)
		return scan->own_shape = group->own;
	if (full)
		return NULL;
	if (++group->shapes > SAME_TEXTS_MAX)
		return scan->own_shape = group->own = make(scan, plan, entries, WEIGH_SHAPE_OWN_KEYS);
	return make(scan, plan, entries, WEIGH_SHAPE_KEYS);
}

static struct weigh_shape *shape_for(struct weigh_scan *scan, struct weigh_plan *plan,
				     const struct entries *entries, bool namespace)
{
	if (scan->keys_shape && same_keys(scan->keys_shape, entries))
		return scan->keys_shape;
	uint64_t hash = hash_keys(entries);
	if (scan->own_shape && same_texts(scan->own_shape, entries))
		return scan->own_shape;
	struct weigh_memo_entry *entry = weigh_memo_find(scan, hash, NULL);
	if (entry && entry->shape && same_keys(entry->shape, entries))
		return scan->keys_shape = entry->shape;
	struct weigh_shape *shape = shape_for_new(scan, plan, entries, namespace);
	if (!shape || shape->flags & WEIGH_SHAPE_OWN_KEYS)
		return shape;
	entry = weigh_memo_find(scan, hash, NULL);
	if (entry)
		entry->shape = shape;
	return scan->keys_shape = shape;
}

static void write_record(struct weigh_scan *scan, struct weigh_shape *shape, const struct entries *entries)
{
	for (uint32_t i = 0; i < entries->count; i++) {
		if (shape->flags & WEIGH_SHAPE_OWN_KEYS) {
			weigh_put_reference(scan, &shape->guess[2 * i], entries->keys[i]);
			weigh_put_reference(scan, &shape->guess[2 * i + 1], entries->values[i]);
		} else {
			weigh_put_reference(scan, &shape->guess[i], entries->values[i]);
		}
	}
}

/* A dict that shares its keys with others: they belong to the table. */
static struct weigh_shape *write_split(struct weigh_scan *scan, struct weigh_plan *plan, PyDictObject *dict)
{
	PyDictKeysObject *keys = dict->ma_keys;
	struct weigh_values values = weigh_values_of_dict(dict);
	struct weigh_memo_entry *entry = weigh_memo_find(scan, weigh_hash_step(1, (uintptr_t)keys), keys);
	if (!entry)
		return NULL;
	struct weigh_shape *shape = entry->shape;
	if (!shape) {
		uint32_t count = (uint32_t)keys->dk_nentries;
		shape = weigh_shape_begin(scan, weigh_type_number(scan, plan),
					  WEIGH_SHAPE_SIZED | WEIGH_SHAPE_DATA, WEIGH_TAIL_NONE, count);
		for (uint32_t i = 0; shape && i < count; i++) {
			PyObject *name = weigh_values_name(keys, (Py_ssize_t)i);
			weigh_shape_slot(scan, WEIGH_SLOT_KEY, name ? weigh_scan_text(scan, name) : 0);
		}
		entry->shape = shape;
	}
	for (uint32_t i = 0; shape && i < shape->slots; i++)
		weigh_put_reference(scan, &shape->guess[i],
				    i < (uint32_t)values.count ? values.slots[i] : NULL);
	return shape;
}

/* What a threading.local holds of a thread's dict is not the dict's. */
static struct weigh_shape *write_map(struct weigh_scan *scan, struct weigh_plan *plan, PyDictObject *dict,
				     bool of_thread, bool in_file, uint64_t *length)
{
	uint32_t last_key = (uint32_t)scan->number;
	uint32_t last_value = last_key;
	PyDictKeysObject *keys = dict->ma_keys;
	for (Py_ssize_t i = 0; i < keys->dk_nentries; i++) {
		PyObject *key;
		PyObject *value;
		uintptr_t local;
		weigh_dict_entry(keys, i, &key, &value);
		if (!value || (of_thread && weigh_is_local_key(key, &local)))
			continue;
		weigh_put_reference(scan, &last_key, key);
		weigh_put_reference(scan, &last_value, value);
		++*length;
	}
	return weigh_shape_usual(scan, plan, in_file);
}

struct weigh_shape *weigh_dict_write(struct weigh_scan *scan, struct weigh_plan *plan, PyDictObject *dict,
				     struct weigh_special special, bool in_file, uint64_t *length)
{
	PyObject *small[2 * NAMES_MAX];
	struct entries entries = {small, small + NAMES_MAX, 0};
	uint32_t limit = NAMES_MAX;
	struct weigh_shape *shape = NULL;
	size_t bytes = 0;
	if (dict->ma_values)
		return write_split(scan, plan, dict);
	bool namespace = special.kind == WEIGH_SPECIAL_NAMESPACE;
	if (namespace && dict->ma_used > NAMES_MAX && dict->ma_used <= NAMESPACE_MAX) {
		bytes = 2 * (size_t)dict->ma_used * sizeof(PyObject *);
		entries.keys = weigh_pages_take(bytes);
		entries.values = entries.keys + dict->ma_used;
		limit = entries.keys ? (uint32_t)dict->ma_used : 0;
	}
	if (special.kind != WEIGH_SPECIAL_THREAD_DICT && dict->ma_used <= (Py_ssize_t)limit &&
	    !weigh_dict_has_general_keys(dict->ma_keys) && collect(dict->ma_keys, &entries, limit))
		shape = shape_for(scan, plan, &entries, namespace);
	if (shape)
		write_record(scan, shape, &entries);
	if (bytes)
		weigh_pages_give(entries.keys, bytes);
	return shape ? shape
		     : write_map(scan, plan, dict, special.kind == WEIGH_SPECIAL_THREAD_DICT, in_file,
				 length);
}
