/*
 * Frames as snapshots see them: frame objects, generators, and the frames of
 * running functions, which are no objects since Python 3.11.
 */
#ifndef WEIGH_CPYTHON_SNAPSHOT_FRAMES_H
#define WEIGH_CPYTHON_SNAPSHOT_FRAMES_H

#include "cpython/objects/kinds.h"

enum { WEIGH_FRAME_PARTS = 4 };

/*
 * What a frame holds. Locals with names first; above them lie values of
 * computations: those that certainly are there, or, while the frame runs and
 * nobody can tell how many, words that may be stale.
 */
struct weigh_frame_view {
	PyCodeObject *code; /* NULL: nothing is held */
	PyObject *parts[WEIGH_FRAME_PARTS]; /* called as weigh_frame_part_names; NULL: none */
	PyObject **locals;
	Py_ssize_t local_count;
	PyObject **stack;
	Py_ssize_t stack_count;
	bool guessed; /* the words of the stack */
};

extern const char *const weigh_frame_part_names[WEIGH_FRAME_PARTS];

/* Of a frame object or generator; without code when what there is belongs to somebody else. */
struct weigh_frame_view weigh_frame_view_of(const struct weigh_kind *kind, PyObject *object);

#if PY_VERSION_HEX >= 0x030b0000
/* Of a frame that runs. */
struct weigh_frame_view weigh_frame_view_running(weigh_python_frame *frame);
#endif

#endif
