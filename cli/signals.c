/*
 * The launcher's signals: see cli/signals.h. One thread; no allocation but for
 * errors. There are no handlers: signals stay blocked and are read, so none
 * can interrupt anything.
 */
#include "cli/signals.h"

#include "cli/proc.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Faults of the launcher itself must not be held back. */
static void fill_blocked(sigset_t *set)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
	sigfillset(set);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigdelset(set, faults[i]);
}

struct weigh_error *weigh_signals_init(struct weigh_signals *s)
{
	sigset_t blocked;
	struct sigaction by_default = {.sa_handler = SIG_DFL};

	fill_blocked(&blocked);
	sigprocmask(SIG_BLOCK, &blocked, &s->mask);
	/* Where SIGCHLD is inherited as ignored the kernel would reap the program behind our back. */
	sigaction(SIGCHLD, &by_default, &s->child);
	s->fd = signalfd(-1, &blocked, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->fd < 0)
		return weigh_error_create_system(errno, "run", "try again with fewer files open");
	weigh_witness_init(&s->witness);
	return NULL;
}

void weigh_signals_deinit(struct weigh_signals *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	weigh_witness_deinit(&s->witness);
}

void weigh_signals_restore(const struct weigh_signals *s)
{
	sigaction(SIGCHLD, &s->child, NULL);
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

/* The program signals its own process group, with us in it: it has its signal already. */
static bool comes_from_program(const struct signalfd_siginfo *info, pid_t program)
{
	return info->ssi_pid != 0 && weigh_proc_descends((pid_t)info->ssi_pid, program);
}

bool weigh_signals_next(struct weigh_signals *s, pid_t program, int *number, bool *forward)
{
	struct signalfd_siginfo info;
	if (read(s->fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return false;
	*number = (int)info.ssi_signo;
	*forward = false;
	if (*number == SIGCHLD)
		return true;
	bool from_program = comes_from_program(&info, program);
	bool for_group = weigh_witness_saw(&s->witness, *number);
	*forward = info.ssi_code <= 0 && *number != SIGCONT && !from_program && !for_group;
	return true;
}

static void raise_unblocked(int number)
{
	sigset_t only;
	sigemptyset(&only);
	sigaddset(&only, number);
	kill(getpid(), number);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
}

void weigh_signals_stop(int number)
{
	sigset_t only;
	raise_unblocked(number);
	sigemptyset(&only);
	sigaddset(&only, number);
	sigprocmask(SIG_BLOCK, &only, NULL);
}

void weigh_signals_die(int number)
{
	struct rlimit none = {0, 0};
	struct sigaction by_default = {.sa_handler = SIG_DFL};

	/* The program has left its core file, if any; ours would take its place. */
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	sigaction(number, &by_default, NULL);
	raise_unblocked(number);
}
