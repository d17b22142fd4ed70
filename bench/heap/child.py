"""Builds objects and has one tool look at all of them: child.py TOOL SHAPE SCALE OUT.

Prints a line of JSON for each step as it is done, so that what is known stays known when a later step takes too long.
Run alone: peaks of resident memory are the process's own.
"""

import gc
import json
import os
import random
import struct
import sys
import threading
import time

from harness.resident import forget_peak, status

# From the layout of snapshots, include/weigh/snapshot.h.
STATE = struct.Struct("<20xI")
HEADER = struct.Struct("<8s4I2Q4I12Q2Q")
HEADER_FIELDS = (
    "magic version byte_order header_size state size seal when python pid mode taken_unix_ns taken_ns recording_ns"
    " live small_live small_found rss anonymous pause_ns progress expected lost objects references"
).split()
COMPLETE = 2


class Ride:
    def __init__(self, number):
        self.route = str(number % 180 + 1000)
        self.day = f"{number % 28 + 1:02}/{number % 12 + 1:02}/2001"


def rows(scale):
    """Five million objects: instances with two strings each, and dicts and lists that hold them in no order."""
    rides = [Ride(n) for n in range(int(1_500_000 * scale))]
    random.Random(1).shuffle(rides)
    days = [{"first": rides[n], "second": rides[n + 1]} for n in range(0, len(rides), 6)]
    return days, [rides[n : n + 6] for n in range(0, len(rides), 6)], rides


def documents(scale):
    """What json.loads makes of 200,000 flat records."""
    records = ({"id": n + 1000, "name": f"name {n}", "share": n / 7} for n in range(int(200_000 * scale)))
    return json.loads(f"[{','.join(map(json.dumps, records))}]")


SHAPES = {"rows": rows, "documents": documents}


def tell(**found):
    print(json.dumps(found), flush=True)


class Step:
    """Time and memory that a step takes, told at its end."""

    def __init__(self, name):
        self.name = name
        self.found = {}

    def __enter__(self):
        forget_peak()
        self.before = status("VmRSS:")
        self.start = time.perf_counter()
        return self.found

    def __exit__(self, kind, error, traceback):
        if kind is None:
            seconds = time.perf_counter() - self.start
            tell(step=self.name, seconds=seconds, extra=status("VmHWM:") - self.before, **self.found)


class Pauses:
    """A thread that looks at the clock each half millisecond: the longest time it could not."""

    def __enter__(self):
        self.running = True
        self.longest = 0.0
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        time.sleep(0.1)
        self.longest = 0.0
        return self

    def look(self):
        last = time.perf_counter()
        while self.running:
            time.sleep(0.0005)
            now = time.perf_counter()
            self.longest = max(self.longest, now - last)
            last = now

    def __exit__(self, *error):
        time.sleep(0.02)
        self.running = False
        self.thread.join()


def header_of(path):
    with open(path, "rb") as file:
        header = dict(zip(HEADER_FIELDS, HEADER.unpack(file.read(HEADER.size))))
    assert header.pop("magic") == b"WEIGHEAP"
    return header


def wait_for(path):
    while header_of(path)["state"] != COMPLETE:
        time.sleep(0.005)


def before_weigh(out):
    import weigh

    weigh.snapshot(out + ".before")
    wait_for(out + ".before")


def look_weigh(out):
    import weigh

    with Pauses() as pauses:
        child = os.fork()
        if not child:
            os._exit(0)
        os.waitpid(child, 0)
    tell(step="fork", pause=pauses.longest)
    with Pauses() as pauses:
        tell(step="begin")
        with Step("snapshot"):
            weigh.snapshot(out)
            wait_for(out)
    tell(step="pause", pause=pauses.longest)
    tell(step="file", bytes=os.stat(out).st_size, **header_of(out))


def look_guppy(out):
    from guppy import hpy

    heap = hpy()
    with Step("heap") as found:
        whole = heap.heap()
        found.update(objects=whole.count, gross=whole.size)
        str(whole)
    for name in ("byrcs", "byvia"):
        with Step(name):
            str(getattr(whole, name))


def look_objgraph(out):
    import objgraph

    with Step("most_common_types") as found:
        found["top"] = objgraph.most_common_types(limit=5)
    tell(step="seen", objects=len(gc.get_objects()), dicts=objgraph.count("dict"))


TOOLS = {"weigh": look_weigh, "guppy": look_guppy, "objgraph": look_objgraph}


def main():
    tool, shape, scale, out = sys.argv[1], SHAPES[sys.argv[2]], float(sys.argv[3]), sys.argv[4]
    if tool == "weigh":
        before_weigh(out)
    gc.collect()
    empty = status("VmRSS:")
    start = time.perf_counter()
    data = shape(scale)
    gc.collect()
    tell(step="built", seconds=time.perf_counter() - start, heap=status("VmRSS:") - empty)
    TOOLS[tool](out)
    tell(step="done", kept=len(data))


main()
