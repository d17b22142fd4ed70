/*
 * Names of threads as Python's threading module knows them.
 */
#ifndef WEIGH_CPYTHON_NAMES_H
#define WEIGH_CPYTHON_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Makes the keys for the look-ups; with the GIL, outside events. False: no memory. */
bool weigh_names_init(void);

/*
 * The calling thread's name, as UTF-8 with a NUL; false when threading does not
 * list it (yet). With the GIL, inside an event: looks into dicts and an
 * instance with prepared keys, which neither allocates nor runs Python code.
 */
bool weigh_names_find(char *name, size_t capacity);

#endif
