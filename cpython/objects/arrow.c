/*
 * Asking pyarrow's methods. With the GIL. Every object made here is given up
 * before the next is asked for, and none of their addresses goes further; an
 * exception is cleared, and its object counts without what it would have told.
 */
#include "cpython/objects/arrow.h"

#include "cpython/objects/kinds.h"

#include <string.h>

enum {
	MOST_PARENTS = 64, /* of a buffer that is part of another */
	MOST_SUMMED = 64,  /* buffers of one array, for its sum to be looked into */
};

enum role { NONE, BUFFER, ARRAY, DICTIONARY, CHUNKED, BATCH, TABLE };

static const struct {
	const char *name;
	enum role role;
} roles[] = {
	{"pyarrow.lib.Buffer", BUFFER},     {"pyarrow.lib.DictionaryArray", DICTIONARY},
	{"pyarrow.lib.Array", ARRAY},       {"pyarrow.lib.ChunkedArray", CHUNKED},
	{"pyarrow.lib.RecordBatch", BATCH}, {"pyarrow.lib.Table", TABLE},
};

/* Where buffers are told. */
struct teller {
	weigh_arrow_each *each;
	void *arg;
};

/* The buffers of one array, to be compared with their sum. */
struct sum {
	uintptr_t addresses[MOST_SUMMED];
	size_t count;
	uint64_t bytes;
	bool overflows;
};

static enum role role_of(PyTypeObject *type)
{
	for (; type && type != &PyBaseObject_Type; type = type->tp_base) {
		if (strncmp(type->tp_name, "pyarrow.lib.", 12) != 0)
			return NONE;
		for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++)
			if (strcmp(type->tp_name, roles[i].name) == 0)
				return roles[i].role;
	}
	return NONE;
}

bool weigh_arrow_knows(PyTypeObject *base)
{
	return role_of(base) != NONE;
}

/* Of the kinds that Cython makes of what is compiled. */
static bool is_compiled(PyObject *method)
{
	const char *kind = strrchr(Py_TYPE(method)->tp_name, '.');
	return Py_IS_TYPE(method, &PyMethodDescr_Type) || Py_IS_TYPE(method, &PyGetSetDescr_Type) ||
	       strcmp(kind ? kind + 1 : "", "cython_function_or_method") == 0;
}

/* A method or property as the type has it, not the instance. Borrowed; NULL when it is not compiled. */
static PyObject *method_of(PyTypeObject *type, const char *name)
{
	for (; type && type != &PyBaseObject_Type; type = type->tp_base) {
		PyObject *found = weigh_type_entry(type, name);
		if (found)
			return is_compiled(found) ? found : NULL;
	}
	return NULL;
}

/* The value of a property; new, NULL when there is none. */
static PyObject *property(PyObject *object, const char *name)
{
	PyTypeObject *base = weigh_kind_base(Py_TYPE(object));
	PyObject *getter = method_of(base, name);
	if (!getter || !Py_IS_TYPE(getter, &PyGetSetDescr_Type))
		return NULL;
	PyObject *value = Py_TYPE(getter)->tp_descr_get(getter, object, (PyObject *)base);
	PyErr_Clear();
	return value;
}

/* -1 when there is none. */
static Py_ssize_t number(PyObject *object, const char *name)
{
	PyObject *value = property(object, name);
	Py_ssize_t number = value && PyLong_Check(value) ? PyLong_AsSsize_t(value) : -1;
	Py_XDECREF(value);
	PyErr_Clear();
	return number;
}

/* What a method answers, with a number when that is not negative; new, NULL when it does not. */
static PyObject *call(PyObject *object, const char *name, Py_ssize_t argument)
{
	PyObject *method = method_of(weigh_kind_base(Py_TYPE(object)), name);
	if (!method || Py_IS_TYPE(method, &PyGetSetDescr_Type))
		return NULL;
	PyObject *answer = argument < 0 ? PyObject_CallOneArg(method, object)
					: PyObject_CallFunction(method, "On", object, argument);
	PyErr_Clear();
	return answer;
}

/* Methods that call others of their object may be asked only where no class made in Python is in between. */
static bool is_exact(PyObject *object)
{
	return weigh_kind_base(Py_TYPE(object)) == Py_TYPE(object);
}

static bool is_pyarrows(PyObject *type)
{
	PyObject *module = weigh_type_entry((PyTypeObject *)type, "__module__");
	const char *name = module && PyUnicode_Check(module) ? PyUnicode_AsUTF8(module) : "";
	return weigh_kind_base((PyTypeObject *)type) == (PyTypeObject *)type ||
	       (name && strcmp(name, "pyarrow.lib") == 0);
}

/*
 * Whether somebody has made types of values in Python. To take a column out of
 * a table could then call their code, and nothing tells beforehand whether it
 * does: from then on only the sum is asked for. So it is with a dictionary.
 */
static bool has_python_types(void)
{
	PyObject *module = PyDict_GetItemString(PyImport_GetModuleDict(), "pyarrow.lib");
	PyObject *names = module && PyModule_Check(module) ? PyModule_GetDict(module) : NULL;
	PyObject *base = names ? PyDict_GetItemString(names, "ExtensionType") : NULL;
	if (!base || !PyType_CheckExact(base))
		return true;
	PyObject *method = weigh_type_entry(&PyType_Type, "__subclasses__");
	PyObject *classes = method ? PyObject_CallOneArg(method, base) : NULL;
	bool found = !classes || !PyList_CheckExact(classes);
	for (Py_ssize_t i = 0; !found && i < PyList_GET_SIZE(classes); i++)
		found = !is_pyarrows(PyList_GET_ITEM(classes, i));
	Py_XDECREF(classes);
	PyErr_Clear();
	return found;
}

static void note(struct sum *sum, PyObject *buffer)
{
	uintptr_t address = (uintptr_t)number(buffer, "address");
	Py_ssize_t bytes = number(buffer, "size");
	for (size_t i = 0; i < sum->count; i++)
		if (sum->addresses[i] == address)
			return;
	if (sum->count == MOST_SUMMED) {
		sum->overflows = true;
		return;
	}
	sum->addresses[sum->count++] = address;
	sum->bytes += bytes > 0 ? (uint64_t)bytes : 0;
}

static void visit_buffer(const struct teller *teller, PyObject *buffer)
{
	Py_INCREF(buffer);
	for (int i = 0; i < MOST_PARENTS; i++) {
		PyObject *parent = property(buffer, "parent");
		if (!parent || role_of(Py_TYPE(parent)) != BUFFER) {
			Py_XDECREF(parent);
			break;
		}
		Py_SETREF(buffer, parent);
	}
	PyObject *here = property(buffer, "is_cpu");
	Py_ssize_t address = here == Py_True ? number(buffer, "address") : 0;
	Py_ssize_t bytes = number(buffer, "size");
	if (address > 0 && bytes > 0)
		teller->each((uintptr_t)address, (uint64_t)bytes, teller->arg);
	Py_XDECREF(here);
	Py_DECREF(buffer);
}

static void visit_array(const struct teller *teller, PyObject *array);

/* A slice remembers its dictionary in the array's stead. */
static void visit_dictionary(const struct teller *teller, PyObject *array)
{
	PyObject *slice = is_exact(array) ? call(array, "slice", 0) : NULL;
	PyObject *dictionary = slice ? property(slice, "dictionary") : NULL;
	if (dictionary)
		visit_array(teller, dictionary);
	Py_XDECREF(dictionary);
	Py_XDECREF(slice);
}

/* Dictionaries within lists and structs are no buffers of the array; only its sum has them. */
static void visit_rest(const struct teller *teller, PyObject *array, const struct sum *sum)
{
	PyObject *answer =
		is_exact(array) && !sum->overflows ? call(array, "get_total_buffer_size", -1) : NULL;
	Py_ssize_t whole = answer && PyLong_Check(answer) ? PyLong_AsSsize_t(answer) : -1;
	Py_XDECREF(answer);
	PyErr_Clear();
	if (whole > 0 && (uint64_t)whole > sum->bytes)
		teller->each(0, (uint64_t)whole - sum->bytes, teller->arg);
}

static void visit_array(const struct teller *teller, PyObject *array)
{
	enum role role = role_of(weigh_kind_base(Py_TYPE(array)));
	if (role != ARRAY && role != DICTIONARY)
		return;
	struct sum sum = {.count = 0};
	PyObject *buffers = call(array, "buffers", -1);
	if (!buffers || !PyList_CheckExact(buffers)) {
		Py_XDECREF(buffers);
		return;
	}
	for (Py_ssize_t i = 0; i < PyList_GET_SIZE(buffers); i++) {
		PyObject *buffer = PyList_GET_ITEM(buffers, i);
		if (role_of(Py_TYPE(buffer)) != BUFFER)
			continue;
		visit_buffer(teller, buffer);
		note(&sum, buffer);
	}
	bool nested = PyList_GET_SIZE(buffers) > 2;
	Py_DECREF(buffers);
	if (role == DICTIONARY && !has_python_types())
		visit_dictionary(teller, array);
	else if (nested || role == DICTIONARY)
		visit_rest(teller, array, &sum);
}

static void visit_chunks(const struct teller *teller, PyObject *chunked)
{
	Py_ssize_t count = is_exact(chunked) ? number(chunked, "num_chunks") : 0;
	for (Py_ssize_t i = 0; i < count; i++) {
		PyObject *array = call(chunked, "chunk", i);
		if (array)
			visit_array(teller, array);
		Py_XDECREF(array);
	}
}

/* A batch would remember that it was asked; a slice of it does in its stead. */
static void visit_columns(const struct teller *teller, PyObject *table, bool batch)
{
	PyObject *asked = !batch ? Py_NewRef(table) : is_exact(table) ? call(table, "slice", 0) : NULL;
	Py_ssize_t count = asked && is_exact(asked) ? number(asked, "num_columns") : 0;
	for (Py_ssize_t i = 0; i < count; i++) {
		PyObject *column = call(asked, "_column", i);
		if (column && batch)
			visit_array(teller, column);
		else if (column && role_of(Py_TYPE(column)) == CHUNKED)
			visit_chunks(teller, column);
		Py_XDECREF(column);
	}
	Py_XDECREF(asked);
}

static void visit_role(const struct teller *teller, enum role role, PyObject *object)
{
	const struct sum nothing = {.count = 0};
	switch (role) {
	case NONE:
		break;
	case BUFFER:
		visit_buffer(teller, object);
		break;
	case ARRAY:
	case DICTIONARY:
		visit_array(teller, object);
		break;
	case CHUNKED:
	case BATCH:
	case TABLE:
		if (has_python_types())
			visit_rest(teller, object, &nothing);
		else if (role == CHUNKED)
			visit_chunks(teller, object);
		else
			visit_columns(teller, object, role == BATCH);
		break;
	}
}

void weigh_arrow_visit(PyTypeObject *base, PyObject *object, weigh_arrow_each *each, void *arg)
{
	const struct teller teller = {each, arg};
	int collecting = PyGC_Disable();
	visit_role(&teller, role_of(base), object);
	PyErr_Clear();
	if (collecting)
		PyGC_Enable();
}
