"""The program's side of `weigh lines`: gathers what lines do and hands the tables over at the end.

All that is needed then is imported at the start: modules that use eval(), as
named tuples do, would make the interpreter forget that it ends by Ctrl-C.
"""

import atexit
import builtins
import json
import linecache  # noqa: F401
import os
import sys
import tokenize  # noqa: F401

from weigh import _lines, _weigh
from weigh._linetable import table_text

SORTS = {
    "allocated": lambda table: -_sum(table, "allocated"),
    "increment": lambda table: -_sum(table, "increment"),
    "peak": lambda table: -max((line.peak or 0 for line in table.lines), default=0),
    "occurrences": lambda table: -_sum(table, "occurrences"),
    "name": lambda table: (table.file, table.first_line),
}


def _sum(table, what):
    return sum(getattr(line, what) or 0 for line in table.lines)


class Session(_lines.LineProfiler):
    """What `weigh lines` was asked for, and what was found."""

    def __init__(self, fd, words):
        super().__init__()
        self._fd = fd
        self._words = words
        self._process = os.getpid()
        self._folder = None
        self._threads = sys.version_info < (3, 12)

    def choose(self, code):
        """Profile code that begins to run, if it is meant."""
        if not code.co_name.startswith("<") and self._is_meant(code):
            self.add_code(code)

    def _is_meant(self, code):
        pattern = self._words.get("function")
        if not pattern:
            return self._is_own(code.co_filename)
        from fnmatch import fnmatchcase

        name = getattr(code, "co_qualname", code.co_name)
        names = (name, code.co_name, f"{code.co_filename}:{name}", f"{os.path.basename(code.co_filename)}:{name}")
        return any(fnmatchcase(name, pattern) for name in names)

    def _is_own(self, file):
        main = getattr(sys.modules.get("__main__"), "__file__", None)
        if main is None or file.startswith("<"):
            return main is None and file == "<string>"
        if self._folder is None:
            self._folder = os.path.dirname(os.path.abspath(main))
        if file.startswith("<"):
            return False
        path = os.path.abspath(file)
        return path.startswith(self._folder + os.sep) and not {"site-packages", "dist-packages"} & {*path.split(os.sep)}

    def follow(self):
        """Choose among all code that runs, on every thread."""
        _weigh.lines_choose(self.choose)
        if self._threads:
            import threading

            threading.settrace(_follow_thread)

    def finish(self):
        """Write the tables for the launcher."""
        if self._process != os.getpid():
            return
        tables = [table for table in self.tables() if table.ran]
        if self._words.get("sort"):
            tables.sort(key=SORTS[self._words["sort"]])
        if self._words.get("limit"):
            del tables[int(self._words["limit"]) :]
        text = self._as_json(tables) if "json" in self._words else self._as_text(tables)
        data = text.encode("utf-8", "backslashreplace")
        while data:
            data = data[os.write(self._fd, data) :]
        os.close(self._fd)

    def _as_text(self, tables):
        precision = self._words.get("precision")
        unit = self._words.get("unit")
        precision = int(precision) if precision else None
        texts = (table_text(table, unit=unit, precision=precision, color="color" in self._words) for table in tables)
        return "\n".join(text + "\n" for text in texts) or "\n"

    def _as_json(self, tables):
        functions = [
            {
                "file": table.file,
                "function": table.function,
                "line": table.first_line,
                "notes": table.notes,
                "lines": [
                    {**line._asdict(), "source": source, "file": None, "function": None}
                    for line, source in zip(table.lines, table.source)
                ],
            }
            for table in tables
        ]
        for function in functions:
            for line in function["lines"]:
                del line["file"], line["function"]
        return json.dumps({"schema": "weigh.lines/1", "functions": functions}) + "\n"


def _follow_thread(frame, event, argument):
    """The first call on a new thread: from here on our own function traces it."""
    sys.settrace(None)
    _weigh.lines_enter()


def begin(fd, words):
    """Start a session; `words` are KEY=VALUE, a line each, the figures go to a copy of `fd`."""
    asked = dict(word.split("=", 1) for word in words.split("\n") if word)
    session = _lines.session = Session(os.dup(fd), asked)
    atexit.register(session.finish)
    builtins.profile = _lines.profile
    if "all" in asked or "function" in asked:
        session.follow()
