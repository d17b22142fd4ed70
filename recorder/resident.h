/*
 * Where the process's resident memory is, read outside the recording path.
 */
#ifndef WEIGH_RECORDER_RESIDENT_H
#define WEIGH_RECORDER_RESIDENT_H

#include "weigh/format.h"

/* Fills in what can be told now of this process. Does I/O; never fails, leaves zeros. */
void weigh_resident_read(struct weigh_resident *resident);

#endif
