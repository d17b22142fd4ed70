/*
 * Which part of what some objects lead to is theirs alone, and which is also
 * held from elsewhere: a garbage collector's arithmetic. References found
 * among the objects are subtracted from their counts; what has references
 * left over is held from outside, and so is all that it leads to.
 *
 * With the GIL, without running Python code. Memory comes from the kernel:
 * about a byte for each object beside the sets of what was seen.
 */
#ifndef WEIGH_CPYTHON_OBJECTS_HELD_H
#define WEIGH_CPYTHON_OBJECTS_HELD_H

#include "cpython/objects/sizer.h"

/*
 * References that shall count as gone: from `holders` to `held`. In pairs on
 * the pile, each an object and how many references to it; the holders are a
 * pile of objects. Without holders, all references to the held are gone,
 * wherever they come from.
 */
struct weigh_cut {
	const struct weigh_pile *held; /* words packed by weigh_cut_pack */
	const struct weigh_pile *holders;
};

enum { WEIGH_CUT_SHIFT = 47, WEIGH_CUT_MAX = (1 << 16) - 1 };

/* An object and how many references to it, up to WEIGH_CUT_MAX. */
static inline uintptr_t weigh_cut_pack(PyObject *object, uint64_t references)
{
	return (uintptr_t)object | (uintptr_t)references << WEIGH_CUT_SHIFT;
}

static inline PyObject *weigh_cut_object(uintptr_t word)
{
	return (PyObject *)(word & (((uintptr_t)1 << WEIGH_CUT_SHIFT) - 1));
}

static inline uint64_t weigh_cut_references(uintptr_t word)
{
	return word >> WEIGH_CUT_SHIFT;
}

/*
 * `sizer` has been through all that the held objects lead to. Writes to
 * *shared the bytes of it that stay when the references are cut. False on
 * failure, with the sizer's status set.
 */
bool weigh_held_elsewhere(struct weigh_sizer *sizer, const struct weigh_cut *cut, uint64_t *shared);

#endif
