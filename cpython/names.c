/*
 * Looking up threading._active[ident]._name from inside an event, once or a
 * few times for each thread.
 */
#include "cpython/layout.h"

#include "cpython/names.h"
#include "cpython/text.h"

#include <string.h>

static PyObject *modules; /* the main interpreter's; asking for it later may be fatal, when it is ending */
static PyObject *key_threading;
static PyObject *key_active;
static PyObject *key_name;

bool weigh_names_init(void)
{
	if (!modules)
		modules = Py_XNewRef(PyImport_GetModuleDict());
	if (!key_threading)
		key_threading = PyUnicode_InternFromString("threading");
	if (!key_active)
		key_active = PyUnicode_InternFromString("_active");
	if (!key_name)
		key_name = PyUnicode_InternFromString("_name");
	return modules && key_threading && key_active && key_name;
}

/* Other interpreters may have a GIL of their own, under which the main one's objects must not be touched. */
static bool in_main_interpreter(void)
{
	PyThreadState *state = weigh_state_current();
	return state && PyThreadState_GetInterpreter(state) == PyInterpreterState_Main();
}

static PyObject *active_threads(void)
{
	if (!in_main_interpreter() || !PyDict_CheckExact(modules))
		return NULL;
	PyObject *threading = PyDict_GetItemWithError(modules, key_threading);
	if (!threading || !PyModule_CheckExact(threading))
		return NULL;
	PyObject *active = PyDict_GetItemWithError(PyModule_GetDict(threading), key_active);
	return active && PyDict_CheckExact(active) ? active : NULL;
}

static PyObject *own_thread(PyObject *active)
{
	PyObject *key;
	PyObject *thread;
	Py_ssize_t position = 0;
	unsigned long self = PyThread_get_thread_ident();
	while (PyDict_Next(active, &position, &key, &thread))
		if (PyLong_CheckExact(key) && PyLong_AsUnsignedLong(key) == self)
			return thread;
	return NULL;
}

static bool copy_name(PyObject *text, char *name, size_t capacity)
{
	struct weigh_text_scratch scratch;
	size_t bytes;
	const char *utf8 = weigh_text_utf8(text, &scratch, &bytes);
	if (!bytes)
		return false;
	if (bytes > capacity - 1)
		for (bytes = capacity - 1; bytes && (utf8[bytes] & 0xC0) == 0x80;)
			bytes--;
	memset(name, 0, capacity);
	memcpy(name, utf8, bytes);
	return true;
}

bool weigh_names_find(char *name, size_t capacity)
{
	if (PyErr_Occurred())
		return false; /* nothing here may disturb an exception on its way */
	PyObject *active = active_threads();
	PyObject *thread = active ? own_thread(active) : NULL;
	if (!thread || _PyType_Lookup(Py_TYPE(thread), key_name))
		return false;
	PyObject *text = PyObject_GenericGetAttr(thread, key_name);
	if (!text) {
		PyErr_Clear();
		return false;
	}
	bool found = copy_name(text, name, capacity);
	Py_DECREF(text);
	return found;
}
