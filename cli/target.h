/*
 * What `weigh run` is to run: a script, a module or a piece of code.
 */
#ifndef WEIGH_CLI_TARGET_H
#define WEIGH_CLI_TARGET_H

#include "base/error.h"

#include <stdbool.h>

enum weigh_target_kind {
	WEIGH_TARGET_SCRIPT = 1,
	WEIGH_TARGET_MODULE = 2,
	WEIGH_TARGET_CODE = 3,
};

struct weigh_target {
	enum weigh_target_kind kind;
	const char *name; /* borrowed: script, module or code */
	char **arguments; /* owned array, borrowed strings: what follows the interpreter, ended by NULL */
};

/*
 * `rest` are the `count` words after the script, module or code. Fails when a
 * script cannot be run, before anything is created or started.
 */
struct weigh_error *weigh_target_init(struct weigh_target *t, enum weigh_target_kind kind, const char *name,
				      char *const *rest, int count);
void weigh_target_deinit(struct weigh_target *t);

/*
 * The name of its capture when the user gives none: of a file in the current
 * folder that does not exist yet, or with `overwrite` may. To be freed; NULL
 * without memory.
 */
char *weigh_target_capture_name(const struct weigh_target *t, bool overwrite);

#endif
