/*
 * A capture opened for advice: the snapshot in it, the source of the program,
 * and the evidence that rules look at.
 */
#ifndef WEIGH_CLI_INQUIRY_H
#define WEIGH_CLI_INQUIRY_H

#include "advice/evidence.h"
#include "advice/lines.h"
#include "base/error.h"
#include "cli/builder.h"
#include "report/source.h"
#include "weigh/snapshot.h"

struct weigh_inquiry {
	struct weigh_capture *capture; /* NULL: the file is a snapshot by itself */
	struct weigh_heap_graph *graph; /* NULL: there is no snapshot */
	struct weigh_sources *sources;
	struct weigh_line_reader reader; /* of the sources */
	struct weigh_library_builder builder;
	struct weigh_evidence evidence;
};

/*
 * Opens the file at `path`. `when` 0: the snapshot of the peak, if there is
 * one, else of the end, else none. The inquiry may not move; end it with
 * weigh_inquiry_deinit() also after an error.
 */
struct weigh_error *weigh_inquiry_init(struct weigh_inquiry *inquiry, const char *path,
				       enum weigh_snapshot_when when);
void weigh_inquiry_deinit(struct weigh_inquiry *inquiry);

#endif
