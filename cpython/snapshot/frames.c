/*
 * What frames hold, for each version. One thread; takes no memory.
 */
#include "cpython/snapshot/frames.h"

#include "cpython/objects/frames.h"

const char *const weigh_frame_part_names[WEIGH_FRAME_PARTS] = {"(function)", "(code)", "f_locals",
							       "(frame object)"};

#if PY_VERSION_HEX < 0x030b0000

/* The frame object holds its parts itself, as fields. */
struct weigh_frame_view weigh_frame_view_of(const struct weigh_kind *kind, PyObject *object)
{
	struct weigh_frame_view view = {0};
	if (kind->form != WEIGH_FORM_FRAME)
		return view;
	PyFrameObject *frame = (PyFrameObject *)object;
	view.code = frame->f_code;
	view.locals = frame->f_localsplus;
	view.local_count = view.code->co_nlocals + PyTuple_GET_SIZE(view.code->co_cellvars) +
			   PyTuple_GET_SIZE(view.code->co_freevars);
	view.stack = frame->f_valuestack;
	view.stack_count = frame->f_stackdepth;
	if (frame->f_state == FRAME_EXECUTING || frame->f_stackdepth < 0) {
		view.guessed = frame->f_state == FRAME_EXECUTING;
		view.stack_count = view.guessed ? view.code->co_stacksize : 0;
	}
	return view;
}

#else

static struct weigh_frame_view view_of(weigh_python_frame *frame, bool runs)
{
	struct weigh_frame_view view = {.code = weigh_frame_code(frame)};
	if (!view.code)
		return view;
	view.parts[0] = weigh_frame_function(frame);
	view.parts[1] = (PyObject *)view.code;
	view.parts[2] = frame->f_locals;
	view.parts[3] = (PyObject *)frame->frame_obj;
	view.locals = (PyObject **)frame->localsplus;
	view.local_count = view.code->co_nlocalsplus;
	view.stack = view.locals + view.local_count;
#if PY_VERSION_HEX >= 0x030e0000
	(void)runs;
	view.stack_count = frame->stackpointer - frame->localsplus - view.local_count;
#else
	view.stack_count = frame->stacktop - view.local_count;
	view.guessed = runs && frame->stacktop < 0;
	if (view.guessed)
		view.stack_count = view.code->co_stacksize;
#endif
	if (view.stack_count < 0 || view.stack_count > view.code->co_stacksize)
		view.stack_count = 0;
	return view;
}

struct weigh_frame_view weigh_frame_view_running(weigh_python_frame *frame)
{
	return view_of(frame, true);
}

/* A frame object shows the frame of a function or generator, and holds what is in it when that is over. */
struct weigh_frame_view weigh_frame_view_of(const struct weigh_kind *kind, PyObject *object)
{
	struct weigh_frame_view none = {0};
	if (kind->form == WEIGH_FORM_GENERATOR) {
		PyGenObject *generator = (PyGenObject *)object;
		if (generator->gi_frame_state >= FRAME_CLEARED)
			return none;
		return view_of((weigh_python_frame *)&generator->gi_iframe,
			       generator->gi_frame_state == FRAME_EXECUTING);
	}
	weigh_python_frame *frame = ((PyFrameObject *)object)->f_frame;
	if (!frame || frame->owner != FRAME_OWNED_BY_FRAME_OBJECT)
		return none;
	struct weigh_frame_view view = view_of(frame, false);
	view.parts[3] = NULL;
	return view;
}

#endif
