/*
 * Time in nanoseconds, by vDSO: no system call. Any thread.
 */
#ifndef WEIGH_BASE_CLOCK_H
#define WEIGH_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t weigh_clock(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Monotonic time: exact, about 20 ns to read. */
static inline uint64_t weigh_clock_now(void)
{
	return weigh_clock(CLOCK_MONOTONIC);
}

/* The same clock as of the last tick (1 to 4 ms ago), about 5 ns to read. */
static inline uint64_t weigh_clock_coarse(void)
{
	return weigh_clock(CLOCK_MONOTONIC_COARSE);
}

#endif
