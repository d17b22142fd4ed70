/*
 * Where much of the heap hangs: objects that alone keep more than a tenth of
 * it alive, followed down to the point at which it accumulates: the last one
 * of which a single object below keeps most; from there on it is many small
 * ones, as in a list that has grown.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_HEAP_SUSPECTS_H
#define WEIGH_HEAP_SUSPECTS_H

#include "base/error.h"
#include "heap/below.h"
#include "heap/frames.h"
#include "heap/routes.h"

#include <stdint.h>

enum {
	WEIGH_SUSPECT_TYPES = 4,
	WEIGH_SUSPECT_STEPS = 32, /* of the way down that are kept; the last ones go first */
};

/* Objects of one type that accumulate. */
struct weigh_suspect_type {
	uint32_t type;
	uint64_t count, gross, retained;
};

struct weigh_suspect {
	/*
	 * The object where it accumulates; WEIGH_NO_OBJECT for objects that
	 * several owners share, so that none of them keeps them alone: then
	 * `route` is how they are reached and `retained` what they keep together.
	 */
	uint32_t object;
	uint32_t route;
	/* The one of `steps` that keeps enough to be a suspect, and what goes when it goes. */
	uint32_t top;
	uint64_t retained;
	double share;      /* of the bytes of the heap */
	uint64_t below;    /* objects that go with it, itself included */
	uint64_t children; /* that `object` keeps directly */
	uint32_t step_count;
	uint32_t steps
		[WEIGH_SUSPECT_STEPS]; /* objects on the way down, each keeping the next; the last is `object` */
	uint32_t type_count;
	struct weigh_suspect_type types[WEIGH_SUSPECT_TYPES]; /* of these, by retained */
	/* The line at which most bytes below were made, and their share of those of known lines. */
	uint32_t line; /* WEIGH_NO_OBJECT: none known */
	double line_share;
};

struct weigh_suspects {
	struct weigh_suspect *suspects; /* by retained, largest first */
	uint32_t count;
};

/* `lines` may be NULL. End with weigh_suspects_deinit(). */
struct weigh_error *weigh_suspects_init(struct weigh_suspects *suspects, const struct weigh_routes *routes,
					const struct weigh_heap_below *below,
					const struct weigh_heap_lines *lines, double least_share);
void weigh_suspects_deinit(struct weigh_suspects *suspects);

#endif
