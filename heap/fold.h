/*
 * Between heap/holders.c, the table of holders and their names, and
 * heap/fold.c, which gives each object its holder; no one else needs it.
 */
#ifndef WEIGH_HEAP_FOLD_H
#define WEIGH_HEAP_FOLD_H

#include "heap/holders.h"

/* An owner, made at the first call for kind and label (copied); UINT32_MAX without memory. */
uint32_t weigh_holder_owner(struct weigh_heap_holders *holders, enum weigh_holder_kind kind,
			    const char *label);

/*
 * The holder of an object below `parent`: an old one of the same type and
 * name, on the way to the top if need be, or a new one. UINT32_MAX without
 * memory.
 */
uint32_t weigh_holder_below(struct weigh_heap_holders *holders, uint32_t parent, enum weigh_holder_kind kind,
			    uint32_t object, uint32_t by, uint32_t place);

/* Fills holder_of. False without memory. */
bool weigh_fold(struct weigh_heap_holders *holders, const struct weigh_heap_dominators *dominators,
		const struct weigh_heap_below *below);

#endif
