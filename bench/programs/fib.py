"""Calls and small integers: allocates next to nothing."""

import sys

from marks import profiled


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


@profiled
def work(units):
    return sum(fib(24) for _ in range(units))


print(work(int(sys.argv[1])))
