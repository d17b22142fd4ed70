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

/* Room for an index over `nodes` nodes; false when there is no memory. */
bool weigh_stacks_init(uint32_t nodes);

/*
 * The node for a list of frames, innermost first. A frame that finds no room
 * in a full tree is left out of the stack.
 */
uint32_t weigh_stacks_intern(const struct weigh_frame *frames, uint32_t count);

/* The node for the innermost frame of a stack alone, without its callers. */
uint32_t weigh_stacks_shorten(uint32_t node);

/* Frees the nodes that no site reaches. */
void weigh_stacks_collect(void);

void weigh_stacks_deinit(void);

#endif
