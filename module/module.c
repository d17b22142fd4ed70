/*
 * The extension module weigh._weigh: start and stop of a recording from
 * Python, and the few figures a program can ask of it. Called with the GIL.
 */
#include <Python.h>

#include "capture/finish.h"
#include "cpython/domains.h"
#include "cpython/frames.h"
#include "cpython/names.h"
#include "cpython/snapshot/peak.h"
#include "cpython/snapshot/schedule.h"
#include "cpython/tracing.h"
#include "interpose/natives.h"
#include "interpose/patch.h"
#include "module/heap.h"
#include "module/lines.h"
#include "module/module.h"
#include "module/recording.h"
#include "module/sizes.h"
#include "module/tallies.h"
#include "module/tracemalloc.h"
#include "module/usage.h"
#include "recorder/layout.h"
#include "recorder/recorder.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static PyObject *weigh_exception;

PyObject *weigh_module_raise(const char *message)
{
	PyErr_SetString(weigh_exception, message);
	return NULL;
}

static PyObject *raise_error(struct weigh_error *error)
{
	weigh_module_raise(error->message);
	weigh_error_destroy(error);
	return NULL;
}

/*
 * The hooks and patches, once for the life of the process. A recording that
 * nobody stopped (atexit functions can be cleared) ends with the interpreter.
 */
static bool install(void)
{
	static bool installed;
	if (installed)
		return true;
	if (!weigh_names_init())
		return false;
	if (!weigh_tracing_watch())
		return false;
	weigh_domains_install();
	weigh_natives_init();
	Py_AtExit(weigh_recorder_stop);
	Py_AtExit(weigh_peak_abandon); /* what is registered last runs first */
	installed = true;
	return true;
}

/* The arguments of a command, each ended by NUL. A new bytearray. */
static PyObject *join_command(PyObject *command)
{
	PyObject *joined = PyByteArray_FromStringAndSize(NULL, 0);
	Py_ssize_t count = PyTuple_GET_SIZE(command);
	for (Py_ssize_t i = 0; joined && i < count; i++) {
		PyObject *encoded = PyUnicode_EncodeFSDefault(PyTuple_GET_ITEM(command, i));
		Py_ssize_t start = PyByteArray_GET_SIZE(joined);
		Py_ssize_t bytes = encoded ? PyBytes_GET_SIZE(encoded) + 1 : 0;
		if (!encoded || PyByteArray_Resize(joined, start + bytes) < 0) {
			Py_XDECREF(encoded);
			Py_CLEAR(joined);
			break;
		}
		memcpy(PyByteArray_AS_STRING(joined) + start, PyBytes_AS_STRING(encoded), (size_t)bytes);
		Py_DECREF(encoded);
	}
	return joined;
}

static bool can_record(void)
{
	if (!install())
		return false;
	if (weigh_frames_agree())
		return true;
	PyErr_Format(weigh_exception,
		     "python %s: its frames are laid out in a way that weigh does not know: "
		     "use a released build of CPython",
		     Py_GetVersion());
	return false;
}

static bool begin(struct weigh_recording *recording)
{
	weigh_patch_all();
	weigh_domains_restore();
	recording->forced = !recording->exact && weigh_domains_opaque();
	recording->exact = recording->exact || weigh_domains_opaque();
	recording->python = PY_VERSION_HEX;
	recording->walker = &weigh_python_walker;
	struct weigh_error *error = weigh_recorder_start(recording);
	if (error) {
		raise_error(error);
		return false;
	}
	/* Spares blocks that are not sampled an event; without a file all are. */
	if (recording->fd >= 0)
		weigh_domains_survey();
	return true;
}

/* A recording that only counts makes way. */
bool weigh_module_record(int fd, bool exact, PyObject *command, uint32_t frames)
{
	PyObject *joined = can_record() ? join_command(command) : NULL;
	if (!joined)
		return false;
	if (weigh_recorder_counting())
		weigh_recorder_stop();
	struct weigh_recording recording = {
		.fd = fd,
		.exact = exact,
		.frames = frames,
		.command = PyByteArray_AS_STRING(joined),
		.command_bytes = (size_t)PyByteArray_GET_SIZE(joined),
	};
	bool begun = begin(&recording);
	Py_DECREF(joined);
	return begun;
}

static PyObject *start(PyObject *module, PyObject *args)
{
	int fd;
	int exact;
	PyObject *command;
	(void)module;
	if (!PyArg_ParseTuple(args, "ipO!:start", &fd, &exact, &PyTuple_Type, &command) ||
	    !weigh_module_record(fd, exact, command, 0))
		return NULL;
	Py_RETURN_NONE;
}

bool weigh_recording_count(void)
{
	if (weigh_recorder_running())
		return true;
	if (!can_record())
		return false;
	struct weigh_recording recording = {
		.fd = memfd_create("weigh", MFD_CLOEXEC),
		.counting = true,
		.command = "",
	};
	bool made = recording.fd >= 0 && ftruncate(recording.fd, (off_t)weigh_layout_counting_size()) == 0;
	if (!made)
		PyErr_SetFromErrno(PyExc_OSError);
	bool begun = made && begin(&recording);
	if (recording.fd >= 0)
		close(recording.fd);
	return begun;
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

static PyObject *live_bytes(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return PyLong_FromUnsignedLongLong(weigh_recorder_live());
}

static PyObject *peak_bytes(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return PyLong_FromUnsignedLongLong(weigh_recorder_peak());
}

static PyObject *reset_peak(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
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
		return raise_error(error);
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
	 "live_bytes()\n--\n\nBytes that the live recorded blocks occupy; 0 when nothing is recorded."},
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
