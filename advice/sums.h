/*
 * Rows that rules add up by two numbers, such as a type and a place: made when
 * they are first asked for; and the line that most of the objects in a row
 * were made at.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_ADVICE_SUMS_H
#define WEIGH_ADVICE_SUMS_H

#include "advice/collect.h"
#include "advice/evidence.h"
#include "heap/index.h"

#include <stddef.h>

struct weigh_sums {
	struct weigh_heap_index index; /* the numbers of each row */
	char *rows; /* private */
	size_t size; /* private */
	uint32_t room; /* private */
};

/* `size`: bytes of a row. End with weigh_sums_deinit(), also after an error. */
struct weigh_error *weigh_sums_init(struct weigh_sums *rows, size_t size);
void weigh_sums_deinit(struct weigh_sums *rows);

/* The row of two numbers, zeros at first; NULL without memory. Valid until the next is asked for. */
void *weigh_sums_put(struct weigh_sums *rows, uint64_t a, uint64_t b);

/* Row by number, below index.count. */
static inline void *weigh_sums_at(const struct weigh_sums *rows, uint32_t number)
{
	return rows->rows + number * rows->size;
}

/*
 * A rule by rows: `seek` adds up rows of `size` bytes, false without memory;
 * `report` says what one of them tells.
 */
struct weigh_sums_rule {
	size_t size;
	bool (*seek)(const struct weigh_evidence *evidence, struct weigh_sums *sums);
	void (*report)(const struct weigh_evidence *evidence, struct weigh_collector *collector,
		       const struct weigh_sums *sums, uint32_t number);
};
struct weigh_error *weigh_sums_ask(const struct weigh_sums_rule *rule, const struct weigh_evidence *evidence,
				   struct weigh_collector *collector);

/* A line by majority: right when more than half of the objects are of one. Begins as zeros. */
struct weigh_line_vote {
	uint32_t votes;
	uint32_t line; /* of evidence->lines, while there are votes */
};

/* An object of which no line is known does not vote. */
void weigh_line_vote(struct weigh_line_vote *vote, const struct weigh_evidence *evidence, uint32_t object);

/* Puts the line that was elected. */
void weigh_line_vote_place(const struct weigh_line_vote *vote, const struct weigh_evidence *evidence,
			   struct weigh_collector *collector, struct weigh_finding *finding);

/* The same as a frame; its file is NULL when no line is known. */
struct weigh_heap_frame weigh_line_vote_frame(const struct weigh_line_vote *vote,
					      const struct weigh_evidence *evidence);

#endif
