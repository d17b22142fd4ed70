"""Small objects that die at once: strings, tuples, bytes, objects with attributes."""

import sys

from marks import profiled


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y


@profiled
def work(units):
    total = 0
    for _ in range(units):
        for number in range(100_000):
            text = f"{number}:{total}"
            point = Point(text, (number, total, text))
            total += len(point.x.encode()) + len(point.y)
    return total


print(work(int(sys.argv[1])))
