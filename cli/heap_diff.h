/*
 * `weigh heap --diff A B`: opens two snapshots and prints what changed.
 *
 * The main thread; allocates with malloc.
 */
#ifndef WEIGH_CLI_HEAP_DIFF_H
#define WEIGH_CLI_HEAP_DIFF_H

#include "base/error.h"
#include "weigh/snapshot.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct weigh_heap_diff_request {
	const char *paths[2]; /* before, after */
	enum weigh_snapshot_when whens[2];
	uint32_t limit; /* rows of each table; 0: all */
	bool limit_given;
	const char *filter; /* NULL: none */
	bool json;
};

/* The style is that of standard output, wherever `out` leads. */
struct weigh_error *weigh_heap_diff_run(const struct weigh_heap_diff_request *request, FILE *out);

#endif
