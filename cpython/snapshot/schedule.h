/*
 * Which snapshots a recording wants, and taking them when their time comes: at
 * the recording's end, and at each new peak, of which the highest is kept.
 *
 * Called with the GIL. They become files beside the capture, which whoever
 * finishes the capture puts into it.
 */
#ifndef WEIGH_CPYTHON_SNAPSHOT_SCHEDULE_H
#define WEIGH_CPYTHON_SNAPSHOT_SCHEDULE_H

#include "cpython/snapshot/taking.h"

struct weigh_schedule_wants {
	const char *capture; /* the path, absolute: files are named after it */
	bool peak;
	bool end;
	bool in_place; /* where the system refuses the fork */
};

/* For the recording that runs. 0, or an errno. */
int weigh_schedule_begin(const struct weigh_schedule_wants *wants);

/*
 * The recording is about to stop: takes the snapshot of the end. In a process
 * that did not begin the schedule it does nothing.
 */
void weigh_schedule_end(void);

/*
 * Waits until what was taken is written, or, without `wait`, looks; false
 * while it is not. Needs no GIL.
 */
bool weigh_schedule_written(bool wait);

/* What kept a snapshot of this process from being taken or written, an errno; 0: nothing. */
int weigh_schedule_error(void);

/* Nobody waits any longer: ends what is being written. */
void weigh_schedule_cancel(void);

#endif
