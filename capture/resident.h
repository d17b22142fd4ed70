/*
 * Where the resident memory of a program was at the peak: what was recorded,
 * what else is known to take room, and what remains unexplained.
 *
 * Any thread; allocates nothing.
 */
#ifndef WEIGH_CAPTURE_RESIDENT_H
#define WEIGH_CAPTURE_RESIDENT_H

#include "capture/open.h"

#include <stdbool.h>
#include <stdint.h>

enum { WEIGH_RESIDENT_PARTS = 9 };

struct weigh_resident_part {
	const char *name; /* static */
	int64_t bytes;    /* below zero: to subtract */
};

/* The parts and `unexplained` add up to `peak`. */
struct weigh_resident_sum {
	bool known;       /* resident memory was read at the start and at the peak */
	uint64_t start;   /* before the first record */
	uint64_t peak;    /* when recorded live bytes were seen highest */
	uint64_t end;     /* when the recording ended; 0: unknown */
	uint64_t highest; /* at any time, as the kernel counted it */
	struct weigh_resident_part parts[WEIGH_RESIDENT_PARTS];
	int part_count; /* only parts that are not 0 */
	int64_t unexplained;
};

/*
 * Bytes that the program had freed when the recording ended and its allocators
 * kept: room in arenas of the small-object allocator, and what malloc had free,
 * more than at the start. Below zero: the recording did not end in order.
 */
double weigh_resident_reusable(const struct weigh_capture *capture);

struct weigh_resident_sum weigh_resident_sum(const struct weigh_capture *capture);

#endif
