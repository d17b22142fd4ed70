/*
 * What people call single objects: a module or type its name, a function or
 * frame its name and where it stands; and what a slice or a short array holds,
 * for that says which columns of a frame are where. One thread; takes no
 * memory of its own.
 */
#include "cpython/snapshot/frames.h"
#include "cpython/snapshot/shapes.h"

#include "cpython/text.h"

#include <stdio.h>
#include <string.h>

enum {
	LABEL = 1024,
	ARRAYS_MOST = 4096, /* of which is said what they hold; a program may have millions of short ones */
};

struct label {
	char text[LABEL];
	size_t bytes;
};

static void add_bytes(struct label *label, const char *bytes, size_t count)
{
	size_t room = LABEL - label->bytes;
	count = count < room ? count : room;
	memcpy(label->text + label->bytes, bytes, count);
	label->bytes += count;
}

static void add_text(struct label *label, PyObject *text)
{
	struct weigh_text_scratch scratch;
	size_t bytes;
	const char *utf8 = weigh_text_utf8(text, &scratch, &bytes);
	enum { LONGEST = 400 };
	if (bytes > LONGEST)
		for (bytes = LONGEST; bytes > 0 && ((unsigned char)utf8[bytes] & 0xc0) == 0x80;)
			bytes--;
	add_bytes(label, utf8, bytes);
}

static void put(struct weigh_scan *scan, const struct label *label)
{
	struct weigh_stream *labels = &scan->writer->streams[WEIGH_SNAPSHOT_LABELS];
	if (!label->bytes)
		return;
	weigh_stream_put(labels, scan->number - scan->labelled);
	weigh_stream_put(labels, weigh_writer_text(scan->writer, label->text, label->bytes));
	labels->entries++;
	scan->labelled = scan->number;
}

/* "name (file:line)" */
static void put_place(struct weigh_scan *scan, PyObject *name, PyCodeObject *code)
{
	struct label label = {.bytes = 0};
	char line[32];
	add_text(&label, name);
	add_bytes(&label, " (", 2);
	add_text(&label, code->co_filename);
	int bytes = snprintf(line, sizeof(line), ":%d)", code->co_firstlineno);
	add_bytes(&label, line, (size_t)bytes);
	put(scan, &label);
}

static PyObject *name_of_code(PyCodeObject *code)
{
#if PY_VERSION_HEX >= 0x030b0000
	return code->co_qualname;
#else
	return code->co_name;
#endif
}

void weigh_label_write_frame(struct weigh_scan *scan, PyCodeObject *code)
{
	put_place(scan, name_of_code(code), code);
}

static void put_type(struct weigh_scan *scan, PyTypeObject *type)
{
	struct label label = {.bytes = 0};
	PyObject *module = weigh_type_entry(type, "__module__");
	if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
		add_bytes(&label, type->tp_name, strlen(type->tp_name));
	} else {
		if (module && PyUnicode_Check(module)) {
			add_text(&label, module);
			add_bytes(&label, ".", 1);
		}
		add_text(&label, ((PyHeapTypeObject *)type)->ht_qualname);
	}
	put(scan, &label);
}

/* The dict of a module is called as the module is. */
void weigh_label_write_module(struct weigh_scan *scan, PyObject *module)
{
	struct label label = {.bytes = 0};
	add_text(&label, weigh_dict_find(PyModule_GetDict(module), "__name__"));
	put(scan, &label);
}

static void put_generator(struct weigh_scan *scan, const struct weigh_plan *plan, PyObject *object)
{
	PyGenObject *generator = (PyGenObject *)object;
#if PY_VERSION_HEX < 0x030c0000
	PyCodeObject *code = (PyCodeObject *)generator->gi_code;
	(void)plan;
#else
	PyCodeObject *code = weigh_frame_view_of(&plan->kind, object).code;
#endif
	struct label label = {.bytes = 0};
	if (code) {
		put_place(scan, generator->gi_qualname, code);
	} else {
		add_text(&label, generator->gi_qualname);
		put(scan, &label);
	}
}

static PyCodeObject *code_of_frame(PyFrameObject *frame)
{
#if PY_VERSION_HEX >= 0x030b0000
	return frame->f_frame ? weigh_frame_code(frame->f_frame) : NULL;
#else
	return frame->f_code;
#endif
}

/* Numbers and names side by side: "0, 2", "line, riders". False when there is no room. */
static bool add_part(struct label *label, const char *text, size_t bytes)
{
	if (label->bytes + bytes + 2 > LABEL)
		return false;
	if (label->bytes)
		add_bytes(label, ", ", 2);
	add_bytes(label, text, bytes);
	return true;
}

/* A name with a comma in it could not be told from two. */
static bool add_name(struct label *label, PyObject *name)
{
	struct weigh_text_scratch scratch;
	size_t bytes;
	if (!name || !PyUnicode_CheckExact(name))
		return false;
	const char *utf8 = weigh_text_utf8(name, &scratch, &bytes);
	return bytes && !memchr(utf8, ',', bytes) && add_part(label, utf8, bytes);
}

static bool add_number(struct label *label, int64_t number)
{
	char text[24];
	int bytes = snprintf(text, sizeof(text), "%lld", (long long)number);
	return add_part(label, text, (size_t)bytes);
}

static void put_items(struct weigh_scan *scan, const struct weigh_ndarray *array, bool names)
{
	struct label label = {.bytes = 0};
	bool whole = true;
	for (Py_ssize_t i = 0; whole && i < array->shape[0]; i++) {
		const char *at = array->data + i * array->strides[0];
		whole = names ? add_name(&label, *(PyObject *const *)at)
			      : add_number(&label, *(const int64_t *)at);
	}
	if (whole)
		put(scan, &label);
}

/* Short rows of int64 and of names; of a table of objects that lies row by row its size: "2 x 400000". */
static void put_array(struct weigh_scan *scan, const struct weigh_ndarray *array)
{
	enum { CONTIGUOUS = 1, INT64 = 7 };
	const struct weigh_ndarray_dtype *dtype = (const struct weigh_ndarray_dtype *)array->dtype;
	if (!dtype || scan->arrays_told >= ARRAYS_MOST || !array->data)
		return;
	bool objects = dtype->number == WEIGH_NDARRAY_OBJECTS;
	bool numbers = dtype->number == INT64 && (dtype->order == '=' || dtype->order == '<');
	if (array->dimensions == 1 && array->shape[0] > 0 && array->shape[0] < LABEL / 2 &&
	    (objects || numbers)) {
		put_items(scan, array, objects);
		scan->arrays_told++;
	} else if (objects && array->dimensions == 2 && array->flags & CONTIGUOUS) {
		struct label label = {.bytes = 0};
		char text[48];
		int bytes = snprintf(text, sizeof(text), "%zd x %zd", array->shape[0], array->shape[1]);
		add_bytes(&label, text, (size_t)bytes);
		put(scan, &label);
		scan->arrays_told++;
	}
}

/* "0:6:2"; a slice with anything but small numbers has no label. */
static void put_slice(struct weigh_scan *scan, const PySliceObject *slice)
{
	PyObject *const parts[] = {slice->start, slice->stop, slice->step};
	struct label label = {.bytes = 0};
	char text[24];
	for (int i = 0; i < 3; i++) {
		if (!PyLong_CheckExact(parts[i]) || weigh_int_digits(parts[i]) > 1)
			return;
		int bytes = snprintf(text, sizeof(text), "%s%ld", i ? ":" : "", PyLong_AsLong(parts[i]));
		add_bytes(&label, text, (size_t)bytes);
	}
	put(scan, &label);
}

void weigh_label_write(struct weigh_scan *scan, const struct weigh_plan *plan, PyObject *object)
{
	PyCodeObject *code;
	switch (plan->kind.form) {
	case WEIGH_FORM_MODULE:
		weigh_label_write_module(scan, object);
		break;
	case WEIGH_FORM_TYPE:
		put_type(scan, (PyTypeObject *)object);
		break;
	case WEIGH_FORM_FUNCTION:
		code = (PyCodeObject *)((PyFunctionObject *)object)->func_code;
		if (code && PyCode_Check((PyObject *)code))
			put_place(scan, ((PyFunctionObject *)object)->func_qualname, code);
		break;
	case WEIGH_FORM_CODE:
		weigh_label_write_frame(scan, (PyCodeObject *)object);
		break;
	case WEIGH_FORM_FRAME:
		code = code_of_frame((PyFrameObject *)object);
		if (code)
			weigh_label_write_frame(scan, code);
		break;
	case WEIGH_FORM_GENERATOR:
		put_generator(scan, plan, object);
		break;
	case WEIGH_FORM_NDARRAY:
		put_array(scan, (const struct weigh_ndarray *)object);
		break;
	default:
		if (PySlice_Check(object))
			put_slice(scan, (const PySliceObject *)object);
		break;
	}
}
