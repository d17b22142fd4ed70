/*
 * A capture opened for reading.
 *
 * Opening reads the whole file into memory and checks every reference in it,
 * so that code behind this line may follow indices without looking: codes of
 * nodes, parents (which always lead to node 0), nodes and threads of sites in
 * use, sites of shares and all texts lie inside their sections, and the
 * tallies of sites in use, moments and shares are finite and not negative.
 * (Code, node and thread 0 may be named where their section is empty.) A
 * capture that a program is still writing is read as it stands.
 *
 * One thread per capture; allocates with malloc.
 */
#ifndef WEIGH_CAPTURE_OPEN_H
#define WEIGH_CAPTURE_OPEN_H

#include "base/error.h"
#include "weigh/format.h"

#include <stdbool.h>
#include <stdint.h>

struct weigh_capture {
	char *path;     /* as given to weigh_capture_open() */
	uint8_t *bytes; /* the capture; everything below but `path` points into it */
	uint64_t size;
	uint64_t file_size; /* with the parts that follow, which are not read: see capture/parts.h */
	bool sealed; /* the file carries a hash, and it is right */

	const struct weigh_header *header;
	const char *strings;
	const struct weigh_code *codes;
	const struct weigh_node *nodes;
	const struct weigh_site *sites;
	const struct weigh_thread_entry *threads;
	const struct weigh_tick *ticks;
	const struct weigh_size_bucket *sizes;
	const struct weigh_moment *moments;
	const struct weigh_share *shares;
};

/*
 * Open the capture at `path`. On success `*capture` is the caller's, to be
 * ended with weigh_capture_close(). Fails with WEIGH_ERROR_SYSTEM when the
 * file cannot be read and WEIGH_ERROR_FORMAT when it is no capture, is cut
 * short, damaged, or of a newer version; the message names the byte.
 */
struct weigh_error *weigh_capture_open(const char *path, struct weigh_capture **capture);

/* The same from an open file, which stays the caller's; `path` is for messages. */
struct weigh_error *weigh_capture_open_fd(int fd, const char *path, struct weigh_capture **capture);

/* Takes NULL. */
void weigh_capture_close(struct weigh_capture *capture);

/* Entries in use in a section. */
static inline uint32_t weigh_capture_count(const struct weigh_capture *capture, enum weigh_section_id id)
{
	return capture->header->sections[id].used;
}

/* The composition of a site at the peak, by the rule in weigh/format.h. */
const struct weigh_tally *weigh_capture_at_peak(const struct weigh_capture *capture,
						const struct weigh_site *site);

/* The peak; it is now when more is live now than at any peak noted. */
struct weigh_peak weigh_capture_peak(const struct weigh_capture *capture);

/* Nanoseconds from the start to the end, or to the last sign of life. */
uint64_t weigh_capture_duration(const struct weigh_capture *capture);

#endif
