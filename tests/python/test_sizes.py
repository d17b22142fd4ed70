"""What sizeof, measure and their kin promise beside right numbers: no trace, no depth, no Python code."""

import array
import collections
import gc
import json
import mmap
import os
import signal
import sys
import threading
import time
import weakref

import pytest
from conftest import clean_environment, execute
from sized import Node, Tree, flat, fresh

import weigh
from weigh import _sizes, _weigh


def test_shared_parts_count_once():
    text = fresh("shared ")
    a, b = [text], [text, text]
    alone = flat(text)
    assert weigh.sizeof(a) == flat(a) + alone
    assert weigh.sizeof(a, b) == flat(a) + flat(b) + alone
    assert weigh.sizeof([a, b]) == flat([a, b]) + flat(a) + flat(b) + alone
    assert weigh.sizeof(a, a, a) == weigh.sizeof(a)
    assert weigh.sizeof() == 0


def test_sizes_of_several_do_not_depend_on_whether_they_come_together():
    big = [fresh(f"text {i} ") for i in range(50)]
    a, b = [big], [big]
    assert _sizes.sizes([a, b]) == [weigh.sizeof(a), flat(b)]
    assert sum(_sizes.sizes([a, b])) == weigh.sizeof(a, b)
    assert _sizes.sizes([a, b], once=False) == [weigh.sizeof(a), weigh.sizeof(b)]


def test_what_the_interpreter_keeps_costs_nothing():
    for obj in (None, True, False, ..., NotImplemented, 0, 255, -5, "", "a", "é", b"", b"x", ()):
        assert weigh.sizeof(obj) == flat(obj) == 0
    held = [int, Node, sys]
    assert weigh.sizeof(held) == flat(held)
    assert str(weigh.flat(None)).startswith("0 B: costs nothing")


def test_cycles_end():
    ring = [[]]
    ring[0].append(ring)
    assert weigh.sizeof(ring) == flat(ring) + flat(ring[0])
    itself = {}
    itself["me"] = itself
    key = next(iter(itself))
    assert weigh.sizeof(itself) == flat(itself) + flat(key)


def test_a_linked_list_of_a_million():
    gc.disable()
    try:
        first = None
        for i in range(1_000_000):
            node = Node()
            node.next, node.value = first, None
            first = node
        assert weigh.sizeof(first) == 1_000_000 * 48
        measured = weigh.measure(first, 0)
        assert (measured.gross, measured.exclusive, measured.count) == (48_000_000, 48_000_000, 1_000_000)
        while first:
            first = first.next
    finally:
        gc.enable()


def test_ten_million_levels():
    gc.disable()
    try:
        nested = []
        for _ in range(10_000_000):
            nested = [nested]
        one = flat([[]])
        assert weigh.sizeof(nested) == flat([]) + 10_000_000 * one
        while nested:
            nested = nested[0]
    finally:
        gc.enable()


def test_nothing_is_left_behind():
    program = """
import gc, os, sys, weigh

class Plain:
    def __init__(self, i):
        self.a, self.b, self.c = i + 0.5, str(i), [i]

def anonymous():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))

rows = [Plain(i) for i in range(300_000)]
weigh.sizeof(rows[:100]), weigh.measure(rows[:100]), weigh.types(rows[:100]), anonymous()
before = sys.getallocatedblocks(), anonymous()
weigh.sizeof(rows)
blocks, rss = sys.getallocatedblocks(), anonymous()
assert blocks - before[0] <= 4, (blocks, before)  # these two numbers and the pair of the first
assert abs(rss - before[1]) <= 256, (rss, before)
kept = weigh.measure(rows, 1), weigh.types(rows)
assert anonymous() - before[1] <= 512
assert sys.getallocatedblocks() - before[0] < 200
"""
    done = execute([sys.executable, "-c", program], env=clean_environment())
    assert done.status == 0, done.err


def test_memory_of_its_own_is_little():
    """Resident at most, sampled by the peak of a child that may not take more."""
    program = """
import resource, sys, weigh
rows = [{"id": i, "x": i + 0.5, "s": str(i)} for i in range(1_000_000)]
weigh.sizeof(rows[:1000])
def high():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
open("/proc/self/clear_refs", "w").write("5")
before = high()
gross = weigh.sizeof(rows)
print(gross, (high() - before) * 1024)
"""
    done = execute([sys.executable, "-c", program], env=clean_environment())
    assert done.status == 0, done.err
    gross, extra = map(int, done.out.split())
    assert extra <= 0.15 * gross


def test_no_python_code_runs():
    ran = []

    class Meta(type):
        def __getattribute__(cls, name):
            ran.append(name)
            return super().__getattribute__(name)

    class Watched(metaclass=Meta):
        def __init__(self):
            self.data = [fresh("data")]

        def __getattribute__(self, name):
            ran.append(name)
            return super().__getattribute__(name)

        def __sizeof__(self):
            ran.append("__sizeof__")
            return 10**9

        def __len__(self):
            ran.append("__len__")
            return 3

        def __hash__(self):
            ran.append("__hash__")
            return 3

        def __eq__(self, other):
            ran.append("__eq__")
            return True

        def __repr__(self):
            ran.append("__repr__")
            return "x"

        def __iter__(self):
            ran.append("__iter__")
            return iter(())

    class List(list):
        def __iter__(self):
            ran.append("__iter__")
            return iter(())

        def __getattribute__(self, name):
            ran.append(name)
            return super().__getattribute__(name)

    objects = [Watched(), List([Watched()]), {Watched(): Watched()}]
    ran.clear()
    assert weigh.sizeof(objects) < 10**6
    str(weigh.measure(objects, 4))
    str(weigh.types(objects))
    str(weigh.compare(objects, objects[0]))
    for obj in (objects, objects[0], objects[1]):
        str(weigh.flat(obj)), str(weigh.explain(obj))
    _sizes.references(objects[0]), _sizes.reachable(objects)
    assert ran == []


def test_the_dict_of_an_instance_is_not_made():
    made = [Tree(None, fresh("t")) for _ in range(100)]
    before = weigh.sizeof(made)
    weigh.measure(made, 3), weigh.types(made), [weigh.explain(one) for one in made]
    assert weigh.sizeof(made) == before
    assert not any(name == ".__dict__" for name, _ in _sizes.references(made[-1])) or sys.version_info < (3, 11)


def test_not_followed_unless_asked():
    def function(default=fresh("default", 1000)):
        return sys

    class Plain:
        body = fresh("body", 1000)

    text = fresh("weak", 1000)
    for obj, name in (([sys], "modules"), ([Plain], "types"), ([function], "globals"), ([function], "code")):
        assert weigh.sizeof(obj) < weigh.sizeof(obj, follow=name)
    held = collections.UserString(text)
    reference = weakref.ref(held)
    assert weigh.sizeof(reference) + 1000 < weigh.sizeof(reference, follow=["weakrefs"])
    assert weigh.sizeof(Plain) > 1000  # what is asked for itself is followed
    assert weigh.sizeof(sys.modules["json"]) > 1000
    with pytest.raises(ValueError, match="follow: 'nothing' is not one of modules, types"):
        weigh.sizeof(1, follow="nothing")


def test_running_frames_are_left_alone():
    big = fresh("local", 100_000)
    frame = sys._getframe()
    assert weigh.sizeof([frame]) == flat([frame])
    assert weigh.sizeof([frame], follow="frames") > len(big)


def test_a_traceback_keeps_its_locals():
    def fails():
        kept = fresh("local", 50_000)
        raise ValueError(len(kept))

    try:
        fails()
    except ValueError as error:
        caught = error
    assert weigh.sizeof(caught) > 50_000
    measured = weigh.measure(caught, 4).to_dict()
    assert "kept" in json.dumps(measured)


def test_a_suspended_coroutine_keeps_its_locals():
    class Stops:
        def __await__(self):
            yield

    async def waits(text):
        await Stops()

    started = waits(fresh("text", 9000))
    assert weigh.sizeof(started) > 9000
    started.send(None)
    assert weigh.sizeof(started) > 9000
    names = [child.name for child in weigh.measure(started).children if child.gross > 9000]
    assert names == (["text"] if sys.version_info >= (3, 11) else [".cr_frame"])
    started.close()
    assert weigh.sizeof(started) < 2000


def test_reachable_has_what_the_collector_does_not_track():
    rows = json.loads(json.dumps([{"id": i + 5000, "text": f"text {i}"} for i in range(100)]))
    found = _sizes.reachable([rows])
    assert sum(type(obj) is dict for obj in found) == 100
    assert sum(type(obj) is int for obj in found) == 100
    assert len(found) == weigh.types(rows).count
    assert len({id(obj) for obj in found}) == len(found)


def test_views_are_charged_to_the_owner():
    data = bytearray(100_000)
    view = memoryview(data)
    assert weigh.sizeof(data, view) - weigh.sizeof(data) < 1000
    assert weigh.sizeof(view) > 100_000
    measured = weigh.measure(view)
    assert measured.note.startswith("view") and measured.exclusive < 1000
    assert weigh.sizeof([view, memoryview(data)[10:]]) < 102_000


def test_reserve_that_nobody_touched_is_no_memory(tmp_path):
    grown = array.array("d")
    grown.extend(range(500_000))
    assert weigh.flat(grown).net == 4_000_000
    assert weigh.flat(grown).requested >= 4_000_000
    with open(tmp_path / "file", "wb+") as file:
        file.truncate(1 << 20)
        mapping = mmap.mmap(file.fileno(), 0)
        mapping[:4096]
        measured = weigh.measure(mapping)
        assert measured.gross >= 1 << 20
        assert measured.resident < 1 << 19
        mapping.close()
        assert weigh.sizeof(mapping) < 1000


def test_numpy():
    numpy = pytest.importorskip("numpy")
    owner = numpy.arange(100_000, dtype="f8")
    view = owner[::2]
    assert 800_000 < weigh.sizeof(owner) < 806_000
    assert flat(view) < 300
    assert weigh.sizeof(owner, view) - weigh.sizeof(owner) == flat(view)
    assert "base" in weigh.measure(view).note
    assert weigh.measure(view).net == 800_000
    zeros = weigh.measure(numpy.zeros(4_000_000))
    assert zeros.gross >= 32_000_000 and zeros.resident < 1_000_000
    boxed = numpy.array([fresh(f"{i}", 50) for i in range(100)], dtype=object)
    assert weigh.sizeof(boxed) == flat(boxed) + sum(map(flat, boxed))
    assert weigh.flat(boxed).net == 0
    assert weigh.measure(boxed).exclusive == weigh.sizeof(boxed)


def test_pandas():
    pandas = pytest.importorskip("pandas")
    numpy = pytest.importorskip("numpy")
    frame = pandas.DataFrame({"a": numpy.arange(50_000.0), "b": [f"text {i}" for i in range(50_000)]})
    texts = sum(flat(text) for text in frame["b"].array._ndarray)
    assert weigh.sizeof(frame) == pytest.approx(400_000 + 400_000 + texts, rel=0.01)


INTERRUPT = """
import gc, os, signal, sys, threading, time, weigh
sys.setrecursionlimit(10**6)
gc.disable()
rows = [[i] for i in range(6_000_000)]
handled = []
if sys.argv[1] == "handler":
    signal.signal(signal.SIGINT, lambda *args: handled.append(1))
weigh.sizeof(rows[:9])
blocks = sys.getallocatedblocks()
whole = weigh.sizeof(rows)
signal.setitimer(signal.ITIMER_REAL, 0.03)
signal.signal(signal.SIGALRM, signal.getsignal(signal.SIGINT))
try:
    print(weigh.sizeof(rows) == whole, len(handled))
except KeyboardInterrupt:
    print("interrupted")
assert sys.getallocatedblocks() - blocks < 200
assert weigh.sizeof(rows) == whole
os._exit(0)
"""


@pytest.mark.parametrize("how, said", [("raises", "interrupted"), ("handler", "True 1")])
def test_interrupts(how, said):
    done = execute([sys.executable, "-u", "-c", INTERRUPT, how], env=clean_environment())
    assert (done.status, done.out.strip()) == (0, said), done.err


def test_other_threads_change_things_meanwhile():
    data = {i: [i] for i in range(1000)}
    stop = False

    def change():
        i = 0
        while not stop:
            data[i % 2000] = [str(i)] * (i % 50)
            data.pop((i * 7) % 2000, None)
            i += 1

    threads = [threading.Thread(target=change) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        end = time.monotonic() + 1
        while time.monotonic() < end:
            assert 0 < weigh.sizeof(data) < 50_000_000
            weigh.measure(data, 1)
    finally:
        stop = True
        for thread in threads:
            thread.join()


def test_explanations_add_up():
    class Plain:
        def __init__(self):
            self.a = 1

    class Slots:
        __slots__ = ("a",)

    objects = [
        fresh("text"), "é" * 9, "α" * 9, 12345, 1 << 100, 2.5, 1j, b"bytes", bytearray(9), [1, 2], list(range(999)),
        (1, 2), {}, {"a": 1}, {1: 2}, dict.fromkeys(range(5000)), {1, 2}, frozenset([1.5]), set(range(999)),
        Plain(), Slots(), Tree(None, ""), array.array("d", [1]), collections.deque([1]), collections.OrderedDict(a=1),
        collections.namedtuple("Point", "x")(1), Node, sys, flat, range(5000), memoryview(b"abc"), weakref.ref(Tree(None, "")),
    ]  # fmt: skip
    for obj in objects:
        explained = weigh.explain(obj)
        assert sum(part.bytes for part in explained.parts) == explained.gross == weigh.flat(obj), explained
        assert all(part.bytes > 0 for part in explained.parts), explained
        assert explained.type in str(explained)
    assert "costs nothing" in str(weigh.explain(None))


def test_everything_there_is():
    """All objects of a program that has loaded much, whatever they are."""
    program = """
import gc, sys, asyncio, ctypes, decimal, email, http.server, itertools, multiprocessing, sqlite3, ssl, unittest
import xml.etree.ElementTree as tree
try:
    import numpy, pandas
    frame = pandas.DataFrame({"a": range(1000), "b": list("ab") * 500, "c": pandas.date_range("2020", periods=1000)})
    frame.loc[5], frame.groupby("b")["a"].sum()
    odd = numpy.zeros(5, dtype=[("a", "O"), ("b", "i4")]), numpy.str_("abc"), numpy.ma.masked_array([1, 2])
except ImportError:
    pass
kept = tree.fromstring("<a><b c='d'>x</b></a>"), sqlite3.connect(":memory:"), open("/dev/null"), asyncio.new_event_loop()
steps = [itertools.product("ab", repeat=2), itertools.tee([1]), itertools.groupby("aab"), reversed([1]), zip("a")]
import weigh
from weigh import _sizes
every = ["modules", "types", "globals", "code", "frames", "weakrefs"]
assert 5_000_000 < weigh.sizeof(*gc.get_objects()) < weigh.sizeof(*gc.get_objects(), follow=every)
found = _sizes.reachable(gc.get_objects(), follow=every)
for one in found[::7]:
    explained = weigh.explain(one)
    assert sum(part.bytes for part in explained.parts) == explained.gross, str(explained)
    _sizes.references(one, follow=every)
weigh.measure(sys.modules, 2, follow="modules")
"""
    done = execute([sys.executable, "-c", program], env=clean_environment())
    assert done.status == 0, done.err


def test_progress_is_for_terminals(monkeypatch):
    class Terminal:
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    assert _sizes._progress()
    monkeypatch.setattr(weigh, "progress", False)
    assert not _sizes._progress()
    monkeypatch.undo()
    monkeypatch.setattr(sys, "stderr", None)
    assert not _sizes._progress()


def test_functions_are_on_the_package():
    for name in ("sizeof", "measure", "compare", "types", "flat", "explain"):
        assert name in weigh.__all__ and callable(getattr(weigh, name))
    with pytest.raises(TypeError):
        weigh.measure()
    with pytest.raises(TypeError):
        _weigh.size([], 0, False, False)
