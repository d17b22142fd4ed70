"""Which lines take most? tracemalloc's own example, with its import changed."""

import random
import sys

from weigh.compat import tracemalloc

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000

tracemalloc.start()
numbers = [random.random() for _ in range(COUNT)]
snapshot = tracemalloc.take_snapshot()
current, peak = tracemalloc.get_traced_memory()
tracemalloc.stop()

for line in snapshot.statistics("lineno")[:3]:
    print(line)
print(f"current {current:,}, peak {peak:,} bytes")
