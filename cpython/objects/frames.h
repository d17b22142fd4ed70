/*
 * What frames hold, for each version: their slots, the function that runs.
 *
 * With the GIL; nothing here allocates or runs Python code.
 */
#ifndef WEIGH_CPYTHON_OBJECTS_FRAMES_H
#define WEIGH_CPYTHON_OBJECTS_FRAMES_H

#include "cpython/objects/layouts.h"

/* In a function with `visit` and `arg` that returns an int: visits what is there, and returns what stops the walk. */
#define WEIGH_VISIT(target)                               \
	do {                                              \
		PyObject *visited = (PyObject *)(target); \
		if (visited) {                            \
			int answer = visit(visited, arg); \
			if (answer)                       \
				return answer;            \
		}                                         \
	} while (0)

/* What a slot of a frame refers to: later versions keep marks, and ints of their own, in its low bits. */
static inline PyObject *weigh_frame_slot(PyObject *slot)
{
#if PY_VERSION_HEX >= 0x030e0000
	uintptr_t bits = (uintptr_t)slot;
	return (bits & Py_INT_TAG) == Py_INT_TAG ? NULL : (PyObject *)(bits & ~(uintptr_t)Py_INT_TAG);
#else
	return slot;
#endif
}

/* The name of local i; borrowed, NULL when there is none. */
static inline PyObject *weigh_frame_local_name(PyCodeObject *code, Py_ssize_t i)
{
#if PY_VERSION_HEX >= 0x030b0000
	return i < code->co_nlocalsplus ? PyTuple_GET_ITEM(code->co_localsplusnames, i) : NULL;
#else
	PyObject *const lists[] = {code->co_varnames, code->co_cellvars, code->co_freevars};
	for (int list = 0; list < 3; list++) {
		if (i < PyTuple_GET_SIZE(lists[list]))
			return PyTuple_GET_ITEM(lists[list], i);
		i -= PyTuple_GET_SIZE(lists[list]);
	}
	return NULL;
#endif
}

#if PY_VERSION_HEX >= 0x030b0000
static inline PyObject *weigh_frame_function(weigh_python_frame *frame)
{
#if PY_VERSION_HEX >= 0x030e0000
	return weigh_frame_slot((PyObject *)frame->f_funcobj.bits);
#elif PY_VERSION_HEX >= 0x030c0000
	return frame->f_funcobj;
#else
	return (PyObject *)frame->f_func;
#endif
}

/*
 * How many slots of a frame may be read: those in use, when it is stopped. One
 * that runs has its locals; what lies above them may be stale.
 */
static inline Py_ssize_t weigh_frame_used(weigh_python_frame *frame, PyCodeObject *code, bool runs)
{
#if PY_VERSION_HEX >= 0x030e0000
	Py_ssize_t used = runs ? 0 : frame->stackpointer - frame->localsplus;
#else
	Py_ssize_t used = frame->stacktop;
	(void)runs;
#endif
	return used >= code->co_nlocalsplus && used <= code->co_nlocalsplus + code->co_stacksize
		       ? used
		       : code->co_nlocalsplus;
}
#endif

/* References that a frame object has beside those of its frame. */
static inline int weigh_frame_visit_beside(PyFrameObject *frame, visitproc visit, void *arg)
{
#if PY_VERSION_HEX >= 0x030e0000
	Py_VISIT(frame->f_extra_locals);
	Py_VISIT(frame->f_locals_cache);
	Py_VISIT(frame->f_overwritten_fast_locals);
#else
	(void)frame;
	(void)visit;
	(void)arg;
#endif
	return 0;
}

#endif
