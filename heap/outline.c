/*
 * The part of the tree of holders that fits on a screen: see heap/outline.h.
 *
 * One thread; allocates with malloc.
 */
#include "heap/outline.h"

#include <stdlib.h>

struct choosing {
	const struct weigh_heap_holders *holders;
	struct weigh_outline *outline;
	uint8_t *chosen;  /* for each holder */
	uint32_t *heap;   /* candidates, the one that retains most first */
	uint32_t waiting; /* candidates in it */
	uint64_t least;
};

static uint64_t retained(const struct choosing *c, uint32_t at)
{
	return c->holders->holders[c->heap[at]].retained;
}

static void swap(struct choosing *c, uint32_t a, uint32_t b)
{
	uint32_t holder = c->heap[a];
	c->heap[a] = c->heap[b];
	c->heap[b] = holder;
}

static void push(struct choosing *c, uint32_t holder)
{
	uint32_t at = c->waiting++;

	c->heap[at] = holder;
	for (; at && retained(c, at) > retained(c, (at - 1) / 2); at = (at - 1) / 2)
		swap(c, at, (at - 1) / 2);
}

static uint32_t pop(struct choosing *c)
{
	uint32_t best = c->heap[0], at = 0;

	c->heap[0] = c->heap[--c->waiting];
	for (;;) {
		uint32_t child = at * 2 + 1;
		if (child + 1 < c->waiting && retained(c, child + 1) > retained(c, child))
			child++;
		if (child >= c->waiting || retained(c, child) <= retained(c, at))
			return best;
		swap(c, at, child);
		at = child;
	}
}

/* Children that may have a row; those that retain most come first. */
static void push_children(struct choosing *c, uint32_t parent)
{
	const struct weigh_holder *holder = &c->holders->holders[parent];

	for (uint32_t i = 0; i < holder->children; i++) {
		uint32_t child = c->holders->order[holder->first + i];
		if (c->holders->holders[child].retained < c->least)
			break;
		push(c, child);
	}
}

static void choose(struct choosing *c, uint32_t limit)
{
	uint32_t chosen = 0;

	push_children(c, 0);
	while (c->waiting && (!limit || chosen < limit)) {
		uint32_t best = pop(c);
		/* An owner gives way to what it holds; what is left of it is seen to later. */
		if (!weigh_holder_is_owner(&c->holders->holders[best])) {
			c->chosen[best] = 1;
			chosen++;
		}
		push_children(c, best);
	}
}

static struct weigh_outline_row *add_row(struct choosing *c, uint32_t depth, uint32_t holder)
{
	struct weigh_outline_row *row = &c->outline->rows[c->outline->count++];

	*row = (struct weigh_outline_row){.holder = holder, .depth = depth};
	return row;
}

static void leave_out(struct weigh_outline_row *rest, const struct weigh_holder *holder)
{
	rest->left_out++;
	rest->count += holder->count;
	rest->gross += holder->gross;
	rest->retained += holder->retained;
}

struct level {
	uint32_t holder, at, depth;
	struct weigh_outline_row rest;
};

/* Ends a level with a row of what was left out in it. */
static void end_level(struct choosing *c, const struct level *level)
{
	if (level->rest.left_out)
		*add_row(c, level->depth, WEIGH_NO_OBJECT) = level->rest;
}

static void add_holder_row(struct choosing *c, uint32_t number, uint32_t depth)
{
	const struct weigh_holder *holder = &c->holders->holders[number];
	struct weigh_outline_row *row = add_row(c, depth, number);

	row->count = holder->count;
	row->gross = holder->gross;
	row->retained = holder->retained;
}

/* The rows of a chosen holder and all below; `levels` has room for as deep as holders go. */
static void add_rows(struct choosing *c, uint32_t holder, struct level *levels)
{
	uint32_t height = 0;

	add_holder_row(c, holder, 0);
	levels[height++] =
		(struct level){.holder = holder, .depth = 1, .rest = {.holder = WEIGH_NO_OBJECT, .depth = 1}};
	while (height) {
		struct level *level = &levels[height - 1];
		const struct weigh_holder *parent = &c->holders->holders[level->holder];
		if (level->at == parent->children) {
			end_level(c, level);
			height--;
			continue;
		}
		uint32_t child = c->holders->order[parent->first + level->at++];
		if (!c->chosen[child]) {
			leave_out(&level->rest, &c->holders->holders[child]);
			continue;
		}
		add_holder_row(c, child, level->depth);
		levels[height++] = (struct level){
			.holder = child,
			.depth = level->depth + 1,
			.rest = {.holder = WEIGH_NO_OBJECT, .depth = level->depth + 1},
		};
	}
}

static int compare_tops(const void *left, const void *right)
{
	const struct weigh_outline_row *a = left, *b = right;

	if (a->retained != b->retained)
		return a->retained < b->retained ? 1 : -1;
	return a->holder < b->holder ? -1 : a->holder > b->holder;
}

/* What of an owner has no row: itself, and its children that were not chosen. */
static struct weigh_outline_row owner_rest(const struct choosing *c, uint32_t number)
{
	const struct weigh_holder *owner = &c->holders->holders[number];
	struct weigh_outline_row row = {
		.holder = number,
		.count = owner->count,
		.gross = owner->gross,
		.retained = owner->gross,
	};

	for (uint32_t i = 0; i < owner->children; i++) {
		uint32_t child = c->holders->order[owner->first + i];
		if (!c->chosen[child])
			leave_out(&row, &c->holders->holders[child]);
	}
	return row;
}

/*
 * Rows of depth 0 in their order: chosen children of owners, and what is left
 * of each owner. Returns how many; owners whose rest is below the least go
 * into `rest`.
 */
static uint32_t list_tops(const struct choosing *c, struct weigh_outline_row *tops, uint32_t owners_limit,
			  struct weigh_outline_row *rest)
{
	const struct weigh_holder *top = &c->holders->holders[0];
	uint32_t count = 0, kept;

	for (uint32_t i = 0; i < top->children; i++)
		tops[count++] = owner_rest(c, c->holders->order[top->first + i]);
	qsort(tops, count, sizeof(*tops), compare_tops);
	for (kept = 0; kept < count && kept < owners_limit && tops[kept].retained >= c->least; kept++) {
		if (!tops[kept].retained)
			break;
	}
	for (uint32_t i = kept; i < count; i++) {
		if (!tops[i].count && !tops[i].left_out)
			continue;
		rest->left_out += tops[i].left_out + 1;
		rest->count += tops[i].count;
		rest->gross += tops[i].gross;
		rest->retained += tops[i].retained;
	}
	for (uint32_t i = 1; i < c->holders->count; i++) {
		const struct weigh_holder *holder = &c->holders->holders[i];
		if (c->chosen[i] && weigh_holder_is_owner(&c->holders->holders[holder->parent]))
			tops[kept++] = (struct weigh_outline_row){.holder = i, .retained = holder->retained};
	}
	qsort(tops, kept, sizeof(*tops), compare_tops);
	return kept;
}

static void write_rows(struct choosing *c, struct weigh_outline_row *tops, struct level *levels,
		       uint32_t owners_limit)
{
	struct weigh_outline_row rest = {.holder = WEIGH_NO_OBJECT};
	uint32_t count = list_tops(c, tops, owners_limit, &rest);

	for (uint32_t i = 0; i < count; i++) {
		if (weigh_holder_is_owner(&c->holders->holders[tops[i].holder]))
			*add_row(c, 0, tops[i].holder) = tops[i];
		else
			add_rows(c, tops[i].holder, levels);
	}
	if (rest.left_out)
		*add_row(c, 0, WEIGH_NO_OBJECT) = rest;
}

struct weigh_error *weigh_outline_init(struct weigh_outline *outline,
				       const struct weigh_heap_holders *holders, uint32_t limit,
				       uint64_t least)
{
	/* Of the rows one in four may be what is left of an owner. */
	uint32_t owners_limit = limit ? limit / 4 : UINT32_MAX;
	size_t room = holders->count;
	struct choosing c = {
		.holders = holders,
		.outline = outline,
		.chosen = calloc(room, 1),
		.heap = malloc(room * sizeof(*c.heap)),
		.least = least,
	};
	struct weigh_outline_row *tops = malloc(room * sizeof(*tops));
	struct level *levels = malloc(room * sizeof(*levels));

	*outline = (struct weigh_outline){0};
	/* A row for each holder, and one for what was left out below it. */
	outline->rows = malloc((room * 2 + 1) * sizeof(*outline->rows));
	bool ready = c.chosen && c.heap && tops && levels && outline->rows;
	if (ready) {
		choose(&c, limit ? limit - owners_limit : 0);
		write_rows(&c, tops, levels, owners_limit);
	}
	free(c.chosen);
	free(c.heap);
	free(tops);
	free(levels);
	if (!ready)
		return weigh_error_create_memory();
	if (outline->count) {
		struct weigh_outline_row *fitted =
			realloc(outline->rows, outline->count * sizeof(*outline->rows));
		outline->rows = fitted ? fitted : outline->rows;
	}
	return NULL;
}

void weigh_outline_deinit(struct weigh_outline *outline)
{
	free(outline->rows);
	*outline = (struct weigh_outline){0};
}
