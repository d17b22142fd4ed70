"""The measured process of the tracing benchmark; prints its answer as JSON.

    child.py time TOOL FRAMES PROGRAM COUNT    seconds of processor time of a pass, before tracing and while tracing
    child.py memory TOOL FRAMES BLOCKS         bytes that blocks add to resident memory, and what a snapshot takes

TOOL is weigh or library, for the memory also bare. Times of one process are
compared, the least of several passes each: the speed of a machine in use changes
from one process to the next.
"""

import json
import os
import sys
import time

DEPTH = 30
PASSES = 9


class Pair:
    __slots__ = ("first", "second")

    def __init__(self, first, second):
        self.first = first
        self.second = second


def tuples(count):
    return [(i, i) for i in range(count)]


def lists(count):
    return [[i] for i in range(count)]


def strings(count):
    return [str(i) for i in range(count)]


def instances(count):
    return [Pair(i, None) for i in range(count)]


def temporaries(count):
    for i in range(count):
        row = {"number": i}
        (row, [i, i])


def tracer(tool):
    if tool == "weigh":
        from weigh.compat import tracemalloc
    else:
        import tracemalloc
    return tracemalloc


def at_depth(depth, function, count):
    return at_depth(depth - 1, function, count) if depth > 1 else function(count)


def one_pass(function, count):
    """From the first block to the end of the last."""
    start = time.process_time()
    made = at_depth(DEPTH, function, count)
    del made
    return time.process_time() - start


def measure_time(tool, frames, program, count):
    function = globals()[program]
    one_pass(function, count)
    bare = min(one_pass(function, count) for _ in range(PASSES))
    tracer(tool).start(frames)
    one_pass(function, count)
    return {"bare": bare, "traced": min(one_pass(function, count) for _ in range(PASSES))}


def resident():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def measure_memory(tool, frames, blocks):
    kept = [None] * blocks
    tracemalloc = tool != "bare" and tracer(tool)
    before = resident()
    if tracemalloc:
        tracemalloc.start(frames)
    for i in range(blocks):
        kept[i] = b"%d" % i
    added = resident() - before
    if not tracemalloc:
        return {"added": added}
    start = time.process_time()
    before = resident()
    snapshot = tracemalloc.take_snapshot()
    first = snapshot.statistics("lineno")[0]
    took = time.process_time() - start
    assert 0.99 * blocks < first.count < 1.01 * blocks
    return {"added": added, "snapshot": resident() - before, "seconds": took}


what, tool, frames, *rest = sys.argv[1:]
if what == "time":
    answer = measure_time(tool, int(frames), rest[0], int(rest[1]))
else:
    answer = measure_memory(tool, int(frames), int(rest[0]))
print(json.dumps(answer))
