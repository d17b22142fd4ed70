/*
 * Ways through the heap in words: "__main__.cache", "dict[*]", "Entry.data",
 * "list". Each word but the first is a type and what is followed from it; the
 * last is the type at which the way ends. Modules, classes and an object's
 * __dict__ are no words of their own: what they hold continues the name.
 *
 * One thread; allocates with malloc.
 */
#ifndef WEIGH_HEAP_WORDS_H
#define WEIGH_HEAP_WORDS_H

#include "base/error.h"
#include "heap/routes.h"

#include <stddef.h>
#include <stdint.h>

struct weigh_words {
	char **words; /* each owned, valid UTF-8 without control characters */
	uint32_t count;
};

/* The words of a route: what objects reached alike have in common. End with weigh_words_deinit(). */
struct weigh_error *weigh_words_of_route(const struct weigh_routes *routes, uint32_t route,
					 struct weigh_words *words);

/*
 * The words of one way: `objects` from a beginning to the end, `count` of them,
 * and of each but the first the place in the references of the one before it.
 */
struct weigh_error *weigh_words_of_way(const struct weigh_routes *routes, const uint32_t *objects,
				       const uint32_t *places, uint32_t count, struct weigh_words *words);

void weigh_words_deinit(struct weigh_words *words);

/*
 * All words in one line with `arrow` between them, of more than `limit` (0: any
 * number) those in the middle left out. The caller frees it; NULL without
 * memory.
 */
char *weigh_words_join(const struct weigh_words *words, const char *arrow, uint32_t limit);

/* weigh_words_of_route() and weigh_words_join() in one, without the type at the end. */
char *weigh_route_text(const struct weigh_routes *routes, uint32_t route, const char *arrow, uint32_t limit);

#endif
