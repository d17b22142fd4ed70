"""Builds something under one holder, takes a snapshot, deletes the holder and tells what came back.

Run as `heap_truth_program.py CASE SNAPSHOT`. Prints as JSON the holder, as `weigh heap` names it, and how far the
footprint of live blocks and resident memory fell, in bytes.
"""

import collections
import ctypes
import functools
import gc
import json
import os
import sys
import threading
import types
import weakref
from typing import Callable, NamedTuple

import weigh

# Rows of some 200 bytes: 30 MB and more for each case. WEIGH_TEST_TRUTH=10 takes ten times that: then two arenas that
# stay are less than a hundredth of resident memory as well.
ROWS = 150_000 * int(os.environ.get("WEIGH_TEST_TRUTH", 1))


class Case(NamedTuple):
    holder: str
    build: Callable[[], None]
    drop: Callable[[], None]


class Store:
    pass


class Slotted:
    __slots__ = ("count", "rows")


class Registry:
    pass


class Link:
    def __init__(self, rows):
        self.rows = rows
        self.other = None


CASES = {}


def case(holder, drop):
    """A builder, and the statement that deletes what it built."""

    def add(build):
        CASES[build.__name__] = Case(holder, build, functools.partial(exec, drop, globals()))
        return build

    return add


def texts(count=ROWS, first=0):
    return [f"row {first + i} " + "x" * 150 for i in range(count)]


def records(count=ROWS // 2):
    return [{"number": i + 1000, "name": f"name of {i}", "half": i / 2 + 0.25} for i in range(count)]


def held_by_c(obj):
    """A reference that nobody can see."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(obj))


@case("__main__.table", "del table")
def a_dict():
    global table
    table = {i + 1000: text for i, text in enumerate(texts())}


@case("__main__.rows", "del rows")
def a_list_of_dicts():
    global rows
    rows = records()


@case("__main__.nested", "del nested")
def nested_lists():
    global nested
    nested = [[records(50) for _ in range(30)] for _ in range(ROWS // 3000)]


@case("__main__.store", "del store")
def an_instance():
    global store
    store = Store()
    store.rows = texts()


@case("__main__.store → Store.rows", "del store.rows")
def an_attribute():
    global store
    store = Store()
    store.name = "kept"
    store.rows = texts()


@case("__main__.links", "del links")
def many_instances():
    global links
    links = [Link((f"first {i}", i / 3)) for i in range(ROWS)]


@case("__main__.slotted", "del slotted")
def an_instance_with_slots():
    global slotted
    slotted = Slotted()
    slotted.rows = texts()
    slotted.count = 12345


@case("settings.rows", "del sys.modules['settings'].rows")
def a_global_of_another_module():
    module = sys.modules["settings"] = types.ModuleType("settings")
    module.rows = texts()


@case("__main__.Registry.rows", "del Registry.rows")
def a_class_attribute():
    Registry.rows = texts()


@case("__main__.Loaded", "del Loaded")
def a_class():
    global Loaded
    Loaded = type("Loaded", (), {"rows": texts()})


@case("__main__.reader", "del reader")
def a_closure():
    global reader

    def make():
        rows = texts()
        return lambda: rows

    reader = make()


@case("__main__.with_default", "del with_default")
def a_default():
    global with_default

    def with_default(rows=texts()):  # noqa: B008
        return rows


@case("__main__.ring", "del ring")
def a_cycle():
    global ring
    ring = Link(texts(ROWS // 2))
    ring.other = Link(texts(ROWS // 2, ROWS))
    ring.other.other = ring


@case("__main__.cached", "del cached")
def a_cache():
    global cached

    @functools.lru_cache(maxsize=None)
    def cached(number):
        return f"answer {number} " + "y" * 100

    for number in range(ROWS // 2):
        cached(number + 1000)


@case("__main__.here", "del here")
def a_thread_local():
    global here
    here = threading.local()
    here.rows = texts()


@case("__main__.stream", "del stream")
def a_generator():
    global stream

    def produce():
        rows = texts()
        yield len(rows)
        yield rows

    stream = produce()
    next(stream)


@case("__main__.task", "task.close(); del task")
def a_coroutine():
    global task

    @types.coroutine
    def pause():
        yield

    async def work():
        rows = texts()
        await pause()
        return rows

    task = work()
    task.send(None)


@case("__main__.queue", "del queue")
def a_deque():
    global queue
    queue = collections.deque(texts())


@case("__main__.members", "del members")
def a_set():
    global members
    members = frozenset(texts())


@case("__main__.matrix", "del matrix")
def a_numpy_array():
    global matrix
    import numpy

    matrix = numpy.ones((5000, 1000))


@case("__main__.frame", "del frame")
def a_pandas_frame():
    global frame
    import pandas

    frame = pandas.DataFrame({"number": [i / 7 for i in range(ROWS)], "text": texts()})


@case("__main__.interned", "del interned")
def interned_texts():
    """What a version of Python makes immortal stays; the list itself goes in all of them."""
    global interned
    interned = [sys.intern(text) for text in texts()][:]  # a copy has no room to grow


@case("__main__.left", "del left")
def what_two_share():
    """The shared half stays when one of two lists goes."""
    global left, right
    right = texts(ROWS // 2)
    left = right + texts(ROWS // 2, ROWS)


@case("__main__.counted", "del counted")
def what_c_code_holds():
    """Half of the texts stay."""
    global counted
    counted = texts()
    for text in counted[: ROWS // 2]:
        held_by_c(text)


@case("__main__.pair", "del pair")
def what_lies_below_what_c_code_holds():
    """A list that C code holds keeps all that is in it."""
    global pair
    pair = (texts(ROWS // 2), texts(ROWS // 2, ROWS))
    held_by_c(pair[0])


@case("__main__.watched", "del watched")
def what_is_weakly_referenced():
    """A weak reference keeps nothing."""
    global watched, watcher
    watched = Store()
    watched.rows = texts()
    watcher = weakref.ref(watched)


def resident():
    """Bytes of anonymous memory."""
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/statm", encoding="ascii") as file:
        words = file.read().split()
    return (int(words[1]) - int(words[2])) * 4096


def figures():
    gc.collect()
    return weigh.live_bytes(), resident()


def main():
    chosen = CASES[sys.argv[1]]
    with weigh.Tracker("truth.weigh"):
        chosen.build()
        figures()
        weigh.snapshot(sys.argv[2])
        live, size = figures()
        chosen.drop()
        live_after, size_after = figures()
    print(json.dumps({"holder": chosen.holder, "live": live - live_after, "resident": size - size_after}))


if __name__ == "__main__":
    main()
