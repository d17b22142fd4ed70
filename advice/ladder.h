/*
 * A table in every way in which a program can keep it: what each would take.
 *
 * Pure functions; any thread.
 */
#ifndef WEIGH_ADVICE_LADDER_H
#define WEIGH_ADVICE_LADDER_H

#include "advice/table.h"

struct weigh_rung {
	const char *name; /* static: "slots, float, shared strings" */
	enum weigh_record record;
	enum weigh_content numbers; /* what becomes of text that reads as numbers; ARRAY: of numbers too */
	bool shared;                /* one object for each value of the other fields */
	bool codes;                 /* or codes, where values repeat */
};

enum { WEIGH_RUNGS = 14 };
extern const struct weigh_rung weigh_rungs[WEIGH_RUNGS];

/* Resident bytes of the table in that way. At most WEIGH_LADDER_FIELDS fields; NAN beyond. */
enum { WEIGH_LADDER_FIELDS = 64 };
double weigh_rung_resident(const struct weigh_table *table, const struct weigh_rung *rung);

#endif
