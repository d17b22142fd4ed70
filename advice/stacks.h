/*
 * What the stacks of a capture tell of each line of the program: bytes that
 * were allocated at it or below it, at the peak and at the end, and the large
 * blocks that it made by itself. Evidence for rules that need no snapshot.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_ADVICE_STACKS_H
#define WEIGH_ADVICE_STACKS_H

#include "advice/lines.h"
#include "base/error.h"
#include "capture/names.h"
#include "capture/open.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Blocks of this size and more are told one by one: arrays and long texts, not
 * the objects of a structure. Sampling takes nearly all of them.
 */
enum { WEIGH_LARGE_LEAST = 64 << 10 };

struct weigh_large_sum {
	double blocks, bytes, footprint;
};

struct weigh_stack_line {
	const char *file, *function; /* of the names */
	uint32_t file_id, line;
	uint32_t first_line; /* of the function, decorators included */
	/* Footprint of all blocks on whose stack the line is. */
	double peak, end, total;
	double peak_blocks, end_blocks;
	double peak_variance; /* of `peak`, by sampling; 0: exact */
	/*
	 * Of these, large ones of which it is the innermost line of the user's own
	 * code. Small ones beside them are not counted where it can be told.
	 */
	struct weigh_large_sum large_peak, large_end, large_total;
	double large_size; /* what was asked for each of them, where all are alike; else 0 */
	uint32_t callers; /* lines of the user's own that called the function, not of itself */
	uint32_t caller; /* index of one of these; WEIGH_NO_LINE: none */
	uint32_t seen_by; /* private */
};

enum { WEIGH_NO_LINE = 0xffffffff };

struct weigh_stacks {
	const struct weigh_capture *capture; /* the caller's, as all below */
	struct weigh_names *names;
	const struct weigh_line_reader *reader; /* NULL: no source to be had */
	struct weigh_stack_line *lines; /* of the user's own code; most bytes at the peak first */
	uint32_t count;
	double peak, end; /* footprint */
	uint32_t *slots; /* private: lines + 1 by file and line */
	uint32_t slot_mask;
};

/* End with weigh_stacks_deinit(); what it is given must outlive it. */
struct weigh_error *weigh_stacks_init(struct weigh_stacks *stacks, const struct weigh_capture *capture,
				      struct weigh_names *names, const struct weigh_line_reader *reader);
void weigh_stacks_deinit(struct weigh_stacks *stacks);

/* The line of a place; WEIGH_NO_LINE when nothing was allocated there or below. */
uint32_t weigh_stacks_find(const struct weigh_stacks *stacks, uint32_t file_id, uint32_t line);

/* Whether two lines are of one function. A script and a function on its first line begin at the same one. */
bool weigh_stacks_same_function(const struct weigh_stack_line *a, const struct weigh_stack_line *b);

/* The text of line `line` of the file of `at`; NULL when there is none to be had. */
const char *weigh_stacks_text(const struct weigh_stacks *stacks, const struct weigh_stack_line *at,
			      uint32_t line);

/*
 * What the peak would be at least if nothing were allocated at a line or below
 * it: other times have peaks of their own. From the moments that were kept, so
 * that of a short program it is what stood beside it, and no more.
 */
double weigh_stacks_peak_without(const struct weigh_stacks *stacks, const struct weigh_stack_line *line);

/* A bucket of the histogram of requested sizes, all stripes together. */
struct weigh_size_bucket weigh_stacks_sizes(const struct weigh_capture *capture, uint32_t bucket);

/* Whether a file is the user's own: not of the interpreter, a package, or made up. */
bool weigh_stacks_own_file(const char *file);

/*
 * Calls `each` with every line of the program's own files, as far as lines of
 * them are known, until it answers true. Returns whether it did.
 */
typedef bool weigh_stacks_each(const struct weigh_stack_line *of_file, uint32_t line, const char *text,
			       void *arg);
bool weigh_stacks_search(const struct weigh_stacks *stacks, weigh_stacks_each *each, void *arg);

/* How many lines are looked for after one, for other uses of its name. */
enum { WEIGH_LINES_AHEAD = 200 };

/*
 * The line with index `line`, or the one that called it, and so on, that keeps
 * what was made: of a function that returns what it makes, the caller's.
 */
uint32_t weigh_stacks_keeper(const struct weigh_stacks *stacks, uint32_t line);

#endif
