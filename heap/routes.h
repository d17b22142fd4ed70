/*
 * How objects are reached from the roots, by kinds of ways: a route is a
 * beginning (a module, a frame that runs, a thread) and what is followed from
 * there, "the global rows, any item, the key 'route'". Objects that are
 * reached alike share one route, so that a million of them read as one line.
 *
 * The graph is gone through once, breadth first: the route of an object is
 * that of a shortest way to it. Ways that a person would name come before all
 * others: from the modules and the frames that run; then from what else the
 * interpreter holds; then from objects that are held from elsewhere, immortal,
 * or garbage. What several modules have is named by the one imported last, which
 * the others have it from. Within a way that goes round (a linked list, a tree) what is
 * followed again is the route of the first time.
 *
 * One thread; allocates with malloc, 12 bytes for each object.
 */
#ifndef WEIGH_HEAP_ROUTES_H
#define WEIGH_HEAP_ROUTES_H

#include "base/error.h"
#include "heap/dominators.h"
#include "heap/graph.h"

#include <stdbool.h>
#include <stdint.h>

enum weigh_route_step {
	/* Beginnings, and what `name` is for them. */
	WEIGH_ROUTE_MODULES,     /* sys.modules itself */
	WEIGH_ROUTE_MODULE,      /* a module in it: object */
	WEIGH_ROUTE_FRAME,       /* a frame that runs, or several of one function: object */
	WEIGH_ROUTE_THREAD,      /* what else a thread holds: label (text) */
	WEIGH_ROUTE_INTERPRETER, /* label (text) */
	WEIGH_ROUTE_STATIC,      /* a static type: object */
	WEIGH_ROUTE_ELSEWHERE,
	WEIGH_ROUTE_IMMORTAL,
	WEIGH_ROUTE_GARBAGE,
	/* How one object leads to the next. */
	WEIGH_ROUTE_SLOT,      /* text, read as `naming` says */
	WEIGH_ROUTE_SLOT_KEY,  /* the key of a slot */
	WEIGH_ROUTE_ITEM,
	WEIGH_ROUTE_PAIR,      /* 0, or of a __dict__ the value of the key plus 1 */
	WEIGH_ROUTE_PAIR_KEY,
	WEIGH_ROUTE_MEMBER,
	WEIGH_ROUTE_CLASS, /* an object's own type */
};

struct weigh_route {
	uint32_t parent; /* route of what holds it; its own number for a beginning */
	uint32_t type;   /* of the objects it leads to */
	uint32_t name;
	uint8_t step;   /* enum weigh_route_step */
	uint8_t naming; /* enum weigh_snapshot_naming, of a SLOT */
	bool repeats;   /* followed again further on */
};

struct weigh_routes {
	const struct weigh_heap_graph *graph;
	struct weigh_route *routes;
	uint32_t count;
	uint32_t *route_of; /* by object */
	uint32_t *distance; /* by object: steps from where its way begins; never falls along `order` */
	uint32_t *order;    /* all objects as they were reached */

	/* Private. */
	uint32_t room;
	struct weigh_route_hash *hash;
};

/*
 * Find the routes of all objects. `dominators` say who holds what no named
 * root leads to; NULL: all of that reads as garbage. The graph must outlive
 * the routes; the dominators need not.
 */
struct weigh_error *weigh_routes_create(const struct weigh_heap_graph *graph,
					const struct weigh_heap_dominators *dominators,
					struct weigh_routes **routes);

/* Takes NULL. */
void weigh_routes_destroy(struct weigh_routes *routes);

/*
 * The route of `target`, which stands at `place` of the references of an
 * object that is reached by `route`; made when it is the first of its kind.
 * UINT32_MAX without memory. Places as in heap/references.h.
 */
uint32_t weigh_route_follow(struct weigh_routes *routes, uint32_t route, uint32_t object, uint32_t place,
			    uint32_t target);

/*
 * Whether a dict is the __dict__ of what holds it, an attribute's home that
 * no one would name: "Entry.data", not "Entry.__dict__['data']".
 */
bool weigh_route_is_home(const struct weigh_routes *routes, uint32_t route);

/*
 * Whether an object is a link, but not the first, of a structure that goes
 * round: what dominates it is of its own type, or the __dict__ of such a one.
 */
bool weigh_route_is_link(const struct weigh_routes *routes, const struct weigh_heap_dominators *dominators,
			 uint32_t object);

#endif
