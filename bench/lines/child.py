"""Runs a loop bare or line by line under a profiler, and prints how long it took: child.py TOOL SHAPE LINES.

Of the shapes "other" and "raises" the loop is not profiled: another function of the program is.
"""

import io
import json
import sys
import time


def short(count):
    """Four of the shortest lines there are, and the loop's own."""
    for i in range(count // 5):
        a = i & 7
        b = a + 1
        c = b * a
        b = c - b
    return b


def usual(count):
    """What loops do: a call, a list, a dict, a branch."""
    found = {}
    kept = []
    for i in range(count // 6):
        key = str(i & 1023)
        if key not in found:
            found[key] = []
        found[key] = kept
        kept = [i, key, kept[:3]]
    return found


def raises(count):
    """An exception in each round."""
    for i in range(count // 4):
        try:
            [][i]
        except IndexError:
            pass


def nothing():
    pass


SHAPES = {"short": short, "usual": usual, "other": usual, "raises": raises}
UNPROFILED = ("other", "raises")


def main():
    tool, shape, lines = sys.argv[1], sys.argv[2], int(sys.argv[3])
    run, aside = SHAPES[shape], nothing
    if tool == "weigh":
        from weigh import profile
    elif tool == "memory-profiler":
        from memory_profiler import profile
    if tool != "bare" and shape in UNPROFILED:
        aside = profile(nothing, stream=io.StringIO())
    elif tool != "bare":
        run = profile(run, stream=io.StringIO())
    aside()
    run(100)
    started = time.process_time()
    run(lines)
    print(json.dumps({"seconds": time.process_time() - started, "lines": lines}))


main()
