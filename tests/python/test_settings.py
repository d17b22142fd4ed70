"""Allocators, debug modes, other tools and tight limits: programs run as without weigh, and numbers stay right."""

import re
import sys
import textwrap

import pytest
from capture_reader import Capture
from conftest import EXACT, SAMPLED, clean_environment, execute
from recording import record  # noqa: F401: a fixture

ALLOCATORS = ["malloc", "pymalloc", "debug", "malloc_debug", "pymalloc_debug", "default"]
if sys.version_info >= (3, 13):
    ALLOCATORS.append("mimalloc")

HOLD = """
import sys
class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y
kept = [bytes(100) for _ in range(5000)]  # LINE small
large = [bytes(5000) for _ in range(1000)]  # LINE large
points = [Point(i, str(i)) for i in range(5000)]
gone = [bytes(300) for _ in range(3000)]  # LINE gone
del gone
table = {str(i): [i] * 10 for i in range(3000)}
for i in range(100):
    table[str(i)].extend(range(i))
print(sum(map(len, kept)), len(points), len(table))
"""


def works_bare(environment):
    return execute([sys.executable, "-c", "pass"], env=environment).status == 0


@pytest.mark.parametrize("allocator", ALLOCATORS)
def test_allocators(record, run_alike, script, allocator):
    environment = {"PYTHONMALLOC": allocator}
    if not works_bare(clean_environment(**environment)):
        pytest.skip(f"this interpreter has no allocator {allocator}")
    capture, lines, ending = record(HOLD, env=environment)
    assert ending.out == "500000 5000 3000\n"
    # mimalloc puts two blocks of eight bytes where others put one: the second is not recorded.
    assert capture.lost <= (200 if allocator == "mimalloc" else 0)
    for name, count, size in (("small", 5000, 133), ("large", 1000, 5033)):
        found = [capture.sum("live", domain=d, line=lines[name]) for d in ("object", "mem", "raw", "malloc")]
        assert found[3].blocks == 0
        assert count * size <= sum(f.bytes for f in found) < count * (size + 17)
        assert sum(f.footprint for f in found) >= sum(f.bytes for f in found)
    gone = [capture.sum("live", domain=d, line=lines["gone"]).bytes for d in ("object", "mem", "raw", "malloc")]
    assert sum(gone) < 1000
    assert capture.live <= capture.peak.footprint < 30_000_000


@pytest.mark.parametrize("allocator", ALLOCATORS)
def test_sampled_mode_of_allocators(run_alike, script, allocator):
    """Where the sizes of blocks cannot be read every block is recorded, whatever was asked for."""
    environment = clean_environment(PYTHONMALLOC=allocator)
    if not works_bare(environment):
        pytest.skip(f"this interpreter has no allocator {allocator}")
    run_alike(script(HOLD), env=environment)
    capture = Capture("out.weigh")
    readable = allocator in ("malloc", "pymalloc", "default")
    assert capture.forced == (not readable)
    assert capture.mode == (SAMPLED if readable else EXACT)


def test_development_mode(run_alike, script):
    run_alike(script(HOLD), env=clean_environment(PYTHONDEVMODE="1"))


TRACE = """
import sys, tracemalloc
if {start}:
    tracemalloc.start({frames})
kept = [bytes(1000) for _ in range(1000)]
text = [str(i) for i in range(100_000, 105_000)]
snapshot = tracemalloc.take_snapshot()
mine = snapshot.filter_traces([tracemalloc.Filter(True, __file__)])
for found in mine.statistics('lineno'):
    # The lists themselves and small leftovers depend on what was free before.
    if found.count > 900:
        print(found.traceback[0].lineno, found.size, found.count)
print(tracemalloc.get_object_traceback(kept[0]))
before = tracemalloc.get_traced_memory()[0]
more = [bytearray(10_000) for _ in range(100)]
grown = tracemalloc.get_traced_memory()[0] - before
print(1_000_000 < grown < 1_020_000)
tracemalloc.stop()
after = [bytes(1000) for _ in range(1000)]
del kept, more, text
print(len(after), tracemalloc.get_traced_memory())
"""


@pytest.mark.parametrize("frames", [1, 10])
@pytest.mark.parametrize("how", ["inside", "environment"])
def test_tracemalloc_is_undisturbed(run_alike, script, how, frames):
    environment = clean_environment(PYTHONHASHSEED="0")
    if how == "environment":
        environment["PYTHONTRACEMALLOC"] = str(frames)
    run_alike(script(TRACE.format(start=how == "inside", frames=frames)), env=environment)


STOPPED = """
import sys, tracemalloc
before = [bytes(1000) for _ in range(1000)]  # LINE before
tracemalloc.stop()
after = [bytes(1000) for _ in range(1000)]  # LINE after
large = [bytes(100_000) for _ in range(100)]  # LINE large
del before
print(tracemalloc.is_tracing())
"""


def test_tracemalloc_that_was_there_first(record):
    """It puts back the allocators that it found, which were not ours."""
    capture, lines, ending = record(STOPPED, env={"PYTHONTRACEMALLOC": "1"})
    assert ending.out == "False\n"
    assert capture.lost == 0
    assert capture.sum("live", domain="object", line=lines["before"]).bytes < 1000
    assert capture.sum("live", domain="object", line=lines["after"]).blocks >= 1000
    assert 10_003_300 <= capture.sum("live", domain="object", line=lines["large"]).bytes < 10_005_000
    assert 11_000_000 < capture.live <= capture.peak.footprint < 30_000_000


def test_trackers_around_tracemalloc(script):
    name = script(
        """
import tracemalloc, weigh
def record(path):
    with weigh.Tracker(path, exact=True):
        kept = [bytes(1000) for _ in range(1000)]
tracemalloc.start()
record('first.weigh')
tracemalloc.stop()
record('second.weigh')
tracemalloc.start()
record('third.weigh')
print(tracemalloc.get_traced_memory()[1] > 1_000_000)
tracemalloc.stop()
record('fourth.weigh')
"""
    )
    ending = execute([sys.executable, name])
    assert (ending.status, ending.out) == (0, "True\n"), ending.err
    for path in ("first", "second", "third", "fourth"):
        found = Capture(f"{path}.weigh").sum("live", domain="object", line=5)
        assert 1000 <= found.blocks <= (1001 if sys.version_info < (3, 14) else 1002)
        assert 1_033_000 <= found.bytes < 1_034_000


def test_recording_goes_on_around_tracemalloc(record):
    capture, lines, _ = record(
        """
        import tracemalloc
        before = [bytes(1000) for _ in range(1000)]  # LINE before
        tracemalloc.start()
        during = [bytes(1000) for _ in range(1000)]  # LINE during
        tracemalloc.stop()
        after = [bytes(1000) for _ in range(1000)]  # LINE after
        gone = [bytes(1000) for _ in range(1000)]  # LINE gone
        del before, gone
        """
    )
    for name, expected in {"before": 0, "during": 1000, "after": 1000, "gone": 0}.items():
        found = capture.sum("live", domain="object", line=lines[name])
        assert expected * 1033 <= found.bytes <= expected * 1033 + 1000
        assert capture.sum("total", domain="object", line=lines[name]).blocks >= 1000


STARVE = """
import resource
kept = []
limit = int(open('/proc/self/statm').read().split()[0]) * 4096 + {room}
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    while True:
        kept.append({what})
except MemoryError as error:
    found = len(kept)
    del kept[:]
    print('MemoryError', repr(error), found > 0)
print(len([str(i) for i in range(1000)]))
"""


@pytest.mark.parametrize("what", ["bytearray(1_000_000)", "'x' * len(kept) * 10", "[0] * 100", "object()"])
@pytest.mark.parametrize("room", [8_000_000, 60_000_000])
@pytest.mark.parametrize("mode", ["exact", "sampled"])
def test_address_space_runs_out(run_quiet, script, what, room, mode):
    name = script(STARVE.format(what=what, room=room))
    bare = execute([sys.executable, name])
    assert bare.status == 0 and "MemoryError" in bare.out
    weighed = run_quiet(name, options=["--exact"] * (mode == "exact"))
    assert weighed == bare
    capture = Capture("out.weigh")
    assert 0 <= capture.live < 200_000_000
    for site in capture.sites:
        assert site.live.bytes >= 0 and site.live.samples >= 0


ENDINGS = {
    "exit without cleaning up": "import os\nkept = [1] * 1000\nos._exit(9)",
    "abort": "import os\nos.abort()",
    "segmentation fault": "import ctypes\nctypes.string_at(0)",
    "dump of stacks": "import faulthandler\nfaulthandler.dump_traceback()",
    "stack overflow": """
        import sys
        sys.setrecursionlimit(10**6)
        class Deep:
            def __repr__(self): return repr(self)
        import resource
        resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 1 << 20))
        try:
            repr(Deep())
        except RecursionError:
            print('RecursionError')
        """,
    "recursion error": """
        def deep(n): return [deep(n + 1)]
        try:
            deep(0)
        except RecursionError as error:
            print(error)
        """,
    "deep recursion": """
        import sys
        sys.setrecursionlimit(20_000)
        def deep(n): return [n, deep(n - 1)] if n else []
        made = deep(8000)
        print(len(made))
        """,
    "trace and profile functions": """
        import sys
        seen = []
        sys.setprofile(lambda *a: seen.append(a[1]))
        [str(i) for i in range(10)]
        sorted([2, 1], key=lambda x: -x)
        sys.setprofile(None)
        print(len(seen))
        """,
    "garbage collection": """
        import gc
        gc.set_threshold(10)
        class Node: pass
        for i in range(20_000):
            n = Node(); n.n = n
        print(gc.collect() >= 0, gc.isenabled())
        """,
}


@pytest.mark.parametrize("how", ENDINGS)
def test_ends_as_without_weigh(run_alike, script, how):
    run_alike(script(textwrap.dedent(ENDINGS[how])))


def test_fault_handler(run_quiet, script):
    """It lists the extensions that are loaded, ours too: all else is alike."""
    name = script("import ctypes, faulthandler\nfaulthandler.enable()\nctypes.string_at(0)")
    bare = execute([sys.executable, name])
    weighed = run_quiet(name)
    assert weighed.status == bare.status == -11

    def stacks(ending):
        return re.sub(r"0x\w+", "", ending.err.split("\n\nExtension modules")[0].strip())

    assert stacks(weighed) == stacks(bare) != ""


def test_figures_after_sudden_exit(record):
    capture, lines, _ = record(
        """
        import os, sys
        kept = [bytes(1000) for _ in range(2000)]  # LINE kept
        if len(sys.argv) > 1:
            os._exit(0)
        """,
        "now",
    )
    assert capture.state == 1
    assert capture.sum("live", domain="object", line=lines["kept"]).blocks >= 2000
