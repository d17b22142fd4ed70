"""A recursion 500 frames deep that allocates on its way and at its bottom."""

import sys

from marks import profiled


def descend(depth):
    name = f"level {depth}"
    if depth:
        return descend(depth - 1) + len(name)
    return sum(len(f"row {number}") for number in range(5_000))


@profiled
def work(units):
    return sum(descend(500) for _ in range(units))


print(work(int(sys.argv[1])))
