"""Memory line by line: the decorator `profile` and what it is made of."""

import atexit
import os
import sys
from _thread import allocate_lock
from collections import namedtuple
from functools import partial
from types import CodeType, FunctionType, MethodType

from weigh import _weigh
from weigh._linetable import print_tables
from weigh._wrap import around_calls, around_steps

# Before that a function is followed only while it is told to be.
FOLLOWS_CODE = sys.version_info >= (3, 12)


# What one line did, in bytes that blocks occupy; None where it never ran or nobody counted.
Line = namedtuple("Line", "file function lineno occurrences mem_usage increment allocated freed peak")


class Table:
    """The lines of one function.

    `lines` has a Line for each line of its source from the first to the last
    that has code, `source` their text ("" where there is none), `notes` what a
    reader has to know.
    """

    def __init__(self, code, stamp):
        self.file = code.co_filename
        self.function = getattr(code, "co_qualname", code.co_name)
        self.first_line = code.co_firstlineno
        self.lines = self._read(code)
        self.notes = []
        self.source = self._read_source(stamp)

    def __repr__(self):
        return f"<weigh lines of {self.function}, {self.file}:{self.first_line}>"

    @property
    def ran(self):
        return any(line.mem_usage is not None for line in self.lines)

    def _read(self, code):
        rows = {row[0]: row[1:] for row in _weigh.lines_read(code)}
        first = min(self.first_line, min(rows))
        return [self._line(number, rows.get(number)) for number in range(first, max(rows) + 1)]

    def _line(self, number, row):
        if row is None:
            return Line(self.file, self.function, number, *[None] * 6)
        occurrences, highest, allocated, freed, peak = row
        if not (occurrences or highest or allocated or freed):
            return Line(self.file, self.function, number, *[None] * 6)
        return Line(
            self.file, self.function, number, occurrences, highest, allocated - freed, allocated, freed, peak
        )

    def _read_source(self, stamp):
        import linecache

        linecache.checkcache(self.file)
        text = linecache.getlines(self.file)
        source = [text[line.lineno - 1].rstrip() if line.lineno <= len(text) else "" for line in self.lines]
        if not text:
            self.notes.append(f"{self.file}: there is no source to show: lines have their numbers alone")
        elif stamp != _stamp_of(self.file):
            self.notes.append(f"{self.file}: changed since it was loaded: the text may belong to other lines")
        return source


def _stamp_of(file):
    """What tells that a file was written to."""
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


class LineProfiler:
    """Profiles functions line by line.

        profiler = LineProfiler()
        work = profiler(work)
        work()
        print_tables(profiler.tables())

    Figures belong to the code of a function, whoever profiles it.
    """

    def __init__(self):
        self.codes = []
        self._stamps = []
        self._refused = []

    def add_code(self, code):
        """Profile a code object and those within it. Raises WeighError when they cannot be."""
        if code in self.codes:
            return
        _weigh.lines_add(code)
        self.codes.append(code)
        self._stamps.append(_stamp_of(code.co_filename))

    def add_function(self, function):
        """Profile what a function, method or callable object runs; False when that is no Python code."""
        codes = list(_codes_of(function))
        for code in codes:
            self.add_code(code)
        return bool(codes)

    def __call__(self, function):
        """The function, to be called in its place. What has no Python code is returned as it is, with a message."""
        if FOLLOWS_CODE:
            followed = _rewrap(function, _weigh.lines_copy)
            added = self.add_function(followed)
        else:
            added = self.add_function(function)
            followed = _followed(function) if added else function
        if added:
            return followed
        complain(f"{function!r}: no Python code in it: profile the function that calls it")
        return function

    def tables(self):
        """A Table for each code object that was added, in that order."""
        return [Table(code, stamp) for code, stamp in zip(self.codes, self._stamps)]

    def clear(self):
        """Forget the figures."""
        for code in self.codes:
            _weigh.lines_clear(code)


def _codes_of(function):
    """The code objects that a function, or what is like one, runs."""
    if isinstance(function, CodeType):
        yield function
    elif isinstance(function, FunctionType):
        yield function.__code__
    elif isinstance(function, MethodType | classmethod | staticmethod):
        yield from _codes_of(function.__func__)
    elif isinstance(function, partial):
        yield from _codes_of(function.func)
    elif isinstance(function, property):
        for accessor in (function.fget, function.fset, function.fdel):
            yield from _codes_of(accessor)
    elif isinstance(function, type):
        for value in vars(function).values():
            if not isinstance(value, type):
                yield from _codes_of(value)
    elif function is not None and isinstance(getattr(type(function), "__call__", None), FunctionType):
        yield type(function).__call__.__code__


def _rewrap(function, wrap):
    """The same with `wrap` around each Python function in it."""
    if isinstance(function, FunctionType):
        return wrap(function)
    if isinstance(function, MethodType):
        return MethodType(_rewrap(function.__func__, wrap), function.__self__)
    if isinstance(function, classmethod | staticmethod):
        return type(function)(_rewrap(function.__func__, wrap))
    if isinstance(function, partial):
        return partial(_rewrap(function.func, wrap), *function.args, **function.keywords)
    if isinstance(function, property):
        parts = (function.fget, function.fset, function.fdel)
        return property(*(_rewrap(part, wrap) for part in parts), function.__doc__)
    if isinstance(function, type):
        for name, value in list(vars(function).items()):
            wrapped = value if isinstance(value, type) else _rewrap(value, wrap)
            if wrapped is not value:
                setattr(function, name, wrapped)
    return function


def _followed(function):
    return _rewrap(
        function, lambda part: around_steps(part, _weigh.lines_enter, _weigh.lines_leave)
    )


def complain(message):
    """One line on standard error, if that is there."""
    try:
        sys.stderr.write(f"weigh: profile: {message}\n")
    except Exception:
        pass


class _Printing:
    """Prints the tables of a profiler whenever the last of the calls under way has ended."""

    def __init__(self, stream, precision):
        self.profiler = LineProfiler()
        self._stream = stream
        self._precision = precision
        self._under_way = 0
        self._lock = allocate_lock()
        self._process = os.getpid()

    def __call__(self):
        return self

    def __enter__(self):
        with self._lock:
            self._under_way += 1

    def __exit__(self, *error):
        with self._lock:
            self._under_way -= 1
            last = self._under_way == 0
        if last:
            self.print()

    def print(self):
        if self._process != os.getpid():
            return
        try:
            print_tables(self.profiler.tables(), self._stream, precision=self._precision)
            self.profiler.clear()
        except Exception as error:
            complain(f"the table cannot be printed: {error}")

    def print_rest(self):
        """At exit: what calls did that have never ended."""
        if self._under_way:
            self.print()


# What `weigh lines` gathers into: a LineProfiler that is asked for its tables at the end.
session = None


def profile(function=None, stream=None, precision=None, backend=None):
    """Profile a function line by line.

        @weigh.profile
        def work(): ...

        @weigh.profile(stream=file, precision=2)
        def work(): ...

    The table is printed to `stream` (standard output) when the call ends, that
    of a recursive function or of several threads when the last of them has;
    under `weigh lines` once, at the end of the program. Bytes are shown in the
    unit that fits, with a `precision` in MiB. `backend` is for programs written
    for memory_profiler and has no effect.

    Takes functions and methods of every kind, properties, classes (all their
    methods) and callable objects. What has no Python code is returned as it is,
    with a message on standard error.
    """
    if function is None:
        return partial(profile, stream=stream, precision=precision, backend=backend)
    try:
        if session is not None:
            return session(function)
        printing = _Printing(stream, precision)
        followed = printing.profiler(function)
        if not printing.profiler.codes:
            return function
        atexit.register(printing.print_rest)
        return _rewrap(followed, lambda part: around_calls(part, printing))
    except (_weigh.WeighError, RuntimeError, OSError, MemoryError) as error:
        complain(f"{function!r} is not profiled: {error}")
        return function
