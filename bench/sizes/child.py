"""Builds objects, has one tool tell their size, and prints what that took: child.py TOOL SHAPE ROWS.

Run alone: the peak of resident memory and what stays behind are the process's own.
"""

import gc
import json
import sys
import time

from harness.resident import forget_peak, status


class Ride:
    def __init__(self, number):
        self.route = str(number % 180)
        self.day = f"{number % 28 + 1:02}/{number % 12 + 1:02}/2001"
        self.rides = 1000 + number


def dicts(rows):
    return [
        {"route": str(n % 180), "day": f"{n % 28 + 1:02}/{n % 12 + 1:02}/2001", "rides": 1000 + n} for n in range(rows)
    ]


def instances(rows):
    return [Ride(n) for n in range(rows)]


SHAPES = {"dicts": dicts, "instances": instances}


def sizer(tool):
    """The function that tells the deep size of an object; imported and tried before anything is measured."""
    if tool == "weigh":
        from weigh import sizeof

        size = sizeof
    elif tool == "pympler":
        from pympler.asizeof import asizeof

        size = asizeof
    else:
        from guppy import hpy

        heap = hpy()

        def size(data):
            return heap.iso(data).domisize

    size([{"a": str(1000)}])
    return size


def main():
    tool, shape, rows = sys.argv[1], SHAPES[sys.argv[2]], int(sys.argv[3])
    size = sizer(tool)
    gc.collect()
    empty = status("VmRSS:")
    data = shape(rows)
    gc.collect()
    before = status("VmRSS:")
    forget_peak()
    blocks = sys.getallocatedblocks()
    start = time.perf_counter()
    answer = size(data)
    seconds = time.perf_counter() - start
    left = sys.getallocatedblocks() - blocks
    print(
        json.dumps(
            {
                "heap": before - empty,
                "answer": answer,
                "seconds": seconds,
                "extra": status("VmHWM:") - before,
                "left": status("VmRSS:") - before,
                "left_blocks": left,  # with the answer itself and the times
            }
        )
    )


main()
