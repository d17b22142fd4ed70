/*
 * How each CPython version lays out the frames of a thread: the one place
 * that knows. Everything else in this folder asks through these functions.
 *
 * A thread's own frames may be read at any instant it runs, with the GIL or
 * without: only the thread itself changes the chain, and a frame keeps its
 * code object alive.
 */
#ifndef WEIGH_CPYTHON_LAYOUT_H
#define WEIGH_CPYTHON_LAYOUT_H

#ifndef Py_BUILD_CORE
#define Py_BUILD_CORE 1
#endif
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

#if PY_VERSION_HEX < 0x030a0000 || PY_VERSION_HEX >= 0x03100000
#error "weigh knows CPython 3.10 to 3.15"
#endif
#ifdef Py_GIL_DISABLED
#error "weigh does not know the free-threaded build of CPython yet"
#endif

#if PY_VERSION_HEX < 0x030b0000

#include <frameobject.h>

#include "internal/pycore_runtime.h"

typedef struct _frame weigh_python_frame;

static inline weigh_python_frame *weigh_frame_top(PyThreadState *state)
{
	return state->frame;
}

static inline weigh_python_frame *weigh_frame_previous(weigh_python_frame *frame)
{
	return frame->f_back;
}

/* A word that names both code and instruction. */
static inline uintptr_t weigh_frame_word(weigh_python_frame *frame)
{
	return (uintptr_t)frame->f_code ^ (uintptr_t)(uint32_t)frame->f_lasti << 40;
}

/* The code object, or NULL for a frame that is not Python's. */
static inline PyCodeObject *weigh_frame_code(weigh_python_frame *frame)
{
	return frame->f_code;
}

/* Byte offset of the instruction; -1 before the first. */
static inline int32_t weigh_frame_instruction(weigh_python_frame *frame)
{
	return frame->f_lasti < 0 ? -1 : frame->f_lasti * 2;
}

/* Whether the frame has not begun to run its own lines. */
static inline bool weigh_frame_incomplete(weigh_python_frame *frame)
{
	return frame->f_lasti < 0;
}

/* Whether a frame that has just been entered is at its beginning, and not resumed. */
static inline bool weigh_frame_begins(weigh_python_frame *frame)
{
	return frame->f_lasti < 0;
}

/* Where a frame keeps its unit or instruction, and where that of a code object begins: see weigh_profile_frame. */
static inline const void *weigh_frame_place(weigh_python_frame *frame)
{
	return &frame->f_lasti;
}

static inline uintptr_t weigh_code_base(PyCodeObject *code)
{
	(void)code;
	return 0;
}

/* How many units of two bytes its instructions take. */
static inline uint32_t weigh_code_unit_count(PyCodeObject *code)
{
	return (uint32_t)PyBytes_GET_SIZE(code->co_code) / 2;
}

#else

#if PY_VERSION_HEX >= 0x030e0000
#include "internal/pycore_interpframe.h"
#else
#include "internal/pycore_frame.h"
#endif
#include "internal/pycore_code.h"
#if PY_VERSION_HEX < 0x030c0000
#include "internal/pycore_runtime.h"
#endif

typedef struct _PyInterpreterFrame weigh_python_frame;

static inline weigh_python_frame *weigh_frame_top(PyThreadState *state)
{
#if PY_VERSION_HEX < 0x030d0000
	return state->cframe ? state->cframe->current_frame : NULL;
#else
	return state->current_frame;
#endif
}

static inline weigh_python_frame *weigh_frame_previous(weigh_python_frame *frame)
{
	return frame->previous;
}

static inline const char *weigh_frame_pointer(weigh_python_frame *frame)
{
#if PY_VERSION_HEX < 0x030d0000
	return (const char *)frame->prev_instr;
#else
	return (const char *)frame->instr_ptr;
#endif
}

static inline uintptr_t weigh_frame_word(weigh_python_frame *frame)
{
	return (uintptr_t)weigh_frame_pointer(frame);
}

static inline PyCodeObject *weigh_frame_code(weigh_python_frame *frame)
{
#if PY_VERSION_HEX < 0x030c0000
	return frame->f_code;
#elif PY_VERSION_HEX < 0x030d0000
	return frame->owner == FRAME_OWNED_BY_CSTACK ? NULL : frame->f_code;
#elif PY_VERSION_HEX < 0x030e0000
	return frame->owner == FRAME_OWNED_BY_CSTACK ? NULL : (PyCodeObject *)frame->f_executable;
#else
	return frame->owner >= FRAME_OWNED_BY_INTERPRETER ? NULL
							  : (PyCodeObject *)(frame->f_executable.bits & ~3);
#endif
}

static inline int32_t weigh_frame_instruction(weigh_python_frame *frame)
{
	PyCodeObject *code = weigh_frame_code(frame);
	long offset = weigh_frame_pointer(frame) - (const char *)_PyCode_CODE(code);
	return offset < 0 ? -1 : (int32_t)offset;
}

static inline bool weigh_frame_incomplete(weigh_python_frame *frame)
{
	PyCodeObject *code = weigh_frame_code(frame);
	const char *first = (const char *)(_PyCode_CODE(code) + code->_co_firsttraceable);
	return frame->owner != FRAME_OWNED_BY_GENERATOR && weigh_frame_pointer(frame) < first;
}

static inline bool weigh_frame_begins(weigh_python_frame *frame)
{
	PyCodeObject *code = weigh_frame_code(frame);
	return weigh_frame_pointer(frame) <= (const char *)(_PyCode_CODE(code) + code->_co_firsttraceable);
}

static inline const void *weigh_frame_place(weigh_python_frame *frame)
{
#if PY_VERSION_HEX < 0x030d0000
	return &frame->prev_instr;
#else
	return &frame->instr_ptr;
#endif
}

static inline uintptr_t weigh_code_base(PyCodeObject *code)
{
	return (uintptr_t)_PyCode_CODE(code);
}

static inline uint32_t weigh_code_unit_count(PyCodeObject *code)
{
	return (uint32_t)Py_SIZE(code);
}

#endif

/* The thread state that is current on this thread; NULL when it does not hold the GIL. */
static inline PyThreadState *weigh_state_current(void)
{
#if PY_VERSION_HEX < 0x030c0000
	/* What _PyThreadState_UncheckedGet does, without the call. */
	return (PyThreadState *)_Py_atomic_load_relaxed(&_PyRuntime.gilstate.tstate_current);
#elif PY_VERSION_HEX < 0x030d0000
	return _PyThreadState_UncheckedGet();
#else
	return PyThreadState_GetUnchecked();
#endif
}

/*
 * A number that changes with how deep the calls of a thread are: before 3.12
 * of Python and C, later the number of its Python frames.
 *
 * In 3.12 and 3.13 the outermost of a chain is the interpreter's own, and a
 * Python frame is counted before it is in the chain. So at the same depth and
 * upon the same chunk a frame that had another outside it has one still,
 * whichever, unless stacks were switched.
 */
#define WEIGH_DEPTH_IS_EXACT (PY_VERSION_HEX >= 0x030c0000 && PY_VERSION_HEX < 0x030e0000)

static inline uint32_t weigh_state_depth(const PyThreadState *state)
{
#if PY_VERSION_HEX < 0x030b0000
	return (uint32_t)state->recursion_depth;
#elif PY_VERSION_HEX < 0x030c0000
	return (uint32_t)state->recursion_remaining;
#else
	return (uint32_t)(state->py_recursion_limit - state->py_recursion_remaining);
#endif
}

/*
 * The calling thread's own state, or NULL when Python does not know it. Before
 * 3.12 the current state is the GIL holder's, whichever thread asks, so
 * without the GIL the thread's own must come from thread-local storage.
 */
static inline PyThreadState *weigh_state_own(bool gil)
{
#if PY_VERSION_HEX < 0x030c0000
	if (gil)
		return weigh_state_current();
	PyThreadState *state = weigh_state_current();
	unsigned long self = PyThread_get_thread_ident();
	if (state && state->thread_id == self)
		return state;
	state = PyGILState_GetThisThreadState();
	return state && state->thread_id == self ? state : NULL;
#else
	(void)gil;
	PyThreadState *state = weigh_state_current();
	return state ? state : PyGILState_GetThisThreadState();
#endif
}

#endif
