"""Makes objects of many kinds, takes a snapshot and tells what the small-object allocator has in use.

Run as `heap_coverage_program.py CASE SNAPSHOT`. Prints the bytes in use; they come from the allocator's own statistics.
"""

import os
import re
import sys

import weigh

CASES = {}


def case(build):
    CASES[build.__name__] = build
    return build


@case
def nothing():
    return []


@case
def library():
    """Modules with many classes, functions and constants, and objects of theirs."""
    import argparse
    import ast
    import collections
    import ctypes
    import dataclasses
    import datetime
    import decimal
    import email.message
    import enum
    import fractions
    import functools
    import inspect
    import ipaddress
    import itertools
    import logging
    import operator
    import pathlib
    import random
    import sqlite3
    import typing
    import unittest
    import uuid
    import xml.etree.ElementTree as tree
    import zipfile

    @dataclasses.dataclass
    class Row:
        number: int
        name: str
        when: datetime.datetime
        parts: typing.List[str] = dataclasses.field(default_factory=list)

    class Colour(enum.Enum):
        RED = 1
        GREEN = 2

    Pair = collections.namedtuple("Pair", "first second")
    start = datetime.datetime(2001, 1, 1)
    source = inspect.getsource(argparse)
    loggers = [logging.getLogger(f"part{n % 10}.name{n}") for n in range(500)]
    root = tree.Element("root")
    for n in range(2000):
        tree.SubElement(root, "item", number=str(n)).text = f"text {n}"
    with sqlite3.connect(":memory:") as database:
        rows = database.execute("select 1, 'two', 3.5").fetchall()
    return [
        [Row(n, f"name {n}", start + datetime.timedelta(n), [str(n)]) for n in range(2000)],
        [Pair(n, Colour.RED) for n in range(2000)],
        [decimal.Decimal(n) / 7 for n in range(2000)],
        [fractions.Fraction(n, 7) for n in range(2000)],
        [pathlib.Path("/usr") / str(n) / "name" for n in range(2000)],
        [uuid.UUID(int=n) for n in range(1000)],
        [ipaddress.ip_address(n) for n in range(1000)],
        [re.compile(f"a{n}(b|c)*") for n in range(300)],
        [functools.partial(int, str(n), base=10) for n in range(1000)],
        [operator.itemgetter(n, n + 1) for n in range(1000)],
        [itertools.count(n * 1.5) for n in range(1000)],
        [iter([n]) for n in range(1000)],
        [collections.OrderedDict(a=n, b=n + 0.5) for n in range(1000)],
        [collections.defaultdict(list, {n: [n]}) for n in range(1000)],
        [collections.deque([n, n + 1.5]) for n in range(1000)],
        [collections.Counter(str(n)) for n in range(1000)],
        [random.Random(n) for n in range(20)],
        [slice(n, n * 2.5) for n in range(1000)],
        [range(n, n + 100_000) for n in range(1000)],
        [complex(n, n) for n in range(1000)],
        [memoryview(bytes(n)) for n in range(300)],
        [bytearray(n) for n in range(300)],
        [email.message.EmailMessage() for n in range(100)],
        [ctypes.c_int(n) for n in range(1000)],
        [(lambda n: lambda: n)(n) for n in range(1000)],
        [map(str, [n]) for n in range(1000)],
        [type(f"Made{n}", (Row,), {"more": n}) for n in range(50)],
        [typing.Dict[str, typing.List[type(str(n), (), {})]] for n in range(50)],
        [OSError(n, f"text {n}") for n in range(500)],
        [zipfile.ZipInfo(str(n)) for n in range(300)],
        ast.parse(source),
        unittest.TestSuite([unittest.FunctionTestCase(loggers.copy) for _ in range(100)]),
        root,
        rows,
    ]


@case
def tasks():
    """An event loop with tasks that wait, from within which the snapshot is taken."""
    import asyncio

    async def leaf(number, gate):
        text = f"leaf {number}"
        await gate.wait()
        return text

    async def branch(number, gate):
        return await asyncio.gather(*(leaf(number * 10 + n, gate) for n in range(10)))

    async def values():
        for n in range(10):
            yield n

    async def main():
        gate = asyncio.Event()
        waiting = [asyncio.create_task(branch(n, gate)) for n in range(300)]
        begun = [values() for _ in range(300)]
        for each in begun:
            await each.__anext__()
        await asyncio.sleep(0.05)
        take()
        gate.set()
        await asyncio.gather(*waiting)

    asyncio.run(main())


@case
def threads():
    """Threads deep in calls, with locals, queues and values of their own."""
    import queue
    import threading

    inbox = queue.Queue()
    own = threading.local()
    ready = threading.Semaphore(0)

    def work(number, depth):
        text = [f"{number} at {depth}" for _ in range(20)]
        if depth:
            return work(number, depth - 1) or text
        own.values = [float(n) for n in range(200)]
        ready.release()
        inbox.get()

    running = [threading.Thread(target=work, args=(n, 50)) for n in range(8)]
    for thread in running:
        thread.start()
    for _ in running:
        ready.acquire()
    take()
    for _ in running:
        inbox.put(None)
    for thread in running:
        thread.join()


@case
def tables():
    """NumPy and pandas."""
    import numpy
    import pandas

    frame = pandas.DataFrame({"a": range(1000), "b": [f"text {n}" for n in range(1000)]})
    return [
        frame,
        frame.groupby("a").size(),
        [numpy.arange(n % 60) for n in range(1000)],
        [numpy.float64(n) for n in range(1000)],
        [pandas.Timestamp(2001, 1, 1 + n % 28) for n in range(1000)],
    ]


@case
def records():
    """What most of a data program's heap is."""
    import json

    text = json.dumps([{"id": n + 1000, "name": f"name {n}", "parts": [n / 3, None]} for n in range(100_000)])
    return json.loads(text)


def in_use():
    """Bytes of blocks that are in use, by the table of size classes that the allocator prints."""
    saved = os.dup(2)
    with open("statistics.txt", "w+", encoding="ascii", errors="replace") as file:
        os.dup2(file.fileno(), 2)
        sys._debugmallocstats()
        os.dup2(saved, 2)
        os.close(saved)
        file.seek(0)
        table = file.read()
    rows = re.findall(r"^ *\d+ +(\d+) +\d+ +(\d+) +\d+$", table, re.MULTILINE)
    return sum(int(size) * int(blocks) for size, blocks in rows)


taken = False


def take():
    global taken
    taken = True
    # What a first look needs is loaded before the one that counts.
    in_use()
    weigh.snapshot("first.weigh")
    print(in_use())
    weigh.snapshot(sys.argv[2])


def main():
    kept = CASES[sys.argv[1]]()
    if not taken:
        take()
    del kept


if __name__ == "__main__":
    main()
