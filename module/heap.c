/*
 * Snapshots from Python: what a recording wants of them, waiting for them, and
 * one at this instant. Called with the GIL, which is given up while waiting.
 */
#include "module/heap.h"

#include "cpython/snapshot/schedule.h"
#include "cpython/snapshot/taking.h"
#include "recorder/recorder.h"

#include <errno.h>
#include <string.h>

static PyObject *raise_number(int number)
{
	errno = number;
	return PyErr_SetFromErrno(PyExc_OSError);
}

static PyObject *heap(PyObject *module, PyObject *args)
{
	PyObject *path;
	struct weigh_schedule_wants wants = {0};
	int peak, end, in_place;
	(void)module;
	if (!PyArg_ParseTuple(args, "O&ppp:heap", PyUnicode_FSConverter, &path, &peak, &end, &in_place))
		return NULL;
	wants.capture = PyBytes_AS_STRING(path);
	wants.peak = peak;
	wants.end = end;
	wants.in_place = in_place;
	int number = weigh_recorder_running() ? weigh_schedule_begin(&wants) : EINVAL;
	Py_DECREF(path);
	if (number)
		return raise_number(number);
	Py_RETURN_NONE;
}

/* Calls back until `done`; false with an exception set when a signal's handler raised one. */
static bool wait_for(bool (*done)(void *arg), void *arg)
{
	bool over = false;
	while (!over) {
		PyThreadState *state = PyEval_SaveThread();
		over = done(arg);
		PyEval_RestoreThread(state);
		if (!over && PyErr_CheckSignals() < 0)
			return false;
	}
	return true;
}

static bool schedule_is_done(void *unused)
{
	(void)unused;
	return weigh_schedule_written(true);
}

static PyObject *heap_wait(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	if (!wait_for(schedule_is_done, NULL)) {
		weigh_schedule_cancel();
		return NULL;
	}
	int number = weigh_schedule_error();
	if (number)
		return raise_number(number);
	Py_RETURN_NONE;
}

struct waiting {
	struct weigh_taking *taking;
	int number;
};

static bool taking_is_over(void *arg)
{
	struct waiting *waiting = arg;
	return !weigh_taking_runs(waiting->taking, true, &waiting->number);
}

static PyObject *snapshot(PyObject *module, PyObject *args)
{
	PyObject *path;
	int in_place;
	struct weigh_taking taking = {0};
	struct waiting waiting = {&taking, 0};
	(void)module;
	if (!PyArg_ParseTuple(args, "O&p:snapshot", PyUnicode_FSConverter, &path, &in_place))
		return NULL;
	int number = weigh_taking_start(&taking, PyBytes_AS_STRING(path), WEIGH_SNAPSHOT_ASKED,
					in_place ? WEIGH_TAKING_IN_PLACE : WEIGH_TAKING_FORK, NULL);
	Py_DECREF(path);
	if (number)
		return raise_number(number);
	if (!wait_for(taking_is_over, &waiting)) {
		weigh_taking_cancel(&taking);
		return NULL;
	}
	if (waiting.number)
		return raise_number(waiting.number);
	return Py_BuildValue("KK", (unsigned long long)taking.pause_ns, (unsigned long long)taking.fork_ns);
}

static PyMethodDef methods[] = {
	{"heap", heap, METH_VARARGS,
	 "heap(capture, peak, end, in_place)\n--\n\n"
	 "What snapshots the recording shall take, into files beside the capture."},
	{"heap_wait", heap_wait, METH_NOARGS,
	 "heap_wait()\n--\n\nWait until the snapshots of the recording are written; OSError when they cannot be."},
	{"snapshot", snapshot, METH_VARARGS,
	 "snapshot(path, in_place)\n--\n\n"
	 "Write the objects as they are now; (ns that the program stood still, of these in the fork)."},
	{NULL, NULL, 0, NULL},
};

bool weigh_heap_add(PyObject *module)
{
	return PyModule_AddFunctions(module, methods) == 0;
}
