/*
 * Traces as Python objects. Called with the GIL; what is made here for the
 * answer is hidden from the traces, and its tables are pages of our own.
 *
 * Threads without the GIL go on meanwhile with native blocks. The stack of one
 * that ends before it is told may be given to another: its trace then shows
 * that one. All that is read stays in bounds whatever they do.
 */
#include "module/traces.h"

#include "base/pages.h"
#include "capture/lines.h"
#include "recorder/stacks.h"
#include "recorder/traces.h"

struct weigh_hiding weigh_traces_hide(void)
{
	struct weigh_hiding hiding = {.collecting = PyGC_Disable()};
	struct weigh_thread *thread = weigh_thread_attach();
	if (thread)
		thread->hidden = true;
	return hiding;
}

void weigh_traces_show(struct weigh_hiding hiding)
{
	if (weigh_self)
		weigh_self->hidden = false;
	if (hiding.collecting)
		PyGC_Enable();
}

/* What is being told: each part of a stack is made once. References are owned unless said otherwise. */
struct telling {
	uint32_t limit;
	uint32_t nodes; /* how many there were at the start */
	uint32_t codes;
	PyObject **frame_of; /* by node; in pages */
	PyObject **file_of;  /* by code; in pages */
	PyObject *known; /* dict: each frame, stack and row to itself, so that equal ones are one object */
};

static void telling_deinit(struct telling *telling)
{
	for (uint32_t i = 0; telling->frame_of && i < telling->nodes; i++)
		Py_XDECREF(telling->frame_of[i]);
	for (uint32_t i = 0; telling->file_of && i < telling->codes; i++)
		Py_XDECREF(telling->file_of[i]);
	weigh_pages_give(telling->frame_of, telling->nodes * sizeof(PyObject *));
	weigh_pages_give(telling->file_of, telling->codes * sizeof(PyObject *));
	Py_XDECREF(telling->known);
}

static uint32_t used(enum weigh_section_id id)
{
	return __atomic_load_n(&weigh_recorder.header->sections[id].used, __ATOMIC_ACQUIRE);
}

static bool telling_init(struct telling *telling, uint32_t limit)
{
	*telling = (struct telling){
		.limit = limit < WEIGH_STACK_DEPTH ? limit : WEIGH_STACK_DEPTH,
		.nodes = used(WEIGH_SECTION_NODES),
		.codes = used(WEIGH_SECTION_CODES),
		.known = PyDict_New(),
	};
	telling->frame_of = weigh_pages_take(telling->nodes * sizeof(PyObject *));
	telling->file_of = weigh_pages_take(telling->codes * sizeof(PyObject *));
	if (telling->known && telling->frame_of && telling->file_of)
		return true;
	telling_deinit(telling);
	PyErr_NoMemory();
	return false;
}

/* The one object that equals this one, which is given up for it. NULL is passed on. */
static PyObject *unique(struct telling *telling, PyObject *object)
{
	PyObject *first = object ? PyDict_SetDefault(telling->known, object, object) : NULL;
	Py_XINCREF(first);
	Py_XDECREF(object);
	return first;
}

/* Borrowed. */
static PyObject *file_of(struct telling *telling, uint32_t code)
{
	struct weigh_text file = weigh_recorder.codes[code].file;
	PyObject **cell = &telling->file_of[code];
	if (!*cell && !code)
		*cell = PyUnicode_FromString("<unknown>");
	else if (!*cell)
		*cell = PyUnicode_DecodeUTF8(weigh_recorder.strings + file.offset, file.length, "replace");
	return *cell;
}

/* (file, line) */
static PyObject *make_frame(struct telling *telling, const struct weigh_node *node)
{
	uint32_t index = node->code < telling->codes ? node->code : 0;
	const struct weigh_code *code = &weigh_recorder.codes[index];
	uint32_t line =
		weigh_line_find(PY_VERSION_HEX, (const uint8_t *)weigh_recorder.strings + code->lines.offset,
				code->lines.length, code->first_line, node->instruction);
	PyObject *file = file_of(telling, index);
	return unique(telling, file ? Py_BuildValue("(OI)", file, line) : NULL);
}

/* A new reference. */
static PyObject *frame_of(struct telling *telling, uint32_t node)
{
	PyObject **cell = &telling->frame_of[node];
	if (!*cell)
		*cell = make_frame(telling, &weigh_recorder.nodes[node]);
	return Py_XNewRef(*cell);
}

/* The stack of what no Python frame allocated. */
static PyObject *unknown(struct telling *telling)
{
	return unique(telling, Py_BuildValue("((si))", "<unknown>", 0));
}

/*
 * The frames of a stack, innermost first, and how many it has in all. A frame
 * that was still being set up is none.
 */
static PyObject *make_stack(struct telling *telling, uint32_t node, uint32_t *total)
{
	uint32_t chain[WEIGH_STACK_DEPTH];
	uint32_t count = 0;
	for (; node && node < telling->nodes && count < WEIGH_STACK_DEPTH;
	     node = weigh_recorder.nodes[node].parent)
		if (weigh_recorder.nodes[node].instruction >= 0)
			chain[count++] = node;
	*total = count ? count : 1;
	if (!count)
		return unknown(telling);
	Py_ssize_t shown = count < telling->limit ? count : telling->limit;
	PyObject *frames = PyTuple_New(shown);
	for (Py_ssize_t i = 0; frames && i < shown; i++) {
		PyObject *frame = frame_of(telling, chain[i]);
		if (frame)
			PyTuple_SET_ITEM(frames, i, frame);
		else
			Py_CLEAR(frames);
	}
	return unique(telling, frames);
}

PyObject *weigh_traces_frames(uint32_t site, uint32_t limit)
{
	struct telling telling;
	uint32_t total;
	if (!telling_init(&telling, limit))
		return NULL;
	PyObject *frames = make_stack(&telling, weigh_recorder.sites[site].node, &total);
	telling_deinit(&telling);
	return frames;
}

/*
 * The sequence. Its traces are two arrays of numbers; what a row says,
 * (domain, frames, frames in all), stands in a list.
 */
struct traces {
	PyObject_HEAD PyObject *rows;
	uint64_t count;
	uint64_t capacity;
	uint64_t *bytes; /* in pages, `rows_of` behind it */
	uint32_t *row_of;
};

static PyTypeObject *traces_type;

static size_t pages_of(uint64_t capacity)
{
	return capacity * (sizeof(uint64_t) + sizeof(uint32_t)) + 1;
}

static struct traces *traces_new(PyObject *rows, uint64_t capacity)
{
	struct traces *traces = rows ? (struct traces *)traces_type->tp_alloc(traces_type, 0) : NULL;
	if (!traces)
		return NULL;
	traces->rows = Py_NewRef(rows);
	traces->capacity = capacity;
	traces->bytes = weigh_pages_take(pages_of(capacity));
	if (!traces->bytes) {
		Py_DECREF(traces);
		return (struct traces *)PyErr_NoMemory();
	}
	traces->row_of = (uint32_t *)(traces->bytes + capacity);
	return traces;
}

static void traces_dealloc(PyObject *self)
{
	struct traces *traces = (struct traces *)self;
	PyTypeObject *type = Py_TYPE(self);
	Py_XDECREF(traces->rows);
	weigh_pages_give(traces->bytes, pages_of(traces->capacity));
	type->tp_free(self);
	Py_DECREF(type);
}

static int domain_number(uint8_t domain)
{
	switch (domain) {
	case WEIGH_DOMAIN_MALLOC:
	case WEIGH_DOMAIN_MMAP:
		return WEIGH_TRACE_NATIVE;
	case WEIGH_DOMAIN_ARRAY:
		return WEIGH_TRACE_ARRAYS;
	default:
		return WEIGH_TRACE_PYTHON;
	}
}

/* The number of the row for a site, made if need be; negative with an exception. */
static Py_ssize_t row_for(struct telling *telling, PyObject *rows, PyObject *numbers, uint32_t site)
{
	uint32_t total;
	const struct weigh_site *entry = &weigh_recorder.sites[site];
	PyObject *frames = make_stack(telling, entry->node, &total);
	PyObject *row = frames ? Py_BuildValue("(iNI)", domain_number(entry->domain), frames, total) : NULL;
	PyObject *next = row ? PyLong_FromSsize_t(PyList_GET_SIZE(rows)) : NULL;
	PyObject *number = next ? PyDict_SetDefault(numbers, row, next) : NULL;
	Py_ssize_t answer = number ? PyLong_AsSsize_t(number) : -1;
	if (number == next && number && PyList_Append(rows, row) < 0)
		answer = -1;
	Py_XDECREF(next);
	Py_XDECREF(row);
	return answer;
}

/* Fills the sequence from a list of the recorder's; `row_of_site` holds numbers plus 1, zeros at first. */
static bool fill(struct traces *traces, struct telling *telling, const struct weigh_trace *list,
		 uint32_t *row_of_site, uint32_t sites)
{
	PyObject *numbers = PyDict_New();
	bool done = numbers != NULL;
	for (uint64_t i = 0; done && i < traces->capacity; i++) {
		/* Made by another thread since the sites were counted. */
		if (list[i].site >= sites)
			continue;
		uint32_t *number = &row_of_site[list[i].site];
		if (!*number) {
			Py_ssize_t row = row_for(telling, traces->rows, numbers, list[i].site);
			done = row >= 0;
			*number = (uint32_t)row + 1;
		}
		traces->bytes[traces->count] = list[i].bytes;
		traces->row_of[traces->count++] = *number - 1;
	}
	Py_XDECREF(numbers);
	return done;
}

static PyObject *tell(struct telling *telling, const struct weigh_trace *list, uint64_t count)
{
	uint32_t sites = used(WEIGH_SECTION_SITES);
	uint32_t *row_of_site = weigh_pages_take(sites * sizeof(uint32_t));
	PyObject *rows = row_of_site ? PyList_New(0) : PyErr_NoMemory();
	struct traces *traces = traces_new(rows, count);
	if (traces && !fill(traces, telling, list, row_of_site, sites))
		Py_CLEAR(traces);
	Py_XDECREF(rows);
	weigh_pages_give(row_of_site, sites * sizeof(uint32_t));
	return (PyObject *)traces;
}

PyObject *weigh_traces_tell(uint32_t limit)
{
	struct telling telling;
	uint64_t capacity = weigh_traces_count();
	size_t bytes = (capacity + 1) * sizeof(struct weigh_trace);
	struct weigh_trace *list = weigh_pages_take(bytes);
	if (!list)
		return PyErr_NoMemory();
	uint64_t count = weigh_traces_list(list, capacity);
	PyObject *traces = NULL;
	if (telling_init(&telling, limit)) {
		traces = tell(&telling, list, count);
		telling_deinit(&telling);
	}
	weigh_pages_give(list, bytes);
	return traces;
}

static Py_ssize_t traces_length(PyObject *self)
{
	return (Py_ssize_t)((struct traces *)self)->count;
}

static PyObject *traces_item(PyObject *self, Py_ssize_t i)
{
	struct traces *traces = (struct traces *)self;
	if (i < 0 || (uint64_t)i >= traces->count) {
		PyErr_SetString(PyExc_IndexError, "traces: index out of range");
		return NULL;
	}
	PyObject *row = PyList_GET_ITEM(traces->rows, traces->row_of[i]);
	return Py_BuildValue("(OKOO)", PyTuple_GET_ITEM(row, 0), (unsigned long long)traces->bytes[i],
			     PyTuple_GET_ITEM(row, 1), PyTuple_GET_ITEM(row, 2));
}

/* What the traces of a row add up to. */
struct sum {
	uint64_t bytes;
	uint64_t blocks;
};

static PyObject *tell_sums(const struct traces *traces, const struct sum *sums)
{
	PyObject *list = PyList_New(0);
	for (Py_ssize_t i = 0; list && i < PyList_GET_SIZE(traces->rows); i++) {
		PyObject *row = PyList_GET_ITEM(traces->rows, i);
		if (!sums[i].blocks)
			continue;
		PyObject *told = Py_BuildValue("(OOOKKn)", PyTuple_GET_ITEM(row, 0), PyTuple_GET_ITEM(row, 1),
					       PyTuple_GET_ITEM(row, 2), (unsigned long long)sums[i].bytes,
					       (unsigned long long)sums[i].blocks, i);
		if (!told || PyList_Append(list, told) < 0)
			Py_CLEAR(list);
		Py_XDECREF(told);
	}
	return list;
}

static PyObject *traces_sums(PyObject *self, PyObject *unused)
{
	struct traces *traces = (struct traces *)self;
	size_t bytes = ((size_t)PyList_GET_SIZE(traces->rows) + 1) * sizeof(struct sum);
	struct sum *sums = weigh_pages_take(bytes);
	(void)unused;
	if (!sums)
		return PyErr_NoMemory();
	for (uint64_t i = 0; i < traces->count; i++) {
		sums[traces->row_of[i]].bytes += traces->bytes[i];
		sums[traces->row_of[i]].blocks++;
	}
	PyObject *list = tell_sums(traces, sums);
	weigh_pages_give(sums, bytes);
	return list;
}

static PyObject *traces_select(PyObject *self, PyObject *kept)
{
	struct traces *traces = (struct traces *)self;
	if (!PyByteArray_CheckExact(kept) || PyByteArray_GET_SIZE(kept) != PyList_GET_SIZE(traces->rows))
		return PyErr_Format(PyExc_TypeError,
				    "select: a bytearray is wanted, with a byte for each row");
	const char *keep = PyByteArray_AS_STRING(kept);
	uint64_t count = 0;
	for (uint64_t i = 0; i < traces->count; i++)
		count += keep[traces->row_of[i]] != 0;
	struct traces *selected = traces_new(traces->rows, count);
	for (uint64_t i = 0; selected && i < traces->count; i++) {
		if (!keep[traces->row_of[i]])
			continue;
		selected->bytes[selected->count] = traces->bytes[i];
		selected->row_of[selected->count++] = traces->row_of[i];
	}
	return (PyObject *)selected;
}

static PyObject *traces_rows(PyObject *self, PyObject *unused)
{
	(void)unused;
	return PyLong_FromSsize_t(PyList_GET_SIZE(((struct traces *)self)->rows));
}

/* Pickled as a list, which needs nothing of ours to be read. */
static PyObject *traces_reduce(PyObject *self, PyObject *unused)
{
	(void)unused;
	PyObject *list = PySequence_List(self);
	return list ? Py_BuildValue("(O(N))", &PyList_Type, list) : NULL;
}

static PyMethodDef traces_methods[] = {
	{"sums", traces_sums, METH_NOARGS,
	 "sums()\n--\n\n(domain, frames, frames in all, bytes, blocks, row) for each row that has traces."},
	{"select", traces_select, METH_O,
	 "select(kept)\n--\n\nThe traces of the rows for which a bytearray holds no zero."},
	{"rows", traces_rows, METH_NOARGS, "rows()\n--\n\nHow many rows there are."},
	{"__reduce__", traces_reduce, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
	{Py_tp_dealloc, traces_dealloc},
	{Py_tp_methods, traces_methods},
	{Py_sq_length, traces_length},
	{Py_sq_item, traces_item},
	{0, NULL},
};

static PyType_Spec spec = {
	.name = "weigh._weigh.Traces",
	.basicsize = sizeof(struct traces),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = slots,
};

bool weigh_traces_add_type(PyObject *module)
{
	traces_type = (PyTypeObject *)PyType_FromSpec(&spec);
	return traces_type && PyModule_AddObjectRef(module, "Traces", (PyObject *)traces_type) == 0;
}
