/*
 * Making a finished capture small and tamper-evident.
 *
 * The launcher after its child ended, or the extension module after a
 * recording. One thread per capture; allocates with malloc.
 */
#ifndef WEIGH_CAPTURE_FINISH_H
#define WEIGH_CAPTURE_FINISH_H

#include "base/error.h"

/*
 * Rewrite the capture at `path` without its unused room and seal it with a
 * hash. The new file is written beside the old one and takes its place in one
 * step; on any failure the old file stays as it is and the error says why.
 * Nobody may be recording into it.
 *
 * Snapshots that were taken, and are whole by now, become parts of it: their
 * own files (capture/beside.h) are removed.
 */
struct weigh_error *weigh_capture_finish(const char *path);

/*
 * The same for a capture held in the open file `fd` (a memfd), which stays the
 * caller's; the result appears at `path` and replaces what was there.
 */
struct weigh_error *weigh_capture_finish_fd(int fd, const char *path);

#endif
