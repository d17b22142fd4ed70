/*
 * Rules that add up rows by two numbers, such as a type and a place; and the
 * line that most of the objects in a row were made at.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_ADVICE_SUMS_H
#define WEIGH_ADVICE_SUMS_H

#include "advice/collect.h"
#include "advice/evidence.h"
#include "heap/rows.h"

#include <stddef.h>

/*
 * A rule by rows: `seek` adds up rows of `size` bytes, false without memory;
 * `report` says what one of them tells.
 */
struct weigh_sums_rule {
	size_t size;
	bool (*seek)(const struct weigh_evidence *evidence, struct weigh_heap_rows *sums);
	void (*report)(const struct weigh_evidence *evidence, struct weigh_collector *collector,
		       const struct weigh_heap_rows *sums, uint32_t number);
};
struct weigh_error *weigh_sums_ask(const struct weigh_sums_rule *rule, const struct weigh_evidence *evidence,
				   struct weigh_collector *collector);

/*
 * A line by majority: right when more than half of the objects are of one, else
 * one of theirs. Begins as zeros.
 */
struct weigh_line_vote {
	uint32_t votes;
	uint32_t line; /* of evidence->lines */
	bool known; /* there was a vote */
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
