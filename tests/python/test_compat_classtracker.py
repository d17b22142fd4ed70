"""weigh.compat.classtracker: lives and sizes of the objects of classes."""

import contextlib
import io
import re

import pytest

from weigh.compat import asizeof
from weigh.compat.classtracker import ClassTracker
from weigh.compat.classtracker_stats import ConsoleStats


class Row:
    def __init__(self, number):
        self.data = [number + 0.5] * 10


class Bare:
    pass


@pytest.fixture
def stream():
    return io.StringIO()


@pytest.fixture
def tracker(stream):
    tracker = ClassTracker(stream=stream)
    yield tracker
    tracker.stop_periodic_snapshots()
    tracker.clear()


def test_objects_of_a_class(tracker):
    init = Row.__init__
    tracker.track_class(Row, name="Row")
    tracker.track_class(Bare)
    rows = [Row(i) for i in range(3)]
    bare = Bare()
    assert id(bare) in tracker.objects
    del rows[1]
    assert [number for _, number in tracker.history["Row"]] == [1, 2, 3, 2]
    tracker.detach_all_classes()
    assert Row.__init__ is init
    assert "__init__" not in vars(Bare)
    Row(4)
    assert len(tracker.index["Row"]) == 3
    with pytest.raises(KeyError):
        tracker.detach_class(Row)


def test_what_cannot_be_tracked(tracker):
    for wrong in (42, "text", [1]):
        with pytest.raises(TypeError):
            tracker.track_object(wrong)
        with pytest.raises(TypeError):
            tracker.track_class(wrong)
    assert not tracker.objects


def test_keep_and_names(tracker):
    row = Row(1)
    tracker.track_object(row, name="kept", keep=True)
    number = id(row)
    del row
    assert tracker.objects[number].ref() is tracker.index["kept"][0].ref() is not None


def test_snapshots(tracker):
    row = Row(1)
    tracker.track_object(row, resolution_level=2)
    tracker.create_snapshot("first")
    tracker.create_snapshot(compute_total=True)
    first, second = tracker.snapshots
    assert first.tracked_total == asizeof.asizeof(row)
    assert first.asizeof_total == 0 < second.asizeof_total
    assert first.overhead > 0
    assert first.label == f"first ({first.timestamp:.3f}s)"
    assert first.total == first.system_total.vsz > first.system_total.rss > 0
    _, size = tracker.objects[id(row)].snapshots[1]
    assert size.get("__dict__").size > 0


def test_summary(tracker, stream):
    tracker.track_class(Row, name="Row")
    rows = [Row(i) for i in range(4)]
    size = asizeof.asizeof(*rows)
    tracker.create_snapshot("loaded")
    tracker.stats.print_summary()
    lines = stream.getvalue().splitlines()
    assert lines[0] == "---- SUMMARY " + "-" * 66
    assert lines[1] == (
        "loaded                                   active      0     B      average   pct"
    )
    text = f"{size / 1024:7.2f} KB" if size > 1024 else f"{size:4d}     B"
    average = f"{size // 4:4d}     B"
    assert lines[2] == f"  Row{'':<30} {4:11d} {text:>12} {average:>12}    0%"
    assert lines[3] == "-" * 79


def test_stats_of_objects(tracker, stream):
    tracker.track_class(Row, name="Row", trace=True, resolution_level=2)
    row = Row(7)
    tracker.create_snapshot()
    gone = Row(8)
    del gone
    tracker.stats.sort_stats("birth").print_stats(limit=10)
    out = stream.getvalue()
    assert f"0x{id(row):08x}" in out
    assert "row = Row(7)" in out
    assert re.search(r"in test_stats_of_objects\n  \d\d:\d\d:\d\d\.\d\d +\d+ +B\n", out)
    assert "[V] data: [7.5, " in out
    assert "( free )" in out and "finalize" in out
    with pytest.raises(ValueError):
        tracker.stats.sort_stats("color")


def test_dump_and_load(tracker, tmp_path):
    row = Row(1)
    tracker.track_object(row)
    tracker.create_snapshot("kept")
    file = str(tmp_path / "stats")
    tracker.stats.dump_stats(file)
    first, second = io.StringIO(), io.StringIO()
    ConsoleStats(tracker=tracker, stream=first).print_stats()
    ConsoleStats(filename=file, stream=second).print_stats()
    assert first.getvalue() == second.getvalue() != ""


def test_merged_sizes(tracker):
    tracker.track_class(Row, name="Row", resolution_level=2)
    rows = [Row(1), Row(2)]
    tracker.create_snapshot()
    info = tracker.stats.annotate_snapshot(tracker.snapshots[0])["Row"]
    assert info["active"] == 2
    assert info["merged"].size == info["sum"] == asizeof.asizeof(*rows)


def test_in_the_background(tracker):
    tracker.start_periodic_snapshots(0.01)
    for i in range(5):
        tracker.create_snapshot(str(i))
    tracker.stop_periodic_snapshots()
    assert len(tracker.snapshots) > 5


def test_closing():
    init = Row.__init__
    with contextlib.closing(ClassTracker()) as tracker:
        tracker.track_class(Row)
        assert Row.__init__ is not init
    assert Row.__init__ is init
