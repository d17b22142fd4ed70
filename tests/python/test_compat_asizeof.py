"""weigh.compat.asizeof: figures that are right, and text that scripts expect."""

import collections
import functools
import gc
import io
import re
import sys
import weakref

import pytest

from weigh import _weigh
from weigh.compat import asizeof


class Plain:
    def __init__(self, number, text):
        self.number = number
        self.text = text

    def __repr__(self):
        return "Plain"


class Slots:
    __slots__ = ("first", "second")

    def __init__(self, first, second):
        self.first = first
        self.second = second

    def __repr__(self):
        return "Slots"


class Hostile:
    """Fails whenever somebody looks at it."""

    def __init__(self, text):
        object.__setattr__(self, "text", text)

    def _fail(self, *args):
        raise AssertionError("code of the program ran")

    __getattribute__ = __len__ = __iter__ = __hash__ = __eq__ = __sizeof__ = _fail
    __class__ = property(_fail)


def floats(count):
    return [i + 0.5 for i in range(count)]


def requested(*objs):
    return _weigh.size(objs, 0, False, False)[1]


def test_sum_of_flat_sizes():
    items = ["alpha", 1234.5, b"bytes", (1, 2)]
    flats = sum(asizeof.flatsize(item, align=8) for item in [items, *items, 1, 2])
    assert asizeof.asizeof(items) == flats


@pytest.mark.parametrize(
    "make",
    [
        lambda: floats(1000),
        lambda: {f"key {i}": i + 0.5 for i in range(500)},
        lambda: [Plain(i + 0.5, f"text {i}") for i in range(300)],
        lambda: [Slots(i + 0.5, f"text {i}") for i in range(300)],
        lambda: collections.deque(floats(500)),
        lambda: functools.partial(list, floats(500)),
        lambda: collections.OrderedDict((f"key {i}", i + 0.5) for i in range(50)),
        lambda: memoryview(bytearray(5000)),
    ],
)
def test_without_rounding_it_is_what_was_requested(make):
    data = make()
    assert asizeof.asizeof(data, align=0) == requested(data)


def test_contents_that_are_easily_missed():
    data = floats(1000)
    size = asizeof.asizeof(data)

    class Table(dict):
        pass

    table = Table()
    table.rows = data
    error = ValueError(data)
    for holder in (lambda: data, functools.partial(print, data), collections.deque([data]), table, error):
        assert asizeof.asizeof(holder) > size


def test_what_is_not_the_data_s_own():
    data = Plain(1.5, "text" * 100)
    assert asizeof.asizeof(weakref.ref(data)) < asizeof.asizeof(data)
    assert asizeof.asizeof(Plain) == asizeof.asizeof(len.__class__) == 0
    assert asizeof.asizeof(Plain, code=True) > 1000


def test_long_chain_is_whole():
    chain = None
    for i in range(100_000):
        chain = (chain, i + 0.5)
    pair = 64 if sys.version_info >= (3, 14) else 56  # a tuple keeps its hash
    assert asizeof.asizeof(chain, align=0) == 100_000 * (pair + 24) + asizeof.flatsize(None)


def test_limit_counts_levels():
    data = [[[["deep text"]]]]
    sizes = [asizeof.asizeof(data, limit=limit) for limit in range(6)]
    assert sizes[0] == asizeof.flatsize(data, align=8)
    assert sizes == sorted(sizes)
    assert sizes[3] < sizes[4] == sizes[5] == asizeof.asizeof(data)
    wide = [data[0], data]
    assert asizeof.asizeof(wide, limit=2) == asizeof.asizeof(wide[::-1], limit=2)


def test_nothing_stays_and_no_dict_is_made():
    data = [Plain(i + 0.5, f"text {i}") for i in range(2000)]
    asizeof.asizeof(data)
    asizeof.asized(data[:3], detail=3)
    gc.collect()
    before = sys.getallocatedblocks()
    size = asizeof.asizeof(data)
    assert asizeof.asized(data, detail=2).size == size
    assert size == asizeof.asizeof(data)
    gc.collect()
    # The interpreter keeps some freed containers for later.
    assert abs(sys.getallocatedblocks() - before) < 200
    if sys.version_info >= (3, 11):
        assert isinstance(_weigh.attributes(data[0]), list)


def test_no_code_of_the_program_runs():
    data = [Hostile("text" * 10) for _ in range(10)]
    size = asizeof.asizeof(data)
    assert size > 10 * 50
    told = asizeof.asized(data[0], detail=2)
    assert told.size == asizeof.asizeof(data[0])
    assert asizeof.flatsize(data[0]) > 0
    assert len(list(asizeof.refs(data[0]))) == 2


def test_asized_formats():
    data = [["one", "two"], 1234.5]
    told = asizeof.asized(data, detail=2)
    assert told.format() == (
        "[['one', 'two'], 1234.5] size={} flat={}\n"
        "    ['one', 'two'] size={} flat={}\n"
        "        'one' size={} flat={}\n"
        "        'two' size={} flat={}\n"
        "    1234.5 size=24 flat=24"
    ).format(
        told.size, told.flat, told.refs[0].size, told.refs[0].flat, *(asizeof.asizeof("one"),) * 4
    )
    assert told.format("%(name)s", depth=1, order_by="name") == (
        "[['one', 'two'], 1234.5]\n    1234.5\n    ['one', 'two']"
    )
    assert told.format("%(flat)d", depth=0, indent="> ") == f"> {told.flat}"
    assert str(told) == (
        f"size {told.size}, flat {told.flat}, refs[2], name \"[['one', 'two'], 1234.5]\""
    )
    assert told.get("1234.5") is told.refs[1]
    assert told.get("absent", 7) == 7


def test_asized_of_instances():
    plain = Plain(1.5, "some text")
    told = asizeof.asized(plain, detail=2)
    assert told.format("%(name)s", order_by="name") == (
        "Plain\n    __class__\n    __dict__\n        [K] number\n        [K] text\n"
        "        [V] number: 1.5\n        [V] text: 'some text'"
    )
    values = told.get("__dict__")
    assert values.get("[V] number: 1.5").size == 24
    assert values.get("[K] number").size == 0
    assert told.size == asizeof.asizeof(plain) == told.flat + values.size
    slots = asizeof.asized(Slots(1.5, "x" * 100), detail=1)
    assert slots.get("first").size == 24
    assert slots.size == slots.flat + sum(ref.size for ref in slots.refs)


def test_dict_made_on_the_way_counts():
    plain = Plain(1.5, "some text")
    alone = asizeof.asizeof(plain)
    assert plain.__dict__["number"] == 1.5
    assert asizeof.asizeof(plain) >= alone
    assert asizeof.asized(plain, detail=2).size == asizeof.asizeof(plain)


def test_detail_does_not_change_the_size():
    shared = floats(10)
    data = {"a": [shared, Plain(2.5, "t")], "b": (shared, {"c": shared}), "d": Slots(1.5, shared)}
    sizes = {asizeof.asized(data, detail=detail).size for detail in range(6)}
    assert sizes == {asizeof.asizeof(data)}


def test_several_objects():
    shared = floats(100)
    first, second = [shared], [shared]
    whole = asizeof.asizeof(first, second)
    assert sum(asizeof.asizesof(first, second)) == whole
    assert asizeof.asizesof(first, first) == (asizeof.asizeof(first),) * 2
    assert asizeof.asizesof() == asizeof.asized() == ()
    assert asizeof.asizeof() == 0
    assert len(asizeof.asized(first, second)) == 2
    outer = [first]
    assert asizeof.asizesof(outer, first) == (
        asizeof.flatsize(outer, align=8),
        asizeof.asizeof(first),
    )


def test_all():
    assert asizeof.asizeof(all=True) > 1 << 20
    assert asizeof.asizeof(all=False) == 0


def test_asizer_adds_up():
    text = "unladen " * 10
    sizer = asizeof.Asizer()
    sizer.asizeof(text)
    assert sizer.total == asizeof.asizeof(text)
    holder = [text]
    assert sizer.asizeof(holder, holder) == asizeof.flatsize(holder, align=8)
    assert (sizer.duplicate, sizer.sized, sizer.missed) == (2, 2, 0)
    assert sizer.total == asizeof.asizeof(text, holder)
    sizer.reset()
    assert (sizer.total, sizer.sized, sizer.limit, sizer.align, sizer.clip) == (0, 0, 100, 8, 80)


def test_asizer_excludes():
    plain = Plain(1.5, "text" * 30)
    sizer = asizeof.Asizer()
    sizer.exclude_types(Plain)
    assert sizer.asizeof(plain) == 0
    assert sizer.asizeof([plain]) == 64
    assert sizer.excluded == (Plain,)
    sizer = asizeof.Asizer()
    sizer.exclude_objs(plain.text)
    assert sizer.asizeof(plain) + asizeof.asizeof(plain.text) == asizeof.asizeof(plain)
    sizer = asizeof.Asizer()
    sizer.exclude_refs(plain.text)
    sizer.asizeof(plain)
    assert sizer.asizeof(plain.text) == asizeof.asizeof(plain.text)


@pytest.mark.parametrize("function", [asizeof.asizeof, asizeof.asizesof, asizeof.asized])
def test_options_are_checked(function):
    with pytest.raises(KeyError, match=r"invalid option: reset\(unknown=1\)"):
        function([], unknown=1)
    with pytest.raises(ValueError, match=r"invalid option: set\(align=3\)"):
        function([], align=3)
    with pytest.raises(ValueError, match=r"invalid option: set\(stats=-1\)"):
        function([], stats=-1)


def test_other_wrong_options():
    with pytest.raises(ValueError, match=r"invalid option: asizeof\(all='x'\)"):
        asizeof.asizeof(all="x")
    with pytest.raises(ValueError, match=r"invalid option: flatsize\(align=3\)"):
        asizeof.flatsize([], align=3)
    with pytest.raises(KeyError):
        asizeof.asized(all=True)


def test_single_sizes():
    assert asizeof.basicsize([]) == list.__basicsize__ + 16
    assert asizeof.basicsize(1.5) == 24
    assert [asizeof.itemsize(x) for x in ({}, set(), [], "a", "\u20ac", b"", None)] == [24, 16, 8, 1, 2, 1, 0]
    assert asizeof.leng([1, 2, 3]) >= 3
    assert asizeof.leng((1, 2)) == 2
    assert asizeof.leng(2**64) == 3
    assert asizeof.leng("abc") == 4
    assert asizeof.leng(1.5) is None
    assert asizeof.leng(iter([1, 2])) == 2
    assert {"number": 1.5, "text": "t"} in list(asizeof.refs(Plain(1.5, "t")))
    assert ("first", 1.5) in asizeof.named_refs(Slots(1.5, None))
    assert asizeof.adict(dict) and not asizeof.adict(list)


SUMMARY = """
asizeof((['text text text', 2.5, 2.5],), stats=1) ...
 {total} bytes
   8 byte aligned
   8 byte sizeof(void*)
   1 object given
   3 objects sized
   4 objects seen
   2 objects ranked
   0 objects missed
   1 duplicate
   1 deepest recursion

   2 largest objects (of 2 over 30 bytes)
 {total} bytes: class list: ['text text text', 2.5, 2.5] leng 4!, ix 0
  {text} bytes: class str: 'text text text' leng 15!, ix 1 (at 1), pix 0
"""


def test_statistics():
    number = 2.5
    data = ["text text text", number, number]
    out = io.StringIO()
    total = asizeof.asizeof(data, stats=1, above=30, stream=out)
    told = re.sub(r"above=30, stats=1, stream=<[^>]*>", "stats=1", out.getvalue())
    expected = SUMMARY.format(total=total, text=asizeof.asizeof(data[0]))
    room = asizeof.leng(data)
    assert told == expected.replace("leng 4!", f"leng {room}{'!' if room > 3 else ''}")


def test_profiles(capsys):
    sizer = asizeof.Asizer(stats=3)
    sizer.asizeof([[1.5, 2.5], [3.5]])
    sizer.print_profiles()
    sizer.print_typedefs()
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == (
        "2 profiles:  total (% of grand total), average, and largest flat size:  largest object"
    )
    assert lines[2].startswith("3 class list objects:  ")
    assert lines[3].startswith("3 class float objects:  72 (")
    assert lines[3].endswith("%), 24, 24:  3.5")
    assert "2 static types:  basicsize, itemsize, _len_(), _refs()" in lines
