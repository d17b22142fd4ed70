/*
 * How much memory processes have, for Python. Called with the GIL, which is
 * given up while the kernel is asked.
 */
#include "module/usage.h"

#include "base/procfs.h"
#include "module/gauge.h"

#include <errno.h>
#include <string.h>

enum { DESCENDANTS = 4096 };

static const char gauge_name[] = "weigh._weigh.gauge";

static PyObject *raise_number(int number)
{
	errno = number;
	return PyErr_SetFromErrno(PyExc_OSError);
}

static PyObject *process_memory(PyObject *module, PyObject *args)
{
	int pid, kind;
	uint64_t bytes;
	(void)module;
	if (!PyArg_ParseTuple(args, "ii:process_memory", &pid, &kind))
		return NULL;
	PyThreadState *state = PyEval_SaveThread();
	int number = weigh_process_memory(pid, (enum weigh_memory_kind)kind, &bytes);
	PyEval_RestoreThread(state);
	return number ? raise_number(number) : PyLong_FromUnsignedLongLong(bytes);
}

static PyObject *process_highest(PyObject *module, PyObject *args)
{
	int pid;
	uint64_t resident, highest;
	(void)module;
	if (!PyArg_ParseTuple(args, "i:process_highest", &pid))
		return NULL;
	weigh_process_highest(pid, &resident, &highest);
	return PyLong_FromUnsignedLongLong(highest);
}

static PyObject *forget_highest(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return PyBool_FromLong(weigh_process_forget_highest());
}

/* A list of (pid, bytes) of those that have not ended meanwhile. */
static PyObject *list_memory(const pid_t *pids, int count, enum weigh_memory_kind kind)
{
	PyObject *list = PyList_New(0);
	for (int i = 0; list && i < count; i++) {
		uint64_t bytes;
		if (weigh_process_memory(pids[i], kind, &bytes) != 0)
			continue;
		PyObject *pair = Py_BuildValue("iK", (int)pids[i], (unsigned long long)bytes);
		if (!pair || PyList_Append(list, pair) < 0)
			Py_CLEAR(list);
		Py_XDECREF(pair);
	}
	return list;
}

static PyObject *process_descendants(PyObject *module, PyObject *args)
{
	int pid, kind;
	(void)module;
	if (!PyArg_ParseTuple(args, "ii:process_descendants", &pid, &kind))
		return NULL;
	pid_t found[DESCENDANTS];
	PyThreadState *state = PyEval_SaveThread();
	int count = weigh_process_descendants(pid, found, DESCENDANTS);
	PyEval_RestoreThread(state);
	return list_memory(found, count, (enum weigh_memory_kind)kind);
}

static void gauge_free(PyObject *capsule)
{
	weigh_gauge_destroy(PyCapsule_GetPointer(capsule, gauge_name));
}

static PyObject *gauge_start(PyObject *module, PyObject *args)
{
	double interval;
	int kind, children;
	struct weigh_gauge *gauge;
	(void)module;
	if (!PyArg_ParseTuple(args, "dip:gauge_start", &interval, &kind, &children))
		return NULL;
	/* A day is as good as for ever. */
	double ns = interval < 86400 ? interval * 1e9 : 86400e9;
	int number = weigh_gauge_create((uint64_t)ns, (enum weigh_memory_kind)kind, children, &gauge);
	if (number)
		return raise_number(number);
	PyObject *capsule = PyCapsule_New(gauge, gauge_name, gauge_free);
	if (!capsule)
		weigh_gauge_destroy(gauge);
	return capsule;
}

static PyObject *list_readings(const struct weigh_reading *readings, size_t count)
{
	PyObject *list = PyList_New((Py_ssize_t)count);
	for (size_t i = 0; list && i < count; i++) {
		PyObject *pair = Py_BuildValue("Kd", (unsigned long long)readings[i].bytes,
					       (double)readings[i].time_ns / 1e9);
		if (!pair)
			Py_CLEAR(list);
		else
			PyList_SET_ITEM(list, (Py_ssize_t)i, pair);
	}
	return list;
}

static PyObject *gauge_stop(PyObject *module, PyObject *capsule)
{
	struct weigh_gauge *gauge = PyCapsule_GetPointer(capsule, gauge_name);
	(void)module;
	if (!gauge)
		return NULL;
	PyThreadState *state = PyEval_SaveThread();
	weigh_gauge_stop(gauge);
	PyEval_RestoreThread(state);
	struct weigh_reading *readings = PyMem_New(struct weigh_reading, weigh_gauge_most(gauge));
	if (!readings)
		return PyErr_NoMemory();
	PyObject *list = list_readings(readings, weigh_gauge_readings(gauge, readings));
	PyMem_Free(readings);
	return list;
}

static PyMethodDef methods[] = {
	{"process_memory", process_memory, METH_VARARGS,
	 "process_memory(pid, kind)\n--\n\n"
	 "Bytes of a process: 0 resident, 1 proportional, 2 unique. OSError when it has ended."},
	{"process_highest", process_highest, METH_VARARGS,
	 "process_highest(pid)\n--\n\n"
	 "The most resident bytes that the kernel has seen of a process; 0: unknown."},
	{"process_descendants", process_descendants, METH_VARARGS,
	 "process_descendants(pid, kind)\n--\n\n(pid, bytes) of all descendants of a process."},
	{"forget_highest", forget_highest, METH_NOARGS,
	 "forget_highest()\n--\n\nMake the kernel begin its count of the most resident bytes anew; whether it did."},
	{"gauge_start", gauge_start, METH_VARARGS,
	 "gauge_start(interval, kind, children)\n--\n\n"
	 "Read the memory of this process every so many seconds, on a thread of its own."},
	{"gauge_stop", gauge_stop, METH_O,
	 "gauge_stop(gauge)\n--\n\n(bytes, time) of each reading, the last one of now."},
	{NULL, NULL, 0, NULL},
};

bool weigh_usage_add(PyObject *module)
{
	return PyModule_AddFunctions(module, methods) == 0;
}
