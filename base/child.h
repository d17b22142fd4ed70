/*
 * A child that holds the program's memory as it is at one instant, and that
 * the program does not notice: it has no signal at its end, so that neither a
 * handler of SIGCHLD nor waitpid(-1) sees it, and no function registered with
 * pthread_atfork runs for it.
 */
#ifndef WEIGH_BASE_CHILD_H
#define WEIGH_BASE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Starts a child that runs `work` and ends with what it returns as its exit
 * status. The child has one file open, `fd`, and a process group of its own;
 * all signals wait in it, it leaves no core file, and the kernel ends it first when memory runs out, and when it
 * has used ten minutes of processor time. It may call the system only: at the
 * fork other threads may have held any lock, malloc's too.
 *
 * The process id, or an errno below zero. The caller is stopped for the fork
 * alone, about 2 ms for each 100 MiB of its memory.
 */
pid_t weigh_child_start(int fd, int (*work)(int fd, void *arg), void *arg);

enum weigh_child_state {
	WEIGH_CHILD_RUNS = 1,
	WEIGH_CHILD_ENDED = 2, /* `status` is what `work` returned */
	WEIGH_CHILD_DIED = 3,  /* `status` is a signal, 0 when nobody knows */
};

/*
 * How the child fares; with `wait` it has ten milliseconds to end. (No longer:
 * a signal that ought to interrupt the wait may come to another thread.)
 */
enum weigh_child_state weigh_child_look(pid_t child, bool wait, int *status);

/* Ends the child and waits until it is gone. */
void weigh_child_kill(pid_t child);

#endif
