"""weigh.compat beside pympler, where that is installed: the same answers to the same calls."""

import inspect
import io
import re

import pytest

from weigh.compat import asizeof as ours
from weigh.compat import classtracker, muppy, summary, tracker

theirs = pytest.importorskip("pympler.asizeof")


class Slots:
    __slots__ = ("first", "second")

    def __init__(self):
        self.first = 1234
        self.second = "text"


def data():
    """Objects on whose sizes there is nothing to argue about."""
    return [
        1.5,
        1234,
        "ascii",
        "\u20acuro" * 10,
        b"bytes" * 10,
        (1, 2.5, "three"),
        [1, 2, [3, ["four"]]],
        {"a": 1, "b": [2.5], 3: "c"},
        {1, 2, 3},
        set(range(1, 101)),
        frozenset("abc"),
        bytearray(100),
        2**100,
        1 + 2j,
        None,
        True,
        Slots(),
        {f"key {i}": [i, str(i)] for i in range(1, 101)},
    ]


@pytest.mark.parametrize("index", range(len(data())))
def test_sizes(index):
    obj = data()[index]
    for options in ({}, {"align": 0}, {"align": 16}, {"limit": 1}):
        assert ours.asizeof(obj, **options) == theirs.asizeof(obj, **options)
    assert ours.asizesof(obj, [obj]) == theirs.asizesof(obj, [obj])
    assert ours.flatsize(obj) == theirs.flatsize(obj)


@pytest.mark.parametrize("index", range(len(data())))
def test_asized(index):
    obj = data()[index]
    if isinstance(obj, (set, frozenset)) and len(obj) > 3:
        pytest.skip("objects of one size in an order of their own")
    if isinstance(obj, bytes):
        pytest.skip("pympler says that bytes refer to their class")
    for detail in range(4):
        a = ours.asized(obj, detail=detail)
        b = theirs.asized(obj, detail=detail)
        assert a.format(order_by="name") == b.format(order_by="name")
        assert str(a) == str(b)


@pytest.mark.parametrize("stats", [1, 2])
def test_statistics(stats):
    obj = [["text of some length"] * 3, [1.5] * 400, {"a": "b" * 2000}]
    texts = []
    for module in (ours, theirs):
        out = io.StringIO()
        module.asizeof(obj, stats=stats, stream=out)
        texts.append(re.sub(r" at 0x[0-9a-f]+", "", out.getvalue()))
    # How many items a list has room for is known here and a guess there.
    texts = [re.sub(r"leng \d+!?", "leng N", text) for text in texts]
    assert texts[0] == texts[1]


def test_names():
    for name in theirs.__all__:
        assert callable(getattr(ours, name))
    for name in dir(theirs.Asizer):
        assert name.startswith("_") or hasattr(ours.Asizer, name), name


@pytest.mark.parametrize(
    "module, name",
    [
        (muppy, "muppy"),
        (summary, "summary"),
        (tracker, "tracker"),
        (classtracker, "classtracker"),
    ],
)
def test_signatures(module, name):
    other = pytest.importorskip(f"pympler.{name}")
    for public, value in vars(other).items():
        if public.startswith("_") or getattr(value, "__module__", None) != other.__name__:
            continue
        if public in ("PeriodicThread", "ignore_object", "track_object_creation", "track_object_deletion"):
            continue
        mine = getattr(module, public)
        for attribute, method in vars(value).items() if isinstance(value, type) else [("", value)]:
            if attribute.startswith("_") or not inspect.isfunction(method):
                continue
            here = getattr(mine, attribute) if attribute else mine
            wanted = [(p.name, p.default) for p in inspect.signature(method).parameters.values()]
            got = [(p.name, p.default) for p in inspect.signature(here).parameters.values()]
            assert got == wanted, f"{public}.{attribute}"


def test_tables():
    other = pytest.importorskip("pympler.summary")
    rows = [["str", 12, 345], ["builtin_function_or_method", 7, 123456], ["dict", -3, 99999999]]
    for sort in ("type", "#", "size"):
        for order in ("ascending", "descending"):
            assert list(summary.format_(rows, 2, sort, order)) == list(other.format_(rows, 2, sort, order))
    left, right = summary.summarize(["a", 1, []]), summary.summarize(["a", "b", {}])
    assert sorted(summary.get_diff(left, right)) == sorted(other.get_diff(left, right))


def test_all_that_pympler_finds():
    other = pytest.importorskip("pympler.muppy")
    marker = [{"text": "untracked"}, ("a" * 30,)]
    wanted = {id(marker), id(marker[0]), id(marker[1])}
    wanted &= {id(obj) for obj in other.get_objects()}
    assert wanted <= {id(obj) for obj in muppy.get_objects()}
    assert id(marker[1][0]) in {id(obj) for obj in muppy.get_objects()}
