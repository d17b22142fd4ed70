/*
 * Two snapshots compared: what there is more or less of, by type, by how it is
 * reached, and by the line that made it; and of one program what was born in
 * between.
 *
 * Born counts an object of the later snapshot at whose address the earlier one
 * had none, or another: of another type, without some of its fields, or, for
 * what cannot change, with another value or other items. An object that took
 * the place of one quite like it counts as kept, so births are rather too few
 * than too many; taken for born though it was there is only what lost a field
 * or changed its class.
 *
 * One thread; allocates with malloc, about 10 bytes for each object.
 */
#ifndef WEIGH_HEAP_DIFF_H
#define WEIGH_HEAP_DIFF_H

#include "base/error.h"
#include "capture/estimate.h"
#include "heap/below.h"
#include "heap/frames.h"
#include "heap/routes.h"

#include <stdbool.h>
#include <stdint.h>

/* One snapshot with what was made of it; all of it outlives the diff. */
struct weigh_diff_side {
	const struct weigh_heap_graph *graph;
	const struct weigh_heap_below *below;
	const struct weigh_routes *routes;
	const struct weigh_heap_lines *lines;
};

enum weigh_diff_by {
	WEIGH_DIFF_TYPES,
	WEIGH_DIFF_HOLDERS, /* routes */
	WEIGH_DIFF_LINES,
	WEIGH_DIFF_BYS,
};

enum { WEIGH_BEFORE, WEIGH_AFTER, WEIGH_SIDES };

struct weigh_diff_row {
	uint32_t group[WEIGH_SIDES]; /* a type, route or line of that side; WEIGH_NO_OBJECT: had none */
	uint64_t count[WEIGH_SIDES], gross[WEIGH_SIDES];
	uint64_t retained[WEIGH_SIDES]; /* by the outermost of them */
	/*
	 * By line alone: with sampling, objects of known lines stand for others
	 * as well, and count and gross are estimates, rounded.
	 */
	struct weigh_estimate estimate[WEIGH_SIDES];
	uint64_t born, born_gross;
};

struct weigh_diff_table {
	struct weigh_diff_row *rows; /* by the change of gross: what grew most first, what shrank most last */
	uint32_t count;
};

struct weigh_diff {
	struct weigh_diff_side sides[WEIGH_SIDES];
	bool same_process; /* so that born is known */
	uint64_t count[WEIGH_SIDES], gross[WEIGH_SIDES];
	uint64_t born, born_gross;
	struct weigh_diff_table tables[WEIGH_DIFF_BYS]; /* without rows that stayed as they were */
};

/* End with weigh_diff_deinit(). */
struct weigh_error *weigh_diff_init(struct weigh_diff *diff, const struct weigh_diff_side *before,
				    const struct weigh_diff_side *after);
void weigh_diff_deinit(struct weigh_diff *diff);

/*
 * For each object of `after` 1 when it was born since `before`, else 0; the
 * caller frees it. NULL without memory. Of one process alone it makes sense.
 */
uint8_t *weigh_diff_born(const struct weigh_heap_graph *before, const struct weigh_heap_graph *after);

/*
 * Whether two snapshots are of one process: of one recording; where none ran,
 * of one process number with the same things at the same addresses.
 */
bool weigh_diff_same_process(const struct weigh_heap_graph *before, const struct weigh_heap_graph *after);

/* What a row is called: a type, the words of a route, "file:line". The caller frees it; NULL without memory. */
char *weigh_diff_name(const struct weigh_diff *diff, enum weigh_diff_by by, const struct weigh_diff_row *row,
		      const char *arrow);

#endif
