"""How high does memory go while a function runs? memory_usage() with each way to hold ten million numbers."""

import sys
from array import array

import numpy

import weigh

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000


def as_list():
    return list(range(COUNT))


def as_array():
    return array("l", range(COUNT))


def as_numpy():
    return numpy.arange(COUNT)


for function in as_list, as_array, as_numpy:
    before = weigh.memory_usage(-1, max_iterations=1)[0]
    highest = weigh.memory_usage((function, (), {}), interval=0.2, max_usage=True)
    print(f"{function.__name__:9} {highest - before:6.1f} MiB above what there was")
