/*
 * Source lines of the program, read from its files when a report is made.
 *
 * One thread; allocates with malloc; reads each file once.
 */
#ifndef WEIGH_REPORT_SOURCE_H
#define WEIGH_REPORT_SOURCE_H

#include "advice/lines.h"
#include "base/error.h"
#include "capture/open.h"

#include <stdbool.h>
#include <stdint.h>

struct weigh_sources;

/* `capture` must outlive the sources. */
struct weigh_error *weigh_sources_create(const struct weigh_capture *capture, struct weigh_sources **sources);

/*
 * Of a program of which only the start is known, or a time when its files were
 * still the same: paths are shown from the reader's own folder on.
 */
struct weigh_error *weigh_sources_create_since(uint64_t started_unix_ns, struct weigh_sources **sources);

/* Takes NULL. */
void weigh_sources_destroy(struct weigh_sources *sources);

/*
 * The text of a line (from 1) of a file, without the blanks around it, as
 * clean UTF-8; NULL when there is none to be had. Lives as long as the
 * sources. The file is not read when it changed after the program started:
 * its lines would belong to other code.
 */
const char *weigh_source_line(struct weigh_sources *sources, const char *file, uint32_t line);

/* The same for rules, as long as the sources live. */
struct weigh_line_reader weigh_sources_reader(struct weigh_sources *sources);

/* A file asked for above that changed since the program started, or NULL. */
const char *weigh_sources_changed(const struct weigh_sources *sources);

/*
 * How to show a file's path: without the folder the program started in, or
 * from the package folder on. Points into `file`.
 */
const char *weigh_source_short_path(const struct weigh_sources *sources, const char *file);

#endif
