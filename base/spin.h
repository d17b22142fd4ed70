/*
 * A lock for a few instructions, inside the program: any thread, no
 * allocation, never waits for long.
 *
 * While the process has one thread (glibc says so) taking it costs a load.
 * A thread that cannot have it soon gives up, and its caller drops the record
 * and counts the loss: a guest does not stop its host.
 */
#ifndef WEIGH_BASE_SPIN_H
#define WEIGH_BASE_SPIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/single_threaded.h>

struct weigh_spin {
	uint32_t held; /* the age in which it was taken; any other value: free */
};

/* Starts at 1. One word for all locks, so that they can be freed together: see weigh_spin_forget. */
extern uint32_t weigh_spin_age;

/* Whether no other thread can touch shared state now. */
static inline bool weigh_alone(void)
{
	return __libc_single_threaded;
}

/* Frees every lock there is: in a forked child, whose locks threads of its parent hold. */
void weigh_spin_forget(void);

/* Waits for a lock that another thread holds; false when it was not to be had in time. Keeps errno. */
bool weigh_spin_wait(struct weigh_spin *spin);

/* Takes the lock if it is free. */
static inline bool weigh_spin_try(struct weigh_spin *spin)
{
	uint32_t held = __atomic_load_n(&spin->held, __ATOMIC_RELAXED);
	return held != weigh_spin_age &&
	       __atomic_compare_exchange_n(&spin->held, &held, weigh_spin_age, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/* Takes the lock; false when it was not to be had in time. */
static inline bool weigh_spin_take(struct weigh_spin *spin)
{
	return weigh_alone() || weigh_spin_try(spin) || weigh_spin_wait(spin);
}

static inline void weigh_spin_give(struct weigh_spin *spin)
{
	__atomic_store_n(&spin->held, 0, __ATOMIC_RELEASE);
}

/* Adds to a word that several threads may write. */
static inline void weigh_shared_add(void *word, int64_t n)
{
	if (weigh_alone())
		*(int64_t *)word += n;
	else
		__atomic_fetch_add((int64_t *)word, n, __ATOMIC_RELAXED);
}

#endif
