"""Rows of dicts, all of which stay: the memory of the program grows with its work."""

import sys

from marks import profiled


@profiled
def work(units):
    rows = []
    for number in range(units * 10_000):
        rows.append({"route": f"{number % 182}", "date": f"day {number}", "rides": number * 3, "share": number / 7})
    return len(rows)


print(work(int(sys.argv[1])))
