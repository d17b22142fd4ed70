"""Lines measured by tracemalloc: what memory_profiler's backend of that name does.

A trace function reads tracemalloc's counter at each line, which costs some
microseconds a line and follows one thread at a time. What this module itself
allocates meanwhile is taken out.
"""

import sys
import tracemalloc

_MIB = 2.0**20


class TracedLines:
    """Figures by code object and line: [increment, highest, occurrences], MiB and a number."""

    def __init__(self):
        self.measures = {}
        self._owners = {}
        self._open = []
        self._before = None
        self._own = 0

    def add_code(self, code, owner=None):
        owner = owner or code
        if code in self._owners:
            return
        self._owners[code] = owner
        self.measures.setdefault(owner, {})
        for constant in code.co_consts:
            if isinstance(constant, type(code)):
                self.add_code(constant, owner)

    def enter(self):
        self._before = sys.gettrace()
        sys.settrace(self._trace)

    def leave(self):
        sys.settrace(self._before)

    def _trace(self, frame, event, arg):
        traced = tracemalloc.get_traced_memory()[0]
        if frame.f_code in self._owners:
            self._event(frame, event, traced - self._own)
            # What this module holds now is not the program's.
            self._own += tracemalloc.get_traced_memory()[0] - traced
        if self._before is not None:
            self._before(frame, event, arg)
        return self._trace

    def _event(self, frame, event, traced):
        if event == "call":
            self._open.append([None, traced])
            self._first(frame.f_code, traced)
        elif self._open and event in ("line", "return"):
            line, before = self._open[-1]
            if line is not None:
                self._add(frame.f_code, line, traced - before, traced)
            self._open[-1][:] = frame.f_lineno, traced
            if event == "return":
                self._open.pop()

    def _first(self, code, traced):
        lines = self.measures[self._owners[code]]
        if code is self._owners[code]:
            _, _, calls = lines.get(code.co_firstlineno, (0, 0, 0))
            lines[code.co_firstlineno] = (traced / _MIB, traced / _MIB, calls + 1)

    def _add(self, code, line, change, traced):
        lines = self.measures[self._owners[code]]
        increment, highest, occurrences = lines.get(line, (0.0, 0.0, 0))
        lines[line] = (increment + change / _MIB, max(highest, traced / _MIB), occurrences + 1)
