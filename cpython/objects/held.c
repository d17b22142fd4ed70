/*
 * Subtracting references. With the GIL; memory comes from the kernel.
 *
 * Objects are numbered by the set of what was seen; each has a counter of one
 * byte for the references found, and for the few with more, a small table has
 * the rest.
 */
#include "cpython/objects/held.h"

#include "base/pages.h"

enum { FULL = 255, FIRST_TABLE = 1024 };

struct rest {
	uint64_t number; /* of the object, plus 1; 0: free */
	uint64_t references;
};

struct counts {
	struct weigh_sizer *sizer;
	uint8_t *bytes;
	size_t byte_count;
	struct rest *rests;
	size_t rest_capacity;
	size_t rest_count;
};

static struct rest *rest_of(struct rest *rests, size_t capacity, uint64_t number)
{
	size_t i = (size_t)(number * 0x9e3779b97f4a7c15 >> 20) & (capacity - 1);
	while (rests[i].number && rests[i].number != number + 1)
		i = (i + 1) & (capacity - 1);
	return &rests[i];
}

static bool grow(struct counts *counts)
{
	size_t capacity = counts->rest_capacity ? counts->rest_capacity * 2 : FIRST_TABLE;
	struct rest *rests = weigh_pages_take(capacity * sizeof(*rests));
	if (!rests)
		return false;
	for (size_t i = 0; i < counts->rest_capacity; i++)
		if (counts->rests[i].number)
			*rest_of(rests, capacity, counts->rests[i].number - 1) = counts->rests[i];
	weigh_pages_give(counts->rests, counts->rest_capacity * sizeof(*rests));
	counts->rests = rests;
	counts->rest_capacity = capacity;
	return true;
}

static bool add(struct counts *counts, uint64_t number, uint64_t references)
{
	uint8_t *byte = &counts->bytes[number];
	uint64_t fits = (uint64_t)(FULL - *byte);
	fits = fits < references ? fits : references;
	*byte = (uint8_t)(*byte + fits);
	if (fits == references)
		return true;
	if (counts->rest_count * 2 >= counts->rest_capacity && !grow(counts))
		return false;
	struct rest *rest = rest_of(counts->rests, counts->rest_capacity, number);
	counts->rest_count += !rest->number;
	rest->number = number + 1;
	rest->references += references - fits;
	return true;
}

static uint64_t references_of(const struct counts *counts, uint64_t number)
{
	if (counts->bytes[number] < FULL || !counts->rest_capacity)
		return counts->bytes[number];
	return FULL + rest_of(counts->rests, counts->rest_capacity, number)->references;
}

static int count(PyObject *target, void *arg)
{
	struct counts *counts = arg;
	const struct weigh_marks *seen = &counts->sizer->heap.seen;
	if (!weigh_marks_has(seen, (uintptr_t)target))
		return 0;
	return add(counts, weigh_marks_rank(seen, (uintptr_t)target), 1) ? 0 : -1;
}

/* The kind of a seen object that was followed; NULL when it was not. */
static const struct weigh_kind *kind_followed(struct weigh_sizer *sizer, PyObject *object)
{
	const struct weigh_kind *kind = weigh_kinds_find(&sizer->kinds, Py_TYPE(object));
	if (!kind || kind->stops || weigh_is_singleton(object))
		return NULL;
	bool runs = kind->form == WEIGH_FORM_FRAME && weigh_frame_runs(object);
	return runs && !(sizer->kinds.follow & WEIGH_FOLLOW_FRAMES) ? NULL : kind;
}

/* Counts the references among all that was seen. */
static bool count_inside(struct counts *counts)
{
	struct weigh_sizer *sizer = counts->sizer;
	for (struct weigh_marks_leaf *leaf = sizer->heap.seen.leaves; leaf; leaf = leaf->next) {
		uintptr_t address = weigh_marks_next(leaf, leaf->base);
		for (; address; address = weigh_marks_next(leaf, address + 8)) {
			const struct weigh_kind *kind = kind_followed(sizer, (PyObject *)address);
			if (!kind || kind->leaf)
				continue;
			struct weigh_kind copy = *kind;
			if (weigh_edges_visit(&copy, (PyObject *)address, sizer->kinds.follow, count, counts))
				return false;
		}
	}
	return true;
}

typedef bool each_word(uintptr_t word, void *arg);

static bool for_each(const struct weigh_pile *pile, each_word *visit, void *arg)
{
	size_t used = pile->used;
	for (const struct weigh_pile_chunk *chunk = pile->top; chunk; chunk = chunk->below) {
		for (size_t i = 0; i < used; i++)
			if (!visit(chunk->words[i], arg))
				return false;
		used = WEIGH_PILE_WORDS;
	}
	return true;
}

/* Without holders nothing else counts for an object that is held: its count is made full. */
static bool count_all(uintptr_t word, void *arg)
{
	struct counts *counts = arg;
	PyObject *object = weigh_cut_object(word);
	if (!weigh_marks_has(&counts->sizer->heap.seen, (uintptr_t)object))
		return true;
	return add(counts, weigh_marks_rank(&counts->sizer->heap.seen, (uintptr_t)object),
		   (uint64_t)Py_REFCNT(object));
}

static bool count_cut(uintptr_t word, void *arg)
{
	struct counts *counts = arg;
	PyObject *object = weigh_cut_object(word);
	if (!weigh_marks_has(&counts->sizer->heap.seen, (uintptr_t)object))
		return true;
	return add(counts, weigh_marks_rank(&counts->sizer->heap.seen, (uintptr_t)object),
		   weigh_cut_references(word));
}

/* Holders that are led back to, as by a reference to the parent. */
struct back {
	const struct weigh_marks *seen;
	struct weigh_marks holders;
	struct weigh_marks held;
	bool any;
};

static bool note_holder(uintptr_t word, void *arg)
{
	struct back *back = arg;
	uintptr_t address = (uintptr_t)weigh_cut_object(word);
	if (!weigh_marks_has(back->seen, address))
		return true;
	struct weigh_marks_leaf *leaf = weigh_marks_leaf(&back->holders, address);
	back->any = true;
	return leaf && (weigh_marks_add(leaf, address), true);
}

static bool note_held(uintptr_t word, void *arg)
{
	struct back *back = arg;
	uintptr_t address = (uintptr_t)weigh_cut_object(word);
	struct weigh_marks_leaf *leaf = weigh_marks_leaf(&back->held, address);
	return leaf && (weigh_marks_add(leaf, address), true);
}

/* From all that has references left over, what it leads to. */
static bool spread(struct counts *counts, struct weigh_sizer *outside)
{
	struct weigh_sizer *sizer = counts->sizer;
	for (struct weigh_marks_leaf *leaf = sizer->heap.seen.leaves; leaf; leaf = leaf->next) {
		uintptr_t address = weigh_marks_next(leaf, leaf->base);
		for (; address; address = weigh_marks_next(leaf, address + 8)) {
			PyObject *object = (PyObject *)address;
			if (!kind_followed(sizer, object))
				continue;
			uint64_t found = references_of(counts, weigh_marks_rank(&sizer->heap.seen, address));
			if (!weigh_is_immortal(object) && found >= (uint64_t)Py_REFCNT(object))
				continue;
			if (!weigh_sizer_add(outside, object))
				return false;
		}
	}
	return true;
}

/*
 * A holder that is seen has had its references counted already. They are cut
 * all the same, so that from the holder, held from outside as it mostly is,
 * nothing spreads to what it holds; nor by a second reference under another
 * name, which is taken to be gone too.
 */
static bool subtract(struct counts *counts, const struct weigh_cut *cut, struct weigh_sizer *outside,
		     struct back *back)
{
	if (!count_inside(counts))
		return false;
	if (!cut->holders)
		return for_each(cut->held, count_all, counts) && spread(counts, outside);
	if (!weigh_marks_init(&back->holders) || !for_each(cut->holders, note_holder, back))
		return false;
	if (back->any) {
		if (!weigh_marks_init(&back->held) || !for_each(cut->held, note_held, back))
			return false;
		outside->cut_holders = &back->holders;
		outside->cut_held = &back->held;
	} else if (!for_each(cut->held, count_cut, counts)) {
		return false;
	}
	return spread(counts, outside);
}

bool weigh_held_elsewhere(struct weigh_sizer *sizer, const struct weigh_cut *cut, uint64_t *shared)
{
	struct counts counts = {.sizer = sizer};
	struct back back = {.seen = &sizer->heap.seen};
	struct weigh_sizer outside;
	bool done = weigh_sizer_init(&outside, sizer->kinds.follow);
	outside.deaf = sizer->deaf;
	if (done && weigh_marks_number(&sizer->heap.seen)) {
		counts.byte_count = sizer->heap.seen.members + 1;
		counts.bytes = weigh_pages_take(counts.byte_count);
	}
	done = counts.bytes && subtract(&counts, cut, &outside, &back);
	*shared = outside.sink.gross;
	if (!done)
		sizer->status =
			outside.status == WEIGH_SIZER_GOES_ON ? WEIGH_SIZER_NO_MEMORY : outside.status;
	weigh_pages_give(counts.bytes, counts.byte_count);
	weigh_pages_give(counts.rests, counts.rest_capacity * sizeof(*counts.rests));
	weigh_marks_deinit(&back.holders);
	weigh_marks_deinit(&back.held);
	weigh_sizer_deinit(&outside);
	return done;
}
