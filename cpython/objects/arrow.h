/*
 * The memory of Arrow's objects, which lies outside Python: buffers, arrays,
 * chunked arrays, record batches and tables of pyarrow.
 *
 * pyarrow is never imported. Its types are known by name, and its own methods
 * are asked, as found in the dict of a type that is written in C: they run no
 * Python code, keep the GIL, and make only objects that are gone when they
 * are answered. Garbage is not collected meanwhile.
 */
#ifndef WEIGH_CPYTHON_OBJECTS_ARROW_H
#define WEIGH_CPYTHON_OBJECTS_ARROW_H

#include "cpython/objects/layouts.h"

/* Whether objects of a type written in C hold Arrow's memory. */
bool weigh_arrow_knows(PyTypeObject *base);

/* A buffer; one with the address 0 has no known place. */
typedef void weigh_arrow_each(uintptr_t address, uint64_t bytes, void *arg);

/*
 * Tells the buffers that an object leads to, a part of another as that other;
 * the same one may be told again. What cannot be asked is passed over. `base`
 * is the type nearest to object's that is written in C.
 */
void weigh_arrow_visit(PyTypeObject *base, PyObject *object, weigh_arrow_each *each, void *arg);

#endif
