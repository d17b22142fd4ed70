/*
 * Runs one command and measures it from outside: for the benchmarks' driver.
 *
 *   spawn DESCRIPTOR LIMIT COMMAND ARGS...
 *
 * writes one line on the open file descriptor: wall seconds, CPU seconds (user and
 * system, of the command and of all it waited for), peak resident bytes (the
 * largest process among them), exit status (-1: killed at LIMIT seconds; 128
 * and more: died by a signal). A program of its own, because a child's peak
 * begins with the resident size of whoever started it: this one is small, the
 * driver is not. One thread; allocates nothing.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static volatile sig_atomic_t late;
static pid_t child;

static void stop_child(int signal)
{
	(void)signal;
	late = 1;
	kill(-child, SIGKILL);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* In a process group of its own, so that the limit ends all it started. */
static int start(char *argv[], int answer)
{
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addclose(&actions, answer);
	int failed = posix_spawnp(&child, argv[0], &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return failed;
}

int main(int argc, char *argv[])
{
	struct itimerval limit = {0};
	struct rusage usage;
	int status;

	if (argc < 4) {
		fprintf(stderr, "usage: spawn DESCRIPTOR LIMIT COMMAND ARGS...\n");
		return 2;
	}
	int answer = atoi(argv[1]);
	double allowed = atof(argv[2]);
	limit.it_value.tv_sec = (time_t)allowed;
	limit.it_value.tv_usec = (suseconds_t)((allowed - (double)(time_t)allowed) * 1e6);

	double begin = now();
	int failed = start(argv + 3, answer);
	if (failed) {
		fprintf(stderr, "spawn: %s: %s\n", argv[3], strerror(failed));
		return 1;
	}
	signal(SIGALRM, stop_child);
	setitimer(ITIMER_REAL, &limit, NULL);
	while (wait4(child, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return 1;
	double end = now();

	int code = late ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	dprintf(answer, "%.6f %.6f %ld %d\n", end - begin, seconds(usage.ru_utime) + seconds(usage.ru_stime),
		usage.ru_maxrss * 1024, code);
	return 0;
}
