"""A NumPy pipeline of temporaries, large and small."""

import sys

import numpy
from marks import profiled


def large(size):
    a = numpy.arange(size, dtype=float)
    b = a * 2 + 1
    c = numpy.sqrt(b) - a / 3
    return float((c * c + b).sum())


def small(count):
    total = 0.0
    row = numpy.ones(16)
    for _ in range(count):
        total += float((row * 2 + 1).sum())
    return total


@profiled
def work(units):
    return sum(large(1_000_000) + small(2_000) for _ in range(units))


print(work(int(sys.argv[1])))
