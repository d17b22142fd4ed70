/*
 * Starting recordings: see module/recording.h. Called with the GIL.
 */
#include "module/recording.h"

#include "cpython/domains.h"
#include "cpython/frames.h"
#include "cpython/names.h"
#include "cpython/snapshot/peak.h"
#include "cpython/tracing.h"
#include "interpose/natives.h"
#include "interpose/patch.h"
#include "module/module.h"
#include "recorder/layout.h"
#include "recorder/recorder.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * The hooks and patches, once for the life of the process. A recording that
 * nobody stopped (atexit functions can be cleared) ends with the interpreter.
 */
static bool install(void)
{
	static bool installed;
	if (installed)
		return true;
	if (!weigh_names_init())
		return false;
	if (!weigh_tracing_watch())
		return false;
	weigh_domains_install();
	weigh_natives_init();
	Py_AtExit(weigh_recorder_stop);
	Py_AtExit(weigh_peak_abandon); /* what is registered last runs first */
	installed = true;
	return true;
}

/* The arguments of a command, each ended by NUL. A new bytearray. */
static PyObject *join_command(PyObject *command)
{
	PyObject *joined = PyByteArray_FromStringAndSize(NULL, 0);
	Py_ssize_t count = PyTuple_GET_SIZE(command);
	for (Py_ssize_t i = 0; joined && i < count; i++) {
		PyObject *encoded = PyUnicode_EncodeFSDefault(PyTuple_GET_ITEM(command, i));
		Py_ssize_t start = PyByteArray_GET_SIZE(joined);
		Py_ssize_t bytes = encoded ? PyBytes_GET_SIZE(encoded) + 1 : 0;
		if (!encoded || PyByteArray_Resize(joined, start + bytes) < 0) {
			Py_XDECREF(encoded);
			Py_CLEAR(joined);
			break;
		}
		memcpy(PyByteArray_AS_STRING(joined) + start, PyBytes_AS_STRING(encoded), (size_t)bytes);
		Py_DECREF(encoded);
	}
	return joined;
}

static bool can_record(void)
{
	if (!install())
		return false;
	if (weigh_frames_agree())
		return true;
	char message[256];
	snprintf(message, sizeof(message),
		 "python %s: its frames are laid out in a way that weigh does not know: "
		 "use a released build of CPython",
		 Py_GetVersion());
	weigh_module_raise(message);
	return false;
}

static bool begin(struct weigh_recording *recording)
{
	weigh_patch_all();
	weigh_domains_restore();
	recording->forced = !recording->exact && weigh_domains_opaque();
	recording->exact = recording->exact || weigh_domains_opaque();
	recording->python = PY_VERSION_HEX;
	recording->walker = &weigh_python_walker;
	struct weigh_error *error = weigh_recorder_start(recording);
	if (error) {
		weigh_module_raise_error(error);
		return false;
	}
	/* Spares blocks that are not sampled an event; without a file all are. */
	if (recording->fd >= 0)
		weigh_domains_survey();
	return true;
}

/* A recording that only counts makes way. */
bool weigh_recording_start(int fd, bool exact, PyObject *command, uint32_t frames)
{
	PyObject *joined = can_record() ? join_command(command) : NULL;
	if (!joined)
		return false;
	if (weigh_recorder_counting())
		weigh_recorder_stop();
	struct weigh_recording recording = {
		.fd = fd,
		.exact = exact,
		.frames = frames,
		.command = PyByteArray_AS_STRING(joined),
		.command_bytes = (size_t)PyByteArray_GET_SIZE(joined),
	};
	bool begun = begin(&recording);
	Py_DECREF(joined);
	return begun;
}

bool weigh_recording_count(void)
{
	if (weigh_recorder_running())
		return true;
	if (!can_record())
		return false;
	struct weigh_recording recording = {
		.fd = memfd_create("weigh", MFD_CLOEXEC),
		.counting = true,
		.command = "",
	};
	bool made = recording.fd >= 0 && ftruncate(recording.fd, (off_t)weigh_layout_counting_size()) == 0;
	if (!made)
		PyErr_SetFromErrno(PyExc_OSError);
	bool begun = made && begin(&recording);
	if (recording.fd >= 0)
		close(recording.fd);
	return begun;
}
