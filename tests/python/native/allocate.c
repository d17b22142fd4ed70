/*
 * A Python extension that allocates through each symbol by name, from whatever
 * thread and with whatever locks a test wants. Addresses travel as integers.
 *
 * Each function takes a keyword `how`: 0 with the GIL, 1 with it released, 2
 * on a plain thread that Python does not know, joined before the return.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum how { WITH_GIL, WITHOUT_GIL, ON_PLAIN_THREAD };

struct call {
	void *(*function)(const size_t *arguments);
	size_t arguments[4];
	void *result;
};

static void *do_malloc(const size_t *a)
{
	return malloc(a[0]);
}

static void *do_calloc(const size_t *a)
{
	return calloc(a[0], a[1]);
}

static void *do_realloc(const size_t *a)
{
	return realloc((void *)a[0], a[1]);
}

static void *do_reallocarray(const size_t *a)
{
	return reallocarray((void *)a[0], a[1], a[2]);
}

static void *do_free(const size_t *a)
{
	free((void *)a[0]);
	return NULL;
}

static void *do_memalign(const size_t *a)
{
	return memalign(a[0], a[1]);
}

static void *do_aligned_alloc(const size_t *a)
{
	return aligned_alloc(a[0], a[1]);
}

static void *do_posix_memalign(const size_t *a)
{
	void *block = NULL;
	return posix_memalign(&block, a[0], a[1]) == 0 ? block : NULL;
}

static void *do_valloc(const size_t *a)
{
	return valloc(a[0]);
}

static void *do_pvalloc(const size_t *a)
{
	return pvalloc(a[0]);
}

static void *do_mmap(const size_t *a)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | (a[1] ? MAP_FIXED : 0);
	void *start = mmap((void *)a[1], a[0], PROT_READ | PROT_WRITE, flags, -1, 0);
	return start == MAP_FAILED ? NULL : start;
}

static void *do_mmap64(const size_t *a)
{
	void *start = mmap64(NULL, a[0], PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return start == MAP_FAILED ? NULL : start;
}

static void *do_munmap(const size_t *a)
{
	munmap((void *)a[0], a[1]);
	return NULL;
}

static void *do_mremap(const size_t *a)
{
	void *start = mremap((void *)a[0], a[1], a[2], MREMAP_MAYMOVE);
	return start == MAP_FAILED ? NULL : start;
}

/* A function of a library opened by us, not by Python: dlopen, dlsym, call. */
static void *do_late(const size_t *a)
{
	void *library = dlopen((const char *)a[0], RTLD_NOW | RTLD_LOCAL);
	void *(*function)(size_t) = library ? (void *(*)(size_t))dlsym(library, (const char *)a[1]) : NULL;
	return function ? function(a[2]) : NULL;
}

static void *run(void *call)
{
	struct call *c = call;
	c->result = c->function(c->arguments);
	return NULL;
}

static void run_on_plain_thread(struct call *call)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, run, call) == 0)
		pthread_join(thread, NULL);
}

static PyObject *perform(struct call *call, int how)
{
	switch (how) {
	case WITH_GIL:
		run(call);
		break;
	case WITHOUT_GIL:
		Py_BEGIN_ALLOW_THREADS run(call);
		Py_END_ALLOW_THREADS break;
	default:
		Py_BEGIN_ALLOW_THREADS run_on_plain_thread(call);
		Py_END_ALLOW_THREADS
	}
	return PyLong_FromVoidPtr(call->result);
}

static const struct {
	const char *name;
	void *(*function)(const size_t *);
} functions[] = {
	{"malloc", do_malloc},
	{"calloc", do_calloc},
	{"realloc", do_realloc},
	{"reallocarray", do_reallocarray},
	{"free", do_free},
	{"memalign", do_memalign},
	{"aligned_alloc", do_aligned_alloc},
	{"posix_memalign", do_posix_memalign},
	{"valloc", do_valloc},
	{"pvalloc", do_pvalloc},
	{"mmap", do_mmap},
	{"mmap64", do_mmap64},
	{"munmap", do_munmap},
	{"mremap", do_mremap},
};

/* call(name, how, *sizes and addresses) -> address */
static PyObject *call(PyObject *module, PyObject *args)
{
	struct call c = {0};
	const char *name;
	int how;
	unsigned long long a[4] = {0};
	(void)module;
	if (!PyArg_ParseTuple(args, "si|KKKK", &name, &how, &a[0], &a[1], &a[2], &a[3]))
		return NULL;
	for (int i = 0; i < 4; i++)
		c.arguments[i] = (size_t)a[i];
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (strcmp(functions[i].name, name) == 0)
			c.function = functions[i].function;
	if (!c.function)
		return PyErr_Format(PyExc_ValueError, "no function %s", name);
	return perform(&c, how);
}

/* late(path, function, how, bytes) -> address */
static PyObject *late(PyObject *module, PyObject *args)
{
	const char *path;
	const char *name;
	int how;
	unsigned long long bytes;
	(void)module;
	if (!PyArg_ParseTuple(args, "ssiK", &path, &name, &how, &bytes))
		return NULL;
	struct call c = {do_late, {(size_t)path, (size_t)name, (size_t)bytes, 0}, NULL};
	return perform(&c, how);
}

struct visit {
	PyObject *function;
	size_t bytes;
	void *blocks[2];
};

/* A thread of C that comes to know Python for one call, and allocates before and after. */
static void *visit_python(void *argument)
{
	struct visit *visit = argument;
	visit->blocks[0] = malloc(visit->bytes);
	PyGILState_STATE state = PyGILState_Ensure();
	PyObject *result = PyObject_CallNoArgs(visit->function);
	if (!result)
		PyErr_Print();
	Py_XDECREF(result);
	PyGILState_Release(state);
	visit->blocks[1] = malloc(visit->bytes);
	return NULL;
}

/* visit(function, bytes, times): calls the function from plain threads, one after the other. */
static PyObject *visit(PyObject *module, PyObject *args)
{
	struct visit v = {0};
	unsigned long long bytes;
	int times;
	(void)module;
	if (!PyArg_ParseTuple(args, "OKi", &v.function, &bytes, &times))
		return NULL;
	v.bytes = (size_t)bytes;
	Py_BEGIN_ALLOW_THREADS for (int i = 0; i < times; i++)
	{
		pthread_t thread;
		if (pthread_create(&thread, NULL, visit_python, &v) == 0)
			pthread_join(thread, NULL);
	}
	Py_END_ALLOW_THREADS Py_RETURN_NONE;
}

/* python(domain, bytes) -> address: a block of raw, mem or object, kept for ever */
static PyObject *python(PyObject *module, PyObject *args)
{
	const char *domain;
	Py_ssize_t bytes;
	(void)module;
	if (!PyArg_ParseTuple(args, "sn", &domain, &bytes))
		return NULL;
	void *block = NULL;
	if (strcmp(domain, "raw") == 0)
		block = PyMem_RawMalloc((size_t)bytes);
	else if (strcmp(domain, "mem") == 0)
		block = PyMem_Malloc((size_t)bytes);
	else if (strcmp(domain, "object") == 0)
		block = PyObject_Malloc((size_t)bytes);
	return PyLong_FromVoidPtr(block);
}

static void *hammer(void *stop)
{
	while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED)) {
		void *blocks[16];
		for (int i = 0; i < 16; i++)
			blocks[i] = malloc((size_t)i * 50);
		for (int i = 0; i < 16; i++)
			free(blocks[i]);
	}
	return NULL;
}

static int hammering;

/* hammer(threads): plain threads that allocate until the process is gone. */
static PyObject *start_hammer(PyObject *module, PyObject *args)
{
	int threads;
	(void)module;
	if (!PyArg_ParseTuple(args, "i", &threads))
		return NULL;
	for (int i = 0; i < threads; i++) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, hammer, &hammering) == 0)
			pthread_detach(thread);
	}
	Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
	{"call", call, METH_VARARGS, NULL},           {"late", late, METH_VARARGS, NULL},
	{"visit", visit, METH_VARARGS, NULL},         {"python", python, METH_VARARGS, NULL},
	{"hammer", start_hammer, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "allocate",
	.m_size = -1,
	.m_methods = methods,
};

PyMODINIT_FUNC PyInit_allocate(void);

PyMODINIT_FUNC PyInit_allocate(void)
{
	return PyModule_Create(&definition);
}
