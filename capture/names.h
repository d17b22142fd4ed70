/*
 * What the frames of a capture are called: file, function and line of each
 * node, as clean text, each distinct text once.
 *
 * One thread per capture; allocates with malloc.
 */
#ifndef WEIGH_CAPTURE_NAMES_H
#define WEIGH_CAPTURE_NAMES_H

#include "base/error.h"
#include "capture/open.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weigh_names;

/*
 * A frame. Equal texts have equal ids (and pointers) within one capture. The
 * strings live as long as the names. Frames without Python code have no file
 * and say in `function` what they are.
 */
struct weigh_place {
	const char *file; /* NULL: none */
	const char *function;
	uint32_t file_id;
	uint32_t function_id;
	uint32_t line; /* 0: unknown */
};

/* `capture` must outlive the names. */
struct weigh_error *weigh_names_create(const struct weigh_capture *capture, struct weigh_names **names);

/* Takes NULL. */
void weigh_names_destroy(struct weigh_names *names);

/* The frame of a node; decodes its line at the first call for it. */
struct weigh_place weigh_names_place(struct weigh_names *names, uint32_t node);

/* The name of a thread, "thread 1234" when it has none. Lives as long as the names. */
const char *weigh_names_thread(struct weigh_names *names, uint32_t thread);

/* The name of a domain: "object", "malloc" ...; static. */
const char *weigh_domain_name(uint32_t domain);

/*
 * A copy of `length` bytes as valid UTF-8 that ends with a NUL: what is not
 * UTF-8 becomes U+FFFD, and so do control characters (which could drive a
 * terminal) unless `keep_controls`. The caller frees it; NULL without memory.
 */
char *weigh_text_clean(const char *bytes, size_t length, bool keep_controls);

#endif
