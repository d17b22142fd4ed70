/*
 * Slots and tails by layout. One thread; takes no memory.
 */
#include "cpython/snapshot/references.h"

#include "cpython/objects/frames.h"

#include <string.h>

void weigh_frame_gather(const struct weigh_frame_view *view, struct weigh_references *references)
{
	references->frame = *view;
	if (!view->code)
		return;
	for (int i = 0; i < WEIGH_FRAME_PARTS; i++)
		references->slots[references->count++] = view->parts[i];
	Py_ssize_t i = 0;
	for (; i < view->local_count && references->count < WEIGH_SLOTS_MAX; i++)
		references->slots[references->count++] = weigh_frame_slot(view->locals[i]);
	references->named_locals = i;
}

/* Static types have fewer fields, and later versions keep what they refer to elsewhere. */
static void gather_type(const struct weigh_plan *plan, PyTypeObject *type, PyObject **slots)
{
	bool heap = type->tp_flags & Py_TPFLAGS_HEAPTYPE;
	for (uint32_t i = 0; i < plan->field_count; i++) {
		uint32_t offset = plan->fields[i].offset;
		PyObject *target = NULL;
		if (offset == offsetof(PyTypeObject, tp_dict))
			target = weigh_type_dict(type);
		else if (heap ||
			 (offset < sizeof(PyTypeObject) &&
			  (offset != offsetof(PyTypeObject, tp_subclasses) || PY_VERSION_HEX < 0x030c0000)))
			target = *(PyObject **)((char *)type + offset);
		slots[i] = target;
	}
}

/* Values that a dict shows as well, which was made for the instance, count as the dict's. */
static uint32_t gather_values(const struct weigh_plan *plan, PyObject *object, PyObject **slots)
{
	struct weigh_values values = {0};
	if (!weigh_instance_dict_hides(object))
		values = weigh_values_of_instance(object);
	for (uint32_t i = 0; i < plan->value_count; i++)
		slots[i] = values.slots && i < (uint32_t)values.count ? values.slots[i] : NULL;
	return plan->value_count;
}

void weigh_slots_gather(const struct weigh_plan *plan, PyObject *object, struct weigh_references *references)
{
	PyObject **slots = references->slots;
	references->count = plan->field_count;
	if (plan->way == WEIGH_WAY_TYPE) {
		gather_type(plan, (PyTypeObject *)object, slots);
		return;
	}
	for (uint32_t i = 0; i < plan->field_count; i++)
		slots[i] = *(PyObject **)((char *)object + plan->fields[i].offset);
	if (plan->value_count)
		references->count += gather_values(plan, object, slots + references->count);
	if (plan->dict)
		slots[references->count++] = weigh_instance_dict(object);
	if (plan->way == WEIGH_WAY_FRAME) {
		struct weigh_frame_view view = weigh_frame_view_of(&plan->kind, object);
		weigh_frame_gather(&view, references);
	}
}

/*
 * Passes on what a traverse function visits, but for the type, what the slots
 * hold, and what the links of a cache hold, which it visits as its own: once
 * each.
 */
struct sieve {
	visitproc visit;
	void *arg;
	PyObject *type;
	struct weigh_cache_link *link; /* of a cache, whose references come next; NULL: none */
	struct weigh_cache_link *end;
	int link_step;
	uint32_t count;
	PyObject *left[WEIGH_SLOTS_MAX]; /* slots that were not visited yet */
};

static bool is_of_link(struct sieve *sieve, PyObject *target)
{
	if (!sieve->link || sieve->link == sieve->end)
		return false;
	struct weigh_cache_entry *entry = (struct weigh_cache_entry *)sieve->link;
	PyObject *const expected[] = {entry->key, entry->result, (PyObject *)Py_TYPE(entry)};
	if (target != expected[sieve->link_step])
		return false;
	if (++sieve->link_step == 3) {
		sieve->link_step = 0;
		sieve->link = sieve->link->next;
	}
	return true;
}

static int visit_rest(PyObject *target, void *arg)
{
	struct sieve *sieve = arg;
	for (uint32_t i = 0; i < sieve->count; i++) {
		if (sieve->left[i] != target)
			continue;
		sieve->left[i] = sieve->left[--sieve->count];
		return 0;
	}
	if (target == sieve->type) {
		sieve->type = NULL;
		return 0;
	}
	/* asyncio's module keeps dead objects for reuse, and visits them too. */
	if (is_of_link(sieve, target) || Py_REFCNT(target) <= 0)
		return 0;
	return sieve->visit(target, sieve->arg);
}

static int traverse(const struct weigh_plan *plan, PyObject *object,
		    const struct weigh_references *references, visitproc visit, void *arg)
{
	PyTypeObject *type = plan->kind.type;
	if (type->tp_is_gc && !type->tp_is_gc(object))
		return 0;
	struct sieve sieve;
	sieve.visit = visit;
	sieve.arg = arg;
	sieve.type = plan->heap ? (PyObject *)type : NULL;
	sieve.link = NULL;
	sieve.link_step = 0;
	if (plan->way == WEIGH_WAY_CACHE) {
		sieve.end = (struct weigh_cache_link *)object;
		sieve.link = sieve.end->next;
	}
	sieve.count = 0;
	for (uint32_t i = 0; i < references->count; i++)
		if (references->slots[i])
			sieve.left[sieve.count++] = references->slots[i];
	if (weigh_instance_dict_hides(object)) {
		struct weigh_values values = weigh_values_of_instance(object);
		for (Py_ssize_t i = 0; i < values.count && sieve.count < WEIGH_SLOTS_MAX; i++)
			if (values.slots[i])
				sieve.left[sieve.count++] = values.slots[i];
	}
	return type->tp_traverse(object, visit_rest, &sieve);
}

static int visit_pairs(PyDictObject *dict, visitproc visit, void *arg)
{
	struct weigh_values values = weigh_values_of_dict(dict);
	PyDictKeysObject *keys = dict->ma_keys;
	for (Py_ssize_t i = 0; i < keys->dk_nentries; i++) {
		PyObject *key;
		PyObject *value;
		weigh_dict_entry(keys, i, &key, &value);
		if (dict->ma_values)
			value = i < values.count ? values.slots[i] : NULL;
		if (!value || !key)
			continue;
		if (!dict->ma_values)
			WEIGH_VISIT(key);
		WEIGH_VISIT(value);
	}
	return 0;
}

/* Its nodes hold the keys again. */
static int visit_nodes(struct weigh_ordered_dict *ordered, visitproc visit, void *arg)
{
	for (struct weigh_ordered_node *node = ordered->first; node; node = node->next)
		WEIGH_VISIT(node->key);
	return 0;
}

static int visit_set(PySetObject *set, visitproc visit, void *arg)
{
	for (Py_ssize_t i = 0; i <= set->mask; i++)
		if (set->table[i].key && set->table[i].hash != -1)
			WEIGH_VISIT(set->table[i].key);
	return 0;
}

static int visit_deque(struct weigh_deque *deque, visitproc visit, void *arg)
{
	Py_ssize_t left = Py_SIZE(deque);
	Py_ssize_t i = deque->left_index;
	for (struct weigh_deque_block *block = deque->left_block; block && left > 0; block = block->right) {
		for (; i < WEIGH_DEQUE_ITEMS && left > 0; i++, left--)
			WEIGH_VISIT(block->items[i]);
		i = 0;
	}
	return 0;
}

static int visit_array(struct weigh_ndarray *array, visitproc visit, void *arg)
{
	const struct weigh_ndarray_dtype *dtype = (const struct weigh_ndarray_dtype *)array->dtype;
	if (!dtype || dtype->number != WEIGH_NDARRAY_OBJECTS || !(array->flags & WEIGH_NDARRAY_OWNS))
		return 0;
	Py_ssize_t count = 1;
	for (int i = 0; i < array->dimensions; i++)
		count *= array->shape[i];
	for (Py_ssize_t i = 0; i < count; i++)
		WEIGH_VISIT(((PyObject **)array->data)[i]);
	return 0;
}

int weigh_frame_tail_visit(struct weigh_scan *scan, const struct weigh_references *references,
			   visitproc visit, void *arg)
{
	const struct weigh_frame_view *view = &references->frame;
	if (!view->code)
		return 0;
	for (Py_ssize_t i = references->named_locals; i < view->local_count; i++)
		WEIGH_VISIT(weigh_frame_slot(view->locals[i]));
	for (Py_ssize_t i = 0; i < view->stack_count; i++) {
		PyObject *word = weigh_frame_slot(view->stack[i]);
		if (!view->guessed ||
		    ((uintptr_t)word % 8 == 0 && weigh_marks_has(&scan->heap.seen, (uintptr_t)word)))
			WEIGH_VISIT(word);
	}
	return 0;
}

static int visit_code(PyCodeObject *code, visitproc visit, void *arg)
{
#if PY_VERSION_HEX >= 0x030c0000
	if (code->_co_cached) {
		WEIGH_VISIT(code->_co_cached->_co_code);
		WEIGH_VISIT(code->_co_cached->_co_varnames);
		WEIGH_VISIT(code->_co_cached->_co_cellvars);
		WEIGH_VISIT(code->_co_cached->_co_freevars);
	}
#else
	(void)code;
	(void)visit;
	(void)arg;
#endif
	return 0;
}

/* The table of the names that its instances' attributes have holds these. */
static int visit_type(PyTypeObject *type, visitproc visit, void *arg)
{
	if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE))
		return 0;
	PyDictKeysObject *keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
	for (Py_ssize_t i = 0; keys && i < keys->dk_nentries; i++)
		WEIGH_VISIT(weigh_values_name(keys, i));
	return 0;
}

/* The ring of a bounded cache holds its links. */
static int visit_links(struct weigh_cache_link *cache, visitproc visit, void *arg)
{
	for (struct weigh_cache_link *link = cache->next; link && link != cache; link = link->next)
		WEIGH_VISIT(link);
	return 0;
}

/* What the dicts of the threads hold for it goes when it goes. */
static int visit_local(struct weigh_scan *scan, PyObject *local, visitproc visit, void *arg)
{
	for (size_t i = 0; i < scan->local_count; i++) {
		if (scan->locals[i].local != (uintptr_t)local)
			continue;
		WEIGH_VISIT(scan->locals[i].key);
		WEIGH_VISIT(scan->locals[i].dummy);
	}
	return 0;
}

/* The field is there only in one that has a time zone. */
static int visit_zone(const struct weigh_plan *plan, PyObject *object, visitproc visit, void *arg)
{
	Py_ssize_t bytes = weigh_kind_base(plan->kind.type)->tp_basicsize;
	if (((char *)object)[sizeof(PyObject) + sizeof(Py_hash_t)])
		WEIGH_VISIT(*(PyObject **)((char *)object + bytes - sizeof(PyObject *)));
	return 0;
}

static int visit_items(PyObject **items, Py_ssize_t count, visitproc visit, void *arg)
{
	for (Py_ssize_t i = 0; i < count; i++)
		WEIGH_VISIT(items[i]);
	return 0;
}

int weigh_tail_visit(struct weigh_scan *scan, const struct weigh_plan *plan, PyObject *object,
		     const struct weigh_references *references, visitproc visit, void *arg)
{
	int answer = 0;
	switch (plan->way) {
	case WEIGH_WAY_LIST:
		answer = visit_items(((PyListObject *)object)->ob_item, Py_SIZE(object), visit, arg);
		break;
	case WEIGH_WAY_TUPLE:
	case WEIGH_WAY_RECORD:
		answer = visit_items(((PyTupleObject *)object)->ob_item, Py_SIZE(object), visit, arg);
		break;
	case WEIGH_WAY_ORDERED:
		answer = visit_nodes((struct weigh_ordered_dict *)object, visit, arg);
		if (answer)
			break;
		__attribute__((fallthrough));
	case WEIGH_WAY_DICT:
	case WEIGH_WAY_PAIRS:
		answer = visit_pairs((PyDictObject *)object, visit, arg);
		break;
	case WEIGH_WAY_SET:
		answer = visit_set((PySetObject *)object, visit, arg);
		break;
	case WEIGH_WAY_DEQUE:
		answer = visit_deque((struct weigh_deque *)object, visit, arg);
		break;
	case WEIGH_WAY_ARRAY:
		answer = visit_array((struct weigh_ndarray *)object, visit, arg);
		break;
	case WEIGH_WAY_FRAME:
		answer = weigh_frame_tail_visit(scan, references, visit, arg);
		break;
	case WEIGH_WAY_CODE:
		answer = visit_code((PyCodeObject *)object, visit, arg);
		break;
	case WEIGH_WAY_TYPE:
		answer = visit_type((PyTypeObject *)object, visit, arg);
		break;
	case WEIGH_WAY_CACHE:
		answer = visit_links((struct weigh_cache_link *)object, visit, arg);
		break;
	case WEIGH_WAY_LOCAL:
		answer = visit_local(scan, object, visit, arg);
		break;
	case WEIGH_WAY_ZONED:
		answer = visit_zone(plan, object, visit, arg);
		break;
	default:
		break;
	}
	return answer || !plan->traverses ? answer : traverse(plan, object, references, visit, arg);
}
