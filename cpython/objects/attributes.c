/*
 * Attributes and room. With the GIL; allocates the answers only.
 */
#include "cpython/objects/attributes.h"

#include "cpython/objects/layouts.h"

static PyObject *list_values(PyObject *object, struct weigh_values values)
{
	PyObject *list = PyList_New(0);
#if PY_VERSION_HEX >= 0x030b0000
	PyDictKeysObject *keys = ((PyHeapTypeObject *)Py_TYPE(object))->ht_cached_keys;
	for (Py_ssize_t i = 0; list && i < values.count; i++) {
		PyObject *name = weigh_values_name(keys, i);
		PyObject *value = values.slots[i];
		if (!name || !value)
			continue;
		PyObject *pair = PyTuple_Pack(2, name, value);
		if (!pair || PyList_Append(list, pair) < 0)
			Py_CLEAR(list);
		Py_XDECREF(pair);
	}
#else
	(void)object;
	(void)values;
#endif
	return list;
}

/* A class has a dict that is not for the looking at. */
PyObject *weigh_attributes_tell(PyObject *object)
{
	if (PyType_Check(object))
		Py_RETURN_NONE;
	PyObject *dict = weigh_instance_dict(object);
	if (dict)
		return Py_NewRef(dict);
	struct weigh_values values = weigh_values_of_instance(object);
	if (values.slots)
		return list_values(object, values);
	Py_RETURN_NONE;
}

Py_ssize_t weigh_attributes_room(PyObject *object)
{
	if (PyList_Check(object)) {
		PyListObject *list = (PyListObject *)object;
		return list->allocated > Py_SIZE(list) ? list->allocated : Py_SIZE(list);
	}
	if (PyDict_Check(object)) {
		PyDictObject *dict = (PyDictObject *)object;
		return dict->ma_used ? weigh_dict_capacity(dict->ma_keys) : 0;
	}
	if (PyAnySet_Check(object))
		return ((PySetObject *)object)->mask + 1;
	if (PyByteArray_Check(object))
		return ((PyByteArrayObject *)object)->ob_alloc;
	if (PyLong_Check(object))
		return (Py_ssize_t)weigh_int_digits(object);
	return -1;
}
