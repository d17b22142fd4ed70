/*
 * Copies of functions that count: see copy.h. With the GIL; allocates when a
 * function is copied, and nothing where it counts.
 */
#include "cpython/layout.h"

#include "cpython/lines/copy.h"

#include "cpython/lines/lines.h"

#if PY_VERSION_HEX >= 0x030c0000

#include "cpython/lines/graph.h"
#include "cpython/lines/insert.h"

#if PY_VERSION_HEX >= 0x030e0000
static const Py_ssize_t immortal = _Py_IMMORTAL_INITIAL_REFCNT;
#else
static const Py_ssize_t immortal = _Py_IMMORTAL_REFCNT;
#endif

/* A constant of a copy, for ever. Code that is still about runs it like any other. */
struct counter {
	PyObject_HEAD const struct weigh_profile_code *code; /* NULL until the copy is registered */
	uint32_t unit;
};

/* A code object that was copied; kept until its family is registered. */
struct copied {
	struct copied *next;
	PyCodeObject *original; /* borrowed from the copy's function */
	PyCodeObject *code;     /* owned */
	uint8_t *ways;          /* by unit of the copy */
	struct counter *counters;
	uint32_t counter_count;
};

/* What one code object needs to be copied, by unit of the original. */
struct plan {
	uint8_t *ways;
	uint8_t *at;
	uint32_t count;
	uint32_t inside;
};

/* On the path of lines that start: some 3 ns. */
static PyObject *count(PyObject *self)
{
	const struct counter *counter = (const struct counter *)self;
	struct weigh_profile *profile = weigh_self ? weigh_self->profile : NULL;
	/* A frame that is not pushed, of a thread or process that is not followed, is not counted. */
	if (__builtin_expect(profile && profile->top->table->code == counter->code, 1)) {
		weigh_profile_turn_later(profile);
		profile->top->table->units[counter->unit].starts++;
	}
	Py_RETURN_NONE;
}

/* Where code is pickled and run elsewhere, a number does as well: it has a negative. */
static PyObject *reduce(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return Py_BuildValue("O()", &PyLong_Type);
}

static PyNumberMethods counter_numbers = {.nb_negative = count};

static PyMethodDef counter_methods[] = {
	{"__reduce__", reduce, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static PyTypeObject counter_type = {
	PyVarObject_HEAD_INIT(NULL, 0).tp_name = "weigh.counter",
	.tp_basicsize = sizeof(struct counter),
	.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.tp_as_number = &counter_numbers,
	.tp_methods = counter_methods,
};

static struct counter *make_counters(uint32_t wanted)
{
	struct counter *counters = weigh_profile_take(wanted * sizeof(*counters));
	for (uint32_t i = 0; counters && i < wanted; i++) {
		PyObject_Init((PyObject *)&counters[i], &counter_type);
		Py_SET_REFCNT((PyObject *)&counters[i], immortal);
	}
	return counters;
}

static void plan_deinit(struct plan *plan)
{
	PyMem_Free(plan->ways);
	PyMem_Free(plan->at);
}

/* False without memory, or for code that is not understood. */
static bool plan_init(struct plan *plan, PyCodeObject *code)
{
	uint32_t units = weigh_code_unit_count(code);
	*plan = (struct plan){.ways = PyMem_Calloc(units, 1), .at = PyMem_Calloc(units, 1), .count = units};
	if (!plan->ways || !plan->at || !weigh_lines_plan(code, true, plan->ways))
		return false;
	for (uint32_t u = 0; u < units; u++) {
		plan->at[u] = (plan->ways[u] & WEIGH_LINES_WAY) == WEIGH_LINES_INSIDE;
		plan->inside += plan->at[u];
	}
	return true;
}

/* The constants of a code object, copies of code in place of it, and the counters. */
static PyObject *make_constants(PyObject *const *inner, PyObject *old, struct counter *counters,
				uint32_t counter_count)
{
	Py_ssize_t size = PyTuple_GET_SIZE(old);
	PyObject *constants = PyTuple_New(size + counter_count);
	for (Py_ssize_t i = 0; constants && i < size; i++)
		PyTuple_SET_ITEM(constants, i, Py_NewRef(inner[i] ? inner[i] : PyTuple_GET_ITEM(old, i)));
	for (uint32_t i = 0; constants && i < counter_count; i++)
		PyTuple_SET_ITEM(constants, size + i, (PyObject *)&counters[i]);
	return constants;
}

static PyCodeObject *replace(const struct weigh_lines_insertion *insertion, PyObject *constants)
{
	PyObject *method = PyObject_GetAttrString((PyObject *)insertion->code, "replace");
	PyObject *none = PyTuple_New(0);
	PyObject *names = Py_BuildValue("{s:O,s:O,s:O,s:O}", "co_code", insertion->bytes, "co_consts",
					constants, "co_linetable", insertion->line_table, "co_exceptiontable",
					insertion->exception_table);
	PyObject *made = method && none && names ? PyObject_Call(method, none, names) : NULL;
	Py_XDECREF(method);
	Py_XDECREF(none);
	Py_XDECREF(names);
	return (PyCodeObject *)made;
}

/* Brings a plan to the places of the copy. */
static bool note(struct copied *copied, const struct plan *plan,
		 const struct weigh_lines_insertion *insertion)
{
	uint32_t counter = 0;
	copied->ways = weigh_profile_take(weigh_code_unit_count(copied->code));
	for (uint32_t u = 0; copied->ways && u < plan->count; u++) {
		uint32_t place = insertion->place_of[u];
		copied->ways[place] = plan->ways[u] & WEIGH_LINES_WAY;
		if (plan->at[u])
			copied->counters[counter++].unit = place;
	}
	return copied->ways && weigh_lines_mark(copied->code, copied->ways);
}

/* Copies a code object whose inner ones are done. NULL with or without an exception. */
static struct copied *copy_one(PyCodeObject *code, PyObject *const *inner, const struct plan *plan)
{
	struct weigh_lines_insertion insertion = {
		.code = code, .at = plan->at, .constant = (uint32_t)PyTuple_GET_SIZE(code->co_consts)};
	struct copied *copied = weigh_profile_take(sizeof(*copied));
	struct counter *counters = copied ? make_counters(plan->inside) : NULL;
	PyObject *constants =
		counters ? make_constants(inner, code->co_consts, counters, plan->inside) : NULL;
	bool done = false;
	if (constants && weigh_lines_insert(&insertion) && (copied->code = replace(&insertion, constants))) {
		copied->original = code;
		copied->counters = counters;
		copied->counter_count = plan->inside;
		done = weigh_lines_insertion_holds(&insertion, copied->code) &&
		       note(copied, plan, &insertion);
		if (!done)
			Py_CLEAR(copied->code);
	}
	weigh_lines_insertion_deinit(&insertion);
	Py_XDECREF(constants);
	return done ? copied : NULL;
}

static void drop(struct copied **all, struct copied *kept)
{
	for (; *all != kept; *all = (*all)->next)
		Py_CLEAR((*all)->code);
}

static PyObject *copy_all(PyCodeObject *code, struct copied **all);

/* Copies what lies within: an array of code objects by constant, owned, where there is one. */
static PyObject **copy_inner(PyCodeObject *code, struct copied **all, bool *changed)
{
	Py_ssize_t size = PyTuple_GET_SIZE(code->co_consts);
	PyObject **inner = PyMem_Calloc((size_t)size + 1, sizeof(*inner));
	for (Py_ssize_t i = 0; inner && i < size; i++) {
		PyObject *constant = PyTuple_GET_ITEM(code->co_consts, i);
		if (!PyCode_Check(constant))
			continue;
		inner[i] = copy_all((PyCodeObject *)constant, all);
		*changed |= inner[i] != constant;
	}
	return inner;
}

/* A code object's copy, made or known; or itself. A new reference. */
static PyObject *copy_all(PyCodeObject *code, struct copied **all)
{
	const struct weigh_lines_code *known = weigh_lines_find(code);
	if (known)
		return Py_NewRef((PyObject *)(known->copy ? known->copy : code));
	struct copied *before = *all, *copied = NULL;
	struct plan plan;
	bool changed = false;
	PyObject **inner = copy_inner(code, all, &changed);
	if (plan_init(&plan, code) && inner && (changed || plan.inside))
		copied = copy_one(code, inner, &plan);
	PyErr_Clear();
	plan_deinit(&plan);
	for (Py_ssize_t i = 0; inner && i < PyTuple_GET_SIZE(code->co_consts); i++)
		Py_XDECREF(inner[i]);
	PyMem_Free(inner);
	if (!copied) {
		drop(all, before);
		return Py_NewRef((PyObject *)code);
	}
	copied->next = *all;
	*all = copied;
	return Py_NewRef((PyObject *)copied->code);
}

static void link_one(const struct copied *copied, struct weigh_lines_code *entry)
{
	entry->ways = copied->ways;
	for (uint32_t i = 0; i < copied->counter_count; i++)
		copied->counters[i].code = &entry->profile;
	weigh_lines_refer(copied->original, copied->code);
}

/* Registers a copy with all that lies within it. */
static bool link_all(PyCodeObject *code, struct copied **all)
{
	bool done = weigh_lines_register(code) != NULL;
	for (const struct copied *copied = *all; done && copied; copied = copied->next)
		link_one(copied, weigh_lines_find(copied->code));
	drop(all, NULL);
	return done;
}

static void share(PyObject **to, PyObject *from)
{
	Py_XSETREF(*to, Py_XNewRef(from));
}

/* A function like another one, of other code. NULL for one that is called in a way of its own. */
static PyObject *function_of(const PyFunctionObject *function, PyObject *code)
{
	PyFunctionObject *made = (PyFunctionObject *)PyFunction_NewWithQualName(code, function->func_globals,
										function->func_qualname);
	if (!made || made->vectorcall != function->vectorcall) {
		Py_XDECREF(made);
		return NULL;
	}
	share(&made->func_name, function->func_name);
	share(&made->func_builtins, function->func_builtins);
	share(&made->func_defaults, function->func_defaults);
	share(&made->func_kwdefaults, function->func_kwdefaults);
	share(&made->func_closure, function->func_closure);
	share(&made->func_doc, function->func_doc);
	share(&made->func_dict, function->func_dict);
	share(&made->func_module, function->func_module);
	share(&made->func_annotations, function->func_annotations);
#if PY_VERSION_HEX >= 0x030e0000
	share(&made->func_annotate, function->func_annotate);
#endif
	share(&made->func_typeparams, function->func_typeparams);
	return (PyObject *)made;
}

PyObject *weigh_lines_copy(PyObject *function)
{
	PyCodeObject *code = (PyCodeObject *)PyFunction_GetCode(function);
	struct copied *all = NULL;
	PyObject *made = NULL;
	if (weigh_lines_chooses() || PyType_Ready(&counter_type) < 0)
		return Py_NewRef(function);
	PyObject *copy = copy_all(code, &all);
	if (copy != (PyObject *)code && (!all || link_all((PyCodeObject *)copy, &all)))
		made = function_of((const PyFunctionObject *)function, copy);
	PyErr_Clear();
	Py_DECREF(copy);
	return made ? made : Py_NewRef(function);
}

#else

PyObject *weigh_lines_copy(PyObject *function)
{
	return Py_NewRef(function);
}

#endif
