"""The place of memory_profiler 0.61, for a script that changes its import.

    from weigh.compat.memory_profiler import profile, memory_usage
    python -m weigh.compat.memory_profiler script.py

Names, arguments and printed tables are memory_profiler's; where figures differ
docs/compat.md says why.
"""

import logging

from weigh._usage import choose_backend, memory_usage
from weigh.compat._memory_lines import CodeMap, LineProfiler, profile, show_results
from weigh.compat._memory_main import exec_with_profiler, main, run_module_with_profiler
from weigh.compat._memory_stamps import TimeStamper

__all__ = [
    "CodeMap",
    "LineProfiler",
    "LogFile",
    "TimeStamper",
    "choose_backend",
    "exec_with_profiler",
    "memory_usage",
    "profile",
    "run_module_with_profiler",
    "show_results",
]
__version__ = "0.61.0"
has_tracemalloc = True


class LogFile:
    """A file that writes to a logger, for `stream`: with `reportIncrementFlag` only lines that gained memory."""

    def __init__(self, name=None, reportIncrementFlag=False):
        self.logger = logging.getLogger(name)
        self.reportIncrementFlag = reportIncrementFlag

    def write(self, msg, level=logging.INFO):
        if not self.reportIncrementFlag or self._is_heading(msg) or self._gains(msg):
            self.logger.log(level, msg)

    def flush(self):
        for handler in self.logger.handlers:
            handler.flush()

    @staticmethod
    def _is_heading(msg):
        return "Filename:" in msg or "Line Contents" in msg

    @staticmethod
    def _gains(msg):
        parts = msg.split("MiB")
        try:
            return len(parts) > 2 and float(parts[1]) > 0
        except ValueError:
            return False


if __name__ == "__main__":
    main()
