/*
 * Names of references. Containers tell theirs by position or key. For other
 * objects the places that have a name are listed first, then the references
 * are visited, and each gets the name of the place it is found in. With the
 * GIL; takes no memory but a key for one look-up.
 */
#include "cpython/objects/names.h"

#include "cpython/objects/frames.h"
#include "cpython/text.h"

#include <stdio.h>
#include <string.h>
#include <structmember.h>

enum { PLACES = 128 };

/* References of one object that have names, until they are visited. */
struct places {
	struct weigh_edge edges[PLACES];
	int count;
	Py_ssize_t nameless;
	enum weigh_naming otherwise;
	weigh_edge_visit *visit;
	void *arg;
};

static void add(struct places *places, PyObject *target, enum weigh_naming naming, PyObject *key,
		const char *text)
{
	if (target && places->count < PLACES)
		places->edges[places->count++] = (struct weigh_edge){target, naming, key, text, 0};
}

static int tell(PyObject *target, void *arg)
{
	struct places *places = arg;
	for (int i = 0; i < places->count; i++) {
		if (places->edges[i].target != target)
			continue;
		struct weigh_edge found = places->edges[i];
		memmove(&places->edges[i], &places->edges[i + 1],
			(size_t)(--places->count - i) * sizeof(found));
		return places->visit(&found, places->arg);
	}
	struct weigh_edge edge = {target, places->otherwise, NULL, NULL, places->nameless++};
	return places->visit(&edge, places->arg);
}

static int named_dict(PyDictObject *dict, weigh_edge_visit *visit, void *arg)
{
	struct weigh_values values = weigh_values_of_dict(dict);
	PyDictKeysObject *keys = dict->ma_keys;
	for (Py_ssize_t i = 0; i < keys->dk_nentries; i++) {
		PyObject *key;
		PyObject *value;
		weigh_dict_entry(keys, i, &key, &value);
		if (dict->ma_values)
			value = i < values.count && values.slots ? values.slots[i] : NULL;
		if (!value || !key)
			continue;
		struct weigh_edge edge = {key, WEIGH_NAMED_KEY_ITSELF, key, NULL, 0};
		int answer = dict->ma_values ? 0 : visit(&edge, arg);
		edge.target = value;
		edge.naming = WEIGH_NAMED_KEY;
		if (!answer)
			answer = visit(&edge, arg);
		if (answer)
			return answer;
	}
	return 0;
}

static int named_items(PyObject **items, Py_ssize_t count, PyObject *fields, weigh_edge_visit *visit,
		       void *arg)
{
	for (Py_ssize_t i = 0; i < count; i++) {
		struct weigh_edge edge = {items[i], WEIGH_NAMED_INDEX, NULL, NULL, i};
		if (fields && i < PyTuple_GET_SIZE(fields) && PyUnicode_Check(PyTuple_GET_ITEM(fields, i))) {
			edge.naming = WEIGH_NAMED_ATTRIBUTE;
			edge.key = PyTuple_GET_ITEM(fields, i);
		}
		int answer = edge.target ? visit(&edge, arg) : 0;
		if (answer)
			return answer;
	}
	return 0;
}

/* The `_fields` of a named tuple's type; borrowed, NULL when there are none. */
static PyObject *fields_of(PyTypeObject *type)
{
	PyObject *name = PyUnicode_InternFromString("_fields");
	PyObject *fields = name ? _PyType_Lookup(type, name) : NULL;
	Py_XDECREF(name);
	PyErr_Clear();
	return fields && PyTuple_CheckExact(fields) ? fields : NULL;
}

static void add_values(struct places *places, PyObject *object)
{
#if PY_VERSION_HEX >= 0x030b0000
	PyTypeObject *type = Py_TYPE(object);
	struct weigh_values values = weigh_values_of_instance(object);
	for (Py_ssize_t i = 0; values.slots && i < values.count; i++)
		add(places, values.slots[i], WEIGH_NAMED_ATTRIBUTE,
		    weigh_values_name(((PyHeapTypeObject *)type)->ht_cached_keys, i), NULL);
#endif
	add(places, weigh_instance_dict(object), WEIGH_NAMED_TEXT, NULL, "__dict__");
}

/* Slots of classes and members of types written in C. */
static void add_members(struct places *places, PyObject *object)
{
	for (PyTypeObject *type = Py_TYPE(object); type; type = type->tp_base) {
		for (PyMemberDef *member = type->tp_members; member && member->name; member++) {
			if (member->type != T_OBJECT_EX && member->type != T_OBJECT)
				continue;
			if (member->offset <= 0 || member->offset >= type->tp_basicsize)
				continue;
			add(places, *(PyObject **)((char *)object + member->offset), WEIGH_NAMED_TEXT, NULL,
			    member->name);
		}
	}
}

static void add_locals(struct places *places, const struct weigh_kind *kind, PyObject *object)
{
#if PY_VERSION_HEX < 0x030b0000
	if (kind->form == WEIGH_FORM_GENERATOR) {
		add(places, (PyObject *)((PyGenObject *)object)->gi_frame, WEIGH_NAMED_TEXT, NULL,
		    "gi_frame");
		return;
	}
#endif
	struct weigh_locals locals = weigh_locals_of(kind, object);
	for (Py_ssize_t i = 0; locals.code && i < locals.count; i++) {
		PyObject *name = weigh_frame_local_name(locals.code, i);
		add(places, weigh_frame_slot(locals.slots[i]), name ? WEIGH_NAMED_LOCAL : WEIGH_NAMED_TEXT,
		    name, "(value in use)");
	}
	add(places, locals.names, WEIGH_NAMED_TEXT, NULL, "f_locals");
	if (kind->form == WEIGH_FORM_FRAME)
		add(places, (PyObject *)((PyFrameObject *)object)->f_back, WEIGH_NAMED_TEXT, NULL, "f_back");
}

static void add_function(struct places *places, PyFunctionObject *function)
{
	add(places, function->func_closure, WEIGH_NAMED_TEXT, NULL, "__closure__");
	add(places, function->func_defaults, WEIGH_NAMED_TEXT, NULL, "__defaults__");
	add(places, function->func_kwdefaults, WEIGH_NAMED_TEXT, NULL, "__kwdefaults__");
	add(places, function->func_dict, WEIGH_NAMED_TEXT, NULL, "__dict__");
	add(places, function->func_annotations, WEIGH_NAMED_TEXT, NULL, "__annotations__");
	add(places, function->func_code, WEIGH_NAMED_TEXT, NULL, "__code__");
	add(places, function->func_globals, WEIGH_NAMED_TEXT, NULL, "__globals__");
	add(places, function->func_builtins, WEIGH_NAMED_TEXT, NULL, "__builtins__");
	add(places, function->func_name, WEIGH_NAMED_TEXT, NULL, "__name__");
	add(places, function->func_qualname, WEIGH_NAMED_TEXT, NULL, "__qualname__");
	add(places, function->func_doc, WEIGH_NAMED_TEXT, NULL, "__doc__");
	add(places, function->func_module, WEIGH_NAMED_TEXT, NULL, "__module__");
}

static void add_exception(struct places *places, PyObject *object)
{
	PyBaseExceptionObject *exception = (PyBaseExceptionObject *)object;
	add(places, exception->args, WEIGH_NAMED_TEXT, NULL, "args");
	add(places, exception->traceback, WEIGH_NAMED_TEXT, NULL, "__traceback__");
	add(places, exception->context, WEIGH_NAMED_TEXT, NULL, "__context__");
	add(places, exception->cause, WEIGH_NAMED_TEXT, NULL, "__cause__");
}

static void add_type(struct places *places, PyTypeObject *type)
{
	add(places, type->tp_mro, WEIGH_NAMED_TEXT, NULL, "__mro__");
	add(places, type->tp_bases, WEIGH_NAMED_TEXT, NULL, "__bases__");
	add(places, type->tp_dict, WEIGH_NAMED_TEXT, NULL, "__dict__");
}

static void add_range(struct places *places, struct weigh_range_object *range)
{
	static const char *const names[] = {"start", "stop", "step", "(length)"};
	for (int i = 0; i < 4; i++)
		add(places, range->fields[i], WEIGH_NAMED_TEXT, NULL, names[i]);
}

static void add_known(struct places *places, const struct weigh_kind *kind, PyObject *object)
{
	switch (kind->form) {
	case WEIGH_FORM_FUNCTION:
		add_function(places, (PyFunctionObject *)object);
		break;
	case WEIGH_FORM_FRAME:
	case WEIGH_FORM_GENERATOR:
		add_locals(places, kind, object);
		break;
	case WEIGH_FORM_RANGE:
		add_range(places, (struct weigh_range_object *)object);
		break;
	case WEIGH_FORM_TYPE:
		add_type(places, (PyTypeObject *)object);
		break;
	case WEIGH_FORM_MODULE:
		add(places, PyModule_GetDict(object), WEIGH_NAMED_TEXT, NULL, "__dict__");
		break;
	case WEIGH_FORM_NDARRAY:
		add(places, ((struct weigh_ndarray *)object)->base, WEIGH_NAMED_TEXT, NULL, "base");
		break;
	case WEIGH_FORM_CDATA:
		add(places, ((struct weigh_cdata *)object)->base, WEIGH_NAMED_TEXT, NULL, "(base)");
		add(places, ((struct weigh_cdata *)object)->kept, WEIGH_NAMED_TEXT, NULL, "_objects");
		break;
	case WEIGH_FORM_BYTES_IO:
		add(places, ((struct weigh_bytes_io *)object)->buffer, WEIGH_NAMED_TEXT, NULL, "(buffer)");
		break;
	case WEIGH_FORM_DATETIME:
	case WEIGH_FORM_TIME:
		places->otherwise = WEIGH_NAMED_FIELD;
		break;
	default:
		if (PyExceptionInstance_Check(object))
			add_exception(places, object);
		else if (PyCell_Check(object))
			add(places, PyCell_GET(object), WEIGH_NAMED_TEXT, NULL, "cell_contents");
		break;
	}
}

/* How those are named for which no place is known. */
static enum weigh_naming naming_of(const struct weigh_kind *kind)
{
	switch (kind->form) {
	case WEIGH_FORM_LIST:
	case WEIGH_FORM_TUPLE:
	case WEIGH_FORM_DEQUE:
	case WEIGH_FORM_NDARRAY:
		return WEIGH_NAMED_INDEX;
	case WEIGH_FORM_SET:
		return WEIGH_NAMED_MEMBER;
	default:
		return WEIGH_NAMED_FIELD;
	}
}

static int tell_known(struct places *places)
{
	for (int i = 0; i < places->count; i++) {
		int answer = places->visit(&places->edges[i], places->arg);
		if (answer)
			return answer;
	}
	return 0;
}

/*
 * The containers whose traverse function has no order of its own are read
 * directly; a class made of one has attributes beside.
 */
int weigh_edges_named(const struct weigh_kind *kind, PyObject *object, unsigned follow,
		      weigh_edge_visit *visit, void *arg)
{
	struct places places = {.visit = visit, .arg = arg, .otherwise = naming_of(kind)};
	int answer;
	add_values(&places, object);
	add_members(&places, object);
	if (PyDict_Check(object)) {
		answer = named_dict((PyDictObject *)object, visit, arg);
	} else if (PyList_Check(object)) {
		answer = named_items(((PyListObject *)object)->ob_item, Py_SIZE(object), NULL, visit, arg);
	} else if (PyTuple_Check(object)) {
		PyObject *fields = kind->exact ? NULL : fields_of(kind->type);
		answer = named_items(((PyTupleObject *)object)->ob_item, Py_SIZE(object), fields, visit, arg);
	} else {
		add_known(&places, kind, object);
		return weigh_edges_visit(kind, object, follow, tell, &places);
	}
	return answer ? answer : tell_known(&places);
}

static void write_text(char *out, size_t room, const char *before, PyObject *key, const char *after)
{
	struct weigh_text_scratch scratch;
	size_t bytes;
	const char *text = weigh_text_utf8(key, &scratch, &bytes);
	size_t fits = room - strlen(before) - strlen(after) - 4;
	bool cut = bytes > fits;
	if (cut)
		for (bytes = fits; bytes > 0 && ((unsigned char)text[bytes] & 0xc0) == 0x80; bytes--)
			;
	snprintf(out, room, "%s%.*s%s%s", before, (int)bytes, text, cut ? "…" : "", after);
	for (char *c = out; *c; c++)
		if ((unsigned char)*c < 32 || *c == 127)
			*c = '?';
}

static void write_key(PyObject *key, char text[WEIGH_EDGE_TEXT])
{
	int overflow = 0;
	if (PyUnicode_Check(key))
		write_text(text, WEIGH_EDGE_TEXT, "['", key, "']");
	else if (PyBool_Check(key) || key == Py_None)
		snprintf(text, WEIGH_EDGE_TEXT, "[%s]",
			 key == Py_None   ? "None"
			 : key == Py_True ? "True"
					  : "False");
	else if (PyFloat_CheckExact(key))
		snprintf(text, WEIGH_EDGE_TEXT, "[%.12g]", PyFloat_AS_DOUBLE(key));
	else if (PyLong_CheckExact(key))
		snprintf(text, WEIGH_EDGE_TEXT, "[%lld]", PyLong_AsLongLongAndOverflow(key, &overflow));
	else
		snprintf(text, WEIGH_EDGE_TEXT, "[<%.80s>]", Py_TYPE(key)->tp_name);
	if (overflow)
		snprintf(text, WEIGH_EDGE_TEXT, "[<int>]");
}

void weigh_edge_write(const struct weigh_edge *edge, bool general, char text[WEIGH_EDGE_TEXT])
{
	switch (edge->naming) {
	case WEIGH_NAMED_KEY:
		if (general)
			strcpy(text, "[*]");
		else
			write_key(edge->key, text);
		break;
	case WEIGH_NAMED_KEY_ITSELF:
		strcpy(text, "(keys)");
		break;
	case WEIGH_NAMED_INDEX:
		if (general)
			strcpy(text, "[*]");
		else
			snprintf(text, WEIGH_EDGE_TEXT, "[%zd]", edge->index);
		break;
	case WEIGH_NAMED_MEMBER:
		strcpy(text, "(members)");
		break;
	case WEIGH_NAMED_ATTRIBUTE:
		write_text(text, WEIGH_EDGE_TEXT, ".", edge->key, "");
		break;
	case WEIGH_NAMED_LOCAL:
		write_text(text, WEIGH_EDGE_TEXT, "", edge->key, "");
		break;
	case WEIGH_NAMED_TEXT:
		snprintf(text, WEIGH_EDGE_TEXT, "%s%s", edge->text[0] == '(' ? "" : ".", edge->text);
		break;
	case WEIGH_NAMED_FIELD:
		snprintf(text, WEIGH_EDGE_TEXT, "(field %zd)", edge->index);
		break;
	}
}
