/*
 * What rules look at: the capture, the snapshot in it, and what analyses made
 * of the snapshot.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_ADVICE_EVIDENCE_H
#define WEIGH_ADVICE_EVIDENCE_H

#include "advice/builder.h"
#include "advice/finding.h"
#include "advice/lines.h"
#include "advice/pandas.h"
#include "advice/records.h"
#include "base/error.h"
#include "capture/names.h"
#include "capture/open.h"
#include "heap/dominators.h"
#include "heap/equal.h"
#include "heap/frames.h"
#include "heap/graph.h"
#include "heap/places.h"

struct weigh_evidence {
	const struct weigh_capture *capture; /* the caller's; NULL: only a snapshot */
	struct weigh_names *names;           /* of the capture; NULL without */
	const struct weigh_heap_graph *graph; /* the caller's; NULL: the capture has no snapshot */
	/* Of the graph; all NULL and empty without. */
	struct weigh_heap_lines *lines;
	struct weigh_heap_places *places;
	struct weigh_heap_equal *equal;
	struct weigh_records records;
	struct weigh_pandas pandas;
	struct weigh_heap_dominators *
		*dominators; /* private: of the graph, NULL in it until they are asked for */
	const struct weigh_line_reader *source; /* set by who asks, who owns it; NULL: no source to be had */
	/* Set by who asks, who owns them: captures of other processes of the program. */
	const struct weigh_capture *const *others;
	uint32_t other_count;
	const struct weigh_builder *builder; /* likewise; NULL: nothing can be built */
	uint32_t python; /* PY_VERSION_HEX */
	/*
	 * What savings in the graph are of: the peak, when the snapshot was taken
	 * there, else the end.
	 */
	enum weigh_quantity quantity;
	double peak, end; /* bytes; 0: not known */
	double seen; /* live bytes when the snapshot was taken; 0 without */
};

/*
 * Both may be NULL, not both at once, and must outlive the evidence. End with
 * weigh_evidence_deinit().
 */
struct weigh_error *weigh_evidence_init(struct weigh_evidence *evidence, const struct weigh_capture *capture,
					const struct weigh_heap_graph *graph);
void weigh_evidence_deinit(struct weigh_evidence *evidence);

/*
 * Who keeps what alive in the graph, which there must be. Found when the first
 * rule asks, which takes as long as opening the snapshot; the evidence's.
 */
struct weigh_error *weigh_evidence_dominators(const struct weigh_evidence *evidence,
					      const struct weigh_heap_dominators **dominators);

#endif
