/*
 * The thread that waits for the peak: see cpython/snapshot/peak.h. It sleeps
 * most of the time; nothing of it is on the recording path.
 */
#include "cpython/snapshot/peak.h"

#include <Python.h>

#include "base/clock.h"
#include "recorder/recorder.h"
#include "recorder/thread.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	LOOK_NS = 10000000,
	STACK = 1 << 20, /* the child walks on a copy of it */
};

static struct {
	const struct weigh_peak_calls *calls;
	struct weigh_climb climb;
	pthread_t thread;
	pid_t process;    /* in which it runs; 0: it does not */
	uint32_t quit;
	uint32_t looking; /* at the recording, which stays mapped meanwhile */
	bool forking;     /* it is absent while a thread of this process forks */
	bool joining;     /* a thread waits for its end, without the GIL */
} watch;

static bool must_quit(void)
{
	return __atomic_load_n(&watch.quit, __ATOMIC_SEQ_CST);
}

/* Before 3.11 an interpreter that has ended says that it does not end any more, but not that it is there. */
static bool is_finalizing(void)
{
#if PY_VERSION_HEX >= 0x030d0000
	return Py_IsFinalizing() || !Py_IsInitialized();
#else
	return _Py_IsFinalizing() || !Py_IsInitialized();
#endif
}

static void sleep_a_while(void)
{
	const struct timespec pause = {.tv_nsec = LOOK_NS};
	syscall(SYS_futex, &watch.quit, FUTEX_WAIT_PRIVATE, 0, &pause, NULL, 0);
}

static bool look(uint64_t *live)
{
	__atomic_store_n(&watch.looking, 1, __ATOMIC_SEQ_CST);
	bool runs = !must_quit() && weigh_recorder_running();
	*live = runs ? weigh_recorder_live() : 0;
	__atomic_store_n(&watch.looking, 0, __ATOMIC_SEQ_CST);
	return runs;
}

/* Where the GIL was long in coming, what was live may be gone. */
static void take_with_gil(void)
{
	uint64_t live;
	PyGILState_STATE state = PyGILState_Ensure();
	if (look(&live) && weigh_climb_wants(&watch.climb, live, weigh_clock_now()))
		watch.calls->take(&watch.climb);
	PyGILState_Release(state);
}

static void *run(void *unused)
{
	uint64_t live;
	(void)unused;
	weigh_thread_pass();
	prctl(PR_SET_NAME, "weigh");
	while (!must_quit()) {
		sleep_a_while();
		if (!look(&live))
			continue;
		watch.calls->tend(&watch.climb);
		if (!weigh_climb_wants(&watch.climb, live, weigh_clock_now()))
			continue;
		/* Whoever asks for the GIL of an interpreter that ends never comes back. */
		if (is_finalizing())
			break;
		take_with_gil();
	}
	return NULL;
}

static bool runs_here(void)
{
	return watch.process && watch.process == getpid();
}

static int start_thread(void)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int number = pthread_attr_init(&attributes);
	if (number)
		return number;
	pthread_attr_setstacksize(&attributes, STACK);
	watch.quit = 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	number = pthread_create(&watch.thread, &attributes, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	watch.process = number ? 0 : getpid();
	return number;
}

/* Several threads may fork at a time: one of them ends the watching thread, the others find it gone. */
static void stop_thread(void)
{
	if (!runs_here())
		return;
	watch.process = 0;
	watch.joining = true;
	__atomic_store_n(&watch.quit, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &watch.quit, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	PyThreadState *state = PyEval_SaveThread();
	pthread_join(watch.thread, NULL);
	PyEval_RestoreThread(state);
	watch.joining = false;
}

#if PY_VERSION_HEX >= 0x030c0000
/*
 * os.fork() warns when the process has more than one thread by the kernel's
 * count. Ours is gone meanwhile; it comes back by a pending call, which runs
 * when the call of os.fork() is over.
 */
static int come_back(void *unused)
{
	(void)unused;
	/* Whoever still waits for the last one's end comes here again. */
	if (!watch.forking || watch.joining)
		return 0;
	watch.forking = false;
	if (weigh_recorder_running())
		start_thread();
	return 0;
}

static PyObject *before_fork(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	if (runs_here()) {
		watch.forking = true;
		stop_thread();
	}
	Py_RETURN_NONE;
}

static PyObject *after_fork(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	if (watch.forking)
		Py_AddPendingCall(come_back, NULL);
	Py_RETURN_NONE;
}

/* Once for the life of the process; children inherit it and have no thread to stop. */
static bool stand_aside_for_forks(void)
{
	static PyMethodDef before = {"before_fork", before_fork, METH_NOARGS, NULL};
	static PyMethodDef after = {"after_fork", after_fork, METH_NOARGS, NULL};
	static bool registered;
	if (registered)
		return true;
	PyObject *os = PyImport_ImportModule("os");
	PyObject *function = os ? PyObject_GetAttrString(os, "register_at_fork") : NULL;
	PyObject *arguments = PyTuple_New(0);
	PyObject *names = Py_BuildValue("{sNsN}", "before", PyCFunction_New(&before, NULL), "after_in_parent",
					PyCFunction_New(&after, NULL));
	PyObject *done = function && arguments && names ? PyObject_Call(function, arguments, names) : NULL;
	registered = done != NULL;
	Py_XDECREF(done);
	Py_XDECREF(names);
	Py_XDECREF(arguments);
	Py_XDECREF(function);
	Py_XDECREF(os);
	PyErr_Clear();
	return registered;
}
#else
static bool stand_aside_for_forks(void)
{
	return true;
}
#endif

int weigh_peak_start(const struct weigh_peak_calls *calls)
{
	watch.calls = calls;
	watch.forking = watch.joining = false;
	weigh_climb_init(&watch.climb, weigh_recorder_live());
	return stand_aside_for_forks() ? start_thread() : ENOMEM;
}

bool weigh_peak_stop(struct weigh_climb *climb)
{
	const struct timespec pause = {.tv_nsec = 100000};
	bool watched = runs_here() || watch.forking;
	watch.forking = false;
	stop_thread();
	while (watch.joining) {
		PyThreadState *state = PyEval_SaveThread();
		nanosleep(&pause, NULL);
		PyEval_RestoreThread(state);
	}
	*climb = watch.climb;
	return watched;
}

void weigh_peak_abandon(void)
{
	const struct timespec pause = {.tv_nsec = 100000};
	if (!runs_here())
		return;
	__atomic_store_n(&watch.quit, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&watch.looking, __ATOMIC_SEQ_CST))
		nanosleep(&pause, NULL);
	watch.process = 0;
}
