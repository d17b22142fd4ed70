/*
 * Building structures of Python's libraries, to see what they take: with an
 * interpreter of the user's, in a process of its own, of a sample.
 */
#ifndef WEIGH_CLI_BUILDER_H
#define WEIGH_CLI_BUILDER_H

#include "advice/builder.h"

/*
 * What builds; zeros at first. `python` names the interpreter, NULL: the usual
 * one. It is started when something is to be built, isolated from the
 * environment and the current folder, and given up after 20 seconds.
 */
struct weigh_library_builder {
	struct weigh_builder builder; /* for the evidence; set by weigh_library_builder_init() */
	const char *python; /* the caller's */
};

/* It may not move afterwards. Owns nothing. */
void weigh_library_builder_init(struct weigh_library_builder *builder);

#endif
