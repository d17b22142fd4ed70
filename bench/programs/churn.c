/*
 * The work of programs/threads.py: allocation and free without the GIL, sizes
 * and lifetimes of a server's mix. On any thread; holds at most SLOTS blocks
 * for each call.
 */
#include <Python.h>

#include <stdint.h>
#include <stdlib.h>

enum { SLOTS = 1024 };

/* 16 bytes to 16 KiB, small ones more often: the size is uniform within a random power of two. */
static size_t next_size(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	unsigned top = 4 + (unsigned)(*state >> 60) % 10;
	return ((size_t)1 << top) + ((size_t)(*state >> 20) & (((size_t)1 << top) - 1));
}

static void churn(uint64_t count, uint64_t seed)
{
	void *slots[SLOTS] = {0};
	uint64_t state = seed * 7919 + 1;

	for (uint64_t i = 0; i < count; i++) {
		size_t size = next_size(&state);
		unsigned slot = (unsigned)(state >> 40) % SLOTS;
		free(slots[slot]);
		char *block = malloc(size);
		if (block)
			block[0] = 1;
		slots[slot] = block;
	}
	for (unsigned slot = 0; slot < SLOTS; slot++)
		free(slots[slot]);
}

static PyObject *malloc_churn(PyObject *module, PyObject *args)
{
	unsigned long long count, seed;
	(void)module;
	if (!PyArg_ParseTuple(args, "KK", &count, &seed))
		return NULL;
	PyThreadState *state = PyEval_SaveThread();
	churn(count, seed);
	PyEval_RestoreThread(state);
	Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
	{"malloc_churn", malloc_churn, METH_VARARGS, "malloc_churn(count, seed)"},
	{NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "churn",
	.m_size = -1,
	.m_methods = methods,
};

PyMODINIT_FUNC PyInit_churn(void)
{
	return PyModule_Create(&definition);
}
