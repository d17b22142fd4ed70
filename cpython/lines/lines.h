/*
 * How the interpreter tells of the lines of profiled code: through
 * sys.monitoring where there is one (monitor.c), else by a trace function for
 * as long as profiled functions run (trace.c). With the GIL.
 */
#ifndef WEIGH_CPYTHON_LINES_LINES_H
#define WEIGH_CPYTHON_LINES_LINES_H

#include "cpython/lines/codes.h"

/* Makes ready, once; false with an exception. Later calls find it done. */
bool weigh_lines_init(void);

/* From now on the frames of a registered code object are pushed and popped. False with an exception. */
bool weigh_lines_watch(struct weigh_lines_code *entry);

/*
 * Asks `chooser(code)` once for each code object that begins to run and is not
 * registered, which may register it. On the calling thread, and from 3.12 on
 * all. False with an exception.
 */
bool weigh_lines_choose(PyObject *chooser);

/* Whether a chooser is there. */
bool weigh_lines_chooses(void);

/* They are not any more. */
bool weigh_lines_unwatch(struct weigh_lines_code *entry);

/*
 * Around each step of a profiled function: a call, or what a generator or
 * coroutine does from one suspension to the next. Needed where there is no
 * sys.monitoring; nothing elsewhere. `depth` is what the first returned.
 */
uint32_t weigh_lines_enter(void);
void weigh_lines_leave(uint32_t depth);

/* Adds how often each row of a code object was started by units, of all threads; `starts` has a place for each. */
void weigh_lines_count(const struct weigh_lines_code *entry, uint64_t *starts);

#endif
