"""One of the fifteen shapes held in memory: its sizes, and what its making took.

cta_program.py EXAMPLE CSV rss|tracemalloc     prints gross, requested, untouched and what was measured.
"""

import ctypes
import gc
import os
import sys
import tracemalloc

from weigh import _weigh


def anonymous():
    """Bytes of anonymous memory that are resident, after malloc has given back what it can."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) * 1024


def main():
    example, table, way = sys.argv[1:]
    sys.path.insert(0, os.path.dirname(example))
    with open(example) as file:
        source = file.read()
    names = {"__name__": "shape"}
    exec(compile(source.rsplit("main()", 1)[0], example, "exec"), names)
    read = names["read"]
    with open(table) as file, open("small.csv", "w") as small:
        small.writelines(line for line, _ in zip(file, range(3000)))
    keep = read("small.csv")  # brings in what is loaded on demand
    _weigh.size((keep,), 0, True, False)
    measure = anonymous
    if way == "tracemalloc":
        tracemalloc.start()
        measure = lambda: tracemalloc.get_traced_memory()[0]  # noqa: E731
    gc.collect()
    before = measure()
    rows = read(table)
    gc.collect()
    grown = measure() - before
    tracemalloc.stop()
    gross, requested, _, _, untouched = _weigh.size((rows,), 0, True, False)
    print(gross, requested, untouched, grown)


main()
