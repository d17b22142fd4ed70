/*
 * Sets that are only counted: what the source of the file that makes one does
 * with its name. It is read as words, line by line; a use that is not
 * understood is one that needs the set.
 *
 * Pure functions but for the reader of lines; any thread.
 */
#ifndef WEIGH_ADVICE_COUNTED_H
#define WEIGH_ADVICE_COUNTED_H

#include "advice/lines.h"

#include <stdbool.h>

/* Lines of the file, 0 where there is none: that make the set, add to it last, and count it first. */
struct weigh_counted {
	uint32_t made, added, counted;
};

/*
 * Whether a set that the file calls `name`, an attribute when it has a dot, is
 * made, filled and then counted there, and nothing else: no look-up, no pass
 * over it, nobody it is handed to.
 */
bool weigh_counted_find(const struct weigh_line_reader *reader, const char *file, const char *name,
			struct weigh_counted *counted);

#endif
