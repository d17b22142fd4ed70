/*
 * Snapshots for Python. Called with the GIL, which is kept while objects are
 * walked.
 */
#include "module/snapshots.h"

#include "base/clock.h"
#include "cpython/snapshot/take.h"

#include <errno.h>

static PyObject *snapshot_here(PyObject *module, PyObject *args)
{
	struct weigh_take take = {.may_allocate = true};
	(void)module;
	if (!PyArg_ParseTuple(args, "i:snapshot_here", &take.fd))
		return NULL;
	take.known.when = WEIGH_SNAPSHOT_ASKED;
	take.known.taken_ns = weigh_clock_now();
	take.known.taken_unix_ns = weigh_clock(CLOCK_REALTIME);
	int error = weigh_take_prepare(&take) ? weigh_take_write(&take) : ENOMEM;
	weigh_take_release(&take);
	if (error) {
		errno = error;
		return PyErr_SetFromErrno(PyExc_OSError);
	}
	Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
	{"snapshot_here", snapshot_here, METH_VARARGS,
	 "snapshot_here(fd)\n--\n\nWrite a snapshot to the file behind fd, everything standing still meanwhile."},
	{NULL, NULL, 0, NULL},
};

bool weigh_snapshots_add(PyObject *module)
{
	return PyModule_AddFunctions(module, methods) == 0;
}
