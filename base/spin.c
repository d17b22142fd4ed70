/*
 * Waiting for a lock whose holder is at work, was preempted, or prunes the
 * tables. Any thread, inside allocators: no allocation, and no call that libc
 * makes a point of cancellation.
 */
#include "base/spin.h"

#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	PAUSES = 200, /* about 5 us on the spot */
	YIELDS = 100, /* let the holder run, if it waits for this processor */
	NAPS = 150,   /* let it run on another: 15 ms in all, the worst that a guest may cost */
	NAP_NS = 50000,
};

uint32_t weigh_spin_age = 1;

void weigh_spin_forget(void)
{
	weigh_spin_age++;
}

static void nap(void)
{
	const struct timespec pause = {.tv_nsec = NAP_NS};
	int number = errno;
	syscall(SYS_nanosleep, &pause, NULL);
	errno = number;
}

bool weigh_spin_wait(struct weigh_spin *spin)
{
	for (int try = 0; try < PAUSES + YIELDS + NAPS; try++) {
		if (weigh_spin_try(spin))
			return true;
		if (try < PAUSES)
			__builtin_ia32_pause();
		else if (try < PAUSES + YIELDS)
			sched_yield();
		else
			nap();
	}
	return false;
}
