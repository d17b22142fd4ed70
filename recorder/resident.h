/*
 * Where the process's resident memory is, read outside the recording path.
 */
#ifndef WEIGH_RECORDER_RESIDENT_H
#define WEIGH_RECORDER_RESIDENT_H

#include "weigh/format.h"

#include <stdint.h>

/*
 * The recorder's own private memory: what the arena has cut, and the pages of
 * its tables that entries have reached. A few loads; during a recording.
 */
uint64_t weigh_resident_own(void);

/* Fills in what can be told now of this process. Does I/O; never fails, leaves zeros. */
void weigh_resident_read(struct weigh_resident *resident);

#endif
