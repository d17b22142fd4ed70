/*
 * Compares the short walk of the stack with the full one at every allocation
 * of the interpreter: weigh_walk_hash against weigh_walk_plain. A module of
 * the tests, built together with cpython/walk.c.
 */
#include "cpython/walk.h"

static PyMemAllocatorEx below[2];
static PyObjectArenaAllocator arenas_below;
static int on;
static unsigned long long events;
static unsigned long long differences;
static __thread struct weigh_walk *memory;
static __thread struct weigh_walk *scratch;

static void check(void)
{
	PyThreadState *state = weigh_state_own(true);
	if (!on || !state || !weigh_frame_top(state))
		return;
	if (!memory) {
		memory = PyMem_RawCalloc(1, sizeof(*memory));
		scratch = PyMem_RawCalloc(1, sizeof(*scratch));
	}
	events++;
	if (weigh_walk_hash(memory, state, UINT32_MAX) != weigh_walk_plain(scratch, weigh_frame_top(state)))
		differences++;
}

static void *do_malloc(void *ctx, size_t bytes)
{
	const PyMemAllocatorEx *real = ctx;
	check();
	return real->malloc(real->ctx, bytes);
}

static void *do_calloc(void *ctx, size_t count, size_t size)
{
	const PyMemAllocatorEx *real = ctx;
	check();
	return real->calloc(real->ctx, count, size);
}

static void *do_realloc(void *ctx, void *block, size_t bytes)
{
	const PyMemAllocatorEx *real = ctx;
	check();
	return real->realloc(real->ctx, block, bytes);
}

static void do_free(void *ctx, void *block)
{
	const PyMemAllocatorEx *real = ctx;
	real->free(real->ctx, block);
}

static void *arena_alloc(void *ctx, size_t bytes)
{
	(void)ctx;
	return arenas_below.alloc(arenas_below.ctx, bytes);
}

static void arena_free(void *ctx, void *arena, size_t bytes)
{
	(void)ctx;
	if (memory)
		weigh_walk_forget(memory, arena);
	arenas_below.free(arenas_below.ctx, arena, bytes);
}

static PyObject *start(PyObject *module, PyObject *unused)
{
	static const PyMemAllocatorDomain domains[2] = {PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};
	PyObjectArenaAllocator arenas = {NULL, arena_alloc, arena_free};
	(void)module;
	(void)unused;
	PyObject_GetArenaAllocator(&arenas_below);
	PyObject_SetArenaAllocator(&arenas);
	for (int i = 0; i < 2; i++) {
		PyMemAllocatorEx hook = {&below[i], do_malloc, do_calloc, do_realloc, do_free};
		PyMem_GetAllocator(domains[i], &below[i]);
		PyMem_SetAllocator(domains[i], &hook);
	}
	on = 1;
	Py_RETURN_NONE;
}

/* Ends the checking: (events, differences). The hooks stay and forward. */
static PyObject *stop(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	on = 0;
	return Py_BuildValue("KK", events, differences);
}

static PyMethodDef methods[] = {
	{"start", start, METH_NOARGS, "start()"},
	{"stop", stop, METH_NOARGS, "stop()"},
	{NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "walkcheck",
	.m_size = -1,
	.m_methods = methods,
};

PyMODINIT_FUNC PyInit_walkcheck(void);

PyMODINIT_FUNC PyInit_walkcheck(void)
{
	return PyModule_Create(&definition);
}
