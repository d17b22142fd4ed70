"""weigh.compat.muppy, summary and tracker: all objects, those included that no list has."""

import asyncio
import gc
import json

import pytest

from weigh.compat import muppy, summary, tracker


class Unique:
    pass


def count(rows, name):
    return sum(row[1] for row in rows if name in row[0])


def test_untracked_objects_are_found():
    data = json.loads(json.dumps([{"a": i + 0.25, "b": {"c": f"text {i}"}} for i in range(50)]))
    inner = data[7]["b"]
    known = {id(obj) for obj in muppy.get_objects()}
    for obj in (data, data[7], inner, inner["c"], data[7]["a"]):
        assert id(obj) in known


def test_untracked_text_at_any_depth():
    holder = [({"k": ("deep text of " + str(3),)},)]
    gc.collect()
    assert id(holder[0][0]["k"][0]) in {id(obj) for obj in muppy.get_objects()}


def test_what_a_module_keeps_for_reuse_stays_dead():
    """asyncio keeps the iterators of futures that have ended, and shows them to the collector."""

    async def sleep():
        await asyncio.sleep(0.001)

    for _ in range(3):
        asyncio.run(sleep())
        muppy.get_objects()
        gc.collect()


def test_frames_only_when_asked_for():
    assert not any(type(obj).__name__ == "frame" for obj in muppy.get_objects())
    assert any(type(obj).__name__ == "frame" for obj in muppy.get_objects(include_frames=True))


def test_sizes_of_lists_of_objects():
    objects = ["", "a" * 100, "a" * 50]
    assert muppy.get_size(objects) == sum(summary.sizes(objects)) == 150 + 3 * summary.sizes([""])[0]
    assert muppy.sort(objects) == ["", "a" * 50, "a" * 100]
    assert muppy.filter(objects, min=100, max=1000) == ["a" * 100]
    assert muppy.filter(objects, max=100) == ["", "a" * 50]
    assert muppy.filter([1, "a", 2.5], Type=str) == ["a"]
    with pytest.raises(ValueError):
        muppy.filter(objects, min=17, max=16)


def test_difference_of_lists():
    first, second, third = [1], [2], [3]
    assert muppy.get_diff([first, second], [second, third]) == {"+": [third], "-": [first]}


def test_referents_by_level():
    data = [["inner", ["innermost"]], "outer"]
    assert len(muppy.get_referents(data)) == 2
    assert len(muppy.get_referents(data, level=2)) == 4
    assert len(muppy.get_referents(data, level=50)) == 5


def test_table():
    rows = [["dict", 2, 560], ["str", 3, 126], ["tuple", 11, 781235]]
    assert list(summary.format_(rows)) == [
        "  types |   # objects |   total size",
        "======= | =========== | ============",
        "  tuple |          11 |    762.92 KB",
        "   dict |           2 |    560     B",
        "    str |           3 |    126     B",
    ]
    assert [line.split()[0] for line in summary.format_(rows, sort="#", order="ascending", limit=2)] == [
        "types",
        "=======",
        "dict",
        "str",
    ]
    with pytest.raises(ValueError):
        list(summary.format_(rows, sort="size", order="up"))
    with pytest.raises(ValueError):
        list(summary.format_(rows, sort="bytes"))


def test_print(capsys):
    summary.print_([["str", 1, 2048]])
    assert capsys.readouterr().out == (
        "  types |   # objects |   total size\n"
        "======= | =========== | ============\n"
        "    str |           1 |      2.00 KB\n"
    )


def test_summary():
    def function():
        pass

    rows = {name: (number, size) for name, number, size in summary.summarize(["a", "b", [], function])}
    assert rows["str"] == (2, 2 * summary.sizes(["a"])[0])
    assert rows["list"] == (1, 56)
    assert rows["function (function)"][0] == 1
    assert summary._repr({1: 2}, 2) == "dict, len=1"


def test_difference_of_summaries():
    left = [["str", 3, 150], ["int", 2, 56]]
    right = [["str", 2, 100], ["list", 1, 56]]
    assert sorted(summary.get_diff(left, right)) == [["int", -2, -56], ["list", 1, 56], ["str", -1, -50]]
    assert left == [["str", 3, 150], ["int", 2, 56]]


def test_summary_tracker():
    one = tracker.SummaryTracker()
    one.diff()
    kept = [Unique() for _ in range(5)]
    assert count(one.diff(), "Unique") == 5
    before = one.create_summary()
    kept.clear()
    assert count(one.diff(summary1=before), "Unique") == -5
    with pytest.raises(ValueError):
        one.diff(summary2=before)


def test_summary_tracker_does_not_see_itself():
    one = tracker.SummaryTracker()
    one.diff()
    changes = one.diff()
    assert changes == []
    for key in range(3):
        one.store_summary(key + 1000)
    one.diff()
    one.store_summary(2000)
    changes = one.diff()
    assert count(changes, "list") == count(changes, "str") == 0


def test_object_tracker():
    one = tracker.ObjectTracker()
    fresh = Unique()
    text = "fresh text of " + str(fresh)
    holder = [text]
    diff = one.get_diff()
    added = {id(obj) for obj in diff["+"]}
    assert {id(fresh), id(holder), id(text)} <= added
    assert not any(isinstance(obj, Unique) for obj in one.get_diff()["+"])
    ignored = Unique()
    assert not any(isinstance(obj, Unique) for obj in one.get_diff(ignore=(ignored,))["+"])


def test_object_tracker_prints(capsys):
    one = tracker.ObjectTracker()
    kept = [Unique() for _ in range(1000)]
    one.print_diff()
    out = capsys.readouterr().out
    assert out.startswith("Added objects:\n")
    assert "Unique |        1000 |" in out
    assert "\nRemoved objects:\n" in out
    assert kept
