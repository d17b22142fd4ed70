/*
 * tracemalloc.stop, wrapped: only in programs where tracemalloc traces before a
 * recording begins. With the GIL, outside events.
 */
#include <Python.h>

#include "cpython/tracing.h"

#include "cpython/domains.h"

extern const char *_PyMem_GetCurrentAllocatorName(void);

static PyObject *real_stop;

static PyObject *stop(PyObject *self, PyObject *unused)
{
	(void)self;
	(void)unused;
	PyObject *result = PyObject_CallNoArgs(real_stop);
	weigh_domains_restore();
	return result;
}

static PyMethodDef definition = {"stop", stop, METH_NOARGS,
				 "stop()\n--\n\nEnd tracing; weigh goes on recording."};

static bool is_tracing(PyObject *module)
{
	PyObject *answer = PyObject_CallMethod(module, "is_tracing", NULL);
	bool tracing = answer && PyObject_IsTrue(answer) == 1;
	Py_XDECREF(answer);
	return tracing;
}

/* Python's own module has the function by the same name, if it was imported. */
static bool replace(PyObject *module, PyObject *wrapper)
{
	PyObject *name = PyUnicode_FromString("tracemalloc");
	PyObject *outer = name ? PyImport_GetModule(name) : NULL;
	Py_XDECREF(name);
	bool done = PyObject_SetAttrString(module, "stop", wrapper) == 0 &&
		    (!outer || PyObject_SetAttrString(outer, "stop", wrapper) == 0);
	Py_XDECREF(outer);
	return done;
}

bool weigh_tracing_watch(void)
{
	/* An allocator that Python can name: nothing stands in front of it. */
	if (real_stop || _PyMem_GetCurrentAllocatorName())
		return true;
	PyObject *module = PyImport_ImportModule("_tracemalloc");
	PyObject *wrapper = NULL;
	if (module && is_tracing(module) && (real_stop = PyObject_GetAttrString(module, "stop"))) {
		wrapper = PyCFunction_New(&definition, NULL);
		if (wrapper)
			replace(module, wrapper);
	}
	Py_XDECREF(wrapper);
	Py_XDECREF(module);
	return !PyErr_Occurred();
}
