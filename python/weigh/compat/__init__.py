"""Modules that take the place of other tools' in scripts.

    from weigh.compat import asizeof         # for: from pympler import asizeof
    from weigh.compat import muppy, summary, tracker, classtracker
    from weigh.compat.memory_profiler import profile, memory_usage
    from weigh.compat import tracemalloc     # for: import tracemalloc

Names, arguments, defaults and what is printed are those of the other tool; the
figures come from weigh, so that some differ: docs/compat.md lists them, each
with the reason.
"""
