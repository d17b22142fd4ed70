"""Runs a program under tracemalloc and makes its first report: for the benchmarks.

    python -X tracemalloc=N tracemalloc_report.py OUT PROGRAM ARGS...

writes into OUT the seconds that the snapshot and the ten largest lines took.
"""

import os
import runpy
import sys
import time
import tracemalloc

out = sys.argv.pop(1)
del sys.argv[0]
sys.path[0] = os.path.dirname(sys.argv[0])
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    start = time.perf_counter()
    for line in tracemalloc.take_snapshot().statistics("lineno")[:10]:
        print(line, file=sys.stderr)
    with open(out, "w") as file:
        print(time.perf_counter() - start, file=file)
