/*
 * Making the file of a new capture, and opening files to read. The thread that
 * starts a recording, or a reader; allocates with malloc only for errors and
 * names.
 */
#ifndef WEIGH_BASE_FILE_H
#define WEIGH_BASE_FILE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum weigh_file_place {
	WEIGH_FILE_ON_DISK = 1,
	WEIGH_FILE_IN_MEMORY = 2, /* the disk had no room: a nameless file in memory */
};

/*
 * Creates `path` with all of its `size` bytes allocated, so that writing
 * through a mapping can never find the disk full. Where there is no room for
 * that, a file in memory is made instead, nothing is left at `path`, and
 * `*place` says so.
 *
 * An existing file is an error, or with `overwrite` replaced as a whole once
 * its successor is allocated; anything but a regular file is never replaced.
 * `*fd` is the caller's, open for reading and writing, closed by exec.
 */
struct weigh_error *weigh_file_create(const char *path, uint64_t size, bool overwrite, int *fd,
				      enum weigh_file_place *place);

/*
 * Opens a file to be read; `what` names what it should be, for the error: "a
 * capture". A pipe is opened too, and never waited for. `*fd` is the caller's.
 */
struct weigh_error *weigh_file_open(const char *path, const char *what, int *fd);

#endif
