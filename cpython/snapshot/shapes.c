/*
 * Types and shapes, each written when it is first needed. One thread; memory
 * from the kernel: a few words for each slot of each shape.
 */
#include "cpython/snapshot/shapes.h"

#include "base/hash.h"
#include "cpython/objects/frames.h"
#include "cpython/snapshot/frames.h"
#include "cpython/text.h"

#include <string.h>

enum { FIRST_MEMO = 1 << 12 };

struct weigh_memo {
	struct weigh_memo_entry *table;
	size_t capacity;
	size_t count;
};

bool weigh_memo_init(struct weigh_scan *scan)
{
	scan->memo = weigh_room_take(&scan->room, sizeof(*scan->memo));
	if (!scan->memo)
		return false;
	scan->memo->capacity = FIRST_MEMO;
	scan->memo->table = weigh_pages_take(FIRST_MEMO * sizeof(*scan->memo->table));
	return scan->memo->table != NULL;
}

void weigh_memo_deinit(struct weigh_scan *scan)
{
	if (scan->memo)
		weigh_pages_give(scan->memo->table, scan->memo->capacity * sizeof(*scan->memo->table));
	scan->memo = NULL;
}

static struct weigh_memo_entry *place_of(struct weigh_memo_entry *table, size_t capacity, uint64_t hash,
					 const void *identity)
{
	size_t i = (size_t)(hash >> 20) & (capacity - 1);
	while (table[i].hash && (table[i].hash != hash || table[i].identity != identity))
		i = (i + 1) & (capacity - 1);
	return &table[i];
}

static bool grow(struct weigh_memo *memo)
{
	size_t capacity = memo->capacity * 2;
	struct weigh_memo_entry *table = weigh_pages_take(capacity * sizeof(*table));
	if (!table)
		return false;
	for (size_t i = 0; i < memo->capacity; i++)
		if (memo->table[i].hash)
			*place_of(table, capacity, memo->table[i].hash, memo->table[i].identity) =
				memo->table[i];
	weigh_pages_give(memo->table, memo->capacity * sizeof(*table));
	memo->table = table;
	memo->capacity = capacity;
	return true;
}

struct weigh_memo_entry *weigh_memo_find(struct weigh_scan *scan, uint64_t hash, const void *identity)
{
	struct weigh_memo *memo = scan->memo;
	hash |= 1;
	struct weigh_memo_entry *entry = place_of(memo->table, memo->capacity, hash, identity);
	if (entry->hash)
		return entry;
	if (memo->count * 2 >= memo->capacity) {
		if (!grow(memo)) {
			scan->failed = true;
			return NULL;
		}
		entry = place_of(memo->table, memo->capacity, hash, identity);
	}
	memo->count++;
	entry->hash = hash;
	entry->identity = identity;
	return entry;
}

uint32_t weigh_scan_text(struct weigh_scan *scan, PyObject *text)
{
	struct weigh_text_scratch scratch;
	size_t bytes;
	const char *utf8 = weigh_text_utf8(text, &scratch, &bytes);
	return weigh_writer_text(scan->writer, utf8, bytes);
}

static uint32_t text(struct weigh_scan *scan, const char *bytes)
{
	return weigh_writer_text(scan->writer, bytes, strlen(bytes));
}

static enum weigh_snapshot_form form_of(const struct weigh_plan *plan)
{
	switch (plan->kind.form) {
	case WEIGH_FORM_STR:
		return WEIGH_SNAPSHOT_STR;
	case WEIGH_FORM_BYTES:
		return WEIGH_SNAPSHOT_BYTES;
	case WEIGH_FORM_INT:
		return WEIGH_SNAPSHOT_INT;
	case WEIGH_FORM_FLOAT:
		return WEIGH_SNAPSHOT_FLOAT;
	case WEIGH_FORM_LIST:
		return WEIGH_SNAPSHOT_LIST;
	case WEIGH_FORM_TUPLE:
		return WEIGH_SNAPSHOT_TUPLE;
	case WEIGH_FORM_DICT:
	case WEIGH_FORM_ORDERED_DICT:
		return WEIGH_SNAPSHOT_DICT;
	case WEIGH_FORM_SET:
		return WEIGH_SNAPSHOT_SET;
	case WEIGH_FORM_FUNCTION:
		return WEIGH_SNAPSHOT_FUNCTION;
	case WEIGH_FORM_FRAME:
		return WEIGH_SNAPSHOT_FRAME;
	case WEIGH_FORM_GENERATOR:
		return WEIGH_SNAPSHOT_GENERATOR;
	case WEIGH_FORM_CODE:
		return WEIGH_SNAPSHOT_CODE;
	case WEIGH_FORM_TYPE:
		return WEIGH_SNAPSHOT_TYPE;
	case WEIGH_FORM_MODULE:
		return WEIGH_SNAPSHOT_MODULE;
	case WEIGH_FORM_WEAKREF:
		return WEIGH_SNAPSHOT_WEAKREF;
	case WEIGH_FORM_ARRAY:
	case WEIGH_FORM_NDARRAY:
		return WEIGH_SNAPSHOT_ARRAY;
	case WEIGH_FORM_BYTEARRAY:
		return WEIGH_SNAPSHOT_BYTEARRAY;
	case WEIGH_FORM_DEQUE:
		return WEIGH_SNAPSHOT_DEQUE;
	default:
		return WEIGH_SNAPSHOT_PLAIN;
	}
}

static unsigned flags_of(const struct weigh_plan *plan)
{
	PyTypeObject *type = plan->kind.type;
	bool heap = type->tp_flags & Py_TPFLAGS_HEAPTYPE;
	unsigned flags = heap ? WEIGH_TYPE_HEAP : 0;
	flags |= PyType_IS_GC(type) ? WEIGH_TYPE_COLLECTED : 0;
	flags |= weigh_is_class(type) ? WEIGH_TYPE_PYTHON : 0;
	flags |= plan->dict ? WEIGH_TYPE_DICT : 0;
	flags |= type->tp_weaklistoffset ? WEIGH_TYPE_WEAKREFS : 0;
	flags |= plan->shared ? WEIGH_TYPE_VALUES : 0;
	flags |= heap && ((PyHeapTypeObject *)type)->ht_slots ? WEIGH_TYPE_SLOTS : 0;
	return flags;
}

/* A heap type knows its names as objects; others have them in one, "module.name". */
static void put_names(struct weigh_scan *scan, struct weigh_stream *types, PyTypeObject *type)
{
	const char *dot = strrchr(type->tp_name, '.');
	uint32_t name = text(scan, dot ? dot + 1 : type->tp_name);
	uint32_t module = dot ? weigh_writer_text(scan->writer, type->tp_name, (size_t)(dot - type->tp_name))
			      : text(scan, "builtins");
	if (type->tp_flags & Py_TPFLAGS_HEAPTYPE) {
		PyObject *qualified = ((PyHeapTypeObject *)type)->ht_qualname;
		PyObject *home = weigh_type_entry(type, "__module__");
		if (qualified && PyUnicode_Check(qualified))
			name = weigh_scan_text(scan, qualified);
		if (home && PyUnicode_Check(home))
			module = weigh_scan_text(scan, home);
	}
	weigh_stream_put(types, name);
	weigh_stream_put(types, module);
}

static uint32_t put_type(struct weigh_scan *scan, struct weigh_plan *plan, uint32_t variant)
{
	struct weigh_stream *types = &scan->writer->streams[WEIGH_SNAPSHOT_TYPES];
	PyTypeObject *type = plan->kind.type;
	struct weigh_plan *base = type->tp_base ? weigh_plan_of(scan, type->tp_base) : NULL;
	uint32_t base_number = base ? weigh_type_number(scan, base) : WEIGH_NUMBER_NONE;
	put_names(scan, types, type);
	weigh_stream_put(types, variant);
	weigh_stream_put(types, (uint32_t)(weigh_number_of(scan, type) + 1));
	weigh_stream_put(types, (uint32_t)(base_number + 1));
	weigh_stream_put(types, form_of(plan));
	weigh_stream_put(types, flags_of(plan));
	weigh_stream_put(types, type->tp_basicsize > 0 ? (uint64_t)type->tp_basicsize : 0);
	weigh_stream_put(types, type->tp_itemsize > 0 ? (uint64_t)type->tp_itemsize : 0);
	types->entries++;
	return scan->type_count++;
}

uint32_t weigh_type_number(struct weigh_scan *scan, struct weigh_plan *plan)
{
	if (plan->type == WEIGH_NUMBER_NONE)
		plan->type = put_type(scan, plan, 0);
	return plan->type;
}

struct weigh_shape *weigh_shape_begin(struct weigh_scan *scan, uint32_t type, uint32_t flags, uint32_t tail,
				      uint32_t slots)
{
	struct weigh_stream *shapes = &scan->writer->streams[WEIGH_SNAPSHOT_SHAPES];
	uint32_t guesses = flags & WEIGH_SHAPE_OWN_KEYS ? 2 * slots : slots;
	struct weigh_shape *shape = weigh_room_take(&scan->room, sizeof(*shape));
	uint32_t *guess = weigh_room_take(&scan->room, guesses * sizeof(*guess) + 1);
	if (!shape || !guess) {
		scan->failed = true;
		return NULL;
	}
	*shape = (struct weigh_shape){
		.number = scan->shape_count++, .slots = slots, .tail = tail, .flags = flags, .guess = guess};
	for (uint32_t i = 0; i < guesses; i++)
		guess[i] = (uint32_t)scan->number;
	weigh_stream_put(shapes, type);
	weigh_stream_put(shapes, flags);
	weigh_stream_put(shapes, tail);
	weigh_stream_put(shapes, slots);
	shapes->entries++;
	return shape;
}

static enum weigh_snapshot_tail tail_of(const struct weigh_plan *plan)
{
	switch (plan->way) {
	case WEIGH_WAY_SCALAR:
		return WEIGH_TAIL_NONE;
	case WEIGH_WAY_LIST:
	case WEIGH_WAY_TUPLE:
	case WEIGH_WAY_RECORD:
	case WEIGH_WAY_DEQUE:
		return WEIGH_TAIL_ITEMS;
	case WEIGH_WAY_DICT:
	case WEIGH_WAY_PAIRS:
	case WEIGH_WAY_ORDERED:
		return WEIGH_TAIL_PAIRS;
	case WEIGH_WAY_SET:
	case WEIGH_WAY_CODE:
	case WEIGH_WAY_TYPE:
	case WEIGH_WAY_CACHE:
	case WEIGH_WAY_LOCAL:
	case WEIGH_WAY_ZONED:
		return WEIGH_TAIL_MEMBERS;
	default:
		return plan->traverses ? WEIGH_TAIL_MEMBERS : WEIGH_TAIL_NONE;
	}
}

static bool is_sized(const struct weigh_plan *plan)
{
	switch (plan->kind.form) {
	case WEIGH_FORM_LIST:
	case WEIGH_FORM_TUPLE:
	case WEIGH_FORM_DICT:
	case WEIGH_FORM_ORDERED_DICT:
	case WEIGH_FORM_SET:
	case WEIGH_FORM_DEQUE:
	case WEIGH_FORM_ARRAY:
	case WEIGH_FORM_NDARRAY:
	case WEIGH_FORM_BYTEARRAY:
		return true;
	default:
		return false;
	}
}

static void put_slot(struct weigh_scan *scan, const char *name)
{
	weigh_shape_slot(scan, name[0] == '(' ? WEIGH_SLOT_PART : WEIGH_SLOT_ATTRIBUTE, text(scan, name));
}

static uint32_t own_slots(const struct weigh_plan *plan)
{
	return plan->field_count + plan->value_count + plan->dict;
}

/* In the order in which they are gathered. */
static void put_own_slots(struct weigh_scan *scan, const struct weigh_plan *plan)
{
	for (uint32_t i = 0; i < plan->field_count; i++)
		put_slot(scan, plan->fields[i].name);
	for (uint32_t i = 0; i < plan->value_count; i++) {
		PyObject *name = weigh_values_name(plan->shared, (Py_ssize_t)i);
		weigh_shape_slot(scan, WEIGH_SLOT_ATTRIBUTE, name ? weigh_scan_text(scan, name) : 0);
	}
	if (plan->dict)
		put_slot(scan, "__dict__");
}

static uint32_t shape_flags(const struct weigh_plan *plan, bool in_file)
{
	uint32_t flags = is_sized(plan) ? WEIGH_SHAPE_SIZED : 0;
	flags |= plan->valued ? WEIGH_SHAPE_VALUED : 0;
	flags |= in_file ? WEIGH_SHAPE_STATIC : 0;
	return flags | (plan->data ? WEIGH_SHAPE_DATA : 0);
}

struct weigh_shape *weigh_shape_usual(struct weigh_scan *scan, struct weigh_plan *plan, bool in_file)
{
	if (plan->usual[in_file])
		return plan->usual[in_file];
	uint32_t flags = shape_flags(plan, in_file);
	if (plan->way == WEIGH_WAY_RECORD)
		flags &= ~(uint32_t)WEIGH_SHAPE_DATA;
	struct weigh_shape *shape =
		weigh_shape_begin(scan, weigh_type_number(scan, plan), flags, tail_of(plan), own_slots(plan));
	if (shape)
		put_own_slots(scan, plan);
	return plan->usual[in_file] = shape;
}

struct weigh_shape *weigh_shape_record(struct weigh_scan *scan, struct weigh_plan *plan, bool in_file)
{
	if (plan->record[in_file])
		return plan->record[in_file];
	uint32_t count = (uint32_t)PyTuple_GET_SIZE(plan->names);
	uint32_t flags = shape_flags(plan, in_file) & ~(uint32_t)WEIGH_SHAPE_SIZED;
	struct weigh_shape *shape =
		weigh_shape_begin(scan, weigh_type_number(scan, plan), flags, WEIGH_TAIL_NONE, count);
	for (uint32_t i = 0; shape && i < count; i++)
		weigh_shape_slot(scan, WEIGH_SLOT_ATTRIBUTE,
				 weigh_scan_text(scan, PyTuple_GET_ITEM(plan->names, i)));
	return plan->record[in_file] = shape;
}

/* What tells arrays of one type apart, and what it is called. */
static uintptr_t variant_of(const struct weigh_plan *plan, PyObject *object, char name[64])
{
	if (plan->way == WEIGH_WAY_BUFFER) {
		char code = ((struct weigh_array *)object)->descriptor->code;
		name[0] = code;
		name[1] = 0;
		return (unsigned char)code;
	}
	const struct weigh_ndarray_dtype *dtype =
		(const struct weigh_ndarray_dtype *)((struct weigh_ndarray *)object)->dtype;
	name[0] = 0;
	if (!dtype || !dtype->scalar)
		return 0;
	const char *full = dtype->scalar->tp_name;
	const char *dot = strrchr(full, '.');
	size_t bytes = strnlen(dot ? dot + 1 : full, 63);
	memcpy(name, dot ? dot + 1 : full, bytes);
	while (bytes && name[bytes - 1] == '_')
		bytes--;
	name[bytes] = 0;
	return (uintptr_t)dtype->scalar;
}

struct weigh_shape *weigh_shape_array(struct weigh_scan *scan, struct weigh_plan *plan, PyObject *object)
{
	char name[64];
	uintptr_t variant = variant_of(plan, object, name);
	struct weigh_memo_entry *entry =
		weigh_memo_find(scan, weigh_hash_step((uintptr_t)plan, variant), (void *)variant);
	if (!entry || entry->shape)
		return entry ? entry->shape : NULL;
	bool objects = plan->way == WEIGH_WAY_ARRAY && strcmp(name, "object") == 0;
	uint32_t type = put_type(scan, plan, text(scan, name));
	struct weigh_shape *shape =
		weigh_shape_begin(scan, type, shape_flags(plan, false),
				  objects ? WEIGH_TAIL_ITEMS : WEIGH_TAIL_NONE, own_slots(plan));
	if (shape)
		put_own_slots(scan, plan);
	return entry->shape = shape;
}

struct weigh_shape *weigh_shape_frame(struct weigh_scan *scan, struct weigh_plan *plan, PyCodeObject *code,
				      bool object, uint32_t locals)
{
	uint64_t hash = weigh_hash_step(weigh_hash_step((uintptr_t)plan, (uintptr_t)code), object);
	struct weigh_memo_entry *entry = weigh_memo_find(scan, hash, code);
	if (!entry || entry->shape)
		return entry ? entry->shape : NULL;
	uint32_t own = object ? own_slots(plan) : 0;
	struct weigh_shape *shape = weigh_shape_begin(scan, weigh_type_number(scan, plan), 0,
						      WEIGH_TAIL_MEMBERS, own + WEIGH_FRAME_PARTS + locals);
	entry->shape = shape;
	if (!shape)
		return NULL;
	if (object)
		put_own_slots(scan, plan);
	for (int i = 0; i < WEIGH_FRAME_PARTS; i++)
		put_slot(scan, weigh_frame_part_names[i]);
	for (uint32_t i = 0; i < locals; i++) {
		PyObject *name = weigh_frame_local_name(code, (Py_ssize_t)i);
		weigh_shape_slot(scan, WEIGH_SLOT_LOCAL, name ? weigh_scan_text(scan, name) : 0);
	}
	return shape;
}
