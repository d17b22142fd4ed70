/*
 * Getting along with tracemalloc when it was there first.
 */
#ifndef WEIGH_CPYTHON_TRACING_H
#define WEIGH_CPYTHON_TRACING_H

#include <stdbool.h>

/*
 * When tracemalloc traces now, its end will put back the allocators that it
 * found, and not ours: watches for that end, so that the hooks can be put back.
 * Call before the hooks are installed; with the GIL. False with an exception.
 */
bool weigh_tracing_watch(void);

#endif
