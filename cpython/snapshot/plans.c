/*
 * Working out, once for each type, where its objects keep their references and
 * what these are called. One thread; memory from the kernel.
 *
 * Listed are the fields that each version's headers tell, the slots of classes
 * and the members that types written in C publish. What a type refers to beside
 * them its traverse function tells, without a name.
 */
#include "cpython/snapshot/scan.h"

#include <structmember.h>

#include <string.h>

#define FIELD(type, member, text) {offsetof(type, member), text}

static const struct weigh_field function_fields[] = {
	FIELD(PyFunctionObject, func_globals, "__globals__"),
	FIELD(PyFunctionObject, func_builtins, "__builtins__"),
	FIELD(PyFunctionObject, func_name, "__name__"),
	FIELD(PyFunctionObject, func_qualname, "__qualname__"),
	FIELD(PyFunctionObject, func_code, "__code__"),
	FIELD(PyFunctionObject, func_defaults, "__defaults__"),
	FIELD(PyFunctionObject, func_kwdefaults, "__kwdefaults__"),
	FIELD(PyFunctionObject, func_closure, "__closure__"),
	FIELD(PyFunctionObject, func_doc, "__doc__"),
	FIELD(PyFunctionObject, func_dict, "__dict__"),
	FIELD(PyFunctionObject, func_module, "__module__"),
	FIELD(PyFunctionObject, func_annotations, "__annotations__"),
#if PY_VERSION_HEX >= 0x030c0000
	FIELD(PyFunctionObject, func_typeparams, "__type_params__"),
#endif
#if PY_VERSION_HEX >= 0x030e0000
	FIELD(PyFunctionObject, func_annotate, "__annotate__"),
#endif
};

static const struct weigh_field code_fields[] = {
	FIELD(PyCodeObject, co_consts, "co_consts"),       FIELD(PyCodeObject, co_names, "co_names"),
	FIELD(PyCodeObject, co_filename, "co_filename"),   FIELD(PyCodeObject, co_name, "co_name"),
	FIELD(PyCodeObject, co_linetable, "co_linetable"),
#if PY_VERSION_HEX < 0x030b0000
	FIELD(PyCodeObject, co_code, "co_code"),           FIELD(PyCodeObject, co_varnames, "co_varnames"),
	FIELD(PyCodeObject, co_freevars, "co_freevars"),   FIELD(PyCodeObject, co_cellvars, "co_cellvars"),
#else
	FIELD(PyCodeObject, co_qualname, "co_qualname"),
	FIELD(PyCodeObject, co_exceptiontable, "co_exceptiontable"),
	FIELD(PyCodeObject, co_localsplusnames, "(names of locals)"),
	FIELD(PyCodeObject, co_localspluskinds, "(kinds of locals)"),
#endif
#if PY_VERSION_HEX >= 0x030b0000 && PY_VERSION_HEX < 0x030c0000
	FIELD(PyCodeObject, _co_code, "co_code"),
#endif
};

/* Of those that a class statement or a specification makes; static ones have the first. */
static const struct weigh_field type_fields[] = {
	FIELD(PyHeapTypeObject, ht_type.tp_base, "__base__"),
	FIELD(PyHeapTypeObject, ht_type.tp_bases, "__bases__"),
	FIELD(PyHeapTypeObject, ht_type.tp_mro, "__mro__"),
	FIELD(PyHeapTypeObject, ht_type.tp_cache, "(cache)"),
	FIELD(PyHeapTypeObject, ht_type.tp_dict, "__dict__"),
	FIELD(PyHeapTypeObject, ht_type.tp_subclasses, "(subclasses)"),
	FIELD(PyHeapTypeObject, ht_name, "__name__"),
	FIELD(PyHeapTypeObject, ht_qualname, "__qualname__"),
	FIELD(PyHeapTypeObject, ht_slots, "__slots__"),
	FIELD(PyHeapTypeObject, ht_module, "(module)"),
};

static const struct weigh_field generator_fields[] = {
	FIELD(PyGenObject, gi_name, "__name__"),
	FIELD(PyGenObject, gi_qualname, "__qualname__"),
	FIELD(PyGenObject, gi_exc_state.exc_value, "(exception)"),
#if PY_VERSION_HEX < 0x030b0000
	FIELD(PyGenObject, gi_exc_state.exc_type, "(exception's type)"),
	FIELD(PyGenObject, gi_exc_state.exc_traceback, "(exception's traceback)"),
	FIELD(PyGenObject, gi_frame, "gi_frame"),
#endif
#if PY_VERSION_HEX < 0x030c0000
	FIELD(PyGenObject, gi_code, "gi_code"),
#endif
};

#if PY_VERSION_HEX < 0x030b0000
static const struct weigh_field coroutine_fields[] = {FIELD(PyCoroObject, cr_origin, "cr_origin")};
static const struct weigh_field async_fields[] = {FIELD(PyAsyncGenObject, ag_finalizer, "(finalizer)")};
#else
static const struct weigh_field coroutine_fields[] = {
	FIELD(PyCoroObject, cr_origin_or_finalizer, "cr_origin")};
static const struct weigh_field async_fields[] = {
	FIELD(PyAsyncGenObject, ag_origin_or_finalizer, "(finalizer)")};
#endif

static const struct weigh_field exception_fields[] = {
	FIELD(PyBaseExceptionObject, args, "args"),
#if PY_VERSION_HEX >= 0x030b0000
	FIELD(PyBaseExceptionObject, notes, "__notes__"),
#endif
	FIELD(PyBaseExceptionObject, traceback, "__traceback__"),
	FIELD(PyBaseExceptionObject, context, "__context__"),
	FIELD(PyBaseExceptionObject, cause, "__cause__"),
};

static const struct weigh_field frame_fields[] = {
	FIELD(PyFrameObject, f_back, "f_back"),
	FIELD(PyFrameObject, f_trace, "f_trace"),
#if PY_VERSION_HEX < 0x030b0000
	FIELD(PyFrameObject, f_code, "f_code"),
	FIELD(PyFrameObject, f_builtins, "f_builtins"),
	FIELD(PyFrameObject, f_globals, "f_globals"),
	FIELD(PyFrameObject, f_locals, "f_locals"),
#endif
#if PY_VERSION_HEX >= 0x030d0000
	FIELD(PyFrameObject, f_extra_locals, "(extra locals)"),
	FIELD(PyFrameObject, f_locals_cache, "(dict of locals)"),
#endif
};

static const struct weigh_field cell_fields[] = {FIELD(PyCellObject, ob_ref, "cell_contents")};
static const struct weigh_field weak_fields[] = {FIELD(PyWeakReference, wr_callback, "__callback__")};
static const struct weigh_field buffer_fields[] = {FIELD(struct weigh_bytes_io, buffer, "(buffer)")};
static const struct weigh_field builtin_fields[] = {
	FIELD(PyCFunctionObject, m_self, "__self__"),
	FIELD(PyCFunctionObject, m_module, "__module__"),
};
static const struct weigh_field descriptor_fields[] = {
	FIELD(PyDescrObject, d_type, "__objclass__"),
	FIELD(PyDescrObject, d_name, "__name__"),
	FIELD(PyDescrObject, d_qualname, "__qualname__"),
};
static const struct weigh_field range_fields[] = {
	FIELD(struct weigh_range_object, fields[0], "start"),
	FIELD(struct weigh_range_object, fields[1], "stop"),
	FIELD(struct weigh_range_object, fields[2], "step"),
	FIELD(struct weigh_range_object, fields[3], "(length)"),
};
static const struct weigh_field zone_fields[] = {
	FIELD(struct weigh_timezone, offset, "(offset)"),
	FIELD(struct weigh_timezone, name, "(name)"),
};
static const struct weigh_field array_fields[] = {
	FIELD(struct weigh_ndarray, base, "base"),
	FIELD(struct weigh_ndarray, dtype, "dtype"),
};
static const struct weigh_field cdata_fields[] = {
	FIELD(struct weigh_cdata, base, "(base)"),
	FIELD(struct weigh_cdata, kept, "_objects"),
};
static const struct weigh_field link_fields[] = {
	FIELD(struct weigh_cache_entry, key, "(key)"),
	FIELD(struct weigh_cache_entry, result, "(result)"),
};
static const struct weigh_field cache_fields[] = {
	FIELD(struct weigh_cache, cache, "(cache)"),
	FIELD(struct weigh_cache, function, "__wrapped__"),
};

struct list {
	struct weigh_field fields[WEIGH_SLOTS_MAX];
	uint32_t count;
};

static void add(struct list *list, uint32_t offset, const char *name)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (list->fields[i].offset == offset)
			return;
	if (list->count < WEIGH_SLOTS_MAX - 64)
		list->fields[list->count++] = (struct weigh_field){offset, name};
}

static void add_all(struct list *list, const struct weigh_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add(list, fields[i].offset, fields[i].name);
}

#define ADD(list, fields) add_all(list, fields, sizeof(fields) / sizeof(*(fields)))

/* Slots of classes and members of types written in C, those of bases first. */
static void add_members(struct list *list, PyTypeObject *type, PyTypeObject *until)
{
	PyTypeObject *chain[64];
	int depth = 0;
	for (; type && type != until && depth < 64; type = type->tp_base)
		chain[depth++] = type;
	while (depth-- > 0) {
		PyMemberDef *member = chain[depth]->tp_members;
		for (; member && member->name; member++) {
			if (member->type != T_OBJECT_EX && member->type != T_OBJECT)
				continue;
			if (member->offset > 0 && member->offset < chain[depth]->tp_basicsize)
				add(list, (uint32_t)member->offset, member->name);
		}
	}
}

static bool is_descriptor(PyTypeObject *base)
{
	return base == &PyMethodDescr_Type || base == &PyGetSetDescr_Type || base == &PyMemberDescr_Type ||
	       base == &PyWrapperDescr_Type || base == &PyClassMethodDescr_Type;
}

static bool is_named(PyTypeObject *type, const char *name)
{
	return strcmp(type->tp_name, name) == 0;
}

/* What a class is made of: its own slots and values are listed, what lies below is not. */
static PyTypeObject *c_base(PyTypeObject *type)
{
	while (weigh_is_class(type) && type->tp_base)
		type = type->tp_base;
	return type;
}

/* Types that have no form of their own. */
static void add_other(struct weigh_plan *plan, struct list *list, PyTypeObject *base)
{
	if (PyType_IsSubtype(base, (PyTypeObject *)PyExc_BaseException))
		ADD(list, exception_fields);
	else if (base == &PyCell_Type)
		ADD(list, cell_fields);
	else if (is_descriptor(base))
		ADD(list, descriptor_fields);
	else if (base == &PyCFunction_Type)
		ADD(list, builtin_fields);
	else if (is_named(base, "functools._lru_list_elem"))
		ADD(list, link_fields);
	else if (is_named(base, "_thread._local"))
		plan->way = WEIGH_WAY_LOCAL;
	plan->traverses = c_base(plan->kind.type)->tp_traverse != NULL;
	add_members(list, plan->kind.type, NULL);
}

static void plan_type(struct weigh_plan *plan, struct list *list)
{
	plan->way = WEIGH_WAY_TYPE;
	plan->dict = false;
	ADD(list, type_fields);
}

static void plan_tuple(struct weigh_plan *plan, struct list *list)
{
	plan->way = WEIGH_WAY_TUPLE;
	if (plan->kind.type == &PyTuple_Type)
		return;
	if (plan->kind.fields || weigh_type_entry(plan->kind.type, "n_sequence_fields")) {
		plan->way = WEIGH_WAY_OTHER;
		plan->traverses = true;
	}
	add_members(list, plan->kind.type, NULL);
}

static bool is_plain_scalar(PyTypeObject *type)
{
	return type == &PyUnicode_Type || type == &PyBytes_Type || type == &PyLong_Type ||
	       type == &PyFloat_Type;
}

/* Beside the slots of classes made of them, which all types can have. */
static void plan_form(struct weigh_plan *plan, struct list *list, PyTypeObject *base)
{
	switch (plan->kind.form) {
	case WEIGH_FORM_STR:
	case WEIGH_FORM_BYTES:
	case WEIGH_FORM_INT:
	case WEIGH_FORM_FLOAT:
		plan->valued = is_plain_scalar(plan->kind.type);
		plan->way = plan->valued ? WEIGH_WAY_SCALAR : WEIGH_WAY_OTHER;
		break;
	case WEIGH_FORM_LIST:
		plan->way = WEIGH_WAY_LIST;
		break;
	case WEIGH_FORM_TUPLE:
		plan_tuple(plan, list);
		return;
	case WEIGH_FORM_DICT:
		plan->way = plan->kind.type == &PyDict_Type ? WEIGH_WAY_DICT : WEIGH_WAY_PAIRS;
		break;
	case WEIGH_FORM_ORDERED_DICT:
		plan->way = WEIGH_WAY_ORDERED;
		break;
	case WEIGH_FORM_SET:
		plan->way = WEIGH_WAY_SET;
		break;
	case WEIGH_FORM_DEQUE:
		plan->way = WEIGH_WAY_DEQUE;
		break;
	case WEIGH_FORM_ARRAY:
		plan->way = WEIGH_WAY_BUFFER;
		break;
	case WEIGH_FORM_NDARRAY:
		plan->way = WEIGH_WAY_ARRAY;
		ADD(list, array_fields);
		break;
	case WEIGH_FORM_FUNCTION:
		plan->dict = false;
		ADD(list, function_fields);
		return;
	case WEIGH_FORM_FRAME:
		plan->way = WEIGH_WAY_FRAME;
		ADD(list, frame_fields);
		return;
	case WEIGH_FORM_GENERATOR:
		plan->way = WEIGH_WAY_FRAME;
		ADD(list, generator_fields);
		if (base == &PyCoro_Type)
			ADD(list, coroutine_fields);
		else if (base == &PyAsyncGen_Type)
			ADD(list, async_fields);
		return;
	case WEIGH_FORM_CODE:
		plan->way = WEIGH_WAY_CODE;
		ADD(list, code_fields);
		return;
	case WEIGH_FORM_TYPE:
		plan_type(plan, list);
		return;
	case WEIGH_FORM_WEAKREF:
		ADD(list, weak_fields);
		break;
	case WEIGH_FORM_RANGE:
		ADD(list, range_fields);
		return;
	case WEIGH_FORM_DATETIME:
	case WEIGH_FORM_TIME:
		plan->way = WEIGH_WAY_ZONED;
		break;
	case WEIGH_FORM_TIMEZONE:
		ADD(list, zone_fields);
		break;
	case WEIGH_FORM_BYTES_IO:
		ADD(list, buffer_fields);
		plan->traverses = plan->kind.traverses;
		break;
	case WEIGH_FORM_LRU_CACHE:
		plan->way = WEIGH_WAY_CACHE;
		plan->traverses = plan->kind.traverses;
		if (base->tp_basicsize > (Py_ssize_t)sizeof(struct weigh_cache))
			ADD(list, cache_fields);
		break;
	case WEIGH_FORM_CDATA:
		ADD(list, cdata_fields);
		plan->traverses = plan->kind.traverses;
		break;
	default:
		add_other(plan, list, base);
		return;
	}
	add_members(list, plan->kind.type, NULL);
}

/* The names of attributes that lie beside or in the instances. */
static void plan_values(struct weigh_plan *plan)
{
#if PY_VERSION_HEX >= 0x030b0000
	PyTypeObject *type = plan->kind.type;
	if (!(type->tp_flags & Py_TPFLAGS_MANAGED_DICT))
		return;
	plan->shared = ((PyHeapTypeObject *)type)->ht_cached_keys;
	plan->value_count = plan->shared ? (uint32_t)plan->shared->dk_nentries : 0;
	if (plan->value_count > 62)
		plan->value_count = 62;
#else
	(void)plan;
#endif
}

static bool has_dict(PyTypeObject *type, const struct list *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (type->tp_dictoffset > 0 && list->fields[i].offset == (uint32_t)type->tp_dictoffset)
			return false;
#if PY_VERSION_HEX >= 0x030b0000
	if (type->tp_flags & Py_TPFLAGS_MANAGED_DICT)
		return true;
#endif
	return type->tp_dictoffset != 0;
}

/* The `_fields` that a class or a base of it has; borrowed, NULL when they are no tuple. */
static PyObject *fields_of(PyTypeObject *type)
{
	PyObject *found = NULL;
	for (; type && !found; type = type->tp_base)
		found = weigh_type_entry(type, "_fields");
	return found && PyTuple_CheckExact(found) ? found : NULL;
}

static void plan_record(struct weigh_plan *plan)
{
	PyObject *fields = NULL;
	if (plan->way == WEIGH_WAY_TUPLE && plan->kind.type != &PyTuple_Type)
		fields = fields_of(plan->kind.type);
	if (!fields || plan->field_count || plan->dict || PyTuple_GET_SIZE(fields) > WEIGH_SLOTS_MAX / 2)
		return;
	for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(fields); i++)
		if (!PyUnicode_Check(PyTuple_GET_ITEM(fields, i)))
			return;
	plan->way = WEIGH_WAY_RECORD;
	plan->names = fields;
	plan->data = true;
}

struct weigh_plan *weigh_plan_make(struct weigh_scan *scan, PyTypeObject *type)
{
	struct list list = {.count = 0};
	struct weigh_kind *kind = weigh_kinds_find(&scan->kinds, type);
	struct weigh_plan *plan = kind ? weigh_room_take(&scan->room, sizeof(*plan)) : NULL;
	if (!plan) {
		scan->failed = true;
		return NULL;
	}
	kind->plan = plan;
	plan->kind = *kind;
	plan->type = WEIGH_NUMBER_NONE;
	plan->heap = type->tp_flags & Py_TPFLAGS_HEAPTYPE;
	plan->dict = true;
	plan_values(plan);
	plan_form(plan, &list, weigh_kind_base(type));
	plan->dict = plan->dict && has_dict(type, &list);
	plan->field_count = list.count;
	plan->data = !plan->kind.exact && (list.count || plan->value_count);
	plan_record(plan);
	plan->fields = weigh_room_take(&scan->room, list.count * sizeof(*plan->fields) + 1);
	if (!plan->fields) {
		scan->failed = true;
		plan->field_count = 0;
		return plan;
	}
	memcpy(plan->fields, list.fields, list.count * sizeof(*plan->fields));
	return plan;
}
