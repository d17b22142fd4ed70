"""Tracker: record a block of code or the calls of a function."""

import atexit
import os
import sys
from _thread import allocate_lock
from contextlib import contextmanager

from weigh import _weigh
from weigh._snapshot import explain
from weigh._wrap import around_calls

# Bytes to allocate: WEIGH_FILE_SIZE_SAMPLED and WEIGH_FILE_SIZE_EXACT of the format.
SIZE_SAMPLED = 8 << 20
SIZE_EXACT = 64 << 20

# What `heap` may be: snapshots at the peak, at the end.
HEAP = {
    False: (False, False),
    None: (False, False),
    True: (False, True),
    "end": (False, True),
    "peak": (True, False),
    "both": (True, True),
}


class Tracker:
    """Records into a capture while a `with` block or a decorated function runs.

        with weigh.Tracker("load.weigh"):
            load()

        @weigh.Tracker("load.weigh", overwrite=True)
        def load(): ...

    One recording runs at a time in a process: starting another, also inside
    `weigh run`, raises WeighError. An existing file is an error unless
    `overwrite` is true. `exact` records every block instead of samples.

    Each call of a decorated function is a recording of its own; calls that
    begin while it runs (recursion, other threads or tasks) belong to it, and it
    lasts until the last of them has ended. A generator is recorded from its
    first value to its end, a coroutine from its first step to its end, with all
    that happens in between.

    `heap` asks for a snapshot of the objects in the capture, for `weigh heap`:
    "end" (or true) when the recording ends, "peak" at its highest live bytes,
    "both". The end of the block waits until they are written; it raises
    WeighError when they cannot be, and leaves the capture without them.

    A child that is forked inside the block goes on unrecorded and leaves the
    capture alone.
    """

    def __init__(self, path, *, exact=False, heap=False, overwrite=False):
        self._path = os.fsdecode(path)
        self._exact = bool(exact)
        self._overwrite = bool(overwrite)
        self._recording = None
        self._lock = allocate_lock()
        if heap not in HEAP:
            raise ValueError(f"heap: {heap!r} is not one of False, True, 'end', 'peak', 'both'")
        self._heap = HEAP[heap]

    def __repr__(self):
        state = "recording" if self._recording and self._recording.is_ours() else "idle"
        return f"<weigh.Tracker {self._path!r}, {state}>"

    def __enter__(self):
        with self._lock:
            self._recording = self._record()
        return self

    def _record(self):
        return _Recording(self._path, self._exact, self._overwrite, self._heap)

    def __exit__(self, kind, error, traceback):
        self._recording.leave(kind is not None)

    def __call__(self, function):
        return around_calls(function, self._call)

    @contextmanager
    def _call(self):
        """The recording of one call: its own, or the one it falls into."""
        with self._lock:
            recording = self._recording
            if recording is None or not recording.join():
                recording = self._recording = self._record()
        failed = True
        try:
            yield
            failed = False
        finally:
            recording.leave(failed)


class _Recording:
    """One recording from its start to its end, in the process that started it."""

    def __init__(self, path, exact, overwrite, heap):
        if _weigh.recording():
            raise _weigh.WeighError(
                "Tracker: a recording runs already, by another Tracker or by weigh run: end that one first"
            )
        # The block may change folders.
        self.file = os.path.abspath(path)
        self.shown = path
        # Blocks are counted already, for lines that are profiled: they will be again after this recording.
        self.counted = _weigh.peak_bytes() > 0
        fd = _create(self.file, path, SIZE_EXACT if exact else SIZE_SAMPLED, overwrite)
        try:
            _weigh.start(fd, exact, tuple(sys.orig_argv[1:]))
        except BaseException:
            os.unlink(self.file)
            raise
        finally:
            os.close(fd)
        if any(heap):
            _weigh.heap(self.file, *heap, False)
        self.pid = os.getpid()
        self.users = 1
        self.lock = allocate_lock()
        atexit.register(self.close)

    def is_ours(self):
        return self.users > 0 and self.pid == os.getpid()

    def join(self):
        """Take part in the recording, if it still runs."""
        with self.lock:
            running = self.is_ours()
            self.users += running
        return running

    def leave(self, failed):
        with self.lock:
            self.users -= 1
            last = self.users == 0
        if not last:
            return
        try:
            self.close()
        except _weigh.WeighError:
            # The capture is whole, only larger than need be: the error under way says more.
            if not failed:
                raise

    def close(self):
        self.users = 0
        if self.pid != os.getpid():
            return
        atexit.unregister(self.close)
        _weigh.stop()
        try:
            _weigh.heap_wait()
        except OSError as error:
            raise explain(self.shown, error) from error
        finally:
            _weigh.finish(self.file)
            if self.counted:
                _weigh.count()


def _create(file, shown, size, overwrite):
    """Make the capture, allocated in full; return its descriptor."""
    if overwrite and os.path.exists(file) and not os.path.isfile(file):
        raise _weigh.WeighError(f"{shown}: not a regular file, not replaced: name a file")
    name = f"{file}.{os.getpid()}.new" if overwrite else file
    try:
        fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except FileExistsError:
        raise _weigh.WeighError(f"{shown}: the file exists: give overwrite=True or another name") from None
    except OSError as error:
        raise _weigh.WeighError(f"{shown}: {error.strerror}: choose another place") from error
    try:
        os.posix_fallocate(fd, 0, size)
        if overwrite:
            os.replace(name, file)
    except OSError as error:
        os.close(fd)
        os.unlink(name)
        raise _weigh.WeighError(f"{shown}: {error.strerror}: make room for {size >> 20} MiB") from error
    return fd
