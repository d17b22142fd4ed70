"""The place of pympler's process, as far as trackers use it: memory of this process."""

import os
import resource

_PAGE = os.sysconf("SC_PAGE_SIZE")


class ProcessMemoryInfo:
    """Bytes of address space (`vsz`) and in memory (`rss`), and `pagefaults` that read from disk."""

    pagesize = _PAGE

    def __init__(self):
        self.pid = os.getpid()
        self.rss = 0
        self.vsz = 0
        self.pagefaults = 0
        self.code_segment = 0
        self.data_segment = 0
        self.shared_segment = 0
        self.stack_segment = 0
        self.available = self.update()

    def __repr__(self):
        return f"<{type(self).__name__} vsz={self.vsz:d} rss={self.rss:d}>"

    def __sub__(self, other):
        return [
            ("Resident set size (delta)", self.rss - other.rss),
            ("Virtual size (delta)", self.vsz - other.vsz),
        ]

    def update(self):
        """Read the figures anew; whether they could be read."""
        try:
            with open("/proc/self/statm", encoding="ascii") as file:
                pages = [int(word) for word in file.read().split()]
        except (OSError, ValueError):
            return False
        self.vsz, self.rss, self.shared_segment, self.code_segment = (n * _PAGE for n in pages[:4])
        self.data_segment = pages[5] * _PAGE
        self.pagefaults = resource.getrusage(resource.RUSAGE_SELF).ru_majflt
        return True


def is_available():
    """Whether the figures can be read here."""
    return ProcessMemoryInfo().available
