/*
 * What one line of Python looks like, as far as its words tell: no parser, and
 * no more than a careful reader would say who sees nothing but this line.
 * Texts in quotes and what follows a # are no words.
 *
 * Pure functions; any thread.
 */
#ifndef WEIGH_ADVICE_WORDS_H
#define WEIGH_ADVICE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A part of a line; points into it. */
struct weigh_words {
	const char *start;
	size_t length;
};

/* A character of a name or number: any that is not ASCII may be one. */
static inline bool weigh_words_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

/* Whether two parts of texts read alike. */
static inline bool weigh_words_same(struct weigh_words a, struct weigh_words b)
{
	return a.length == b.length && !memcmp(a.start, b.start, a.length);
}

/* "name = ...": the one plain name that the line binds. */
bool weigh_words_target(const char *line, struct weigh_words *name);

/* What stands right of that "=", without a comment; empty when there is none. */
struct weigh_words weigh_words_value(const char *line);

/* How often a name stands in a text as a word of its own, no attribute of something else. */
unsigned weigh_words_count(struct weigh_words text, const struct weigh_words *name);

/* The whole line. */
struct weigh_words weigh_words_all(const char *line);

/* Whether a text holds the words of `part`, "read().split" or "np.append(", from the beginning of a word on. */
bool weigh_words_hold(struct weigh_words text, const char *part);

/* A line that begins a function, a class or a decorator: the end of the one before. */
bool weigh_words_start_function(const char *line);

/* A line that begins a loop. */
bool weigh_words_is_loop(const char *line);

/* "return ..." and "yield ..."; and such a line whose value is, or begins with, the name. */
bool weigh_words_is_return(const char *line);
bool weigh_words_return(const char *line, const struct weigh_words *name);

/* How a line makes a structure as a whole. */
enum weigh_made {
	WEIGH_MADE_NOTHING,
	WEIGH_MADE_COMPREHENSION, /* [... for ...] */
	WEIGH_MADE_LIST, /* list(...) */
	WEIGH_MADE_READLINES, /* .readlines() */
	WEIGH_MADE_READ, /* .read(), with or without a split */
};

/* How what it makes is used on the line itself. */
enum weigh_used {
	WEIGH_USED_UNKNOWN,
	WEIGH_USED_ONCE, /* by sum(), any(), join() ...: one pass, item by item */
	WEIGH_USED_LOOPED, /* for x in ...: */
	WEIGH_USED_KEPT, /* by sorted(), a set ...: all of it is needed anyway */
};

struct weigh_making {
	enum weigh_made made;
	enum weigh_used used;
	struct weigh_words value; /* the comprehension with its brackets; the call */
	struct weigh_words user; /* the function that uses it: "sum" */
};

struct weigh_making weigh_words_making(const char *line);

/* A line on which the name stands once, and is passed over item by item: "for row in rows:". */
bool weigh_words_pass_over(const char *line, const struct weigh_words *name);

/* What a line needs of what a name stands for, the most of all its uses. */
enum weigh_use {
	WEIGH_USE_NONE,
	WEIGH_USE_ABOUT, /* its length, shape or type; `del` */
	WEIGH_USE_PART, /* name[...], not all of it */
	WEIGH_USE_WHOLE, /* anything else, writing into it included */
};

enum weigh_use weigh_words_use(const char *line, const struct weigh_words *name);

/* Operators that make an array of arrays, and of these the products that must be alive together. */
struct weigh_arithmetic {
	unsigned operators; /* binary + - * / ** // % @ and unary - */
	unsigned calls; /* of functions with something in their parentheses */
	unsigned terms; /* joined by + or - at the outermost level, that are not single names */
	bool in_place; /* "out=" or an augmented assignment is there already */
};

struct weigh_arithmetic weigh_words_arithmetic(const char *line);

#endif
