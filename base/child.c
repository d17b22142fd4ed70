/*
 * The unnoticed child: see base/child.h. Any thread of the program starts one;
 * the child has one thread. Allocates nothing.
 */
#include "base/child.h"

#include "base/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	KERNEL_SIGNALS = 64 / 8, /* bytes of the kernel's set of signals */
	PROCESSOR_SECONDS = 600,
	NICER = 10,
};

/* libc's own function leaves out the signals that libc keeps for itself. */
static void set_mask(const uint64_t *mask, uint64_t *before)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, before, KERNEL_SIGNALS);
}

static bool close_other(int fd, int list, void *kept)
{
	if (fd != *(int *)kept && fd != list)
		close(fd);
	return true;
}

/*
 * An end of a pipe or a socket that stayed open here would keep whoever waits
 * for the program to close it waiting.
 */
static void close_others(int kept)
{
	bool done = (kept == 0 || syscall(SYS_close_range, 0u, (unsigned)kept - 1, 0) == 0) &&
		    syscall(SYS_close_range, (unsigned)kept + 1, UINT_MAX, 0) == 0;
	/* For kernels older than close_range (5.9). */
	if (!done)
		weigh_procfs_each("/proc/self/fd", close_other, &kept);
}

/* Better this process than the program, when memory runs out. */
static void volunteer(void)
{
	static const char most[] = "1000";
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);
	ssize_t written = fd < 0 ? -1 : write(fd, most, sizeof(most) - 1);
	if (written >= 0)
		close(fd);
}

static void become_guest(int fd)
{
	const struct rlimit no_core = {0, 0}, seconds = {PROCESSOR_SECONDS, PROCESSOR_SECONDS};
	close_others(fd);
	volunteer();
	/* Who looks at the program's group when it has ended finds nobody, and who ends the group lets us finish. */
	setpgid(0, 0);
	setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICER);
	setrlimit(RLIMIT_CORE, &no_core);
	setrlimit(RLIMIT_CPU, &seconds);
	prctl(PR_SET_NAME, "weigh-snapshot");
	/* Where cores go to a program the limit is not asked. */
	prctl(PR_SET_DUMPABLE, 0);
}

pid_t weigh_child_start(int fd, int (*work)(int fd, void *arg), void *arg)
{
	const uint64_t all = UINT64_MAX;
	uint64_t before;
	int kept = errno;

	/* No handler of the program's may run in the child, however early. */
	set_mask(&all, &before);
	long child = syscall(SYS_clone, 0ul, NULL, NULL, NULL, 0ul);
	if (child == 0) {
		become_guest(fd);
		_exit(work(fd, arg));
	}
	int number = errno;
	set_mask(&before, NULL);
	errno = kept;
	return child < 0 ? -number : (pid_t)child;
}

enum weigh_child_state weigh_child_look(pid_t child, bool wait, int *status)
{
	const struct timespec nap = {.tv_nsec = 1000000};
	int ending, kept = errno;
	pid_t seen = waitpid(child, &ending, (int)__WCLONE | WNOHANG);
	for (int i = 0; wait && seen == 0 && i < 10; i++) {
		nanosleep(&nap, NULL);
		seen = waitpid(child, &ending, (int)__WCLONE | WNOHANG);
	}
	errno = kept;
	if (seen == 0)
		return WEIGH_CHILD_RUNS;
	if (seen == child && WIFEXITED(ending)) {
		*status = WEXITSTATUS(ending);
		return WEIGH_CHILD_ENDED;
	}
	*status = seen == child ? WTERMSIG(ending) : 0;
	return WEIGH_CHILD_DIED;
}

void weigh_child_kill(pid_t child)
{
	int status;
	kill(child, SIGKILL);
	while (weigh_child_look(child, true, &status) == WEIGH_CHILD_RUNS)
		continue;
}
