/*
 * When a snapshot of the peak is due: the rule alone, fed with live bytes every
 * few milliseconds. While they climb one is due whenever they stand a tenth
 * above the last one kept; once they rest, half a percent is enough, or that
 * the last one fell into the climb, and little has gone since: what was made had
 * no name yet.
 *
 * One thread at a time; allocates nothing.
 */
#ifndef WEIGH_RECORDER_CLIMB_H
#define WEIGH_RECORDER_CLIMB_H

#include <stdbool.h>
#include <stdint.h>

struct weigh_climb {
	uint64_t start;   /* live bytes when it began */
	uint64_t kept;    /* of the last snapshot; 0: none yet */
	uint64_t before;  /* of the one before it, until the last is known to be whole */
	bool rising;      /* at the last snapshot */
	uint64_t highest; /* seen so far */
	uint64_t grown_ns; /* when that last rose */
	uint64_t asked_ns; /* when it was asked last */
	uint64_t rest_ns; /* none is due until then, */
	uint64_t calm_rest_ns; /* where they rest until then */
};

void weigh_climb_init(struct weigh_climb *climb, uint64_t live);

/* Whether a snapshot is due. */
bool weigh_climb_wants(struct weigh_climb *climb, uint64_t live, uint64_t now_ns);

/* The same at the end, when it is the last chance. */
bool weigh_climb_wants_last(const struct weigh_climb *climb, uint64_t live);

/* One was taken, for which the program stood still so long. */
void weigh_climb_taken(struct weigh_climb *climb, uint64_t live, uint64_t now_ns, uint64_t pause_ns);

/* The one taken last was given up for a higher one. */
void weigh_climb_dropped(struct weigh_climb *climb);

/* None could be taken. */
void weigh_climb_refused(struct weigh_climb *climb, uint64_t now_ns);

/* The one taken last came to nothing: that before it is still the one kept. */
void weigh_climb_failed(struct weigh_climb *climb, uint64_t now_ns);

#endif
