"""TimeStamper: when functions ran, and the memory of the process as they began and ended."""

import os
import sys
import threading
import time

from weigh._usage import kind_of, mib_of
from weigh._wrap import around_calls


class _Call:
    """A call under way, or a block of code."""

    def __init__(self, stamper, function):
        self._stamper = stamper
        self._function = function

    def __enter__(self):
        depth = self._stamper._depth
        self._level = getattr(depth, "level", 0)
        depth.level = self._level + 1
        self._stamps = [self._stamper._reading()]
        self._stamper.functions[self._function].append(self._stamps)
        self._stamper.stack[self._function].append(self._level)

    def __exit__(self, *error):
        self._stamper._depth.level = self._level
        self._stamps.append(self._stamper._reading())
        self._stamper._tell(self._function, self._stamps, self._level)


class TimeStamper:
    """Stands for `profile` where only the times of calls are wanted.

    `functions` has for each function a list of its calls, a call being the
    readings (MiB, seconds since 1970) at its start and its end; `stack` has how
    many others each lay within.
    """

    def __init__(self, backend, include_children=False):
        self.functions = {}
        self.stack = {}
        self.backend = backend
        self.include_children = include_children
        self._kind = kind_of(backend)
        self._depth = threading.local()
        self._sink = None
        self._process = os.getpid()

    def __call__(self, func=None, precision=None):
        if func is None:
            return self
        if not callable(func):
            raise ValueError(f"{func!r}: not callable: give a function")
        self.add_function(func)
        return self.wrap_function(func)

    def add_function(self, func):
        self.functions.setdefault(func, [])
        self.stack.setdefault(func, [])

    def wrap_function(self, func):
        """The function, each call of it stamped; that of a generator or coroutine from its first step to its end."""
        return around_calls(func, lambda: _Call(self, func))

    def timestamp(self, name="<block>"):
        """A context manager that stamps a block of code under a name."""

        def block():
            pass

        block.__module__ = ""
        block.__name__ = name
        self.add_function(block)
        return _Call(self, block)

    def enable_by_count(self):
        """Nothing: calls are always stamped. A script may be made for the line profiler, too."""

    disable_by_count = __enter__ = enable_by_count

    def __exit__(self, *error):
        pass

    def tell_at_once(self, file):
        """Write each call to a file, opened for appending, when it ends: a program may be killed."""
        self._sink = file

    def show_results(self, stream=None):
        """Write a line for each call that has ended: FUNC name MiB start MiB end level."""
        stream = sys.stdout if stream is None else stream
        if stream is self._sink:
            return
        for function, calls in self.functions.items():
            for stamps, level in zip(calls, self.stack[function]):
                if len(stamps) == 2:
                    stream.write(_line(function, stamps, level))

    def _reading(self):
        return mib_of(os.getpid(), self._kind, self.include_children), time.time()

    def _tell(self, function, stamps, level):
        # A forked child has memory of its own, which is none of the file's.
        if self._sink is None or self._process != os.getpid():
            return
        try:
            self._sink.write(_line(function, stamps, level))
            self._sink.flush()
        except (OSError, ValueError):
            self._sink = None


def _line(function, stamps, level):
    name = f"{function.__module__}.{getattr(function, '__name__', type(function).__name__)}"
    (mem, start), (mem_end, end) = stamps
    return f"FUNC {name} {mem:.4f} {start:.4f} {mem_end:.4f} {end:.4f} {level}\n"
