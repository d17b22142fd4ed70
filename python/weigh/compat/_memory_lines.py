"""LineProfiler and its table in memory_profiler's form, over the lines that weigh follows."""

import inspect
import linecache
import os
import sys
import threading
import warnings
from functools import partial

from weigh import _lines, _weigh
from weigh._usage import choose_backend
from weigh._wrap import around_calls
from weigh.compat._memory_traced import TracedLines

_MIB = 2.0**20
_COLUMNS = "{:>6} {:>12} {:>12}  {:>10}   {}"

# Resident bytes that are no recorded blocks: what Mem usage starts from, as memory_profiler's does.
_base = None


def _live_bytes():
    try:
        return _weigh.live_bytes()
    except _weigh.WeighError:
        return 0  # weigh.compat.tracemalloc is tracing: blocks of a line are known, those of the process are not


def _base_bytes():
    global _base
    if _base is None:
        _base = max(0, _weigh.process_memory(os.getpid(), 0) - _live_bytes())
    return _base


class CodeMap(dict):
    """For each code object {line: (increment, memory, occurrences)}, MiB and a number."""

    def items(self):
        """(file, iterator of (line, figures or None)) for each code object that ran."""
        for code, measures in super().items():
            if measures:
                numbers = _source_lines(code, measures)
                yield code.co_filename, ((number, measures.get(number)) for number in numbers)


def _source_lines(code, measures):
    try:
        source, first = inspect.getsourcelines(code)
    except (OSError, TypeError):
        return range(code.co_firstlineno, max(measures) + 1)
    return range(first, first + len(source))


def _measures_of(table):
    """The lines of a Table that ran. The first stands for the state before, as often as there were calls."""
    measures = {}
    base = _base_bytes()
    for line in table.lines:
        if line.mem_usage is None:
            continue
        memory = (base + line.mem_usage) / _MIB
        if line.lineno == table.first_line and not line.allocated and not line.freed:
            measures[line.lineno] = (memory, memory, line.occurrences)
        else:
            measures[line.lineno] = (line.increment / _MIB, memory, line.occurrences)
    return measures


class _Enabled(threading.local):
    depth = None


class LineProfiler:
    """Memory of functions line by line; call it with a function, and call what it returns.

    `backend` "tracemalloc" counts what tracemalloc sees, with a trace function;
    every other one the bytes that blocks occupy. `include_children` is taken
    without effect: what other processes hold is no line's. Raises WeighError
    for `max_mem`.
    """

    def __init__(self, **kw):
        self.backend = choose_backend(kw.get("backend"))
        self.enable_count = 0
        self.max_mem = kw.get("max_mem")
        if self.max_mem is not None:
            raise _weigh.WeighError(
                "max_mem: stepping into the debugger is not there: "
                "find the line in the table and set a breakpoint on it"
            )
        self._engine = _lines.LineProfiler()
        self._traced = TracedLines() if self.backend == "tracemalloc" else None
        self._enabled = _Enabled()

    def __call__(self, func=None, precision=1):
        if func is None:
            return self
        if not self.add_function(func):
            return func
        if self._traced is not None:
            return around_calls(func, lambda: self)
        return func if _lines.FOLLOWS_CODE else self._engine(func)

    def add_function(self, func):
        """Profile a function's lines; what has no Python code is left out with a warning."""
        code = getattr(func, "__code__", None)
        if self._traced is not None and code is not None:
            self._traced.add_code(code)
            return True
        if self._traced is None and self._engine.add_function(func):
            _base_bytes()
            return True
        warnings.warn(f"{func!r}: no Python code in it, not profiled", stacklevel=3)
        return False

    def wrap_function(self, func):
        return self(func)

    def runctx(self, cmd, globals, locals):
        """Run a statement with profiling enabled."""
        with self:
            exec(cmd, globals, locals)
        return self

    def enable_by_count(self):
        """Enable, unless that was done; as many disable_by_count() take it back."""
        if self.enable_count == 0:
            self.enable()
        self.enable_count += 1

    def disable_by_count(self):
        if self.enable_count > 0:
            self.enable_count -= 1
            if self.enable_count == 0:
                self.disable()

    def enable(self):
        """Follow the functions on this thread. On Python 3.12 and later they always are."""
        if self._traced is not None:
            self._traced.enter()
        elif not _lines.FOLLOWS_CODE:
            self._enabled.depth = _weigh.lines_enter()

    def disable(self):
        if self._traced is not None:
            self._traced.leave()
        elif self._enabled.depth is not None:
            _weigh.lines_leave(self._enabled.depth)
            self._enabled.depth = None

    def __enter__(self):
        self.enable_by_count()

    def __exit__(self, *error):
        self.disable_by_count()

    @property
    def code_map(self):
        """What was measured up to now."""
        if self._traced is not None:
            return CodeMap((code, dict(sorted(lines.items()))) for code, lines in self._traced.measures.items())
        return CodeMap(zip(self._engine.codes, map(_measures_of, self._engine.tables())))

    def _clear(self):
        if self._traced is not None:
            for lines in self._traced.measures.values():
                lines.clear()
        else:
            self._engine.clear()


def show_results(prof, stream=None, precision=1):
    """Print the lines of a LineProfiler in memory_profiler's columns, MiB with so many decimals."""
    stream = sys.stdout if stream is None else stream
    width = precision + 4
    heading = _COLUMNS.format("Line #", "Mem usage", "Increment", "Occurrences", "Line Contents")
    for file, lines in prof.code_map.items():
        source = linecache.getlines(file)
        stream.write(f"Filename: {file}\n\n{heading}\n{'=' * len(heading)}\n")
        for number, figures in lines:
            text = source[number - 1] if number <= len(source) else "\n"
            cells = ("", "", "")
            if figures:
                increment, memory, occurrences = figures
                cells = (
                    f"{memory:{width}.{precision}f} MiB",
                    f"{increment:{width}.{precision}f} MiB",
                    "-" if occurrences is None else occurrences,
                )
            stream.write(_COLUMNS.format(number, *cells, text))
        stream.write("\n\n")


class _Printing(_lines._Printing):
    """Prints the table whenever the last of the calls under way has ended."""

    def __init__(self, profiler, stream, precision):
        super().__init__(stream, precision)
        self.profiler = profiler

    def print(self):
        if self._process == os.getpid():
            show_results(self.profiler, self._stream, self._precision)
            self.profiler._clear()


def profile(func=None, stream=None, precision=1, backend="psutil"):
    """Print the table of a function, in memory_profiler's columns, each time a call of it ends.

    That of a recursive function, or of one in several threads, when the last of
    the calls under way does. `stream` is standard output unless given.
    """
    if func is None:
        return partial(profile, stream=stream, precision=precision, backend=backend)
    backend = choose_backend(backend)
    if backend == "tracemalloc":
        import tracemalloc

        if not tracemalloc.is_tracing():
            tracemalloc.start()
    profiler = LineProfiler(backend=backend)
    followed = profiler(func)
    printing = _Printing(profiler, stream, precision)
    return _lines._rewrap(followed, lambda part: around_calls(part, printing))
