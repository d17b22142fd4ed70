/*
 * Blocks of memory by number, for the accuracy benchmark: the Python line that
 * calls allocates these blocks and nothing else. With the GIL; all blocks come
 * from PyObject_Malloc, so small ones from the interpreter's own allocator and
 * larger ones from malloc.
 */
#include <Python.h>

#include <stdlib.h>

enum { SLOTS = 1 << 20 };

static void *slots[SLOTS];

/* Reads `count` integers; the call itself allocates nothing. */
static int read_integers(PyObject *const *args, Py_ssize_t given, Py_ssize_t *values, Py_ssize_t count)
{
	if (given != count) {
		PyErr_Format(PyExc_TypeError, "%zd arguments, not %zd", count, given);
		return 0;
	}
	for (Py_ssize_t i = 0; i < count; i++) {
		values[i] = PyLong_AsSsize_t(args[i]);
		if (values[i] == -1 && PyErr_Occurred())
			return 0;
	}
	return 1;
}

static int is_range(Py_ssize_t first, Py_ssize_t count)
{
	if (first >= 0 && count >= 0 && first <= SLOTS - count)
		return 1;
	PyErr_SetString(PyExc_IndexError, "no such slots");
	return 0;
}

static PyObject *take(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
	Py_ssize_t v[3];
	(void)module;
	if (!read_integers(args, given, v, 3) || !is_range(v[0], v[1]))
		return NULL;
	for (Py_ssize_t i = v[0]; i < v[0] + v[1]; i++) {
		slots[i] = PyObject_Malloc((size_t)v[2]);
		if (!slots[i])
			return PyErr_NoMemory();
	}
	Py_RETURN_NONE;
}

static PyObject *drop(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
	Py_ssize_t v[2];
	(void)module;
	if (!read_integers(args, given, v, 2) || !is_range(v[0], v[1]))
		return NULL;
	for (Py_ssize_t i = v[0]; i < v[0] + v[1]; i++) {
		PyObject_Free(slots[i]);
		slots[i] = NULL;
	}
	Py_RETURN_NONE;
}

static PyObject *grow(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
	Py_ssize_t v[3];
	(void)module;
	if (!read_integers(args, given, v, 3) || !is_range(v[0], v[1]))
		return NULL;
	for (Py_ssize_t i = v[0]; i < v[0] + v[1]; i++) {
		void *block = PyObject_Realloc(slots[i], (size_t)v[2]);
		if (!block)
			return PyErr_NoMemory();
		slots[i] = block;
	}
	Py_RETURN_NONE;
}

static PyObject *churn(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
	Py_ssize_t v[3];
	(void)module;
	if (!read_integers(args, given, v, 3))
		return NULL;
	for (Py_ssize_t i = 0; i < v[1]; i++) {
		void *volatile block = PyObject_Malloc((size_t)v[2]);
		PyObject_Free(block);
	}
	Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
	{"take", (PyCFunction)(void (*)(void))take, METH_FASTCALL,
	 "take(first, count, bytes): a block into each slot"},
	{"drop", (PyCFunction)(void (*)(void))drop, METH_FASTCALL, "drop(first, count): free the blocks"},
	{"grow", (PyCFunction)(void (*)(void))grow, METH_FASTCALL,
	 "grow(first, count, bytes): realloc each block"},
	{"churn", (PyCFunction)(void (*)(void))churn, METH_FASTCALL,
	 "churn(ignored, count, bytes): take a block and free it, count times"},
	{NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "slots",
	.m_size = -1,
	.m_methods = methods,
};

PyMODINIT_FUNC PyInit_slots(void)
{
	return PyModule_Create(&definition);
}
