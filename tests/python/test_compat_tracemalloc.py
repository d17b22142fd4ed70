"""weigh.compat.tracemalloc in scripts: what is traced and what is not, threads, forks, recordings, domains."""

import json
import sys

import pytest
from conftest import clean_environment, execute
from native_build import build_on_path
from tracemalloc_scripts import OURS, run


def test_idioms(tmp_path):
    """What the library's documentation shows: top lines, two snapshots, filters, the peak, one object."""
    found = run(
        OURS
        + """
import json, linecache
tracemalloc.start(10)
first = [bytes(1000) for _ in range(100)]
before = tracemalloc.take_snapshot()
second = [bytes(500) for _ in range(200)]
after = tracemalloc.take_snapshot()
mine = (
    tracemalloc.Filter(False, "<frozen importlib._bootstrap>"),
    tracemalloc.Filter(False, "<unknown>"),
    tracemalloc.Filter(True, "<string>"),
)
top = after.filter_traces(mine).statistics("lineno")
grown = after.compare_to(before, "lineno")
live, peak = tracemalloc.get_traced_memory()
gone = bytes(10_000_000)
del gone
tracemalloc.reset_peak()
low = tracemalloc.get_traced_memory()
print(json.dumps({
    "top": [(one.traceback[0].lineno, one.size, one.count) for one in top[:2]],
    "text": str(top[0]),
    "grown": [(one.traceback[0].lineno, one.size_diff, one.count_diff) for one in grown[:1]],
    "object": tracemalloc.get_object_traceback(second[7])[-1].lineno,
    "live": live, "peak": peak, "low": low,
    "sum": sum(one.size for one in after.traces),
}))
"""
    )
    # Bytes objects have 33 bytes beside their data; a list has its own block and the one of its items, and on 3.10
    # a comprehension is a function with a frame.
    lines = {line: (size, count) for line, size, count in found["top"]}
    assert 100 * (1033 + 8) <= lines[4][0] < 100 * (1033 + 12) + 1000 and 101 <= lines[4][1] <= 106
    assert 200 * (533 + 8) <= lines[6][0] < 200 * (533 + 12) + 1000 and 201 <= lines[6][1] <= 206
    assert found["text"].startswith("<string>:") and "average=" in found["text"]
    assert found["grown"][0][0] == 6 and found["grown"][0][2] == lines[6][1]
    assert found["grown"][0][1] == lines[6][0]
    assert found["object"] == 6
    assert found["peak"] >= found["live"] >= found["sum"]
    assert found["low"][1] - found["live"] < 10_000


def test_peak_is_exact():
    found = run(
        OURS
        + """
import json
tracemalloc.start()
tracemalloc.reset_peak()
before = tracemalloc.get_traced_memory()
data = bytes(10_000_000)
during = tracemalloc.get_traced_memory()
del data
print(json.dumps([before, during, tracemalloc.get_traced_memory()]))
"""
    )
    before, during, after = found
    # Two tuples of two figures live on between.
    assert 0 <= during[0] - before[0] - 10_000_033 < 1000
    assert 0 <= during[1] - during[0] < 1000
    assert after[1] >= during[0] and after[0] - before[0] < 1000


def test_snapshots_do_not_show_themselves():
    found = run(
        OURS
        + """
import json
data = None
tracemalloc.start()
data = [bytes(30) for _ in range(50_000)]
live = tracemalloc.get_traced_memory()[0]
first = tracemalloc.take_snapshot()
second = tracemalloc.take_snapshot()
growth = sum(one.size_diff for one in second.compare_to(first, "lineno"))
print(json.dumps([live, growth, len(first.traces)]))
"""
    )
    live, growth, traces = found
    assert traces > 50_000 and live > 50_000 * 63
    assert abs(growth) < 5000


def test_many_stacks():
    """More than a large capture has room for: 131,000, each of its own calls."""
    found = run(
        OURS
        + """
import json
def leaves(n):
    return (leaves(n - 1), leaves(n - 1)) if n else bytes(100)
tracemalloc.start(25)
data = leaves(16)
frames = [trace.traceback for trace in tracemalloc.take_snapshot().traces]
print(json.dumps([len(frames), sum(each[0].filename == "<unknown>" for each in frames),
                  sum(len(each) > 16 for each in frames)]))
"""
    )
    traces, unknown, deep = found
    assert traces > 130_000 and unknown == 0
    assert deep >= 2**16


def test_what_tracing_does_not_count_is_refused():
    found = run(
        OURS
        + """
import json
import weigh
tracemalloc.start()
data = bytes(100_000)
refused = []
for ask in weigh.live_bytes, weigh.peak_bytes, weigh.reset_peak:
    try:
        ask()
    except weigh.WeighError as error:
        refused.append(str(error))
tracemalloc.stop()
print(json.dumps([refused, weigh.live_bytes(), weigh.peak_bytes()]))
"""
    )
    refused, *ended = found
    assert [text.partition(":")[0] for text in refused] == ["live_bytes", "peak_bytes", "reset_peak"]
    assert all("get_traced_memory()" in text for text in refused)
    assert ended == [0, 0]


def test_clear_and_stop_give_memory_back():
    found = run(
        OURS
        + """
import json
tracemalloc.start()
data = [bytes(30) for _ in range(100_000)]
full = tracemalloc.get_tracemalloc_memory()
tracemalloc.clear_traces()
cleared = tracemalloc.get_tracemalloc_memory()
traced = tracemalloc.get_traced_memory()
known = tracemalloc.get_object_traceback(data[0])
del data
freed = tracemalloc.get_traced_memory()
more = bytes(1_000_000)
again = tracemalloc.get_traced_memory()
tracemalloc.stop()
ended = tracemalloc.get_tracemalloc_memory(), tracemalloc.get_traced_memory(), len(tracemalloc._get_traces())
try:
    tracemalloc.take_snapshot()
except RuntimeError as error:
    refused = str(error)
print(json.dumps([full, cleared, traced, known, freed, again, ended, refused]))
"""
    )
    full, cleared, traced, known, freed, again, ended, refused = found
    assert full > 100_000 * 16
    assert cleared < full - 100_000 * 16
    assert traced[0] < 1000 and known is None
    assert freed[0] < 2000
    assert 1_000_033 <= again[0] < 1_003_000
    assert ended == [0, [0, 0], 0]
    assert "must be tracing" in refused


def test_start_again_changes_nothing():
    found = run(
        OURS
        + """
import json
tracemalloc.start(3)
data = bytes(1000)
tracemalloc.start(9)
print(json.dumps([tracemalloc.get_traceback_limit(), tracemalloc.get_object_traceback(data) is not None]))
"""
    )
    assert found == [3, True]


def test_errors():
    from weigh.compat import tracemalloc

    for wrong in (0, -1, 65536):
        with pytest.raises(ValueError, match="nframe"):
            tracemalloc.start(wrong)
    for wrong in ("x", None):
        with pytest.raises(TypeError):
            tracemalloc.start(wrong)
    assert not tracemalloc.is_tracing()
    snapshot = tracemalloc.Snapshot([(0, 10, (("a.py", 1),), 1)], 1)
    with pytest.raises(ValueError, match="key_type"):
        snapshot.statistics("function")
    with pytest.raises(ValueError, match="cumulative"):
        snapshot.statistics("traceback", cumulative=True)
    with pytest.raises(TypeError, match="filters"):
        snapshot.filter_traces(3)
    with pytest.raises(FileNotFoundError):
        tracemalloc.Snapshot.load("nowhere")


def test_total_nframe_with_calls_of_one_depth():
    """Stacks that agree in the frames shown, of different depths; and alike in depth but not in callers."""
    found = run(
        OURS
        + """
import json
def make():
    return bytes(5000)
def one(n):
    return one(n - 1) if n else make()
def other(n):
    return one(n)
tracemalloc.start(1)
kept = [one(0), one(40), one(0), other(39), one(40)]
totals = [t.traceback.total_nframe for t in tracemalloc.take_snapshot().traces if t.size == 5033]
tracemalloc.stop()
tracemalloc.start(3)
kept = [other(0), one(1), other(0)]
lines = [[f.lineno for f in tracemalloc.get_object_traceback(data)] for data in kept]
print(json.dumps([sorted(totals), lines]))
"""
    )
    totals, lines = found
    assert totals == [3, 3, 43, 43, 43]
    assert lines == [[8, 6, 4], [6, 6, 4], [8, 6, 4]]


def test_threads_and_their_frames():
    found = run(
        OURS
        + """
import json, threading
tracemalloc.start(2)
kept = []
def run(size):
    for _ in range(1000):
        kept.append(bytes(size))
threads = [threading.Thread(target=run, args=(1000 * (i + 1),)) for i in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
sizes = [t.size for t in tracemalloc.take_snapshot().traces if t.traceback[-1].lineno == 7]
print(json.dumps([sum(size == 1000 * (i + 1) + 33 for size in sizes) for i in range(4)]))
"""
    )
    assert found == [1000] * 4


FORKED = """
import json, os, threading
tracemalloc.start(2)
old = bytes(12345)
stopping = threading.Event()
def churn():
    while not stopping.is_set():
        [bytes(i) for i in range(600, 800)]
threads = [threading.Thread(target=churn) for _ in range({threads})]
for thread in threads: thread.start()
good = 0
for _ in range(5):
    pid = os.fork()
    if not pid:
        new = bytes(54321)
        seen = tracemalloc.is_tracing() and tracemalloc.get_object_traceback(new) is not None
        kept = tracemalloc.get_object_traceback(old) is not None
        os._exit(2 * seen + kept)
    good += os.waitpid(pid, 0)[1] >> 8 in {wanted}
stopping.set()
for thread in threads: thread.join()
live = tracemalloc.get_traced_memory()[0]
print(json.dumps([good, tracemalloc.get_object_traceback(old) is not None, live > 12345]))
"""


# What other threads were at when the process was copied may be lost, and then all traces begin anew.
@pytest.mark.parametrize("threads, wanted", ((0, (3,)), (3, (2, 3))))
@pytest.mark.filterwarnings("ignore")
def test_forked_children_go_on(threads, wanted):
    environment = clean_environment(PYTHONWARNINGS="ignore")
    text = OURS + FORKED.format(threads=threads, wanted=wanted)
    assert run(text, environment=environment) == [5, True, True]


def test_with_a_recording_of_samples(script):
    name = script(
        OURS
        + """
import weigh
with weigh.Tracker("out.weigh"):
    try:
        tracemalloc.start()
    except weigh.WeighError as error:
        print(error)
tracemalloc.start()
try:
    with weigh.Tracker("other.weigh"):
        pass
except weigh.WeighError as error:
    print(error)
"""
    )
    ending = execute([sys.executable, name])
    assert ending.status == 0
    first, second = ending.out.splitlines()
    assert "samples" in first and "--exact" in first
    assert "runs already" in second


def test_with_an_exact_recording(weigh, script):
    """Traces begin with start, and the capture has all that was allocated before, between and after."""
    name = script(
        OURS
        + """
import json
before = bytes(1_000_001)
tracemalloc.start()
between = bytes(1_000_002)
seen = [tracemalloc.get_object_traceback(data) is not None for data in (before, between)]
live = tracemalloc.get_traced_memory()[0]
tracemalloc.clear_traces()
seen.append(tracemalloc.get_object_traceback(between) is not None)
more = bytes(1_000_003)
tracemalloc.stop()
after = bytes(1_000_004)
tracemalloc.start()
seen.append(tracemalloc.get_object_traceback(more) is not None)
tracemalloc.stop()
print(json.dumps([seen, live]))
"""
    )
    ending = weigh("run", "-q", "--exact", "-o", "out.weigh", name)
    assert ending.status == 0, ending.err
    seen, live = json.loads(ending.out)
    assert seen == [False, True, False, False]
    assert 1_000_035 <= live < 1_010_000
    report = json.loads(weigh("report", "out.weigh", "--json", "--at", "peak", "--limit", "1000").out)
    large = {
        row["source"].split()[0]: row["bytes"]
        for row in report["rows"]
        if (row["file"] or "").endswith(name) and row["bytes"] > 1_000_000
    }
    expected = {"before": 1_000_034, "between": 1_000_035, "more": 1_000_036, "after": 1_000_037}
    assert large.keys() == expected.keys()
    # Since 3.14 the first line has something of the interpreter's own beside it.
    assert all(0 <= large[name] - expected[name] < 1000 for name in expected)
    if sys.version_info < (3, 14):
        assert large == expected


def test_ends_with_the_recording_it_is_part_of(script):
    name = script(
        OURS
        + """
import weigh
with weigh.Tracker("out.weigh", exact=True):
    tracemalloc.start()
    print(tracemalloc.is_tracing())
print(tracemalloc.is_tracing(), tracemalloc.get_traced_memory())
with weigh.Tracker("next.weigh", exact=True):
    print(tracemalloc.is_tracing(), tracemalloc.get_traced_memory())
"""
    )
    ending = execute([sys.executable, name])
    assert ending.out.split("\n")[:3] == ["True", "False (0, 0)", "False (0, 0)"], ending.err


def test_native_blocks_are_a_domain_of_their_own():
    text = """
import json, sys
sys.path.insert(0, sys.argv[1])
from allocate import call
tracemalloc.start(1, native=sys.argv[2] == "native")
before = tracemalloc.get_traced_memory()[0]
block = call("malloc", 0, 100_001)
mapped = call("mmap", 0, 1 << 20)
grown = tracemalloc.get_traced_memory()[0] - before
traces = tracemalloc.take_snapshot().filter_traces([tracemalloc.DomainFilter(True, tracemalloc.NATIVE_DOMAIN)])
sizes = sorted(trace.size for trace in traces.traces if trace.size > 100_000)
call("free", 0, block)
print(json.dumps([grown, sizes, tracemalloc.get_traced_memory()[0] - before]))
"""
    folder = build_on_path("allocate.c")
    grown, sizes, freed = run(OURS + text, folder, "native")
    assert sizes == [100_001, 1 << 20]
    assert 0 <= grown - sum(sizes) < 10_000 and 0 <= freed - sizes[1] < 10_000
    grown, sizes, freed = run(OURS + text, folder, "python")
    assert sizes == [] and 0 <= grown < 10_000 and freed < 10_000


def test_arrays_have_the_domain_that_numpy_gives_them():
    pytest.importorskip("numpy")
    text = """
import json, numpy
tracemalloc.start(1)
before = tracemalloc.get_traced_memory()[0]
arrays = [numpy.zeros(1000 * (i + 1)) for i in range(20)]
grown = tracemalloc.get_traced_memory()[0] - before
domain = tracemalloc.DomainFilter(True, numpy.lib.tracemalloc_domain)
only = tracemalloc.take_snapshot().filter_traces([domain])
print(json.dumps([grown, sorted(trace.size for trace in only.traces)]))
"""
    grown, sizes = run(OURS + text)
    assert sizes == [8000 * (i + 1) for i in range(20)]
    assert sum(sizes) <= grown < sum(sizes) + 10_000


def test_snapshots_pickle_by_themselves():
    import pickle

    from weigh.compat import tracemalloc

    tracemalloc.start(3)
    try:
        kept = [bytes(1000) for _ in range(10)]
        snapshot = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    assert len(kept) == 10
    again = pickle.loads(pickle.dumps(snapshot))
    assert again.traces == snapshot.traces and len(again.traces) == len(snapshot.traces) > 10
    assert again.statistics("traceback") == snapshot.statistics("traceback")
    assert snapshot.traces[-1] == snapshot.traces[len(snapshot.traces) - 1]
    assert snapshot.traces[2:4] == (snapshot.traces[2], snapshot.traces[3])
    assert snapshot.traces[0] in snapshot.traces
    with pytest.raises(IndexError):
        snapshot.traces[len(snapshot.traces)]


def test_filters_of_a_kind_of_their_own():
    from weigh.compat import tracemalloc

    class Large(tracemalloc.BaseFilter):
        def _match(self, trace):
            return (trace[1] >= 1000) == self.inclusive

    tracemalloc.start(1)
    try:
        kept = [bytes(size) for size in (500, 1500, 500, 2500)]
        snapshot = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    assert len(kept) == 4
    sizes = [trace.size for trace in snapshot.filter_traces([Large(True)]).traces]
    assert sorted(size for size in sizes if size in (1533, 2533)) == [1533, 2533]
    assert min(sizes) >= 1000
    assert all(trace.size < 1000 for trace in snapshot.filter_traces([Large(False)]).traces)
