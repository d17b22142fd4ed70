/*
 * A thread of ours in the program that watches live bytes and, when a snapshot
 * of the peak is due, takes the GIL for as long as the fork lasts.
 *
 * The program does not see it: it is no thread of `threading`, blocks all
 * signals, is not recorded, and is absent while os.fork() counts threads for
 * the warning of Python 3.12.
 */
#ifndef WEIGH_CPYTHON_SNAPSHOT_PEAK_H
#define WEIGH_CPYTHON_SNAPSHOT_PEAK_H

#include "recorder/climb.h"

#include <stdbool.h>
#include <stdint.h>

/* What the thread asks of the schedule. */
struct weigh_peak_calls {
	/* Called at every look. Without the GIL. */
	void (*tend)(struct weigh_climb *climb);

	/* Takes one; with the GIL. */
	void (*take)(struct weigh_climb *climb);
};

/* Starts watching the recording that runs, with the GIL; `calls` is static. 0, or an errno. */
int weigh_peak_start(const struct weigh_peak_calls *calls);

/*
 * Ends the thread, with the GIL, which is given up meanwhile. What the climb
 * came to is the caller's then. False when none was watching.
 */
bool weigh_peak_stop(struct weigh_climb *climb);

/*
 * The recording ends without the GIL, when the interpreter is gone: makes sure
 * that the thread does not look at it any more.
 */
void weigh_peak_abandon(void);

#endif
