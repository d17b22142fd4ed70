/*
 * What must be read from objects once. With the GIL, when the module is
 * loaded; allocates.
 */
#include "cpython/objects/layouts.h"

traverseproc weigh_class_traverse;

static bool find_class_traverse(void)
{
	PyObject *class = PyObject_CallFunction((PyObject *)&PyType_Type, "s(){}", "C");
	if (class)
		weigh_class_traverse = ((PyTypeObject *)class)->tp_traverse;
	Py_XDECREF(class);
	return weigh_class_traverse != NULL;
}

#if PY_VERSION_HEX < 0x030b0000

void *weigh_dict_lookup_general;

bool weigh_layouts_init(void)
{
	PyObject *dict = PyDict_New();
	PyObject *key = PyLong_FromLong(1);
	if (dict && key && PyDict_SetItem(dict, key, key) == 0)
		weigh_dict_lookup_general = ((PyDictObject *)dict)->ma_keys->dk_lookup;
	Py_XDECREF(key);
	Py_XDECREF(dict);
	return weigh_dict_lookup_general && find_class_traverse();
}

#else

bool weigh_layouts_init(void)
{
	return find_class_traverse();
}

#endif
