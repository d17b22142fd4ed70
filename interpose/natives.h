/*
 * Native allocations: the symbols that are taken over in every shared object,
 * and our functions for them.
 */
#ifndef WEIGH_INTERPOSE_NATIVES_H
#define WEIGH_INTERPOSE_NATIVES_H

struct weigh_native {
	const char *name;
	void *ours;
	void *real; /* the address the symbol resolves to; NULL: not in this process */
};

/* The table, ended by an entry without a name. Filled by weigh_natives_init; static. */
extern struct weigh_native weigh_natives[];

/* Looks up the real functions. Once, before anything is patched. */
void weigh_natives_init(void);

#endif
