"""weigh.compat.tracemalloc beside the library's: the interpreter's own tests, figures, files, memory."""

import json
import os
import sys

import pytest
from conftest import execute
from tracemalloc_scripts import LIBRARYS, OURS, run

HERE = os.path.dirname(os.path.abspath(__file__))

LIBRARY_CLASSES = ("TestTraceback", "TestTracemallocEnabled", "TestSnapshot", "TestFilters")

# Those of the interpreter's tests that do not pass; docs/compat.md says why.
LIBRARY_EXCEPTIONS = {"TestTracemallocEnabled.test_new_reference"}


@pytest.fixture(scope="module")
def library_outcomes(tmp_path_factory):
    program = os.path.join(HERE, "tracemalloc_library.py")
    folder = tmp_path_factory.mktemp("library")
    ending = execute([sys.executable, program, *LIBRARY_CLASSES], cwd=folder)
    assert ending.status == 0, ending.err
    outcomes = json.loads(ending.out.splitlines()[-1])
    if outcomes == "absent":
        pytest.skip("this interpreter came without its test package")
    return outcomes


@pytest.mark.parametrize("name", LIBRARY_CLASSES)
def test_library_class(library_outcomes, name):
    outcomes = {test: outcome for test, outcome in library_outcomes.items() if test.startswith(f"{name}.")}
    assert len(outcomes) > 0
    failed = {test: outcome for test, outcome in outcomes.items() if outcome != "passed"}
    assert set(failed) == LIBRARY_EXCEPTIONS & set(outcomes), "\n".join(failed.values())


# Made of blocks that no list of free objects holds back, so that both modules see each of them.
BOTH = """
import json, sys, threading
sys.path.insert(0, sys.argv[1])
from figures import work
tracemalloc.start(int(sys.argv[2]))
kept = work()
snapshot = tracemalloc.take_snapshot()
rows = []
for statistic in snapshot.statistics("traceback"):
    frames = [frame for frame in statistic.traceback if frame.filename.endswith("figures.py")]
    if frames and statistic.traceback[-1].filename.endswith("figures.py"):
        rows.append([[frame.lineno for frame in frames], statistic.size, statistic.count])
print(json.dumps(sorted(rows)))
"""

FIGURES = """
import threading

class Slots:
    __slots__ = ("first", "second")

    def __init__(self, first):
        self.first = first
        self.second = "text %d" % first

class Plain:
    def __init__(self, first):
        self.first = first
        self.second = bytes(first)

def strings(n):
    return ["a string of some length %d" % i for i in range(n)]

def deep(n, function):
    return deep(n - 1, function) if n else function()

def generated(n):
    for i in range(n):
        yield bytes(1000 + i)

def shrunk():
    data = bytearray(100_000)
    del data[10_000:]
    return data

def work():
    kept = [
        strings(500),
        [Slots(i) for i in range(300, 600)],
        [Plain(i) for i in range(300, 600)],
        deep(30, lambda: [bytes(i) for i in range(400, 700)]),
        list(generated(100)),
        bytearray(1_000_000),
        shrunk(),
        {i: str(i) for i in range(1000, 2000)},
    ]
    def threaded():
        kept.append([bytes(2000) for _ in range(50)])
    thread = threading.Thread(target=threaded)
    thread.start()
    thread.join()
    return kept
"""


@pytest.mark.parametrize("frames", (1, 7, 25))
def test_figures_are_the_librarys(tmp_path, frames):
    (tmp_path / "figures.py").write_text(FIGURES)
    ours = run(OURS + BOTH, str(tmp_path), str(frames))
    librarys = run(LIBRARYS + BOTH, str(tmp_path), str(frames))
    assert len(ours) > 10
    if (3, 11) <= sys.version_info < (3, 14):
        assert ours == librarys
    else:
        # Before, frames and the dicts of instances come from lists of free objects; since then, ints.
        sums = [[sum(row[column] for row in rows) for column in (1, 2)] for rows in (ours, librarys)]
        assert sums[0] == pytest.approx(sums[1], rel=0.02 if sys.version_info < (3, 11) else 0.03)


def test_files_are_read_by_either_module(tmp_path):
    make = """
import json, sys
tracemalloc.start(4)
kept = [bytes(1000) for _ in range(100)]
snapshot = tracemalloc.take_snapshot()
snapshot.note = "kept"
snapshot.dump(sys.argv[1])
print(json.dumps([[str(one.traceback), one.size, one.count] for one in snapshot.statistics("lineno")]))
"""
    read = """
import json, sys
snapshot = tracemalloc.Snapshot.load(sys.argv[1])
assert type(snapshot) is tracemalloc.Snapshot and snapshot.note == "kept" and snapshot.traceback_limit == 4
print(json.dumps([[str(one.traceback), one.size, one.count] for one in snapshot.statistics("lineno")]))
"""
    name = str(tmp_path / "snapshot")
    for writer in (OURS, LIBRARYS):
        made = run(writer + make, name)
        assert made[0][2] > 99
        assert [run(reader + read, name) for reader in (OURS, LIBRARYS)] == [made, made]


MEMORY = """
import json, os
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
keep = [None] * 400_000
keep[:] = [b"%d" % i for i in range(len(keep))]
keep[:] = [None] * len(keep)
{start}
before = resident()
for i in range(len(keep)): keep[i] = b"%d" % i
print(json.dumps(resident() - before))
"""


def test_memory_is_less_than_the_librarys():
    """The table of blocks, stacks and sites, above what the blocks themselves take."""
    bare = run(MEMORY.format(start=""))
    ours = run(OURS + MEMORY.format(start="tracemalloc.start(25)")) - bare
    librarys = run(LIBRARYS + MEMORY.format(start="tracemalloc.start(25)")) - bare
    assert librarys > 400_000 * 48
    assert ours < librarys * 0.7
