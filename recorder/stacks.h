/*
 * The tree of stacks: each node is a frame under the frames that called it, so
 * that stacks share what they have in common. Under the intern lock.
 */
#ifndef WEIGH_RECORDER_STACKS_H
#define WEIGH_RECORDER_STACKS_H

#include "recorder/walker.h"

#include <stdbool.h>
#include <stdint.h>

enum { WEIGH_STACK_DEPTH = 1024 }; /* frames kept, the innermost ones */

/*
 * The stack that a thread last interned, outermost frame first, with its
 * nodes: the next one mostly differs at the inner end alone.
 */
struct weigh_stack_memo {
	uint64_t stamp; /* of codes and nodes when it was taken; others make it void */
	uint32_t count;
	uint32_t nodes[WEIGH_STACK_DEPTH];
	struct weigh_frame frames[WEIGH_STACK_DEPTH];
};

/* Room for an index over `nodes` nodes; false when there is no memory. */
bool weigh_stacks_init(uint32_t nodes);

/*
 * The node for a list of frames, innermost first. `*whole` is false when the
 * tree had no room for them all: the node is then that of the innermost frame
 * without its callers, or the root. `large`: of a large block, for which room
 * is kept. The memo is the calling thread's.
 */
uint32_t weigh_stacks_intern(struct weigh_stack_memo *memo, const struct weigh_frame *frames, uint32_t count,
			     bool large, bool *whole);

/* The node for the innermost frame of a stack alone, without its callers. */
uint32_t weigh_stacks_shorten(uint32_t node);

/*
 * A site begins, or ends, to stand on a node. A node that nothing stands on is
 * freed when it is released, and so are its callers. One that was made for
 * nothing is held and released.
 */
void weigh_stacks_hold(uint32_t node);
void weigh_stacks_release(uint32_t node);

/* How many nodes may still be made for whole stacks of blocks that are not large. */
uint32_t weigh_stacks_room(void);

void weigh_stacks_deinit(void);

#endif
