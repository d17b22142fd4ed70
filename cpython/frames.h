/*
 * The recorder's walker for CPython: see recorder/walker.h.
 */
#ifndef WEIGH_CPYTHON_FRAMES_H
#define WEIGH_CPYTHON_FRAMES_H

#include "recorder/walker.h"

extern const struct weigh_walker weigh_python_walker;

/*
 * Whether the frames read here agree with those that the interpreter's public
 * API shows, for the innermost few. With the GIL, outside events; when it is
 * false this build of the interpreter has another layout.
 */
bool weigh_frames_agree(void);

#endif
