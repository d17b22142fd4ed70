/*
 * Reading the calling thread's Python frames. Inside events, on any thread;
 * never allocates and calls nothing that runs Python code.
 */
#include "cpython/layout.h"

#include "cpython/frames.h"

#include "base/hash.h"
#include "cpython/names.h"
#include "cpython/text.h"
#include "cpython/walk.h"
#include "recorder/recorder.h"

#ifndef CO_NO_MONITORING_EVENTS
#define CO_NO_MONITORING_EVENTS 0
#endif

static uint64_t hash(void *memory, bool gil, uint64_t seed)
{
	PyThreadState *state = weigh_state_own(gil);
	uint32_t frames = weigh_recorder.frames;
	if (!state || !weigh_frame_top(state))
		return weigh_hash_step(0, seed);
	if (frames != UINT32_MAX)
		seed ^= (uint64_t)weigh_state_depth(state) << 40;
	return weigh_hash_step(weigh_walk_hash(memory, state, frames), seed);
}

/*
 * Frames that have not begun (a function still setting up its cells, a
 * generator not yet started) count when they are the innermost; elsewhere they
 * are the interpreter's own helpers.
 */
static bool keep(weigh_python_frame *frame, bool innermost)
{
	PyCodeObject *code = weigh_frame_code(frame);
	if (!code)
		return false;
	if (!weigh_frame_incomplete(frame))
		return true;
	return innermost && !(code->co_flags & CO_NO_MONITORING_EVENTS);
}

static uint32_t list(bool gil, struct weigh_frame *frames, uint32_t capacity)
{
	PyThreadState *state = weigh_state_own(gil);
	weigh_python_frame *frame = state ? weigh_frame_top(state) : NULL;
	uint32_t count = 0;
	for (; frame && count < capacity; frame = weigh_frame_previous(frame)) {
		if (!keep(frame, count == 0))
			continue;
		frames[count++] = (struct weigh_frame){
			.code = weigh_frame_code(frame),
			.instruction = weigh_frame_incomplete(frame) ? -1 : weigh_frame_instruction(frame),
		};
	}
	return count;
}

static bool describe(const void *address, struct weigh_code_text *text)
{
	static struct weigh_text_scratch file;
	static struct weigh_text_scratch function;
	const PyCodeObject *code = address;
#if PY_VERSION_HEX < 0x030b0000
	PyObject *name = code->co_name;
#else
	PyObject *name = code->co_qualname;
#endif
	text->file = weigh_text_utf8(code->co_filename, &file, &text->file_bytes);
	text->function = weigh_text_utf8(name, &function, &text->function_bytes);
	text->lines = PyBytes_AS_STRING(code->co_linetable);
	text->lines_bytes = (size_t)PyBytes_GET_SIZE(code->co_linetable);
	text->first_line = (uint32_t)code->co_firstlineno;
	text->flags = (uint32_t)code->co_flags;
	return true;
}

const struct weigh_walker weigh_python_walker = {
	.memory_bytes = sizeof(struct weigh_walk),
	.hash = hash,
	.list = list,
	.describe = describe,
	.name = weigh_names_find,
};

static int instruction_of(PyFrameObject *frame)
{
#if PY_VERSION_HEX < 0x030b0000
	return frame->f_lasti * 2;
#else
	return PyFrame_GetLasti(frame);
#endif
}

bool weigh_frames_agree(void)
{
	enum { COMPARED = 4 };
	struct weigh_frame frames[COMPARED];
	uint32_t count = list(true, frames, COMPARED);
	PyFrameObject *frame = PyEval_GetFrame();
	Py_XINCREF(frame);
	bool agree = true;
	for (uint32_t i = 0; i < count && agree; i++) {
		PyCodeObject *code = frame ? PyFrame_GetCode(frame) : NULL;
		agree = code && code == frames[i].code && instruction_of(frame) == frames[i].instruction;
		PyFrameObject *back = frame ? PyFrame_GetBack(frame) : NULL;
		Py_XDECREF(code);
		Py_XDECREF(frame);
		frame = back;
	}
	if (count < COMPARED && frame)
		agree = false;
	Py_XDECREF(frame);
	return agree;
}
