"""Tracker: record a block of code or the calls of a function."""

import atexit
import os
import sys
from contextlib import contextmanager
from functools import wraps

from weigh import _weigh

# Bytes to allocate: WEIGH_FILE_SIZE_SAMPLED and WEIGH_FILE_SIZE_EXACT of the format.
SIZE_SAMPLED = 8 << 20
SIZE_EXACT = 64 << 20

# Flags of code objects, as in the module inspect, which is slow to import.
CO_GENERATOR = 0x20
CO_COROUTINE = 0x80
CO_ASYNC_GENERATOR = 0x200


class Tracker:
    """Records into a capture while a `with` block or a decorated function runs.

        with weigh.Tracker("load.weigh"):
            load()

        @weigh.Tracker("load.weigh", overwrite=True)
        def load(): ...

    One recording runs at a time in a process: starting another, also inside
    `weigh run`, raises WeighError. An existing file is an error unless
    `overwrite` is true. `exact` records every block instead of samples.

    Each call of a decorated function is a recording of its own; calls made
    while one of them runs (recursion, other threads or tasks) belong to that
    one. A generator is recorded from its first value to its end, a coroutine
    from its first step to its end, with all that happens in between.

    A child that is forked inside the block goes on unrecorded and leaves the
    capture alone.
    """

    def __init__(self, path, *, exact=False, heap=False, overwrite=False):
        self._path = os.fsdecode(path)
        self._exact = bool(exact)
        self._overwrite = bool(overwrite)
        self._pid = None
        if heap:
            raise ValueError("heap: this version takes no snapshots of objects: leave it out")

    def __repr__(self):
        state = "recording" if self._pid == os.getpid() else "idle"
        return f"<weigh.Tracker {self._path!r}, {state}>"

    def __enter__(self):
        if _weigh.recording():
            raise _weigh.WeighError(
                "Tracker: a recording runs already, by another Tracker or by weigh run: end that one first"
            )
        # The block may change folders.
        self._file = os.path.abspath(self._path)
        fd = _create(self._file, self._path, SIZE_EXACT if self._exact else SIZE_SAMPLED, self._overwrite)
        try:
            _weigh.start(fd, self._exact, tuple(sys.orig_argv[1:]))
        except BaseException:
            os.unlink(self._file)
            raise
        finally:
            os.close(fd)
        self._pid = os.getpid()
        atexit.register(self._close)
        return self

    def __exit__(self, kind, error, traceback):
        try:
            self._close()
        except _weigh.WeighError:
            # The capture is whole, only larger than need be: the block's own error says more.
            if kind is None:
                raise

    def _close(self):
        pid, self._pid = self._pid, None
        if pid != os.getpid():
            return
        atexit.unregister(self._close)
        _weigh.stop()
        _weigh.finish(self._file)

    def __call__(self, function):
        flags = getattr(getattr(function, "__code__", None), "co_flags", 0)
        if flags & CO_ASYNC_GENERATOR:
            return _wrap_async_generator(function, self._span)
        if flags & CO_COROUTINE:
            return _wrap_coroutine(function, self._span)
        if flags & CO_GENERATOR:
            return _wrap_generator(function, self._span)
        return _wrap_function(function, self._span)

    @contextmanager
    def _span(self):
        """The recording of one call, or nothing inside another call's."""
        if self._pid == os.getpid():
            yield
        else:
            with self:
                yield


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


def _wrap_function(function, span):
    @wraps(function)
    def recorded(*args, **kwargs):
        with span():
            return function(*args, **kwargs)

    return recorded


def _wrap_coroutine(function, span):
    @wraps(function)
    async def recorded(*args, **kwargs):
        with span():
            return await function(*args, **kwargs)

    return recorded


def _wrap_generator(function, span):
    @wraps(function)
    def recorded(*args, **kwargs):
        with span():
            return (yield from function(*args, **kwargs))

    return recorded


def _wrap_async_generator(function, span):
    @wraps(function)
    async def recorded(*args, **kwargs):
        with span():
            values = function(*args, **kwargs)
            step = values.__anext__()
            while True:
                try:
                    value = await step
                except StopAsyncIteration:
                    return
                try:
                    sent = yield value
                except GeneratorExit:
                    await values.aclose()
                    raise
                except BaseException as error:
                    step = values.athrow(error)
                else:
                    step = values.asend(sent)

    return recorded
