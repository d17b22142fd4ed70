/*
 * The parts of a capture: snapshots of the objects that follow it in its file.
 *
 * One thread; allocates with malloc for errors only.
 */
#ifndef WEIGH_CAPTURE_PARTS_H
#define WEIGH_CAPTURE_PARTS_H

#include "base/error.h"
#include "weigh/format.h"
#include "weigh/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes of the whole file that a header speaks of, parts included. */
uint64_t weigh_parts_end(const struct weigh_header *header);

/* Whether the parts that a header speaks of follow it one after the other; `*wrong` names the first that does not. */
bool weigh_parts_sane(const struct weigh_header *header, const struct weigh_part **wrong);

/* What went wrong with a part, in words; static, or until the next call of strerror(). */
const char *weigh_part_trouble(const struct weigh_part *part);

/*
 * Where a snapshot lies in an open file, which stays the caller's: in a
 * capture the part of that time (`when` 0: that of the end, or else that of the
 * peak), in a file that is a snapshot all of it. `path` is for messages.
 *
 * Fails with WEIGH_ERROR_STATE when the capture has none (the message says how
 * to take one), with WEIGH_ERROR_FORMAT when it is no capture or not whole.
 * What lies there is for the caller to check.
 */
struct weigh_error *weigh_part_find(int fd, const char *path, enum weigh_snapshot_when when, uint64_t *offset,
				    uint64_t *size);

#endif
