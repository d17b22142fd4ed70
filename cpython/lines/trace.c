/*
 * Frames and lines of profiled code by a trace function: before 3.12. With the
 * GIL.
 *
 * The trace function is in place while a thread runs profiled functions, from
 * weigh_lines_enter to weigh_lines_leave. One that was there before (a
 * debugger, coverage) is called first, and sys.gettrace goes on to return it.
 * Code that is traced calls a method of C through an object made for that call,
 * so that a profile function can be told of it. One of ours is: it takes the
 * object out of the figures.
 */
#include "cpython/layout.h"

#if PY_VERSION_HEX < 0x030c0000

#include "cpython/lines/lines.h"
#include "internal/pycore_gc.h"
#include "recorder/native.h"
#include "recorder/pools.h"

/* What a method of C that is bound to its object takes. */
enum { METHOD_OBJECT = (sizeof(PyCFunctionObject) + sizeof(PyGC_Head) + 15) & ~15 };

const bool weigh_lines_by_unit = false;

static PyObject *chooser;

static __thread struct {
	uint32_t entered;
	Py_tracefunc below; /* NULL: nobody traces */
	Py_tracefunc below_profile;
	uint64_t calls; /* of C under way, the innermost in the lowest bit: its method object was taken out */
} own __attribute__((tls_model("initial-exec")));

static weigh_python_frame *frame_of(PyFrameObject *object)
{
#if PY_VERSION_HEX < 0x030b0000
	return object;
#else
	return object->f_frame;
#endif
}

/*
 * 3.11 makes an object of a frame that is traced, which it would not have done
 * otherwise, and ends it with the frame unless somebody has taken hold of it.
 * What it takes: 0 where that is the program's own business, as in 3.10, or
 * when it lives on, as a generator's does.
 */
static uint64_t object_bytes(PyFrameObject *object)
{
#if PY_VERSION_HEX < 0x030b0000
	(void)object;
	return 0;
#else
	if (object->f_frame->owner == FRAME_OWNED_BY_GENERATOR || !weigh_recorder_running())
		return 0;
	uintptr_t block = (uintptr_t)object - sizeof(PyGC_Head);
	size_t bytes = (size_t)_PyObject_VAR_SIZE(Py_TYPE(object), Py_SIZE(object)) + sizeof(PyGC_Head);
	return bytes <= WEIGH_POOL_SMALL_MAX ? weigh_pool_rounded(bytes) : weigh_native_footprint(block);
#endif
}

static struct weigh_profile *own_profile(void)
{
	return weigh_self ? weigh_self->profile : NULL;
}

static void begin(PyFrameObject *object)
{
	struct weigh_profile *profile = own_profile();
	weigh_python_frame *frame = frame_of(object);
	PyCodeObject *code = weigh_frame_code(frame);
	struct weigh_lines_code *entry = weigh_lines_find(code);
	if (!entry && chooser && !(entry = weigh_lines_ask(chooser, code)))
		weigh_lines_refuse(code);
	uint64_t bytes = profile ? object_bytes(object) : 0;
	if (bytes && bytes == profile->last_allocated)
		weigh_profile_undo(profile);
	if (!entry || !entry->watched)
		return;
	profile = weigh_profile_push(frame, weigh_frame_place(frame), weigh_code_base(code), &entry->profile);
	if (profile && weigh_frame_begins(frame) && weigh_profile_is_root(profile->top))
		profile->top->table->rows[profile->top->row].starts++;
}

static void turn(PyFrameObject *object)
{
	weigh_python_frame *frame = frame_of(object);
	struct weigh_profile *profile = weigh_profile_of(frame);
	if (!profile)
		return;
	struct weigh_profile_table *table = profile->top->table;
	uint32_t row = weigh_profile_row(profile->top);
	weigh_profile_turn(profile, row);
	table->rows[row].starts++;
}

static void end(PyFrameObject *object)
{
	weigh_profile_pop(frame_of(object));
	struct weigh_profile *profile = own_profile();
	uint64_t bytes = profile ? object_bytes(object) : 0;
	if (bytes && Py_REFCNT(object) == 1)
		weigh_profile_forgo(profile, bytes);
	else if (bytes)
		weigh_profile_note_allocated((int64_t)bytes);
}

static int trace(PyObject *object, PyFrameObject *frame, int what, PyObject *argument)
{
	int result = own.below ? own.below(object, frame, what, argument) : 0;
	if (what == PyTrace_CALL)
		begin(frame);
	else if (what == PyTrace_LINE)
		turn(frame);
	else if (what == PyTrace_RETURN)
		end(frame);
	return result;
}

bool weigh_lines_init(void)
{
	return true;
}

bool weigh_lines_choose(PyObject *asked)
{
	Py_XSETREF(chooser, Py_NewRef(asked));
	weigh_lines_enter();
	return true;
}

bool weigh_lines_chooses(void)
{
	return chooser != NULL;
}

bool weigh_lines_watch(struct weigh_lines_code *entry)
{
	entry->watched = true;
	return true;
}

bool weigh_lines_unwatch(struct weigh_lines_code *entry)
{
	entry->watched = false;
	return true;
}

/* The object is there for this call alone, and was the last thing that was made. */
static bool is_made_for_call(const struct weigh_profile *profile, PyObject *function)
{
	return profile && PyCFunction_CheckExact(function) && Py_REFCNT(function) == 1 &&
	       profile->last_allocated == METHOD_OBJECT;
}

static int trace_calls(PyObject *object, PyFrameObject *frame, int what, PyObject *argument)
{
	int result = own.below_profile ? own.below_profile(object, frame, what, argument) : 0;
	struct weigh_profile *profile = own_profile();
	if (what == PyTrace_C_CALL) {
		bool made = is_made_for_call(profile, argument);
		own.calls = own.calls << 1 | made;
		if (made)
			weigh_profile_undo(profile);
	} else if (what == PyTrace_C_RETURN || what == PyTrace_C_EXCEPTION) {
		if ((own.calls & 1) && profile)
			weigh_profile_forgo(profile, METHOD_OBJECT);
		own.calls >>= 1;
	}
	return result;
}

uint32_t weigh_lines_enter(void)
{
	const PyThreadState *state = PyThreadState_Get();
	if (own.entered++ == 0 || state->c_tracefunc != trace) {
		own.calls = 0;
		own.below = state->c_tracefunc;
		PyEval_SetTrace(trace, state->c_traceobj);
		own.below_profile =
			state->c_profilefunc == trace_calls ? own.below_profile : state->c_profilefunc;
		PyEval_SetProfile(trace_calls, state->c_profileobj);
	}
	return weigh_profile_depth();
}

void weigh_lines_leave(uint32_t depth)
{
	const PyThreadState *state = PyThreadState_Get();
	weigh_profile_cut(depth);
	if (--own.entered > 0)
		return;
	if (state->c_tracefunc == trace)
		PyEval_SetTrace(own.below, state->c_traceobj);
	if (state->c_profilefunc == trace_calls)
		PyEval_SetProfile(own.below_profile, state->c_profileobj);
}

void weigh_lines_count(const struct weigh_lines_code *entry, uint64_t *starts)
{
	(void)entry, (void)starts;
}

#endif
