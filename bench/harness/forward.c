/*
 * Hooks on CPython's three allocation domains that do nothing but forward:
 * what any recorder of every block pays before it records anything.
 */
#include <Python.h>

enum { DOMAINS = 3 };

static PyMemAllocatorEx below[DOMAINS];

#define HOOKS(number)                                                       \
	static void *malloc_##number(void *ctx, size_t bytes)               \
	{                                                                   \
		return below[number].malloc(ctx, bytes);                    \
	}                                                                   \
	static void *calloc_##number(void *ctx, size_t count, size_t size)  \
	{                                                                   \
		return below[number].calloc(ctx, count, size);              \
	}                                                                   \
	static void *realloc_##number(void *ctx, void *block, size_t bytes) \
	{                                                                   \
		return below[number].realloc(ctx, block, bytes);            \
	}                                                                   \
	static void free_##number(void *ctx, void *block)                   \
	{                                                                   \
		below[number].free(ctx, block);                             \
	}

HOOKS(0)
HOOKS(1)
HOOKS(2)

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "forward", .m_size = -1};

PyMODINIT_FUNC PyInit_forward(void);

PyMODINIT_FUNC PyInit_forward(void)
{
	const PyMemAllocatorDomain names[DOMAINS] = {PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};
	PyMemAllocatorEx hooks[DOMAINS] = {
		{NULL, malloc_0, calloc_0, realloc_0, free_0},
		{NULL, malloc_1, calloc_1, realloc_1, free_1},
		{NULL, malloc_2, calloc_2, realloc_2, free_2},
	};
	for (int i = 0; i < DOMAINS; i++) {
		PyMem_GetAllocator(names[i], &below[i]);
		hooks[i].ctx = below[i].ctx;
		PyMem_SetAllocator(names[i], &hooks[i]);
	}
	return PyModule_Create(&definition);
}
