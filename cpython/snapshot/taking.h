/*
 * Taking a snapshot of this process into a file: by a child that the program
 * does not notice, or in place, the program standing still.
 *
 * Called with the GIL. While it is written the file is PATH.tmp, locked by
 * whoever writes it; the last step gives it its name, so that what is found
 * under PATH is whole.
 */
#ifndef WEIGH_CPYTHON_SNAPSHOT_TAKING_H
#define WEIGH_CPYTHON_SNAPSHOT_TAKING_H

#include "weigh/format.h"
#include "weigh/snapshot.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

/* A snapshot under way. Zeros: none. */
struct weigh_taking {
	char path[PATH_MAX];
	unsigned turn; /* which of the names it has while it is written */
	pid_t child; /* 0: none, or it has ended */
	bool dropped; /* the child was told to end */
	uint64_t live;     /* footprint of recorded live blocks then */
	uint64_t pause_ns; /* how long the program stood still */
	uint64_t fork_ns;  /* of that, in the fork itself */
};

enum weigh_taking_way {
	WEIGH_TAKING_FORK = 1,
	WEIGH_TAKING_IN_PLACE = 2,
};

/*
 * Takes one, under the unfinished name `taking->turn` says, all else in it being
 * zero. 0, or an errno: nothing is left behind then. `part` (may be NULL)
 * is where the capture says what became of it; a child writes there too, and it
 * must be shared memory.
 */
int weigh_taking_start(struct weigh_taking *taking, const char *path, enum weigh_snapshot_when when,
		       enum weigh_taking_way way, struct weigh_part *part);

/* Has the child end without waiting for that; weigh_taking_runs() sees it off. */
void weigh_taking_drop(struct weigh_taking *taking);

/*
 * Whether the child still writes; with `wait` waits for its end, or a signal.
 * Once it does not, `*number` is 0 or what went wrong, an errno; ECHILD
 * when the child died. Without the GIL also.
 */
bool weigh_taking_runs(struct weigh_taking *taking, bool wait, int *number);

/* Ends the child, if there is one, and takes away what it wrote. */
void weigh_taking_cancel(struct weigh_taking *taking);

#endif
