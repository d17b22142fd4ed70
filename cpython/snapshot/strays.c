/*
 * Objects that nothing leads to: C code holds them in variables of its own,
 * and the garbage collector does not know them. Modules that Cython made hold
 * their constants and code objects so, a fifteenth of the small objects of a
 * program that imports pandas.
 *
 * They are found where they lie: in a pool every block is either in use or on
 * the pool's list of free ones, and a block in use that no object found so far
 * lies in is looked at. It is taken for an object when its type is a known one
 * with few ways to err, it has references, and is as large as an object of
 * that type and length is. What refers to other things must refer to nothing
 * but objects, so that a block of something else cannot lead astray.
 *
 * One thread; memory from the kernel: a pile of those that wait.
 */
#include "cpython/snapshot/references.h"

#include "recorder/pools.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
	SMALLEST = 16, /* bytes of a block */
	FREE_WORDS = WEIGH_POOL_BYTES / SMALLEST / 64,
	MARK_WORDS = WEIGH_POOL_BYTES >> WEIGH_MARKS_WORD_SHIFT,
	PREHEADERS = 3, /* of 0, 16 and 32 bytes */
};

struct strays {
	struct weigh_scan *scan;
	int memory; /* /proc/self/mem: what may not be there can be read by it; -1: cannot */
	struct weigh_pile waiting; /* tuples and code objects */
	uint64_t waiting_count;
};

/* Which blocks are free, a bit for each by its number. False when the list does not fit the pool's own count. */
static bool list_free(const struct weigh_pool *pool, uint64_t free[FREE_WORDS])
{
	uintptr_t first = (uintptr_t)pool + WEIGH_POOL_FIRST;
	uint32_t bytes = weigh_pool_block_bytes(pool);
	uint32_t capacity = weigh_pool_capacity(pool);
	uint32_t expected = capacity - (uint32_t)pool->live;
	uint32_t count = 0;
	memset(free, 0, FREE_WORDS * sizeof(*free));
	for (uintptr_t block = pool->free_block; block; block = *(const uintptr_t *)block) {
		uintptr_t number = (block - first) / bytes;
		if (block < first || (block - first) % bytes || number >= capacity || ++count > expected)
			return false;
		free[number / 64] |= (uint64_t)1 << number % 64;
	}
	return count == expected;
}

static bool has_member(const struct weigh_marks_leaf *leaf, uintptr_t block, uint32_t bytes)
{
	uintptr_t found = weigh_marks_next(leaf, block);
	return found && found < block + bytes;
}

/* Whether an address is that of a type among the objects. */
static bool is_type(struct weigh_scan *scan, uintptr_t address)
{
	return address % 8 == 0 && weigh_marks_has(&scan->heap.seen, address) &&
	       weigh_special_find(scan, address).kind != WEIGH_SPECIAL_FRAME &&
	       PyType_Check((PyObject *)address);
}

/* Bits 32 to 47 are never used, and those of a pointer mostly. */
static bool has_references(const PyObject *object)
{
	uint64_t word = *(const uint64_t *)object;
	return (uint32_t)word && !(word & 0xffff00000000);
}

/* Types that can be told by their looks: they lie in one block, and say how long they are. */
static bool is_plain_to_see(const struct weigh_plan *plan, PyObject *object)
{
	if (plan->way == WEIGH_WAY_SCALAR)
		return plan->kind.form != WEIGH_FORM_STR || ((PyASCIIObject *)object)->state.compact;
	if (plan->kind.type == &PyTuple_Type || plan->kind.type == &PyCode_Type)
		return true;
	return plan->kind.form == WEIGH_FORM_COMPLEX ||
	       (plan->kind.form == WEIGH_FORM_PLAIN && !plan->traverses && !plan->heap && !plan->dict &&
		!plan->field_count && !plan->value_count);
}

/* A block that was made smaller where it lies is at most a quarter too large. */
static bool fits(const struct weigh_plan *plan, PyObject *object, uint32_t bytes)
{
	size_t own = weigh_blocks_own(&plan->kind, object);
	return own <= bytes && bytes - weigh_pool_rounded(own) <= bytes / 4;
}

/* The object in a block; NULL when it does not look like one. */
static PyObject *object_in(struct weigh_scan *scan, uintptr_t block, uint32_t bytes)
{
	for (uint32_t before = 0; before < PREHEADERS * 16 && before + sizeof(PyObject) < bytes;
	     before += 16) {
		PyObject *object = (PyObject *)(block + before);
		if (!has_references(object) || !is_type(scan, (uintptr_t)Py_TYPE(object)))
			continue;
		const struct weigh_plan *plan = weigh_plan_of(scan, Py_TYPE(object));
		if (plan && plan->kind.preheader == before && is_plain_to_see(plan, object) &&
		    fits(plan, object, bytes))
			return object;
	}
	return NULL;
}

static void look(struct strays *strays, uintptr_t block, uint32_t bytes)
{
	struct weigh_scan *scan = strays->scan;
	PyObject *object = object_in(scan, block, bytes);
	if (!object)
		return;
	if (!PyTuple_CheckExact(object) && !PyCode_Check(object)) {
		weigh_reach_one(scan, object);
		return;
	}
	if (!weigh_pile_push(&strays->waiting, (uintptr_t)object))
		scan->failed = true;
	strays->waiting_count++;
}

static void look_through_pool(struct strays *strays, struct weigh_marks_leaf *leaf, uintptr_t address)
{
	const struct weigh_pool *pool = (const struct weigh_pool *)address;
	uint64_t free[FREE_WORDS];
	uint32_t bytes = weigh_pool_block_bytes(pool);
	uint32_t count = weigh_pool_capacity(pool);
	if (bytes < sizeof(PyObject) || !list_free(pool, free))
		return;
	for (uint32_t i = 0; i < count && !strays->scan->failed; i++) {
		uintptr_t block = address + WEIGH_POOL_FIRST + (uintptr_t)i * bytes;
		if (!(free[i / 64] >> i % 64 & 1) && !has_member(leaf, block, bytes))
			look(strays, block, bytes);
	}
}

/* Pools in which objects were found. */
static bool look_through_known(struct strays *strays, struct weigh_marks_leaf *leaf)
{
	struct weigh_heap *heap = &strays->scan->heap;
	uintptr_t end = leaf->base + ((uintptr_t)1 << WEIGH_MARKS_LEAF_SHIFT);
	bool any = false;
	for (uintptr_t pool = leaf->base; pool < end && !strays->scan->failed; pool += WEIGH_POOL_BYTES) {
		uintptr_t member = weigh_marks_next(leaf, pool);
		if (!member)
			break;
		if (member >= pool + WEIGH_POOL_BYTES)
			continue;
		if (weigh_heap_place(heap, leaf, member) != WEIGH_PLACE_POOL)
			continue;
		look_through_pool(strays, leaf, pool);
		any = true;
	}
	return any;
}

/* Whether a place near known pools is one too; there may be nothing at all, or what may not be read. */
static bool is_hidden_pool(const struct strays *strays, uintptr_t address)
{
	struct weigh_pool pool;
	return pread(strays->memory, &pool, sizeof(pool), (off_t)address) == sizeof(pool) &&
	       weigh_pool_is_sound(&pool);
}

/* Pools full of what nothing leads to. */
static void look_through_hidden(struct strays *strays, struct weigh_marks_leaf *leaf)
{
	struct weigh_heap *heap = &strays->scan->heap;
	uintptr_t end = leaf->base + ((uintptr_t)1 << WEIGH_MARKS_LEAF_SHIFT);
	for (uintptr_t pool = leaf->base; pool < end && !strays->scan->failed; pool += WEIGH_POOL_BYTES) {
		if (*weigh_marks_tag(leaf, pool) != WEIGH_PLACE_UNKNOWN || !is_hidden_pool(strays, pool))
			continue;
		if (weigh_heap_place(heap, leaf, pool) == WEIGH_PLACE_POOL)
			look_through_pool(strays, leaf, pool);
	}
}

static int is_unknown(PyObject *target, void *arg)
{
	struct weigh_scan *scan = arg;
	return (uintptr_t)target % 8 || !weigh_marks_has(&scan->heap.seen, (uintptr_t)target);
}

static bool refers_to_objects(struct weigh_scan *scan, PyObject *object)
{
	struct weigh_references references;
	const struct weigh_plan *plan = weigh_plan_of(scan, Py_TYPE(object));
	if (!plan)
		return false;
	weigh_slots_gather(plan, object, &references);
	for (uint32_t i = 0; i < references.count; i++)
		if (references.slots[i] && is_unknown(references.slots[i], scan))
			return false;
	return !weigh_tail_visit(scan, plan, object, &references, is_unknown, scan);
}

/* Those that wait may refer to one another: again, as long as one more is found. */
static void settle(struct strays *strays)
{
	struct weigh_scan *scan = strays->scan;
	uint64_t before;
	do {
		struct weigh_pile waiting = strays->waiting;
		uintptr_t object;
		before = strays->waiting_count;
		strays->waiting = (struct weigh_pile){0};
		strays->waiting_count = 0;
		while (!scan->failed && weigh_pile_pop(&waiting, &object)) {
			if (refers_to_objects(scan, (PyObject *)object))
				weigh_reach_one(scan, (PyObject *)object);
			else if (weigh_pile_push(&strays->waiting, object))
				strays->waiting_count++;
		}
		weigh_pile_deinit(&waiting);
	} while (!scan->failed && strays->waiting_count && strays->waiting_count < before);
	weigh_pile_deinit(&strays->waiting);
}

void weigh_strays_reach(struct weigh_scan *scan)
{
	struct strays strays = {.scan = scan, .memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC)};
	for (struct weigh_marks_leaf *leaf = scan->heap.seen.leaves; leaf && !scan->failed; leaf = leaf->next)
		if (look_through_known(&strays, leaf) && strays.memory >= 0)
			look_through_hidden(&strays, leaf);
	settle(&strays);
	if (strays.memory >= 0)
		close(strays.memory);
}

uint64_t weigh_pools_in_use(const struct weigh_scan *scan)
{
	uint64_t bytes = 0;
	for (const struct weigh_marks_leaf *leaf = scan->heap.seen.leaves; leaf; leaf = leaf->next) {
		for (uintptr_t at = 0; at < WEIGH_MARKS_TAGS; at++) {
			const struct weigh_pool *pool =
				(const struct weigh_pool *)(leaf->base + (at << WEIGH_MARKS_TAG_SHIFT));
			if (leaf->tags[at] == WEIGH_PLACE_POOL)
				bytes += (uint64_t)(uint32_t)pool->live * weigh_pool_block_bytes(pool);
		}
	}
	return bytes;
}
