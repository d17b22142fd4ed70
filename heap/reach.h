/*
 * Between heap/routes.c, the table, and heap/reach.c, which goes through the
 * graph; no one else needs it.
 */
#ifndef WEIGH_HEAP_REACH_H
#define WEIGH_HEAP_REACH_H

#include "heap/routes.h"

/* The route that begins at `object`; UINT32_MAX without memory. */
uint32_t weigh_route_begin(struct weigh_routes *routes, enum weigh_route_step step, uint32_t name,
			   uint32_t object);

/* Fill route_of, distance and order for all objects. False without memory. */
bool weigh_reach_all(struct weigh_routes *routes, const struct weigh_heap_dominators *dominators);

#endif
