/*
 * A hash of the calling thread's whole stack that seldom looks at all of it.
 *
 * The hash is a fold over one word for each frame, outermost first, so what
 * was summed for the frames below can be used again as long as they have not
 * changed. Two observations make that sound on CPython 3.11 to 3.13:
 *
 *  1. Frames that a thread owns lie in chunks of its frame stack (16 KiB,
 *     some 75 frames). A chunk is given back the moment its first frame
 *     returns. So while the top chunk has not been given back, nothing below
 *     it has run: the sum of all frames below a chunk is taken once and kept
 *     with the chunk until the arena hook sees it go.
 *  2. Within the top chunk the frames of the last walk are remembered with
 *     their links, words and running sums. A walk from the top ends at the
 *     first frame that it remembers; whether those below still stand is
 *     checked by loads that do not depend on each other. The chunk is mapped,
 *     so looking at a frame that has gone is safe.
 *
 * Frames of generators live elsewhere and are summed when met; they end the
 * remembered run. On other versions every walk is the plain one.
 *
 * Cost at 5, 30, 100 and 500 frames: see docs/benchmarks.md.
 */
#ifndef WEIGH_CPYTHON_WALK_H
#define WEIGH_CPYTHON_WALK_H

#include "cpython/layout.h"

enum {
	WEIGH_WALK_CHUNKS = 64,
	WEIGH_WALK_RUN = 256,
	WEIGH_WALK_PENDING = 512,
	WEIGH_WALK_WORDS = 4096,
};

/* What a thread remembers of its walks. Zeroed at first; only that thread touches it. */
struct weigh_walk {
	struct weigh_walk_chunk {
		const void *chunk;
		weigh_python_frame *boundary; /* the innermost frame below the chunk */
		uintptr_t word;               /* its word when the sum was taken */
		uint64_t below;               /* the sum of the frames from there outwards */
	} chunks[WEIGH_WALK_CHUNKS];
	uint32_t chunk_count;
	uint32_t run_length;
	const void *run_chunk;
	struct weigh_walk_frame {
		weigh_python_frame *frame;
		weigh_python_frame *link; /* frame->previous */
		uintptr_t word;
		uint64_t before; /* the sum of all frames outwards of this one */
	} run[WEIGH_WALK_RUN];
	struct weigh_walk_pending {
		weigh_python_frame *frame;
		uintptr_t word;
		bool stays; /* may be remembered */
	} pending[WEIGH_WALK_PENDING];
	uintptr_t words[WEIGH_WALK_WORDS];
};

/* The sum of the stack of the calling thread, whose state this is. */
uint64_t weigh_walk_hash(struct weigh_walk *walk, PyThreadState *state);

/* The same sum by looking at every frame from `frame` outwards. */
uint64_t weigh_walk_plain(struct weigh_walk *walk, weigh_python_frame *frame);

/* A block of the arena allocator is going: if it is a chunk of this thread's frames, its sum goes too. */
void weigh_walk_forget(struct weigh_walk *walk, const void *chunk);

#endif
