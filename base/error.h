/*
 * Errors that travel up to whoever can tell the user.
 *
 * A function that can fail returns a pointer to an error, NULL for success.
 * The caller owns what it gets and ends it with weigh_error_destroy().
 *
 * The message is one line, `WHERE: WHAT: WHAT TO DO`; only the program's entry
 * prints it, after `weigh: `. WHERE is a path (with a byte offset or a line
 * when there is one) or an option.
 *
 * Any thread. Creating allocates with malloc, so never on a recording path.
 */
#ifndef WEIGH_BASE_ERROR_H
#define WEIGH_BASE_ERROR_H

enum weigh_error_code {
	WEIGH_ERROR_MEMORY = 1, /* no memory */
	WEIGH_ERROR_SYSTEM,     /* the system refused: files, processes, space */
	WEIGH_ERROR_FORMAT,     /* not a capture, damaged, or of a newer weigh */
	WEIGH_ERROR_STATE,      /* not now: already running, not running, unsupported */
	WEIGH_ERROR_USAGE,      /* a wrong command line or argument */
};

struct weigh_error {
	enum weigh_error_code code;
	char message[]; /* one line, without a newline */
};

/*
 * Make an error from a format as printf takes it; line breaks and other
 * control characters in the result become '?', so that it stays one line.
 * Never returns NULL: without memory it returns a constant error of
 * WEIGH_ERROR_MEMORY, which weigh_error_destroy() also takes.
 */
struct weigh_error *weigh_error_create(enum weigh_error_code code, const char *format, ...)
	__attribute__((format(printf, 2, 3), returns_nonnull, warn_unused_result));

/* `where: strerror(number): what_to_do`. */
struct weigh_error *weigh_error_create_system(int number, const char *where, const char *what_to_do)
	__attribute__((returns_nonnull, warn_unused_result));

/* The constant error for "no memory". Needs none itself. */
struct weigh_error *weigh_error_create_memory(void) __attribute__((returns_nonnull, warn_unused_result));

/* Takes NULL. */
void weigh_error_destroy(struct weigh_error *error);

/* The exit status that belongs to an error: 0 for NULL, 2 for usage, else 1. */
int weigh_error_status(const struct weigh_error *error);

#endif
