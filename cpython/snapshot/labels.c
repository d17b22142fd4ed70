/*
 * What people call single objects: a module or type its name, a function or
 * frame its name and where it stands. One thread; takes no memory of its own.
 */
#include "cpython/snapshot/frames.h"
#include "cpython/snapshot/shapes.h"

#include "cpython/text.h"

#include <stdio.h>
#include <string.h>

enum { LABEL = 1024 };

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
	default:
		break;
	}
}
