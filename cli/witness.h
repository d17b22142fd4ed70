/*
 * Tells a signal for the whole process group from one for the launcher alone.
 *
 * kill() says who sent a signal, not to how many. Passing on what the program
 * has received already would interrupt it twice. So a second process stands
 * in the group, does nothing, and keeps the signals that it is sent pending,
 * where they can be seen.
 */
#ifndef WEIGH_CLI_WITNESS_H
#define WEIGH_CLI_WITNESS_H

#include <stdbool.h>
#include <sys/types.h>

struct weigh_witness {
	pid_t pid; /* 0: none, nothing is ever seen */
};

/*
 * All signals must be blocked in the caller. The process has no files open and
 * dies with the launcher. About 0.1 ms.
 */
void weigh_witness_init(struct weigh_witness *w);
void weigh_witness_deinit(struct weigh_witness *w);

/*
 * True when signal `number`, which has just reached the launcher, was sent to
 * the group. Takes some milliseconds, so that the sender may get round to
 * everyone; forgets all signals seen so far.
 */
bool weigh_witness_saw(struct weigh_witness *w, int number);

#endif
