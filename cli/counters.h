/*
 * Reading the counters of a capture that a program is recording into.
 */
#ifndef WEIGH_CLI_COUNTERS_H
#define WEIGH_CLI_COUNTERS_H

#include "weigh/format.h"

/*
 * What the launcher needs of them; the others are 0. Each counter is whole;
 * together they may be a few events apart. Any thread.
 */
static inline void weigh_counters_read(const struct weigh_counters *from, struct weigh_counters *to)
{
	*to = (struct weigh_counters){
		.small_freed = __atomic_load_n(&from->small_freed, __ATOMIC_RELAXED),
		.small_allocated = __atomic_load_n(&from->small_allocated, __ATOMIC_RELAXED),
		.other_live = __atomic_load_n(&from->other_live, __ATOMIC_RELAXED),
		.mapped_live = __atomic_load_n(&from->mapped_live, __ATOMIC_RELAXED),
		.arenas = __atomic_load_n(&from->arenas, __ATOMIC_RELAXED),
		.recorder = __atomic_load_n(&from->recorder, __ATOMIC_RELAXED),
	};
}

#endif
