/*
 * Tracing from Python: start and stop, sums, and single objects. Called with
 * the GIL, outside events.
 *
 * Tracing is an exact recording without a file that belongs to the process;
 * where an exact recording runs already, its blocks are traced from the start
 * on, and it goes on after the stop.
 */
#include "module/tracemalloc.h"

#include "cpython/objects/layouts.h"
#include "module/module.h"
#include "module/recording.h"
#include "module/traces.h"
#include "recorder/owner.h"
#include "recorder/recorder.h"
#include "recorder/resident.h"
#include "recorder/traces.h"

#include <pthread.h>

enum { FRAMES_MAX = 65535 };

static uint32_t frames_wanted = 1;
static uint32_t domains_wanted; /* of the tracing that runs, or ran before the fork */
static bool own;                /* the recording is ours */

static bool is_tracing_now(void)
{
	return weigh_recorder_running() && weigh_traces.domains;
}

static PyObject *is_tracing(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return PyBool_FromLong(is_tracing_now());
}

static uint32_t domains_for(bool native)
{
	const uint32_t malloced = 1u << WEIGH_DOMAIN_MALLOC | 1u << WEIGH_DOMAIN_MMAP;
	const uint32_t python = 1u << WEIGH_DOMAIN_RAW | 1u << WEIGH_DOMAIN_MEM | 1u << WEIGH_DOMAIN_OBJECT;
	return python | 1u << WEIGH_DOMAIN_ARRAY | (native ? malloced : 0);
}

/* A recording of our own. False with an exception. */
static bool record(void)
{
	static bool handlers;
	if (!handlers && pthread_atfork(weigh_recorder_before_fork, NULL, weigh_recorder_after_fork) != 0) {
		PyErr_NoMemory();
		return false;
	}
	handlers = true;
	PyObject *command = PyTuple_New(0);
	own = command && weigh_recording_start(-1, true, command, frames_wanted);
	Py_XDECREF(command);
	return own;
}

/* Traces the wanted domains, in a recording that runs or a new one. False with an exception. */
static bool begin(void)
{
	if (weigh_recorder_running() && !weigh_recorder.exact) {
		weigh_module_raise("tracemalloc: a recording of samples runs, which cannot tell each block: "
				   "record with exact=True or --exact, or end it first");
		return false;
	}
	own = false;
	if (!weigh_recorder_running() && !record())
		return false;
	weigh_traces_begin(domains_wanted);
	return true;
}

/* Our own recording takes its entries with it; in another's they lose their marks. */
static void end(void)
{
	if (own)
		weigh_recorder_stop();
	weigh_traces_end();
	own = false;
}

static PyObject *start(PyObject *module, PyObject *args, PyObject *keywords)
{
	static char *names[] = {"nframe", "native", NULL};
	int frames = 1;
	int native = 0;
	(void)module;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "|i$p:start", names, &frames, &native))
		return NULL;
	if (frames < 1 || frames > FRAMES_MAX)
		return PyErr_Format(PyExc_ValueError, "start: nframe: %d is not from 1 to %d", frames,
				    FRAMES_MAX);
	if (is_tracing_now())
		Py_RETURN_NONE;
	domains_wanted = domains_for(native);
	frames_wanted = (uint32_t)frames;
	if (!begin())
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *stop(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	if (is_tracing_now())
		end();
	domains_wanted = 0;
	Py_RETURN_NONE;
}

/* Our own recording begins anew, which gives its memory back; in another's the blocks there are lose their marks. */
static PyObject *clear_traces(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	if (!is_tracing_now())
		Py_RETURN_NONE;
	if (!own) {
		weigh_traces_forget();
		Py_RETURN_NONE;
	}
	end();
	if (!begin())
		return NULL;
	Py_RETURN_NONE;
}

/* In a forked child. A recording of our own has mostly gone on by itself: see weigh_recorder_after_fork. */
static PyObject *after_fork(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	if (domains_wanted && !weigh_recorder_running() && !begin())
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *get_traceback_limit(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return PyLong_FromUnsignedLong(frames_wanted);
}

static PyObject *get_traced_memory(PyObject *module, PyObject *unused)
{
	uint64_t live = 0;
	uint64_t peak = 0;
	(void)module;
	(void)unused;
	if (is_tracing_now())
		weigh_traces_read(&live, &peak);
	return Py_BuildValue("KK", (unsigned long long)live, (unsigned long long)peak);
}

static PyObject *reset_peak(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	if (is_tracing_now())
		weigh_traces_reset_peak();
	Py_RETURN_NONE;
}

static PyObject *get_tracemalloc_memory(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return PyLong_FromUnsignedLongLong(weigh_recorder_running() ? weigh_resident_own() : 0);
}

static PyObject *get_traces(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	if (!is_tracing_now())
		return PyList_New(0);
	struct weigh_hiding hiding = weigh_traces_hide();
	PyObject *traces = weigh_traces_tell(frames_wanted);
	weigh_traces_show(hiding);
	return traces;
}

static PyObject *get_object_traceback(PyObject *module, PyObject *object)
{
	struct weigh_owner owner;
	uintptr_t block = (uintptr_t)object - weigh_preheader(Py_TYPE(object));
	(void)module;
	if (!is_tracing_now() || !weigh_owner_find(block, &owner) || !owner.traced)
		Py_RETURN_NONE;
	struct weigh_hiding hiding = weigh_traces_hide();
	PyObject *frames = weigh_traces_frames(owner.site, frames_wanted);
	weigh_traces_show(hiding);
	return frames;
}

static PyMethodDef methods[] = {
	{"start", (PyCFunction)(void (*)(void))start, METH_VARARGS | METH_KEYWORDS,
	 "start(nframe=1, *, native=False)\n--\n\n"
	 "Trace each block that is allocated from now on, and show the innermost nframe frames of its stack.\n\n"
	 "native: also blocks of malloc, operator new and anonymous mappings, as domain NATIVE_DOMAIN.\n"
	 "Does nothing while tracing. ValueError: nframe is not from 1 to 65535; WeighError: a recording\n"
	 "of samples runs."},
	{"stop", stop, METH_NOARGS, "stop()\n--\n\nEnd tracing and forget all traces."},
	{"is_tracing", is_tracing, METH_NOARGS, "is_tracing()\n--\n\nWhether blocks are traced."},
	{"clear_traces", clear_traces, METH_NOARGS,
	 "clear_traces()\n--\n\nForget the traces of all blocks there are, and the peak."},
	{"get_traceback_limit", get_traceback_limit, METH_NOARGS,
	 "get_traceback_limit()\n--\n\nFrames shown of each stack: the nframe of start()."},
	{"get_traced_memory", get_traced_memory, METH_NOARGS,
	 "get_traced_memory()\n--\n\n"
	 "(bytes that the live traced blocks were asked for, the most they have been); zeros when not tracing."},
	{"reset_peak", reset_peak, METH_NOARGS,
	 "reset_peak()\n--\n\nMake what is live now the peak of get_traced_memory()."},
	{"get_tracemalloc_memory", get_tracemalloc_memory, METH_NOARGS,
	 "get_tracemalloc_memory()\n--\n\nResident bytes of the recorder itself."},
	{"_get_traces", get_traces, METH_NOARGS,
	 "_get_traces()\n--\n\nA sequence of (domain, bytes, frames, frames in all)."},
	{"_get_object_traceback", get_object_traceback, METH_O,
	 "_get_object_traceback(obj)\n--\n\nThe frames that allocated an object, innermost first, or None."},
	{"_after_fork", after_fork, METH_NOARGS, "_after_fork()\n--\n\nGo on tracing in a forked child."},
	{NULL, NULL, 0, NULL},
};

bool weigh_tracemalloc_add(PyObject *module)
{
	PyObject *part = PyModule_New("weigh._weigh.tracemalloc");
	bool done = part && PyModule_AddFunctions(part, methods) == 0 && weigh_traces_add_type(part) &&
		    PyModule_AddIntConstant(part, "NATIVE_DOMAIN", WEIGH_TRACE_NATIVE) == 0 &&
		    PyModule_AddObjectRef(module, "tracemalloc", part) == 0;
	Py_XDECREF(part);
	return done;
}
