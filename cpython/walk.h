/*
 * A hash of the calling thread's whole stack that seldom sums all of it.
 *
 * The hash is a fold over one word for each frame, outermost first. The frames
 * of the last walk are remembered, each with its word and the sum up to it:
 * the run. A walk goes inwards-out until it meets a frame of the run, then
 * checks that the rest still stands, and sums only what has changed.
 *
 * Why that is sound although frames come and go unseen and their places are
 * used again: a remembered frame is looked at only once the frame inside it,
 * itself found in the chain, links to it. So it is in the chain now, whether
 * it lies in the frame stack, on the C stack or in a generator, and its word
 * and link are read and compared like those of any other. Since the run tells
 * where each frame ought to be, the loads do not wait for one another.
 *
 * On CPython 3.11 to 3.13 not even that is needed for all of them. Frames that
 * a thread owns lie in chunks (16 KiB, some 75 frames), and a chunk is given
 * back the moment its first frame returns. While a chunk has not been given
 * back nothing below it has run; so the check ends at the first frame of the
 * top chunk. The arena hook tells when a chunk goes (weigh_walk_forget).
 *
 * Most walks find the last one's frames, the top one further on: that is tried
 * first. Where the depth is exact (see layout.h) links are then followed, three
 * of four frames compared by their words alone, and the run keeps frames that
 * may have moved; they are found out as above when they are met.
 *
 * Cost at 5, 30, 100 and 500 frames: see docs/benchmarks.md.
 */
#ifndef WEIGH_CPYTHON_WALK_H
#define WEIGH_CPYTHON_WALK_H

#include "cpython/layout.h"

enum {
	WEIGH_WALK_SEGMENTS = 64,
	WEIGH_WALK_RUN = 1024,
	WEIGH_WALK_WORDS = 4096,
};

/* What a thread remembers of its walks. Zeroed at first; only that thread touches it. */
struct weigh_walk {
	uint32_t length;   /* of the run; 0: nothing is remembered */
	uint32_t segments; /* not 0 unless `length` is */
	struct weigh_walk_segment {
		const void *chunk;
		uint32_t floor; /* the run's frames before this stand as long as the chunk does */
	} segment[WEIGH_WALK_SEGMENTS]; /* the last is of the chunk that was on top */

	/* Outermost first. Entry 0 stands for all that lies below the first segment. */
	struct weigh_walk_frame {
		weigh_python_frame *frame;
		uintptr_t word;
		uint64_t sum; /* of all frames up to this one */
	} run[WEIGH_WALK_RUN];

	/* Of the last walk. `last` is NULL when the run does not serve as it is. */
	struct weigh_walk_latest {
		struct weigh_walk_frame *last; /* of the run: what was the top frame */
		struct weigh_walk_frame *lowest; /* the outermost that is compared */
		const void *chunk;
		uint32_t depth; /* see weigh_state_depth */
		bool below; /* of the frame before the lowest the word is compared too */
	} latest;

	/* Frames met before one of the run was, innermost first. */
	struct weigh_walk_met {
		weigh_python_frame *frame;
		uintptr_t word;
	} met[WEIGH_WALK_RUN];
	uintptr_t words[WEIGH_WALK_WORDS];
};

/*
 * The sum of the stack of the calling thread, whose state this is. `frames` of
 * the innermost are looked at; those further out are taken as they were when
 * they last were, so that two stacks of one sum may differ there.
 */
uint64_t weigh_walk_hash(struct weigh_walk *walk, PyThreadState *state, uint32_t frames);

/* The same sum by looking at every frame from `frame` outwards. */
uint64_t weigh_walk_plain(struct weigh_walk *walk, weigh_python_frame *frame);

/* A block of the arena allocator is going: if it is a chunk of this thread's frames, what stood on it is unsure. */
void weigh_walk_forget(struct weigh_walk *walk, const void *chunk);

#endif
