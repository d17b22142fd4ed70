/*
 * What the recorder keeps of each thread. Reached by one initial-exec pointer,
 * so that finding it neither calls nor allocates.
 */
#ifndef WEIGH_RECORDER_THREAD_H
#define WEIGH_RECORDER_THREAD_H

#include "recorder/recorder.h"
#include "recorder/stacks.h"

#include <stdbool.h>
#include <stdint.h>

/* A stack seen before: its hash with the domain and the ages of what it names, and the site it led to. */
struct weigh_site_memo {
	uint64_t key;
	uint32_t site;
};

enum {
	WEIGH_THREAD_MEMOS = 4096,
	WEIGH_THREAD_NATIVES = 4,
	WEIGH_MEMO_WAYS = 4, /* memos that share a place: one cache line */
};

/* Counts of native blocks, kept by the thread a while so that threads do not share a line. */
struct weigh_pending {
	int64_t allocated;
	int64_t blocks_allocated;
	int64_t freed;
	int64_t blocks_freed;
	int64_t room; /* live bytes above it may be a new peak, as far as was known at the last look */
};

struct weigh_thread {
	uint32_t depth;       /* inside an event: nested ones pass through */
	uint32_t natives;     /* entries of `native` */
	struct weigh_profile *profile; /* by line of source; NULL while no profiled function runs */
	int64_t countdown;    /* requested bytes until the next sample */
	uint64_t allocations; /* recorded so far */
	const void *native[WEIGH_THREAD_NATIVES]; /* what malloc returned to nested calls */
	uint32_t request;     /* domain + 1 whose request malloc is serving; 0: malloc's own */
	uint64_t random;      /* state of the generator */
	unsigned period_log;  /* log2 of the mean bytes between samples; 0: everything */
	bool gone;            /* the thread is ending: nothing more is recorded */
	bool hidden;          /* what it allocates now is recorded, and not traced: see traces.h */
	uint16_t index;       /* in the capture's threads */
	uint64_t name_at;     /* allocations at which to look for a name; 0: known */
	uint32_t generation;  /* of the site table, when this thread last found a site in it */

	struct weigh_pending pending;

	void *walk; /* the walker's memory of this thread */
	struct weigh_profile *own_profile; /* once a profiled function has run; kept for ever */
	struct weigh_thread *next; /* all threads' records, for ever */
	bool idle; /* free to be used by a new thread */
	struct weigh_frame frames[WEIGH_STACK_DEPTH];
	struct weigh_stack_memo stack;
	struct weigh_site_memo memos[WEIGH_THREAD_MEMOS] __attribute__((aligned(64)));
};

extern __thread struct weigh_thread *weigh_self __attribute__((tls_model("initial-exec")));

/* The calling thread's record, made at its first event; NULL: no memory. */
struct weigh_thread *weigh_thread_attach(void);

/* The calling thread is one of ours: nothing that it does is recorded. */
void weigh_thread_pass(void);

/* Makes ready to attach threads; false when the system refuses. */
bool weigh_threads_init(void);

/* Starts all records anew for a new recording. No thread may be inside an event. */
void weigh_threads_reset(void);

/* In a forked child: adds what threads that are not here had pending to the shared counters. */
void weigh_threads_flush_others(void);

/* In a forked child: the records of threads that are not here are free again. */
void weigh_threads_forget_others(void);

/* Whether no thread is inside an event now. */
bool weigh_threads_at_rest(const struct weigh_thread *except);

/*
 * Waits (at most a second) until no thread is inside an event; false when one
 * still is. The gate is closed before, so that none enters again.
 */
bool weigh_threads_quiet(const struct weigh_thread *except);

/*
 * An event on a thread that has no record, or whose record is gone: begins it,
 * false when the gate is closed. Ends with weigh_stray_leave either way.
 */
bool weigh_stray_enter(void);
void weigh_stray_leave(void);

/* Calls with the record of every thread that there is or was. */
void weigh_threads_each(void (*call)(struct weigh_thread *thread, const void *argument),
			const void *argument);

/* About the bytes of threads' records that are resident. */
uint64_t weigh_threads_resident(void);

/* Adds what threads have not yet added to the shared counters. */
void weigh_threads_sum(struct weigh_counters *counters);

/* What the thread's pending counts make of the live bytes and blocks. */
static inline int64_t weigh_pending_live(const struct weigh_thread *thread)
{
	return thread->pending.allocated - thread->pending.freed;
}

static inline int64_t weigh_pending_blocks(const struct weigh_thread *thread)
{
	return thread->pending.blocks_allocated - thread->pending.blocks_freed;
}

/* Finds out anew how much the thread may have pending before that can be a new peak. */
void weigh_thread_look_at_peak(struct weigh_thread *thread);

/* Adds this thread's pending counts to the shared ones. */
void weigh_thread_flush(struct weigh_thread *thread);

/* Looks for the thread's Python name; with the GIL, from the sampled path. */
void weigh_thread_find_name(struct weigh_thread *thread);

#endif
