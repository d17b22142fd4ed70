/*
 * How text reaches a person: width, colour and characters of the place it goes
 * to, and numbers in the form people read.
 *
 * One thread; allocates nothing.
 */
#ifndef WEIGH_REPORT_STYLE_H
#define WEIGH_REPORT_STYLE_H

#include "capture/estimate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct weigh_style {
	int width; /* columns; 0: not a terminal, lines may be any length */
	bool color;
	bool unicode;
};

enum weigh_ink {
	WEIGH_INK_PLAIN,
	WEIGH_INK_BOLD,
	WEIGH_INK_DIM,
	WEIGH_INK_WARN,
};

/*
 * The style for a stream: a terminal's own width (COLUMNS overrides), colour
 * unless NO_COLOR is set or TERM is dumb, characters by the locale.
 */
struct weigh_style weigh_style_of(FILE *stream);

/* Switch ink on `out`; nothing without colour. WEIGH_INK_PLAIN ends any other. */
void weigh_style_ink(const struct weigh_style *style, FILE *out, enum weigh_ink ink);

/* `unicode` or its stand-in, as the style allows. */
const char *weigh_style_pick(const struct weigh_style *style, const char *unicode, const char *ascii);

/* Columns that a UTF-8 text takes on a terminal. */
int weigh_text_width(const char *text);

/*
 * Print `text` in at most `columns` (0: any number), its end cut off and
 * marked when it is longer. Returns the columns used.
 */
int weigh_text_print(const struct weigh_style *style, FILE *out, const char *text, int columns);

/* The same, but cuts the beginning: of a path the end says more. */
int weigh_text_print_end(const struct weigh_style *style, FILE *out, const char *text, int columns);

/* Room for any number in one of the forms below. */
enum { WEIGH_NUMBER = 48 };

/* Bytes in binary units with one decimal: "312 B", "1.5 MiB". Returns `text`. */
char *weigh_bytes_text(double bytes, char text[static WEIGH_NUMBER]);

/* A whole number with commas: "1,352,952". */
char *weigh_count_text(double count, char text[static WEIGH_NUMBER]);

/* The same with what it counts: "1 block", "1,352,952 blocks". */
char *weigh_blocks_text(double count, char text[static WEIGH_NUMBER]);

/* A part of one: "94.7 %"; "<0.1 %" for what would read 0.0. */
char *weigh_share_text(double share, char text[static WEIGH_NUMBER]);

/* A span of time: "12 ms", "3.21 s", "2 min 14 s". */
char *weigh_time_text(uint64_t ns, char text[static WEIGH_NUMBER]);

/* The 95 % interval relative to the value: "±1.2 %"; empty for exact. */
char *weigh_spread_text(const struct weigh_style *style, struct weigh_estimate e,
			char text[static WEIGH_NUMBER]);

#endif
