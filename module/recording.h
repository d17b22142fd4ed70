/*
 * Recordings as the parts of weigh._weigh start them. With the GIL.
 */
#ifndef WEIGH_MODULE_RECORDING_H
#define WEIGH_MODULE_RECORDING_H

#include <stdbool.h>

/*
 * Sees to it that blocks are counted: by the recording that runs, else by one
 * of counters only, in memory. False with an exception set.
 */
bool weigh_recording_count(void);

#endif
