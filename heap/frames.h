/*
 * Which lines of the program made objects. An object's site is a stack; the
 * line that counts is the innermost one in the program's own code, since what
 * csv or json allocates is allocated for whoever called them. The frame that
 * allocated stands beside it when it is another one.
 *
 * Not the program's own are files of the standard library, of installed
 * packages and frozen modules. A stack of those alone counts at its innermost
 * frame. Code that was made from text ("<string>") is its own only where no
 * file of the program called it.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_HEAP_FRAMES_H
#define WEIGH_HEAP_FRAMES_H

#include "base/error.h"
#include "heap/graph.h"

#include <stdint.h>

/* A frame; texts belong to the graph. */
struct weigh_heap_frame {
	const char *file; /* NULL: no Python code was running, or which is not known */
	const char *function;
	uint32_t line; /* 0: not known */
};

/* Equal when the frames' files and lines are. */
struct weigh_heap_line {
	struct weigh_heap_frame own; /* where the program asked for it */
	struct weigh_heap_frame via; /* what allocated on its behalf; file NULL: it did itself */
};

struct weigh_heap_lines {
	struct weigh_heap_line *lines;
	uint32_t count;
	uint32_t *of_site; /* for each site: its line */
};

struct weigh_error *weigh_heap_lines_create(const struct weigh_heap_graph *graph,
					    struct weigh_heap_lines **lines);

/* Takes NULL. */
void weigh_heap_lines_destroy(struct weigh_heap_lines *lines);

#endif
