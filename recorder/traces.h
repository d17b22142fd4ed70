/*
 * Traces: the blocks of an exact recording that the program itself asks
 * about, and the bytes that they were asked for, now and at most.
 *
 * A block is traced or not from its birth on, by its domain and thread; its
 * entry says so, so that an end is counted as the birth was. In a sampled
 * recording nothing is traced, and all this costs a bit test for each sample.
 *
 * The sums: blocks of the interpreter's domains are added under the GIL, all
 * others atomically. Their peak is looked at before they fall.
 */
#ifndef WEIGH_RECORDER_TRACES_H
#define WEIGH_RECORDER_TRACES_H

#include "recorder/recorder.h"
#include "recorder/thread.h"

#include <stdbool.h>
#include <stdint.h>

struct weigh_traces {
	uint32_t domains; /* a bit for each domain that is traced; 0: none is */
	int64_t gil_bytes;
	int64_t other_bytes;
	int64_t peak;
};

extern struct weigh_traces weigh_traces;

/* Whether a block that this thread allocates now is traced. */
static inline bool weigh_trace_is_due(const struct weigh_thread *thread, enum weigh_domain domain)
{
	return weigh_traces.domains >> domain & 1 && !thread->hidden;
}

static inline int64_t weigh_traces_live(void)
{
	return weigh_traces.gil_bytes + __atomic_load_n(&weigh_traces.other_bytes, __ATOMIC_RELAXED);
}

/* Notes a new peak; any thread. */
void weigh_traces_raise(int64_t live);

/* A traced block is there. */
static inline void weigh_trace_born(enum weigh_domain domain, uint64_t bytes)
{
	if (weigh_domain_under_gil(domain))
		weigh_traces.gil_bytes += (int64_t)bytes;
	else
		weigh_shared_add(&weigh_traces.other_bytes, (int64_t)bytes);
}

/* Notes a new peak if that needs no care of other threads; false, with nothing done, if it does. */
static inline bool weigh_trace_raise_alone(void)
{
	int64_t live = weigh_traces_live();
	if (live <= weigh_traces.peak)
		return true;
	if (!weigh_alone())
		return false;
	weigh_traces.peak = live;
	return true;
}

/* A traced block is gone. */
static inline void weigh_trace_ended(enum weigh_domain domain, uint64_t bytes)
{
	int64_t live = weigh_traces_live();
	if (live > __atomic_load_n(&weigh_traces.peak, __ATOMIC_RELAXED))
		weigh_traces_raise(live);
	weigh_trace_born(domain, -bytes);
}

/* Traces these domains from now on. Under the GIL, with an exact recording; none may be traced yet. */
void weigh_traces_begin(uint32_t domains);

/* Nothing is traced any more. Under the GIL. */
void weigh_traces_end(void);

/* No block that is there now is traced any more. Under the GIL; some 5 ns for each block recorded. */
void weigh_traces_forget(void);

/* Bytes of the traced blocks now, and at most since the start or the last reset. Under the GIL. */
void weigh_traces_read(uint64_t *live, uint64_t *peak);
void weigh_traces_reset_peak(void);

/*
 * Traced blocks as they are listed: not by address, in an order that says
 * nothing. Under the GIL.
 */
struct weigh_trace {
	uint32_t site;
	uint64_t bytes;
};

uint64_t weigh_traces_count(void);

/* Lists at most `capacity` of them; how many. */
uint64_t weigh_traces_list(struct weigh_trace *traces, uint64_t capacity);

#endif
