/*
 * Walkers by layout. With the GIL; takes no memory.
 */
#include "cpython/objects/edges.h"

#include "cpython/objects/frames.h"

static bool is_collected(PyObject *object)
{
	PyTypeObject *type = Py_TYPE(object);
	return PyType_IS_GC(type) && type->tp_traverse && (!type->tp_is_gc || type->tp_is_gc(object));
}

/* Passes visits on, but for one target and, once each, what the slots hold. */
struct sieve {
	visitproc visit;
	void *arg;
	PyObject *apart;
	struct weigh_values values;
	uint64_t passed; /* a bit for each slot; an instance has no more than 30 */
};

static int visit_others(PyObject *target, void *arg)
{
	struct sieve *sieve = arg;
	if (target == sieve->apart)
		return 0;
	for (Py_ssize_t i = 0; i < sieve->values.count && i < 64; i++) {
		uint64_t bit = (uint64_t)1 << i;
		if (sieve->values.slots[i] != target || sieve->passed & bit)
			continue;
		sieve->passed |= bit;
		return 0;
	}
	return sieve->visit(target, sieve->arg);
}

/*
 * Which of the two a type visits, the dict of an instance or the values that
 * are still in it, differs between patch releases of 3.13 and of 3.14.
 */
static int traverse_with_dict(PyObject *object, visitproc visit, void *arg)
{
	struct sieve sieve = {.visit = visit, .arg = arg, .apart = weigh_instance_dict(object)};
	if (WEIGH_DICT_TELLS)
		sieve.values = weigh_values_of_instance(object);
	int answer = visit(sieve.apart, arg);
	return answer ? answer : Py_TYPE(object)->tp_traverse(object, visit_others, &sieve);
}

struct living {
	visitproc visit;
	void *arg;
};

static int visit_living(PyObject *target, void *arg)
{
	const struct living *living = arg;
	return Py_REFCNT(target) > 0 ? living->visit(target, living->arg) : 0;
}

/* asyncio's module of 3.12 visits dead objects too, which it keeps for reuse: a reference would revive them. */
static int traverse_module(PyObject *object, visitproc visit, void *arg)
{
	struct living living = {visit, arg};
	return Py_TYPE(object)->tp_traverse(object, visit_living, &living);
}

static int traverse(PyObject *object, visitproc visit, void *arg)
{
	if (!is_collected(object))
		return 0;
	if (PyModule_Check(object))
		return traverse_module(object, visit, arg);
	if (weigh_instance_dict_hides(object))
		return traverse_with_dict(object, visit, arg);
	return Py_TYPE(object)->tp_traverse(object, visit, arg);
}

static int visit_list(PyListObject *list, visitproc visit, void *arg)
{
	for (Py_ssize_t i = 0; i < Py_SIZE(list); i++)
		WEIGH_VISIT(list->ob_item[i]);
	return 0;
}

static int visit_tuple(PyTupleObject *tuple, visitproc visit, void *arg)
{
	for (Py_ssize_t i = 0; i < Py_SIZE(tuple); i++)
		WEIGH_VISIT(tuple->ob_item[i]);
	return 0;
}

/* Keys that a dict's traverse function knows to be str and passes over. */
static int visit_text_keys(PyDictObject *dict, visitproc visit, void *arg)
{
	PyDictKeysObject *keys = dict->ma_keys;
	if (dict->ma_values || weigh_dict_has_general_keys(keys))
		return 0;
	for (Py_ssize_t i = 0; i < keys->dk_nentries; i++) {
		PyObject *key;
		PyObject *value;
		weigh_dict_entry(keys, i, &key, &value);
		if (value)
			WEIGH_VISIT(key);
	}
	return 0;
}

static int visit_dict(PyDictObject *dict, visitproc visit, void *arg)
{
	struct weigh_values values = weigh_values_of_dict(dict);
	PyDictKeysObject *keys = dict->ma_keys;
	if (dict->ma_values) {
		for (Py_ssize_t i = 0; i < values.count; i++)
			WEIGH_VISIT(values.slots[i]);
		return 0;
	}
	for (Py_ssize_t i = 0; i < keys->dk_nentries; i++) {
		PyObject *key;
		PyObject *value;
		weigh_dict_entry(keys, i, &key, &value);
		if (!value)
			continue;
		WEIGH_VISIT(key);
		WEIGH_VISIT(value);
	}
	return 0;
}

/* Names and documentation belong to the code. */
static int visit_function(PyObject *object, unsigned follow, visitproc visit, void *arg)
{
	PyFunctionObject *function = (PyFunctionObject *)object;
	WEIGH_VISIT(function->func_defaults);
	WEIGH_VISIT(function->func_kwdefaults);
	WEIGH_VISIT(function->func_closure);
	WEIGH_VISIT(function->func_dict);
	WEIGH_VISIT(function->func_annotations);
	if (follow & WEIGH_FOLLOW_CODE) {
		WEIGH_VISIT(function->func_code);
		WEIGH_VISIT(function->func_name);
		WEIGH_VISIT(function->func_qualname);
		WEIGH_VISIT(function->func_doc);
		WEIGH_VISIT(function->func_module);
	}
	if (follow & WEIGH_FOLLOW_GLOBALS) {
		WEIGH_VISIT(function->func_globals);
		WEIGH_VISIT(function->func_builtins);
	}
	return 0;
}

#if PY_VERSION_HEX < 0x030b0000

bool weigh_frame_runs(PyObject *frame)
{
	return ((PyFrameObject *)frame)->f_state == FRAME_EXECUTING;
}

struct weigh_locals weigh_locals_of(const struct weigh_kind *kind, PyObject *object)
{
	PyFrameObject *frame = (PyFrameObject *)object;
	PyCodeObject *code = frame->f_code;
	Py_ssize_t names =
		code->co_nlocals + PyTuple_GET_SIZE(code->co_cellvars) + PyTuple_GET_SIZE(code->co_freevars);
	(void)kind;
	bool own = frame->f_locals != frame->f_globals && !(code->co_flags & CO_OPTIMIZED);
	return (struct weigh_locals){frame->f_localsplus,
				     names + (frame->f_stackdepth > 0 ? frame->f_stackdepth : 0), code,
				     own ? frame->f_locals : NULL, NULL};
}

#else

bool weigh_frame_runs(PyObject *object)
{
	weigh_python_frame *frame = ((PyFrameObject *)object)->f_frame;
	if (!frame || frame->owner == FRAME_OWNED_BY_FRAME_OBJECT)
		return false;
	if (frame->owner != FRAME_OWNED_BY_GENERATOR)
		return true;
	PyGenObject *generator = (PyGenObject *)((char *)frame - offsetof(PyGenObject, gi_iframe));
	return generator->gi_frame_state == FRAME_EXECUTING;
}

struct weigh_locals weigh_locals_of(const struct weigh_kind *kind, PyObject *object)
{
	struct weigh_locals none = {0};
	weigh_python_frame *frame;
	bool runs;
	if (kind->form == WEIGH_FORM_GENERATOR) {
		PyGenObject *generator = (PyGenObject *)object;
		if (generator->gi_frame_state >= FRAME_CLEARED)
			return none;
		frame = (weigh_python_frame *)&generator->gi_iframe;
		runs = generator->gi_frame_state == FRAME_EXECUTING;
	} else {
		frame = ((PyFrameObject *)object)->f_frame;
		runs = weigh_frame_runs(object);
	}
	PyCodeObject *code = frame ? weigh_frame_code(frame) : NULL;
	if (!code)
		return none;
	PyObject *names = frame->f_locals != frame->f_globals ? frame->f_locals : NULL;
	return (struct weigh_locals){(PyObject **)frame->localsplus, weigh_frame_used(frame, code, runs),
				     code, names, weigh_frame_function(frame)};
}

#endif

/* The function that runs is code, unless it has data of its own or is held by nothing but its frame. */
static bool function_is_data(PyObject *function)
{
	return function && PyFunction_Check(function) &&
	       (((PyFunctionObject *)function)->func_closure || Py_REFCNT(function) == 1);
}

static int visit_locals(const struct weigh_locals *locals, unsigned follow, visitproc visit, void *arg)
{
	for (Py_ssize_t i = 0; i < locals->count; i++)
		WEIGH_VISIT(weigh_frame_slot(locals->slots[i]));
	WEIGH_VISIT(locals->names);
	if (function_is_data(locals->function))
		WEIGH_VISIT(locals->function);
	if (follow & WEIGH_FOLLOW_CODE)
		WEIGH_VISIT(locals->code);
	return 0;
}

/* A running frame is visited from its generator or traceback, and not entered. */
static int visit_frame(const struct weigh_kind *kind, PyObject *object, unsigned follow, visitproc visit,
		       void *arg)
{
	PyFrameObject *frame = (PyFrameObject *)object;
	if (weigh_frame_runs(object) && !(follow & WEIGH_FOLLOW_FRAMES))
		return 0;
	WEIGH_VISIT(frame->f_back);
	WEIGH_VISIT(frame->f_trace);
	int answer = weigh_frame_visit_beside(frame, visit, arg);
	if (answer)
		return answer;
	struct weigh_locals locals = weigh_locals_of(kind, object);
	return visit_locals(&locals, follow, visit, arg);
}

static int visit_generator(const struct weigh_kind *kind, PyObject *object, unsigned follow, visitproc visit,
			   void *arg)
{
	PyGenObject *generator = (PyGenObject *)object;
	WEIGH_VISIT(generator->gi_exc_state.exc_value);
#if PY_VERSION_HEX < 0x030b0000
	(void)kind;
	WEIGH_VISIT(generator->gi_exc_state.exc_type);
	WEIGH_VISIT(generator->gi_exc_state.exc_traceback);
	WEIGH_VISIT(generator->gi_frame);
	return follow & WEIGH_FOLLOW_CODE ? visit(generator->gi_code, arg) : 0;
#else
	if (generator->gi_frame_state == FRAME_EXECUTING && !(follow & WEIGH_FOLLOW_FRAMES))
		return 0;
	struct weigh_locals locals = weigh_locals_of(kind, object);
	if (locals.code)
		WEIGH_VISIT(((weigh_python_frame *)&generator->gi_iframe)->frame_obj);
	return visit_locals(&locals, follow, visit, arg);
#endif
}

static int visit_code(PyCodeObject *code, visitproc visit, void *arg)
{
	WEIGH_VISIT(code->co_consts);
	WEIGH_VISIT(code->co_names);
	WEIGH_VISIT(code->co_filename);
	WEIGH_VISIT(code->co_name);
	WEIGH_VISIT(code->co_linetable);
#if PY_VERSION_HEX < 0x030b0000
	WEIGH_VISIT(code->co_code);
	WEIGH_VISIT(code->co_varnames);
	WEIGH_VISIT(code->co_freevars);
	WEIGH_VISIT(code->co_cellvars);
#else
	WEIGH_VISIT(code->co_qualname);
	WEIGH_VISIT(code->co_exceptiontable);
	WEIGH_VISIT(code->co_localsplusnames);
	WEIGH_VISIT(code->co_localspluskinds);
#endif
#if PY_VERSION_HEX >= 0x030c0000
	if (code->_co_cached) {
		WEIGH_VISIT(code->_co_cached->_co_code);
		WEIGH_VISIT(code->_co_cached->_co_varnames);
		WEIGH_VISIT(code->_co_cached->_co_cellvars);
		WEIGH_VISIT(code->_co_cached->_co_freevars);
	}
#elif PY_VERSION_HEX >= 0x030b0000
	WEIGH_VISIT(code->_co_code);
#endif
	return 0;
}

/* The garbage collector does not know types that are static. */
static int visit_type(PyTypeObject *type, visitproc visit, void *arg)
{
	if (type->tp_flags & Py_TPFLAGS_HEAPTYPE)
		return traverse((PyObject *)type, visit, arg);
	WEIGH_VISIT(type->tp_bases);
	WEIGH_VISIT(type->tp_mro);
#if PY_VERSION_HEX < 0x030c0000
	WEIGH_VISIT(type->tp_dict);
#endif
	return 0;
}

static int visit_ndarray(struct weigh_ndarray *array, visitproc visit, void *arg)
{
	const struct weigh_ndarray_dtype *dtype = (const struct weigh_ndarray_dtype *)array->dtype;
	WEIGH_VISIT(array->base);
	if (!dtype || dtype->number != WEIGH_NDARRAY_OBJECTS || !(array->flags & WEIGH_NDARRAY_OWNS))
		return 0;
	Py_ssize_t count = 1;
	for (int i = 0; i < array->dimensions; i++)
		count *= array->shape[i];
	for (Py_ssize_t i = 0; i < count; i++)
		WEIGH_VISIT(((PyObject **)array->data)[i]);
	return 0;
}

/* The ring of a bounded cache holds its links too, which the traverse function does not say. */
static int visit_cache(struct weigh_cache_link *cache, visitproc visit, void *arg)
{
	for (struct weigh_cache_link *link = cache->next; link && link != cache; link = link->next)
		WEIGH_VISIT(link);
	return traverse((PyObject *)cache, visit, arg);
}

static int visit_range(struct weigh_range_object *range, visitproc visit, void *arg)
{
	for (int i = 0; i < 4; i++)
		WEIGH_VISIT(range->fields[i]);
	return 0;
}

/* The field is there only in one that has a time zone. */
static int visit_zone(const struct weigh_kind *kind, PyObject *object, visitproc visit, void *arg)
{
	Py_ssize_t bytes = weigh_kind_base(kind->type)->tp_basicsize;
	if (((char *)object)[sizeof(PyObject) + sizeof(Py_hash_t)])
		WEIGH_VISIT(*(PyObject **)((char *)object + bytes - sizeof(PyObject *)));
	return traverse(object, visit, arg);
}

static int visit_weak(PyObject *object, unsigned follow, visitproc visit, void *arg)
{
	PyObject *target = ((PyWeakReference *)object)->wr_object;
	if (follow & WEIGH_FOLLOW_WEAKREFS && target != Py_None)
		WEIGH_VISIT(target);
	return traverse(object, visit, arg);
}

int weigh_edges_visit(const struct weigh_kind *kind, PyObject *object, unsigned follow, visitproc visit,
		      void *arg)
{
	int answer;
	switch (kind->form) {
	case WEIGH_FORM_LIST:
		if (kind->exact)
			return visit_list((PyListObject *)object, visit, arg);
		break;
	case WEIGH_FORM_TUPLE:
		if (kind->exact && !kind->fields)
			return visit_tuple((PyTupleObject *)object, visit, arg);
		break;
	case WEIGH_FORM_DICT:
		if (kind->type == &PyDict_Type)
			return visit_dict((PyDictObject *)object, visit, arg);
		__attribute__((fallthrough));
	case WEIGH_FORM_ORDERED_DICT:
		answer = visit_text_keys((PyDictObject *)object, visit, arg);
		return answer ? answer : traverse(object, visit, arg);
	case WEIGH_FORM_FUNCTION:
		return visit_function(object, follow, visit, arg);
	case WEIGH_FORM_FRAME:
		return visit_frame(kind, object, follow, visit, arg);
	case WEIGH_FORM_GENERATOR:
		return visit_generator(kind, object, follow, visit, arg);
	case WEIGH_FORM_CODE:
		return visit_code((PyCodeObject *)object, visit, arg);
	case WEIGH_FORM_TYPE:
		return visit_type((PyTypeObject *)object, visit, arg);
	case WEIGH_FORM_WEAKREF:
		return visit_weak(object, follow, visit, arg);
	case WEIGH_FORM_LRU_CACHE:
		return visit_cache((struct weigh_cache_link *)object, visit, arg);
	case WEIGH_FORM_RANGE:
		return visit_range((struct weigh_range_object *)object, visit, arg);
	case WEIGH_FORM_DATETIME:
	case WEIGH_FORM_TIME:
		return visit_zone(kind, object, visit, arg);
	case WEIGH_FORM_TIMEZONE:
		answer = visit(((struct weigh_timezone *)object)->offset, arg);
		if (!answer && ((struct weigh_timezone *)object)->name)
			answer = visit(((struct weigh_timezone *)object)->name, arg);
		return answer;
	case WEIGH_FORM_BYTES_IO:
		if (((struct weigh_bytes_io *)object)->buffer)
			answer = visit(((struct weigh_bytes_io *)object)->buffer, arg);
		else
			answer = 0;
		return answer ? answer : traverse(object, visit, arg);
	case WEIGH_FORM_NDARRAY:
		answer = visit_ndarray((struct weigh_ndarray *)object, visit, arg);
		return answer ? answer : traverse(object, visit, arg);
	default:
		break;
	}
	return traverse(object, visit, arg);
}
