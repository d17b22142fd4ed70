/*
 * Signals of the launcher: what comes to it on the program's behalf, and
 * dying as the program died.
 */
#ifndef WEIGH_CLI_SIGNALS_H
#define WEIGH_CLI_SIGNALS_H

#include "base/error.h"
#include "cli/witness.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* What the launcher was started with, so that the program gets the same. */
struct weigh_signals {
	sigset_t mask;
	struct sigaction child; /* disposition of SIGCHLD */
	int fd;   /* delivers what arrives; closed by exec */
	struct weigh_witness witness;
};

/*
 * Blocks every signal that can be blocked: from here on they arrive through
 * `fd` only. Signals of the terminal reach the program by themselves, being
 * sent to the whole process group.
 */
struct weigh_error *weigh_signals_init(struct weigh_signals *s);
void weigh_signals_deinit(struct weigh_signals *s);

/* In the forked child, before exec: mask and dispositions as they were. */
void weigh_signals_restore(const struct weigh_signals *s);

/*
 * Takes one signal that has arrived, false when there is none. `*forward` is
 * set when it was sent to the launcher alone, by kill() from outside the
 * program.
 */
bool weigh_signals_next(struct weigh_signals *s, pid_t program, int *number, bool *forward);

/* Stops the launcher by a job-control signal, as the program has stopped; returns when continued. */
void weigh_signals_stop(int number);

/* Ends the launcher by a signal without a core file. Returns only where that is impossible. */
void weigh_signals_die(int number);

#endif
