/*
 * The checks that stand between a file and the readers; used by
 * capture/open.c alone.
 */
#ifndef WEIGH_CAPTURE_CHECK_H
#define WEIGH_CAPTURE_CHECK_H

#include "base/error.h"
#include "capture/open.h"

#include <stddef.h>

/*
 * Whether `header` begins a file of `file_size` bytes that this reader
 * understands. `length` bytes of the header could be read; fewer than its size
 * is an error like any other.
 */
struct weigh_error *weigh_check_header(const char *path, const struct weigh_header *header, size_t length,
				       uint64_t file_size);

/*
 * Check all that `capture->bytes` holds and set the pointers into it. Rounding
 * may have left a sum a little below zero; such sums become zero in place.
 */
struct weigh_error *weigh_check_capture(struct weigh_capture *capture);

#endif
