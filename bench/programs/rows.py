"""Rows of dicts that stay: little else than allocation."""

import sys

from marks import profiled


@profiled
def work(units):
    for _ in range(units):
        rows = []
        for number in range(100_000):
            rows.append({"route": f"{number % 182}", "date": f"day {number}", "rides": number * 3, "share": number / 7})
    return len(rows)


print(work(int(sys.argv[1])))
