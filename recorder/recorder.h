/*
 * The recorder: what all its parts share, and its start and stop.
 *
 *   events.h   an allocation or a free arrives
 *   sampler.h  is this block sampled, and with what probability
 *   stacks.h   the thread's frames become a node in the tree of stacks
 *   codes.h    code objects and the text of their names
 *   sites.h    stack, domain and thread become a site with its tallies
 *   blocks.h   the map of live blocks: address to site
 *   mappings.h the short table of anonymous mappings
 *   layout.h   the capture file and its sections
 *
 * On the recording path nothing here allocates (other than from the
 * recorder's own pages), takes a lock that others hold for long, calls Python
 * or does I/O. The one lock of the slow path (`intern`) is held while a stack
 * that was never seen before is stored.
 */
#ifndef WEIGH_RECORDER_RECORDER_H
#define WEIGH_RECORDER_RECORDER_H

#include "base/error.h"
#include "base/spin.h"
#include "recorder/walker.h"
#include "weigh/format.h"

#include <stdbool.h>
#include <stddef.h>

struct weigh_recorder {
	struct weigh_header *header; /* the shared mapping; lives until weigh_recorder_stop */
	struct weigh_code *codes;
	struct weigh_node *nodes;
	struct weigh_site *sites;
	struct weigh_thread_entry *threads;
	struct weigh_size_bucket *sizes;
	char *strings;
	const struct weigh_walker *walker; /* static */
	bool exact;
	bool counting;
	bool fileless; /* it is read through traces.h alone: small blocks are in no sum but that of the traces */
	uint32_t frames; /* innermost ones that tell stacks of one depth apart; UINT32_MAX: all */
	uint64_t started_ns;
	int64_t small_room; /* live bytes of small blocks up to which there is no new peak; -1: not known */
	struct weigh_spin intern; /* guards codes, strings, nodes and the making of sites */
};

extern struct weigh_recorder weigh_recorder;

enum weigh_gate_state {
	WEIGH_GATE_SHUT = 0,
	WEIGH_GATE_OPEN = 1,
	WEIGH_GATE_KNOWN = 2, /* open, and all pools of the small-object allocator are known */
	WEIGH_GATE_WATCHED = 3, /* known, but a profiled function runs: no small block passes unseen */
};

/*
 * Whether events are recorded. It has a page of its own that the kernel wipes
 * in a forked child: the child of any fork, however made, does not record and
 * never touches the parent's capture.
 */
struct weigh_gate {
	uint32_t on; /* enum weigh_gate_state */
} __attribute__((aligned(4096)));

extern struct weigh_gate weigh_gate;

/* Whether blocks of a domain come and go, and its sites change, under the GIL only. */
static inline bool weigh_domain_under_gil(enum weigh_domain domain)
{
	return domain == WEIGH_DOMAIN_MEM || domain == WEIGH_DOMAIN_OBJECT;
}

/* Whether all pools of the small-object allocator are known. */
static inline bool weigh_gate_knows_pools(void)
{
	return weigh_gate.on >= WEIGH_GATE_KNOWN;
}

struct weigh_recording {
	int fd; /* of the capture, allocated in full; the caller closes it. -1: the recording has no file */
	bool exact;
	bool forced; /* exact because block sizes cannot be read */
	bool counting; /* for counters and lines only: nothing is sampled, the file is tiny */
	uint32_t frames; /* innermost ones that tell stacks of one depth apart; 0: all */
	uint32_t python; /* PY_VERSION_HEX */
	const char *command; /* arguments, each ended by NUL */
	size_t command_bytes;
	const struct weigh_walker *walker; /* static */
};

/*
 * Maps the capture, lays it out and opens the gate. One thread at a time,
 * outside any event. Fails when a recording is running already or memory is
 * short; the file is then left without a magic.
 */
struct weigh_error *weigh_recorder_start(const struct weigh_recording *recording);

/*
 * A recording without a file belongs to its process alone, so that a forked
 * child has a copy and goes on with it. To be called around fork, by the
 * handlers of pthread_atfork: before it, and in the child, where it does
 * nothing when the recording has a file or a thread of the parent was just
 * changing what was copied.
 */
void weigh_recorder_before_fork(void);
void weigh_recorder_after_fork(void);

/*
 * Closes the gate, waits until no thread is inside an event, and marks the
 * capture as ended. Does nothing when no recording runs.
 */
void weigh_recorder_stop(void);

bool weigh_recorder_running(void);

/*
 * Says, right after the start and still under the GIL, how many blocks the
 * small-object allocator holds. When they can be told from those to come,
 * events of small blocks cost less from now on.
 */
void weigh_recorder_survey(uint64_t blocks);

/* Whether the recording that runs is one of counters only. */
bool weigh_recorder_counting(void);

/* Whether a recording without a file runs: what is live and its peak are not known then, and told as 0. */
bool weigh_recorder_fileless(void);

/* A profiled function begins to run where none did, or the last one ends. Under the GIL. */
void weigh_recorder_watch(bool watched);

/* Footprint of live recorded blocks now and at the peak; 0 when not recording, or without a file. */
uint64_t weigh_recorder_live(void);
uint64_t weigh_recorder_peak(void);

/* Makes the present instant the peak. */
void weigh_recorder_reset_peak(void);

/* Counts a record that was dropped. */
void weigh_recorder_lose(enum weigh_loss why, uint64_t bytes);

#endif
