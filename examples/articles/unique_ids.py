"""What does a list of dicts take? Added up object by object, each id once, and asked in one call."""

import csv
import os
import sys
import tracemalloc

import weigh

sys.path.append(os.path.join(os.path.dirname(__file__), "..", "cta"))
from make_data import data  # noqa: E402

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 10**9


def add_up(rows):
    """sys.getsizeof() of all different objects: the list, its dicts, their keys and values."""
    seen = {id(rows): sys.getsizeof(rows)}
    for row in rows:
        seen[id(row)] = sys.getsizeof(row)
        for pair in row.items():
            seen.update((id(thing), sys.getsizeof(thing)) for thing in pair)
    return sum(seen.values())


tracemalloc.start()
with open(data(), newline="") as file:
    rows = [row for _, row in zip(range(ROWS), csv.DictReader(file))]
print(f"tracemalloc, current {tracemalloc.get_traced_memory()[0]:12,}")
tracemalloc.stop()
print(f"getsizeof, added up  {add_up(rows):12,}")
print(f"weigh, requested     {weigh.measure(rows).requested:12,}")
print(f"weigh.sizeof(rows)   {weigh.sizeof(rows):12,}")

a, b = "".join(["hello ", "world"]), "".join(["good ", "night"])
print(f"\n[a, a, b, b] is {weigh.sizeof([a, a, b, b])}: {int(weigh.flat([a, a, b, b]))} + {weigh.sizeof(a)} + {weigh.sizeof(b)}")
