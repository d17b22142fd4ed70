/*
 * What keeps the rest alive: modules, threads, and what the interpreter holds
 * for itself. One thread; takes no memory of its own.
 *
 * The interpreter's own structures shift between releases of one version, so
 * beyond the few that a public function tells they are read only when this was
 * built for the very release that runs. What is not found here shows as held
 * by C code, by its reference count.
 */
#include "cpython/snapshot/scan.h"

#include "cpython/objects/frames.h"

struct held {
	const char *label;
	PyObject *object;
};

static void visit_held(struct weigh_scan *scan, weigh_root_visit *each, const struct held *held, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (held[i].object)
			each(scan, WEIGH_ROOT_INTERPRETER, held[i].label, held[i].object);
}

#define VISIT_HELD(scan, each, held) visit_held(scan, each, held, sizeof(held) / sizeof(*(held)))

static void visit_exit_functions(struct weigh_scan *scan, weigh_root_visit *each)
{
#if PY_VERSION_HEX < 0x030e0000
	const struct atexit_state *state = &scan->interpreter->atexit;
	for (int i = 0; i < state->ncallbacks; i++) {
		if (!state->callbacks[i])
			continue;
		const struct held held[] = {
			{"atexit", state->callbacks[i]->func},
			{"atexit", state->callbacks[i]->args},
			{"atexit", state->callbacks[i]->kwargs},
		};
		VISIT_HELD(scan, each, held);
	}
#else
	(void)scan;
	(void)each;
#endif
}

static void visit_interpreter(struct weigh_scan *scan, weigh_root_visit *each)
{
	PyInterpreterState *interpreter = scan->interpreter;
	const struct held held[] = {
		{"interpreter", interpreter->dict},
		{"sys", interpreter->sysdict},
		{"builtins", interpreter->builtins},
		{"builtins", interpreter->builtins_copy},
#if PY_VERSION_HEX < 0x030d0000
		{"codecs", interpreter->codec_search_path},
		{"codecs", interpreter->codec_search_cache},
		{"codecs", interpreter->codec_error_registry},
#else
		{"codecs", interpreter->codecs.search_path},
		{"codecs", interpreter->codecs.search_cache},
		{"codecs", interpreter->codecs.error_registry},
#endif
#if PY_VERSION_HEX < 0x030c0000
		{"import", interpreter->import_func},
		{"import", interpreter->importlib},
		{"import", interpreter->modules_by_index},
#else
		{"import", interpreter->imports.import_func},
		{"import", interpreter->imports.importlib},
		{"import", interpreter->imports.modules_by_index},
		{"sys", interpreter->sysdict_copy},
#endif
		{"fork", interpreter->before_forkers},
		{"fork", interpreter->after_forkers_parent},
		{"fork", interpreter->after_forkers_child},
		{"warnings", interpreter->warnings.filters},
		{"warnings", interpreter->warnings.once_registry},
		{"warnings", interpreter->warnings.default_action},
		{"audit", interpreter->audit_hooks},
	};
	VISIT_HELD(scan, each, held);
	visit_exit_functions(scan, each);
}

void weigh_roots_visit(struct weigh_scan *scan, weigh_root_visit *each)
{
	if (scan->modules)
		each(scan, WEIGH_ROOT_MODULES, "sys.modules", scan->modules);
	weigh_threads_visit(scan, each);
	if (scan->same_build)
		visit_interpreter(scan, each);
}

#if PY_VERSION_HEX >= 0x030e0000

struct collecting {
	struct weigh_scan *scan;
	void (*each)(struct weigh_scan *scan, PyObject *object);
};

/*
 * The table of interned strings keeps none of them alive: their counts leave
 * its references out. Since 3.14 the collector knows it, as it does all dicts.
 */
static bool is_interned_table(const struct weigh_scan *scan, const PyObject *object)
{
	return scan->same_build && object == scan->interpreter->cached_objects.interned_strings;
}

static int visit_collected(PyObject *object, void *arg)
{
	struct collecting *collecting = arg;
	if (!is_interned_table(collecting->scan, object))
		collecting->each(collecting->scan, object);
	return 1;
}

void weigh_collected_visit(struct weigh_scan *scan, void each(struct weigh_scan *scan, PyObject *object))
{
	struct collecting collecting = {scan, each};
	PyUnstable_GC_VisitObjects(visit_collected, &collecting);
}

#else

/* The lowest bit of a link is a mark of the collector's. */
static PyGC_Head *next_of(const PyGC_Head *head)
{
	return (PyGC_Head *)(head->_gc_next & ~(uintptr_t)1);
}

/* Whether this is the head of a list, and not another release's idea of it. */
static bool is_list(const PyGC_Head *head)
{
	const PyGC_Head *next = next_of(head);
	return next && (uintptr_t)next % 8 == 0 && (uintptr_t)next > 1 << 16 &&
	       (PyGC_Head *)(next->_gc_prev & ~(uintptr_t)3) == head;
}

void weigh_collected_visit(struct weigh_scan *scan, void each(struct weigh_scan *scan, PyObject *object))
{
	struct _gc_runtime_state *state = &scan->interpreter->gc;
	PyGC_Head *const lists[] = {
		&state->generations[0].head,
		&state->generations[1].head,
		&state->generations[2].head,
		&state->permanent_generation.head,
	};
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		if (!is_list(lists[i]))
			continue;
		for (PyGC_Head *head = next_of(lists[i]); head != lists[i]; head = next_of(head))
			each(scan, (PyObject *)(head + 1));
	}
}

#endif
