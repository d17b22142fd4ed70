/*
 * Lines for Python: registering code objects and reading what their lines did.
 * Called with the GIL.
 */
#include "module/lines.h"

#include "cpython/lines/copy.h"
#include "cpython/lines/lines.h"
#include "module/recording.h"

/* What the threads' rows of one line come to. */
struct sum {
	struct weigh_profile_row row;
	uint64_t starts;
	bool known; /* the line is one of the code that was asked for */
};

static struct weigh_lines_code *entry_of(PyObject *object)
{
	struct weigh_lines_code *entry =
		PyCode_Check(object) ? weigh_lines_find((PyCodeObject *)object) : NULL;
	if (!entry || entry->refused)
		PyErr_Format(PyExc_ValueError, "%R: not registered: call lines_add first", object);
	return PyErr_Occurred() ? NULL : entry;
}

/* Calls for a code object and all that lie within it. */
static bool each_within(struct weigh_lines_code *outer, bool (*call)(struct weigh_lines_code *))
{
	for (struct weigh_lines_code *entry = weigh_lines_family(outer); entry; entry = entry->sibling)
		if (weigh_lines_is_within(entry, outer) && !call(entry))
			return false;
	return true;
}

static PyObject *lines_add(PyObject *module, PyObject *code)
{
	(void)module;
	if (!PyCode_Check(code)) {
		PyErr_Format(PyExc_TypeError, "lines_add: a code object is needed, not %R", Py_TYPE(code));
		return NULL;
	}
	if (!weigh_recording_count() || !weigh_lines_init())
		return NULL;
	struct weigh_lines_code *entry = weigh_lines_register((PyCodeObject *)code);
	if (!entry || !each_within(entry, weigh_lines_watch))
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *lines_copy(PyObject *module, PyObject *function)
{
	(void)module;
	if (!PyFunction_Check(function)) {
		PyErr_Format(PyExc_TypeError, "lines_copy: a function is needed, not %R", Py_TYPE(function));
		return NULL;
	}
	return weigh_lines_copy(function);
}

static PyObject *lines_choose(PyObject *module, PyObject *chooser)
{
	(void)module;
	if (!weigh_recording_count() || !weigh_lines_init() || !weigh_lines_choose(chooser))
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *lines_remove(PyObject *module, PyObject *code)
{
	struct weigh_lines_code *entry = entry_of(code);
	(void)module;
	if (!entry || !each_within(entry, weigh_lines_unwatch))
		return NULL;
	Py_RETURN_NONE;
}

/* Frames that are pushed keep writing to rows: what they charge from now on is all there is. */
static PyObject *lines_clear(PyObject *module, PyObject *code)
{
	struct weigh_lines_code *entry = entry_of(code);
	(void)module;
	if (!entry)
		return NULL;
	weigh_profiles_settle();
	for (entry = weigh_lines_family(entry); entry; entry = entry->sibling)
		weigh_profile_clear(&entry->profile);
	Py_RETURN_NONE;
}

static void add_rows(struct sum *sums, const struct weigh_profile_code *root)
{
	for (const struct weigh_profile_table *table = root->tables; table; table = table->next) {
		for (uint32_t i = 0; i < root->row_count; i++) {
			const struct weigh_profile_row *row = &table->rows[i];
			struct weigh_profile_row *sum = &sums[i].row;
			sum->allocated += row->allocated;
			sum->freed += row->freed;
			sum->peak = row->peak > sum->peak ? row->peak : sum->peak;
			sum->highest = row->highest > sum->highest ? row->highest : sum->highest;
			sums[i].starts += row->starts;
		}
	}
}

static bool add_starts(struct sum *sums, const struct weigh_lines_code *entry)
{
	uint32_t count = entry->profile.row_count;
	uint64_t *starts = PyMem_Calloc(count, sizeof(*starts));
	if (!starts)
		return false;
	weigh_lines_count(entry, starts);
	for (uint32_t i = 0; i < count; i++)
		sums[i].starts += starts[i];
	PyMem_Free(starts);
	for (uint32_t unit = 0; unit <= entry->profile.unit_count; unit++)
		sums[entry->profile.row_of[unit]].known = true;
	return true;
}

/*
 * A line whose starts are derived is left unseen, unless it takes or gives
 * memory: where it never did, memory is what the line before it left.
 */
static void fill_quiet(struct sum *sums, uint32_t count)
{
	uint64_t before = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct weigh_profile_row *row = &sums[i].row;
		if (!sums[i].known || !sums[i].starts)
			continue;
		if (!row->allocated && !row->freed && row->highest < before)
			row->highest = before;
		before = row->highest;
	}
}

static PyObject *tell(const struct sum *sums, const struct weigh_profile_code *root)
{
	PyObject *list = PyList_New(0);
	for (uint32_t i = 0; list && i < root->row_count; i++) {
		const struct weigh_profile_row *row = &sums[i].row;
		if (!sums[i].known)
			continue;
		PyObject *tuple = Py_BuildValue("IKKKKL", root->lines[i], sums[i].starts, row->highest,
						row->allocated, row->freed, (long long)row->peak);
		if (!tuple || PyList_Append(list, tuple) < 0)
			Py_CLEAR(list);
		Py_XDECREF(tuple);
	}
	return list;
}

static PyObject *lines_read(PyObject *module, PyObject *code)
{
	struct weigh_lines_code *outer = entry_of(code);
	(void)module;
	if (!outer)
		return NULL;
	const struct weigh_profile_code *root = outer->profile.root;
	struct sum *sums = PyMem_Calloc(root->row_count, sizeof(*sums));
	bool done = sums != NULL;
	weigh_profiles_settle();
	if (done)
		add_rows(sums, root);
	for (const struct weigh_lines_code *entry = weigh_lines_family(outer); done && entry;
	     entry = entry->sibling)
		if (weigh_lines_is_within(entry, outer))
			done = add_starts(sums, entry);
	if (done)
		fill_quiet(sums, root->row_count);
	PyObject *list = done ? tell(sums, root) : PyErr_NoMemory();
	PyMem_Free(sums);
	return list;
}

static PyObject *lines_enter(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return PyLong_FromUnsignedLong(weigh_lines_enter());
}

static PyObject *lines_leave(PyObject *module, PyObject *depth)
{
	unsigned long before = PyLong_AsUnsignedLong(depth);
	(void)module;
	if (PyErr_Occurred())
		return NULL;
	weigh_lines_leave((uint32_t)before);
	Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
	{"lines_add", lines_add, METH_O,
	 "lines_add(code)\n--\n\nProfile the lines of a code object and of those within it."},
	{"lines_copy", lines_copy, METH_O,
	 "lines_copy(function)\n--\n\nA function that does the same and counts its lines at less cost, or itself."},
	{"lines_choose", lines_choose, METH_O,
	 "lines_choose(chooser)\n--\n\nCall chooser(code) for all code that begins to run; it may lines_add it."},
	{"lines_remove", lines_remove, METH_O,
	 "lines_remove(code)\n--\n\nStop profiling them; what was found stays."},
	{"lines_read", lines_read, METH_O,
	 "lines_read(code)\n--\n\nRows of (line, occurrences, most live after it, allocated, freed, peak)."},
	{"lines_enter", lines_enter, METH_NOARGS,
	 "lines_enter()\n--\n\nA step of a profiled function begins; returns what lines_leave is to be given."},
	{"lines_leave", lines_leave, METH_O, "lines_leave(depth)\n--\n\nIt ends."},
	{"lines_clear", lines_clear, METH_O, "lines_clear(code)\n--\n\nForget what was found."},
	{NULL, NULL, 0, NULL},
};

bool weigh_lines_add(PyObject *module)
{
	return PyModule_AddFunctions(module, methods) == 0;
}
