/*
 * Waiting for the snapshots of a program that has ended: the children that it
 * left behind still write them.
 */
#ifndef WEIGH_CLI_SNAPSHOTS_H
#define WEIGH_CLI_SNAPSHOTS_H

#include "cli/signals.h"
#include "weigh/format.h"

#include <stdbool.h>

/*
 * Returns when nobody writes a snapshot beside the capture at `path` any more.
 * After a second a line on stderr shows how far they are, with `show` and on a
 * terminal. Ctrl-C, or a signal that asks the launcher to end, gives them up:
 * their writers are ended, and `parts` of the mapped capture says so.
 */
void weigh_snapshots_wait(struct weigh_signals *signals, const char *path, struct weigh_part *parts,
			  bool show);

#endif
