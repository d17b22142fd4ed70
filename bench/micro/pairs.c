/*
 * Loops of allocation and free in C, for the micro benchmark: what one event
 * costs without an interpreter around it. With the GIL; the block sizes are
 * the caller's.
 */
#include <Python.h>

#include <stdlib.h>
#include <time.h>

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Nanoseconds for a pair of PyObject_Malloc and PyObject_Free, the mean over `count` pairs. */
static PyObject *object_pairs(PyObject *module, PyObject *args)
{
	Py_ssize_t count;
	Py_ssize_t bytes;
	(void)module;
	if (!PyArg_ParseTuple(args, "nn", &count, &bytes))
		return NULL;
	double start = now();
	for (Py_ssize_t i = 0; i < count; i++) {
		void *volatile block = PyObject_Malloc((size_t)bytes);
		PyObject_Free(block);
	}
	return PyFloat_FromDouble((now() - start) / (double)count);
}

/* The same for malloc and free. */
static PyObject *malloc_pairs(PyObject *module, PyObject *args)
{
	Py_ssize_t count;
	Py_ssize_t bytes;
	(void)module;
	if (!PyArg_ParseTuple(args, "nn", &count, &bytes))
		return NULL;
	double start = now();
	for (Py_ssize_t i = 0; i < count; i++) {
		void *volatile block = malloc((size_t)bytes);
		free(block);
	}
	return PyFloat_FromDouble((now() - start) / (double)count);
}

/* Nanoseconds for one of `count` PyObject_Malloc calls that all stay, and for their frees: a tuple. */
static PyObject *object_kept(PyObject *module, PyObject *args)
{
	Py_ssize_t count;
	Py_ssize_t bytes;
	(void)module;
	if (!PyArg_ParseTuple(args, "nn", &count, &bytes))
		return NULL;
	void **blocks = calloc((size_t)count, sizeof(*blocks));
	if (!blocks)
		return PyErr_NoMemory();
	for (Py_ssize_t i = 0; i < count; i++)
		blocks[i] = NULL;
	double start = now();
	for (Py_ssize_t i = 0; i < count; i++)
		blocks[i] = PyObject_Malloc((size_t)bytes);
	double middle = now();
	for (Py_ssize_t i = 0; i < count; i++)
		PyObject_Free(blocks[i]);
	double end = now();
	free(blocks);
	return Py_BuildValue("dd", (middle - start) / (double)count, (end - middle) / (double)count);
}

static PyMethodDef methods[] = {
	{"object_pairs", object_pairs, METH_VARARGS, "object_pairs(count, bytes)"},
	{"malloc_pairs", malloc_pairs, METH_VARARGS, "malloc_pairs(count, bytes)"},
	{"object_kept", object_kept, METH_VARARGS, "object_kept(count, bytes)"},
	{NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "pairs",
	.m_size = -1,
	.m_methods = methods,
};

PyMODINIT_FUNC PyInit_pairs(void)
{
	return PyModule_Create(&definition);
}
