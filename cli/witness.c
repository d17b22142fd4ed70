/*
 * A process that keeps signals pending: see cli/witness.h. The launcher's one
 * thread; no allocation.
 */
#include "cli/witness.h"

#include "cli/proc.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* For those who signal one process after the other, as service managers do. */
static const long round_ns = 5000000;

static void stand_by(pid_t launcher)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* An open end of a pipe would keep its reader waiting. */
	if (syscall(SYS_close_range, 0u, ~0u, 0u) != 0)
		for (int fd = 0; fd < 1024; fd++)
			close(fd);
	while (getppid() == launcher)
		pause();
	_exit(0);
}

void weigh_witness_init(struct weigh_witness *w)
{
	pid_t launcher = getpid();
	pid_t pid = fork();
	if (pid == 0)
		stand_by(launcher);
	w->pid = pid > 0 ? pid : 0;
}

void weigh_witness_deinit(struct weigh_witness *w)
{
	if (w->pid > 0) {
		kill(w->pid, SIGKILL);
		waitpid(w->pid, NULL, 0);
	}
	w->pid = 0;
}

bool weigh_witness_saw(struct weigh_witness *w, int number)
{
	struct timespec pause_time = {0, round_ns};
	if (w->pid == 0)
		return false;
	nanosleep(&pause_time, NULL);
	uint64_t pending = weigh_proc_pending(w->pid);
	if (pending != 0) {
		weigh_witness_deinit(w);
		weigh_witness_init(w);
	}
	return pending >> (number - 1) & 1;
}
