/*
 * Watches a recording from outside the program: the timeline, the moments,
 * the resident memory at the peak and the highest ever, in the capture that
 * the program maps too. Each field of the capture has one writer; those named
 * here are the watcher's.
 */
#ifndef WEIGH_CLI_WATCH_H
#define WEIGH_CLI_WATCH_H

#include "cli/moments.h"
#include "cli/proc.h"
#include "cli/timeline.h"

struct weigh_watch {
	struct weigh_header *header; /* borrowed: the mapped capture */
	uint64_t size;
	bool ready; /* the recorder has laid the capture out */
	struct weigh_timeline timeline;
	struct weigh_moments moments;
	uint64_t moment_due_ns;
	uint64_t close_look_due_ns;
	uint64_t touch_due_ns;
	uint64_t touched_ns; /* when that was last asked, 0: never */
	uint64_t live_highest;
	bool peak_is_rough; /* the touched pages of the peak were asked for before it */
	uint64_t untouched; /* as last asked for */
	uint64_t reserved;
	int64_t besides; /* private memory in no live block at the first tick: nothing had been freed yet */
	bool begun;      /* that tick has come */
	uint64_t reusable;
	const struct weigh_large *large;
	uint32_t large_count;
};

/* `map` holds `size` bytes, outlives the watcher, and may not be laid out yet. */
void weigh_watch_init(struct weigh_watch *w, void *map, uint64_t size);

/*
 * True once the recorder has laid out the capture in a form this program
 * knows. Until then the other calls do nothing.
 */
bool weigh_watch_ready(struct weigh_watch *w);

/* True every now and then: the next reading should be a close one, see weigh_proc_read. */
bool weigh_watch_wants_close_look(struct weigh_watch *w, uint64_t now_ns);

/*
 * The table of large blocks when it is time to ask how much of them was
 * touched (live bytes are at their highest, and it was not just done), else
 * NULL. weigh_watch_touched says that it was done before the tick of the same
 * `now_ns`, and what processor time that cost.
 */
const struct weigh_large *weigh_watch_wants_touch(const struct weigh_watch *w, uint64_t now_ns,
						  uint32_t *count);
void weigh_watch_touched(struct weigh_watch *w, uint64_t now_ns, uint64_t cost_ns);

/* One look at the program at CLOCK_MONOTONIC `now_ns`. */
void weigh_watch_tick(struct weigh_watch *w, uint64_t now_ns, const struct weigh_proc_memory *memory);

/* The program has ended: how, and the last entries. */
void weigh_watch_end(struct weigh_watch *w, uint64_t now_ns, enum weigh_exit exit, int value);

#endif
