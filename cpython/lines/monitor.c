/*
 * Frames and lines of profiled code by sys.monitoring: from 3.12. With the
 * GIL; callbacks are entered from the interpreter's own loop and take pages
 * only when a thread first runs a function.
 *
 * Starts, resumptions, returns, yields and lines are asked for of profiled
 * code alone. Exceptions can only be watched in all code: those callbacks end
 * after two loads on a thread that runs no profiled function.
 */
#include "cpython/layout.h"

#if PY_VERSION_HEX >= 0x030c0000

#include "base/pages.h"
#include "cpython/lines/graph.h"
#include "cpython/lines/lines.h"

const bool weigh_lines_by_unit = true;

/* A callable without the layers that a built-in function goes through. */
struct callback {
	PyObject_HEAD vectorcallfunc call;
};

static PyTypeObject callback_type = {
	PyVarObject_HEAD_INIT(NULL, 0).tp_name = "weigh.callback",
	.tp_basicsize = sizeof(struct callback),
	.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
	.tp_vectorcall_offset = offsetof(struct callback, call),
	.tp_call = PyVectorcall_Call,
};

static PyObject *monitoring; /* the module sys.monitoring */
static PyObject *disable;    /* what a callback returns to be called no more for an instruction */
static PyObject *chooser;
static int tool;
static int local_events;
static int global_events;

static weigh_python_frame *present_frame(void)
{
	return weigh_frame_top(weigh_state_current());
}

/*
 * The interpreter makes an int of the line or offset it passes, one that lives
 * as long as the callback, unless that is a small one. What it took is no doing
 * of the line's.
 */
static uint64_t undo_argument(struct weigh_profile *profile, PyObject *number)
{
#if PY_VERSION_HEX >= 0x030e0000
	(void)profile;
	(void)number;
	return 0; /* ints are kept for the next there */
#else
	if (_Py_IsImmortal(number) || !weigh_recorder_running())
		return 0;
	return weigh_profile_undo(profile);
#endif
}

static struct weigh_profile *own_profile(void)
{
	return weigh_self ? weigh_self->profile : NULL;
}

static struct weigh_profile *push(struct weigh_lines_code *entry)
{
	weigh_python_frame *frame = present_frame();
	return weigh_profile_push(frame, weigh_frame_place(frame), weigh_code_base(entry->code),
				  &entry->profile);
}

/* A profiled function starts or goes on; `argument` was charged to what ran before. */
static struct weigh_profile *enter(PyObject *code, PyObject *argument)
{
	struct weigh_lines_code *entry = weigh_lines_find((PyCodeObject *)code);
	struct weigh_profile *profile = own_profile();
	uint64_t bytes = profile ? undo_argument(profile, argument) : 0;
	if (entry && entry->watched)
		profile = push(entry);
	if (profile)
		weigh_profile_forgo(profile, bytes);
	return entry && entry->watched ? profile : NULL;
}

static struct weigh_profile_unit *unit_at(const struct weigh_profile *profile, uint32_t unit)
{
	const struct weigh_profile_table *table = profile->top->table;
	return &table->units[unit < table->code->unit_count ? unit : 0];
}

/* The unit of an event, whose second argument is its offset. */
static struct weigh_profile_unit *event_unit(const struct weigh_profile *profile, PyObject *offset)
{
	return unit_at(profile, (uint32_t)PyLong_AsLong(offset) / 2);
}

/* Of code that nobody chose there is nothing more to hear. */
static PyObject *on_start(PyObject *self, PyObject *const *arguments, size_t count, PyObject *names)
{
	PyCodeObject *code = (PyCodeObject *)arguments[0];
	(void)self, (void)count, (void)names;
	if (chooser && !weigh_lines_find(code) && !weigh_lines_ask(chooser, code))
		return Py_NewRef(disable);
	struct weigh_profile *profile = enter(arguments[0], arguments[1]);
	if (profile) {
		event_unit(profile, arguments[1])->passes++;
		event_unit(profile, arguments[1])->starts += weigh_profile_is_root(profile->top);
	}
	Py_RETURN_NONE;
}

static PyObject *on_resume(PyObject *self, PyObject *const *arguments, size_t count, PyObject *names)
{
	struct weigh_profile *profile = enter(arguments[0], arguments[1]);
	(void)self, (void)count, (void)names;
	if (profile)
		event_unit(profile, arguments[1])->passes++;
	Py_RETURN_NONE;
}

static PyObject *on_throw(PyObject *self, PyObject *const *arguments, size_t count, PyObject *names)
{
	struct weigh_profile *profile = enter(arguments[0], arguments[1]);
	(void)self, (void)count, (void)names;
	if (profile)
		profile->top->thrown = true;
	Py_RETURN_NONE;
}

static void leave(PyObject *argument, bool counted)
{
	weigh_python_frame *frame = present_frame();
	struct weigh_profile *profile = own_profile();
	if (!profile)
		return;
	uint64_t bytes = undo_argument(profile, argument);
	if (counted && profile->top->frame == frame)
		event_unit(profile, argument)->passes++;
	weigh_profile_pop(frame);
	if ((profile = own_profile()))
		weigh_profile_forgo(profile, bytes);
}

static PyObject *on_leave(PyObject *self, PyObject *const *arguments, size_t count, PyObject *names)
{
	(void)self, (void)count, (void)names;
	leave(arguments[1], true);
	Py_RETURN_NONE;
}

static PyObject *on_unwind(PyObject *self, PyObject *const *arguments, size_t count, PyObject *names)
{
	(void)self, (void)count, (void)names;
	leave(arguments[1], false);
	Py_RETURN_NONE;
}

/* Whether an exception that is told of ends at the instruction itself: that of an iterator that is used up. */
static bool is_caught(const struct weigh_profile_frame *top, PyObject *error)
{
	const struct weigh_lines_code *entry = (const struct weigh_lines_code *)top->table->code;
	uint32_t unit = weigh_profile_unit(top);
	return entry->ways && unit < entry->profile.unit_count && (entry->ways[unit] & WEIGH_LINES_CATCHES) &&
	       PyErr_GivenExceptionMatches(error, PyExc_StopIteration);
}

static PyObject *on_raise(PyObject *self, PyObject *const *arguments, size_t count, PyObject *names)
{
	struct weigh_profile *profile = own_profile();
	(void)self, (void)count, (void)names;
	if (!profile)
		Py_RETURN_NONE;
	uint64_t bytes = undo_argument(profile, arguments[1]);
	weigh_profile_forgo(profile, bytes);
	struct weigh_profile_frame *top = profile->top;
	if (top->frame != present_frame())
		Py_RETURN_NONE;
	if (top->thrown)
		top->thrown = false;
	else if (!is_caught(top, arguments[2]))
		unit_at(profile, weigh_profile_unit(top))->raises++;
	Py_RETURN_NONE;
}

static PyObject *on_line(PyObject *self, PyObject *const *arguments, size_t count, PyObject *names)
{
	struct weigh_profile *profile = own_profile();
	(void)self, (void)count, (void)names;
	if (!profile)
		Py_RETURN_NONE;
	/* A frame of this code that is not pushed ran before the code was profiled, and lies below those that are. */
	struct weigh_profile_frame *top = profile->top;
	const struct weigh_lines_code *entry = (const struct weigh_lines_code *)top->table->code;
	uint32_t unit = weigh_profile_unit(top);
	if ((PyObject *)entry->code != arguments[0] || unit >= entry->profile.unit_count)
		Py_RETURN_NONE;
	uint64_t bytes = undo_argument(profile, arguments[1]);
	weigh_profile_turn(profile, top->row_of[unit]);
	if (bytes)
		weigh_profile_forgo(profile, bytes);
	if (entry->ways && (entry->ways[unit] & WEIGH_LINES_WAY) != WEIGH_LINES_BY_EVENT)
		return Py_NewRef(disable);
	top->table->units[unit].starts++;
	Py_RETURN_NONE;
}

static const struct {
	const char *event;
	vectorcallfunc call;
	bool local;
} callbacks[] = {
	{"PY_START", on_start, true},    {"PY_RESUME", on_resume, true}, {"PY_RETURN", on_leave, true},
	{"PY_YIELD", on_leave, true},    {"LINE", on_line, true},        {"PY_THROW", on_throw, false},
	{"PY_UNWIND", on_unwind, false}, {"RAISE", on_raise, false},
};

static int event_bit(const char *name)
{
	PyObject *events = PyObject_GetAttrString(monitoring, "events");
	PyObject *bit = events ? PyObject_GetAttrString(events, name) : NULL;
	int value = bit ? (int)PyLong_AsLong(bit) : 0;
	Py_XDECREF(bit);
	Py_XDECREF(events);
	return value;
}

/* Calls a function of sys.monitoring for its effect. */
static bool ask(PyObject *result)
{
	Py_XDECREF(result);
	return result != NULL;
}

static bool add_callback(size_t i)
{
	struct callback *made = PyObject_New(struct callback, &callback_type);
	if (!made)
		return false;
	made->call = callbacks[i].call;
	bool done = ask(PyObject_CallMethod(monitoring, "register_callback", "iiO", tool,
					    event_bit(callbacks[i].event), made));
	Py_DECREF(made);
	return done;
}

/* Not the profilers' own number first: cProfile asks for that one. */
static bool find_tool(void)
{
	static const int numbers[] = {4, 3, 5, 2};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		tool = numbers[i];
		if (ask(PyObject_CallMethod(monitoring, "use_tool_id", "is", tool, "weigh")))
			return true;
		if (!PyErr_ExceptionMatches(PyExc_ValueError))
			return false;
		PyErr_Clear();
	}
	PyErr_SetString(PyExc_RuntimeError,
			"sys.monitoring: other tools have taken all its numbers: run without one of them");
	return false;
}

bool weigh_lines_init(void)
{
	static bool ready;
	if (ready)
		return true;
	monitoring = Py_XNewRef(PySys_GetObject("monitoring"));
	if (!monitoring) {
		PyErr_SetString(PyExc_RuntimeError, "sys.monitoring: gone from sys: do not delete it");
		return false;
	}
	disable = PyObject_GetAttrString(monitoring, "DISABLE");
	if (!disable || PyType_Ready(&callback_type) < 0 || !find_tool())
		return false;
	local_events = global_events = 0;
	for (size_t i = 0; i < sizeof(callbacks) / sizeof(callbacks[0]); i++) {
		int bit = event_bit(callbacks[i].event);
		*(callbacks[i].local ? &local_events : &global_events) |= bit;
		if (!bit || !add_callback(i))
			return false;
	}
	ready = ask(PyObject_CallMethod(monitoring, "set_events", "ii", tool, global_events));
	return ready;
}

bool weigh_lines_choose(PyObject *asked)
{
	Py_XSETREF(chooser, Py_NewRef(asked));
	return ask(PyObject_CallMethod(monitoring, "set_events", "ii", tool,
				       global_events | event_bit("PY_START")));
}

bool weigh_lines_chooses(void)
{
	return chooser != NULL;
}

static bool set_local_events(const struct weigh_lines_code *entry, int events)
{
	return ask(PyObject_CallMethod(monitoring, "set_local_events", "iOi", tool, entry->code, events));
}

static void make_plan(struct weigh_lines_code *entry)
{
	uint8_t *ways = entry->ways ? NULL : weigh_profile_take(entry->profile.unit_count);
	if (ways && weigh_lines_plan(entry->code, false, ways))
		entry->ways = ways;
}

bool weigh_lines_watch(struct weigh_lines_code *entry)
{
	if (!entry->watched)
		make_plan(entry);
	if (!entry->watched)
		entry->watched = set_local_events(entry, local_events);
	return entry->watched;
}

bool weigh_lines_unwatch(struct weigh_lines_code *entry)
{
	if (entry->watched)
		entry->watched = !set_local_events(entry, 0);
	return !entry->watched;
}

uint32_t weigh_lines_enter(void)
{
	return 0;
}

void weigh_lines_leave(uint32_t depth)
{
	(void)depth;
}

/* What runs now has come in and not gone out, as if it had raised. */
static void add_running(const struct weigh_profile_frame *frame, void *units)
{
	uint32_t unit = weigh_profile_unit(frame);
	if (unit < frame->table->code->unit_count)
		((struct weigh_profile_unit *)units)[unit].raises++;
}

void weigh_lines_count(const struct weigh_lines_code *entry, uint64_t *starts)
{
	size_t bytes = (entry->profile.unit_count * sizeof(struct weigh_profile_unit) + 4095) & ~4095ull;
	struct weigh_profile_unit *units = weigh_pages_take(bytes);
	if (!units)
		return;
	for (const struct weigh_profile_table *table = entry->profile.tables; table; table = table->next) {
		for (uint32_t u = 0; u < entry->profile.unit_count; u++) {
			units[u].starts += table->units[u].starts;
			units[u].passes += table->units[u].passes;
			units[u].raises += table->units[u].raises;
		}
	}
	weigh_profiles_visit(&entry->profile, add_running, units);
	if (entry->ways)
		weigh_lines_derive(entry->code, entry->ways, units);
	for (uint32_t u = 0; u < entry->profile.unit_count; u++)
		starts[entry->profile.row_of[u]] += units[u].starts;
	weigh_pages_give(units, bytes);
}

#endif
