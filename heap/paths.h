/*
 * The shortest ways from the roots to some objects, merged by shape: of a
 * million records in one list one line. All shortest ways of an object count;
 * those beyond the first few kinds are left out and said so. For a single
 * object the ways themselves, with indices and keys, and what refers to it.
 *
 * One thread; allocates with malloc, 6 bytes for each object.
 */
#ifndef WEIGH_HEAP_PATHS_H
#define WEIGH_HEAP_PATHS_H

#include "base/error.h"
#include "heap/below.h"
#include "heap/routes.h"
#include "heap/select.h"

#include <stdbool.h>
#include <stdint.h>

enum { WEIGH_PATH_KINDS = 8 }; /* of one object that are told apart */

/* Objects that are reached alike. */
struct weigh_heap_path {
	uint32_t route;
	uint64_t objects, gross;
	uint64_t retained; /* by those that no other chosen object keeps alive */
	uint64_t shared;   /* of the objects: those that another path leads to as well */
	uint32_t example;  /* the first of them */
};

struct weigh_heap_paths {
	struct weigh_heap_path *paths; /* by retained, largest first */
	uint32_t count;
	/* Of all chosen objects, each once. */
	uint64_t objects, gross, retained;
	uint64_t cut; /* objects with more than WEIGH_PATH_KINDS kinds of shortest ways */
};

/*
 * End with weigh_heap_paths_deinit(). `routes` grows; it and the rest must
 * outlive the paths.
 */
struct weigh_error *weigh_heap_paths_init(struct weigh_heap_paths *paths, struct weigh_routes *routes,
					  const struct weigh_heap_below *below,
					  const struct weigh_heap_selection *selection);
void weigh_heap_paths_deinit(struct weigh_heap_paths *paths);

/* One way: objects from a beginning to the end, and of each but the first its place in the one before. */
struct weigh_heap_way {
	uint32_t *objects, *places;
	uint32_t count;
};

struct weigh_heap_ways {
	struct weigh_heap_way *ways;
	uint32_t count;
	bool more; /* than `limit` */
};

/* The shortest ways to one object, at most `limit`. End with weigh_heap_ways_deinit(). */
struct weigh_error *weigh_heap_ways_init(struct weigh_heap_ways *ways, const struct weigh_routes *routes,
					 uint32_t object, uint32_t limit);
void weigh_heap_ways_deinit(struct weigh_heap_ways *ways);

/* A reference to an object. */
struct weigh_heap_referrer {
	uint32_t object, place;
};

struct weigh_heap_referrers {
	struct weigh_heap_referrer *referrers; /* nearest to the roots first */
	uint32_t count;
	uint32_t total; /* `count` is at most the limit */
	/* References that its count says and the graph does not have; 0 for immortal objects. */
	uint32_t elsewhere;
	bool immortal;
};

/* What refers to an object: the whole graph is looked through. End with weigh_heap_referrers_deinit(). */
struct weigh_error *weigh_heap_referrers_init(struct weigh_heap_referrers *referrers,
					      const struct weigh_routes *routes, uint32_t object,
					      uint32_t limit);
void weigh_heap_referrers_deinit(struct weigh_heap_referrers *referrers);

#endif
