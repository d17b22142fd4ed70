/*
 * The threads of the interpreter: their frames, and what else they hold. One
 * thread, the others standing still; memory from the kernel.
 *
 * The dict of a thread's state has an entry for each threading.local, made by
 * it and taken out when it goes: these count as references of the local, or
 * nobody could see what goes with it.
 */
#include "cpython/snapshot/frames.h"
#include "cpython/snapshot/scan.h"

#include <stdio.h>
#include <string.h>

enum { LABEL = 128, FIRST_LOCALS = 64 };

static PyThreadState *first_thread(PyInterpreterState *interpreter)
{
	return PyInterpreterState_ThreadHead(interpreter);
}

bool weigh_is_local_key(PyObject *key, uintptr_t *local)
{
	static const char head[] = "thread.local.0x";
	size_t bytes = sizeof(head) - 1;
	if (!PyUnicode_CheckExact(key) || !PyUnicode_IS_COMPACT_ASCII(key) ||
	    (size_t)PyUnicode_GET_LENGTH(key) <= bytes || memcmp(PyUnicode_DATA(key), head, bytes) != 0)
		return false;
	*local = 0;
	for (const char *c = (const char *)PyUnicode_DATA(key) + bytes; *c; c++) {
		int digit = *c >= '0' && *c <= '9' ? *c - '0' : *c >= 'a' && *c <= 'f' ? *c - 'a' + 10 : -1;
		if (digit < 0)
			return false;
		*local = *local << 4 | (unsigned)digit;
	}
	return true;
}

static void note_local(struct weigh_scan *scan, uintptr_t local, PyObject *key, PyObject *dummy)
{
	if (scan->local_count == scan->local_room) {
		size_t room = scan->local_room ? scan->local_room * 2 : FIRST_LOCALS;
		struct weigh_thread_local *locals = weigh_room_take(&scan->room, room * sizeof(*locals));
		if (!locals) {
			scan->failed = true;
			return;
		}
		if (scan->local_count)
			memcpy(locals, scan->locals, scan->local_count * sizeof(*locals));
		scan->locals = locals;
		scan->local_room = room;
	}
	scan->locals[scan->local_count++] = (struct weigh_thread_local){local, key, dummy};
}

static void note_dict(struct weigh_scan *scan, PyObject *object)
{
	if (!object || !PyDict_CheckExact(object))
		return;
	PyDictObject *dict = (PyDictObject *)object;
	weigh_special_add(scan, (uintptr_t)dict, WEIGH_SPECIAL_THREAD_DICT, 0);
	for (Py_ssize_t i = 0; !dict->ma_values && i < dict->ma_keys->dk_nentries; i++) {
		PyObject *key;
		PyObject *value;
		uintptr_t local;
		weigh_dict_entry(dict->ma_keys, i, &key, &value);
		if (key && value && weigh_is_local_key(key, &local))
			note_local(scan, local, key, value);
	}
}

#if PY_VERSION_HEX >= 0x030b0000

/* The object that stands for a frame: the generator whose it is; NULL when the frame is none. */
static PyObject *object_of(weigh_python_frame *frame)
{
	if (frame->owner == FRAME_OWNED_BY_GENERATOR)
		return (PyObject *)((char *)frame - offsetof(PyGenObject, gi_iframe));
	return NULL;
}

static void note_frames(struct weigh_scan *scan, PyThreadState *state)
{
	for (weigh_python_frame *frame = weigh_frame_top(state); frame; frame = weigh_frame_previous(frame))
		if (weigh_frame_code(frame) && !object_of(frame))
			weigh_special_add(scan, (uintptr_t)frame, WEIGH_SPECIAL_FRAME, (uintptr_t)state);
}

#else

static PyObject *object_of(weigh_python_frame *frame)
{
	return (PyObject *)frame;
}

static void note_frames(struct weigh_scan *scan, PyThreadState *state)
{
	(void)scan;
	(void)state;
}

#endif

void weigh_threads_note(struct weigh_scan *scan)
{
	PyThreadState *state = first_thread(scan->interpreter);
	for (; state; state = PyThreadState_Next(state)) {
		note_dict(scan, state->dict);
		note_frames(scan, state);
	}
}

static bool is_int(PyObject *object, unsigned long value)
{
	if (!object || !PyLong_CheckExact(object))
		return false;
	size_t digits = weigh_int_digits(object);
	unsigned long found = 0;
	while (digits-- > 0)
#if PY_VERSION_HEX >= 0x030c0000
		found = found << PyLong_SHIFT | ((PyLongObject *)object)->long_value.ob_digit[digits];
#else
		found = found << PyLong_SHIFT | ((PyLongObject *)object)->ob_digit[digits];
#endif
	return found == value;
}

/* An attribute that lies in an instance, without asking its type; borrowed. */
static PyObject *attribute(PyObject *object, const char *name)
{
	PyObject *dict = weigh_instance_dict(object);
	if (dict)
		return weigh_dict_find(dict, name);
#if PY_VERSION_HEX >= 0x030b0000
	struct weigh_values values = weigh_values_of_instance(object);
	PyDictKeysObject *keys = values.slots ? ((PyHeapTypeObject *)Py_TYPE(object))->ht_cached_keys : NULL;
	for (Py_ssize_t i = 0; i < values.count; i++) {
		PyObject *key = weigh_values_name(keys, i);
		if (values.slots[i] && key && PyUnicode_IS_COMPACT_ASCII(key) &&
		    strcmp(PyUnicode_DATA(key), name) == 0)
			return values.slots[i];
	}
#endif
	return NULL;
}

/* The name that threading knows; else the thread's number. */
static void name_thread(struct weigh_scan *scan, PyThreadState *state, char label[LABEL])
{
	PyObject *threading = weigh_dict_find(scan->modules, "threading");
	PyObject *dict = threading && PyModule_Check(threading) ? PyModule_GetDict(threading) : NULL;
	PyObject *active = weigh_dict_find(dict, "_active");
	snprintf(label, LABEL, "%s %lu", "thread", state->thread_id);
	if (!active || !PyDict_CheckExact(active) || ((PyDictObject *)active)->ma_values)
		return;
	PyDictKeysObject *keys = ((PyDictObject *)active)->ma_keys;
	for (Py_ssize_t i = 0; i < keys->dk_nentries; i++) {
		PyObject *key;
		PyObject *thread;
		weigh_dict_entry(keys, i, &key, &thread);
		if (!thread || !is_int(key, state->thread_id))
			continue;
		PyObject *name = attribute(thread, "_name");
		if (name && PyUnicode_CheckExact(name) && PyUnicode_IS_COMPACT_ASCII(name))
			snprintf(label, LABEL, "%.*s", LABEL - 1, (const char *)PyUnicode_DATA(name));
		return;
	}
}

static void visit_frames(struct weigh_scan *scan, PyThreadState *state, const char *label,
			 weigh_root_visit *each)
{
	weigh_python_frame *frame = weigh_frame_top(state);
	for (; frame; frame = weigh_frame_previous(frame)) {
		if (!weigh_frame_code(frame))
			continue;
		PyObject *object = object_of(frame);
		each(scan, WEIGH_ROOT_FRAME, label, object ? object : (PyObject *)frame);
	}
}

static void visit_state(struct weigh_scan *scan, PyThreadState *state, const char *label,
			weigh_root_visit *each)
{
	PyObject *const held[] = {
		state->dict,
		state->context,
		state->async_exc,
		state->async_gen_firstiter,
		state->async_gen_finalizer,
		state->c_profileobj,
		state->c_traceobj,
		state->exc_state.exc_value,
#if PY_VERSION_HEX < 0x030b0000
		state->exc_state.exc_type,
		state->exc_state.exc_traceback,
#endif
#if PY_VERSION_HEX < 0x030c0000
		state->curexc_type,
		state->curexc_value,
		state->curexc_traceback,
#else
		state->current_exception,
#endif
#if PY_VERSION_HEX >= 0x030d0000
		state->threading_local_key,
		state->threading_local_sentinel,
#endif
	};
	for (size_t i = 0; i < sizeof(held) / sizeof(*held); i++)
		if (held[i])
			each(scan, WEIGH_ROOT_THREAD, label, held[i]);
}

void weigh_threads_visit(struct weigh_scan *scan, weigh_root_visit *each)
{
	PyThreadState *state = first_thread(scan->interpreter);
	for (; state; state = PyThreadState_Next(state)) {
		char label[LABEL];
		name_thread(scan, state, label);
		visit_frames(scan, state, label, each);
		visit_state(scan, state, label, each);
	}
}
