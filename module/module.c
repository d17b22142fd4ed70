/*
 * The extension module weigh._weigh: start and stop of a recording from
 * Python, and the few figures a program can ask of it. Called with the GIL.
 */
#include <Python.h>

#include "capture/finish.h"
#include "cpython/snapshot/schedule.h"
#include "module/heap.h"
#include "module/lines.h"
#include "module/module.h"
#include "module/recording.h"
#include "module/sizes.h"
#include "module/tallies.h"
#include "module/tracemalloc.h"
#include "module/usage.h"
#include "recorder/recorder.h"

static PyObject *weigh_exception;

PyObject *weigh_module_raise(const char *message)
{
	PyErr_SetString(weigh_exception, message);
	return NULL;
}

PyObject *weigh_module_raise_error(struct weigh_error *error)
{
	weigh_module_raise(error->message);
	weigh_error_destroy(error);
	return NULL;
}

static PyObject *start(PyObject *module, PyObject *args)
{
	int fd;
	int exact;
	PyObject *command;
	(void)module;
	if (!PyArg_ParseTuple(args, "ipO!:start", &fd, &exact, &PyTuple_Type, &command) ||
	    !weigh_recording_start(fd, exact, command, 0))
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *count(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	if (!weigh_recording_count())
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *stop(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	weigh_schedule_end();
	weigh_recorder_stop();
	Py_RETURN_NONE;
}

static PyObject *recording(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return PyBool_FromLong(weigh_recorder_running() && !weigh_recorder_counting());
}

static bool can_tell_live(const char *name)
{
	if (!weigh_recorder_fileless())
		return true;
	PyErr_Format(weigh_exception,
		     "%s: weigh.compat.tracemalloc is tracing and does not count what blocks occupy:"
		     " call its get_traced_memory() or reset_peak(), or stop it first",
		     name);
	return false;
}

static PyObject *live_bytes(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	if (!can_tell_live("live_bytes"))
		return NULL;
	return PyLong_FromUnsignedLongLong(weigh_recorder_live());
}

static PyObject *peak_bytes(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	if (!can_tell_live("peak_bytes"))
		return NULL;
	return PyLong_FromUnsignedLongLong(weigh_recorder_peak());
}

static PyObject *reset_peak(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	if (!can_tell_live("reset_peak"))
		return NULL;
	weigh_recorder_reset_peak();
	Py_RETURN_NONE;
}

static PyObject *finish(PyObject *module, PyObject *args)
{
	PyObject *path;
	(void)module;
	if (!PyArg_ParseTuple(args, "O&:finish", PyUnicode_FSConverter, &path))
		return NULL;
	struct weigh_error *error = weigh_capture_finish(PyBytes_AS_STRING(path));
	Py_DECREF(path);
	if (error)
		return weigh_module_raise_error(error);
	Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
	{"start", start, METH_VARARGS,
	 "start(fd, exact, command)\n--\n\nRecord into the capture file behind fd, allocated in full by the caller."},
	{"stop", stop, METH_NOARGS, "stop()\n--\n\nEnd the recording, if one runs."},
	{"count", count, METH_NOARGS,
	 "count()\n--\n\nCount blocks from now on, without a capture, unless a recording does."},
	{"recording", recording, METH_NOARGS,
	 "recording()\n--\n\nWhether a recording into a capture runs in this process."},
	{"live_bytes", live_bytes, METH_NOARGS,
	 "live_bytes()\n--\n\nBytes that the live recorded blocks occupy; 0 when nothing is recorded.\n\n"
	 "WeighError: weigh.compat.tracemalloc is tracing without another recording."},
	{"peak_bytes", peak_bytes, METH_NOARGS, "peak_bytes()\n--\n\nThe most that live_bytes() has been."},
	{"reset_peak", reset_peak, METH_NOARGS, "reset_peak()\n--\n\nMake this instant the peak."},
	{"finish", finish, METH_VARARGS,
	 "finish(path)\n--\n\nRewrite a capture that has ended compactly and seal it."},
	{NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT, .m_name = "weigh._weigh", .m_doc = "The recorder of weigh.",
	.m_size = -1,          .m_methods = methods,
};

PyMODINIT_FUNC PyInit__weigh(void);

PyMODINIT_FUNC PyInit__weigh(void)
{
	PyObject *module = PyModule_Create(&definition);
	if (!module)
		return NULL;
	weigh_exception = PyErr_NewExceptionWithDoc(
		"weigh.WeighError", "What weigh was asked cannot be done.", PyExc_RuntimeError, NULL);
	if (!weigh_exception || PyModule_AddObjectRef(module, "WeighError", weigh_exception) < 0) {
		Py_DECREF(module);
		return NULL;
	}
	if (!weigh_sizes_add(module) || !weigh_tallies_add(module) || !weigh_heap_add(module) ||
	    !weigh_lines_add(module) || !weigh_tracemalloc_add(module) || !weigh_usage_add(module))
		Py_CLEAR(module);
	return module;
}
