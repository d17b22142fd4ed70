/*
 * What a rule says: where, what to change, how many bytes, how sure.
 *
 * One thread; findings own their texts (malloc).
 */
#ifndef WEIGH_ADVICE_FINDING_H
#define WEIGH_ADVICE_FINDING_H

#include <stdbool.h>
#include <stdint.h>

/* Which bytes a change gives back. Never mixed, never added to one another. */
enum weigh_quantity {
	WEIGH_QUANTITY_PEAK,     /* of the highest footprint */
	WEIGH_QUANTITY_END,      /* of what is live at the end */
	WEIGH_QUANTITY_REUSABLE, /* free for the program, not for the machine */
	WEIGH_QUANTITY_GROWTH,   /* for each hour */
};

enum weigh_grade {
	WEIGH_GRADE_EXACT,      /* every precondition seen to hold on the whole heap */
	WEIGH_GRADE_LIKELY,     /* from samples, or one precondition not seen */
	WEIGH_GRADE_HYPOTHESIS, /* only whoever wrote the program can tell */
};

enum weigh_check_state {
	WEIGH_CHECK_FAILS,
	WEIGH_CHECK_HOLDS,
	WEIGH_CHECK_UNKNOWN, /* cannot be seen from outside */
};

struct weigh_check {
	char *text;
	enum weigh_check_state state;
};

enum { WEIGH_CHECKS_MAX = 6 };

/* What a finding changes in the model, so that it can be applied after others. */
enum weigh_effect_kind {
	WEIGH_EFFECT_NONE,    /* nothing: an alternative to others, or of another quantity */
	WEIGH_EFFECT_BYTES,   /* its saving goes; bytes that no other finding is about */
	WEIGH_EFFECT_RECORD,  /* a table's records become `to`, an enum weigh_record */
	WEIGH_EFFECT_CONTENT, /* a field of a table holds `to`, an enum weigh_content */
	WEIGH_EFFECT_CODED,   /* a table becomes columns, of machine numbers where they can be */
};
struct weigh_effect {
	enum weigh_effect_kind kind;
	uint32_t table; /* of the evidence's tables */
	uint32_t field; /* of the table */
	int to;
};

struct weigh_finding {
	char id[16];      /* "W09-1": rule and number, the same for the same capture */
	const char *rule; /* static: "duplicate-strings" */
	char *title;      /* "one str for each of the 182 values of route" */
	char *file;       /* of the construction site; NULL: not known */
	uint32_t line;
	char *function;
	enum weigh_quantity quantity;
	double before, after; /* bytes of what the finding is about, alone */
	double saving, saving_low, saving_high;
	double sampled_off; /* bytes by which sampling may be off, in 95 % of the runs; 0: exact */
	enum weigh_grade grade;
	char *evidence;                     /* one line */
	char *change_before, *change_after; /* in the user's own names */
	struct weigh_check checks[WEIGH_CHECKS_MAX];
	int check_count;
	char *cost;   /* what it costs: time, care */
	char *verify; /* command that measures it */
	struct weigh_effect effect;
	double effort; /* of the edit, where it is more than that of a few lines: 2 halves its weight; 0: 1 */
};

/* Considered, and not advised. */
struct weigh_rejected {
	const char *rule; /* static */
	char *file;
	uint32_t line;
	char *why; /* "slots blocked: base Model has __dict__" */
	double saving; /* the true one: small, zero or negative */
};

/* After a finding and all those before it in the list: the whole heap. */
struct weigh_step {
	uint32_t finding; /* index */
	double after; /* bytes of the quantity */
};

struct weigh_advice {
	struct weigh_finding *findings; /* by saving x confidence, highest first */
	uint32_t finding_count;
	struct weigh_rejected *rejected;
	uint32_t rejected_count;
	struct weigh_step *steps; /* findings that can be applied together, in order */
	uint32_t step_count;
	double peak, end; /* bytes before any change */
	enum weigh_quantity quantity; /* of the steps */
	double least; /* the gate: findings that save less are rejected */
};

#endif
