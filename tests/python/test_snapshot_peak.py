"""Snapshots of the peak: the highest is kept, whatever the program does meanwhile."""

import json
import sys
import textwrap

import pytest
from capture_reader import HERE, PEAK, Capture, read_snapshot
from conftest import clean_environment, execute
from native_build import build_on_path

MIB = 1 << 20

# Rises to a height in MiB, stays a while, falls.
CLIMB = """
import time
def climb(height, stay=1):
    kept = []
    for _ in range(height):
        kept.append([bytes(1000) for _ in range(1000)])
        time.sleep(0.001)
    time.sleep(stay)
"""


@pytest.fixture
def run(run_quiet, script):
    """Runs a program with a snapshot of its peak; the part, and what it printed."""

    def run(source, *options, **more):
        name = script(CLIMB + textwrap.dedent(source))
        ending = run_quiet(name, options=["--heap=peak", *options], **more)
        assert (ending.status, ending.err) == (0, ""), ending
        capture = Capture("out.weigh")
        part = capture.parts["peak"]
        assert part.state == HERE
        found = read_snapshot("out.weigh", part)
        assert (found.when, found.pid, found.live) == (PEAK, capture.pid, part.live)
        return capture, part, ending.out

    return run


def near(live, height):
    return height * 0.98 * MIB < live < (height * 1.06 + 8) * MIB


def test_plateau(run):
    capture, part, _ = run("climb(100)")
    assert part.live > 0.99 * capture.peak.footprint
    assert near(part.live, 100)
    assert 2 <= part.taken <= 30


def test_highest_of_several(run):
    _, part, _ = run("climb(40); climb(100); climb(20); climb(60)")
    assert near(part.live, 100)


def test_holds_what_was_live(run, weigh):
    """The list of the function that had ended long before the program did."""
    run(
        """
        class Row:
            pass
        def load():
            rows = [Row() for _ in range(200_000)]
            time.sleep(1)
        load()
        climb(1)
        """
    )
    ending = weigh("heap", "--types", "--json", "out.weigh")
    counts = {row["type"]: row["count"] for row in json.loads(ending.out)["types"]}
    assert counts["Row"] >= 0.99 * 200_000  # half a percent is not worth another


def test_small_program(run):
    """It climbs nowhere: its peak is had at its end."""
    _, part, _ = run("")
    assert part.taken == 1


def test_in_a_thread(run):
    _, part, out = run(
        """
        import threading
        thread = threading.Thread(target=climb, args=(60,))
        thread.start()
        thread.join()
        """
    )
    assert near(part.live, 60)


def test_threads_that_compute(run):
    """The GIL is asked for like anybody else asks; nobody starves."""
    _, part, _ = run(
        """
        import threading
        stop = False
        def spin():
            while not stop:
                pass
        threads = [threading.Thread(target=spin) for _ in range(2)]
        for t in threads: t.start()
        climb(40, 1)
        stop = True
        for t in threads: t.join()
        """
    )
    assert near(part.live, 40)


def test_daemon_threads_at_the_end(run):
    run(
        """
        import threading
        def busy():
            while True:
                kept = [bytes(1000) for _ in range(10_000)]
        for _ in range(3):
            threading.Thread(target=busy, daemon=True).start()
        climb(40, 0)
        """
    )


@pytest.mark.parametrize("what", ["atexit._clear()", "atexit._run_exitfuncs()"])
def test_without_functions_at_exit(run_quiet, script, what):
    """The recording ends with the interpreter; the thread must not ask for its GIL then."""
    for _ in range(5):
        name = script(CLIMB + f"climb(20, 0)\nimport atexit\n{what}\nkept = [bytes(1000) for _ in range(40_000)]")
        ending = run_quiet(name, options=["--heap=peak"])
        assert (ending.status, ending.out, ending.err) == (0, "", "")


NOTICING = """
import os, sys, threading, warnings
warnings.simplefilter('error')
climb(30)
seen = []
threading.settrace(lambda *a: seen.append(a))
threading.setprofile(lambda *a: seen.append(a))
climb(40)
print(threading.active_count(), len(threading.enumerate()), len(sys._current_frames()), seen)
for i in range(20):
    pid = os.fork()
    if pid == 0:
        kept = [bytes(1000) for _ in range(1000 * (i + 1))]
        os._exit(i)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), end=' ')
climb(60)
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    print('no child')
print(sorted(os.listdir('/proc/self/fd')))
"""


def test_program_does_not_notice(run, script):
    """No thread that Python knows of, no child, no warning when it forks; and the thread comes back."""
    bare = execute([sys.executable, script(CLIMB + NOTICING, "bare.py")])
    assert (bare.status, bare.err) == (0, "")
    _, part, out = run(NOTICING)
    assert out == bare.out
    assert near(part.live, 60)


def test_forks_in_threads(run):
    run(
        """
        import os, threading, warnings
        warnings.simplefilter('ignore')
        def fork():
            for _ in range(20):
                pid = os.fork()
                if pid == 0:
                    os._exit(0)
                os.waitpid(pid, 0)
        threads = [threading.Thread(target=fork) for _ in range(3)]
        for t in threads: t.start()
        climb(40)
        for t in threads: t.join()
        """
    )


def test_child_that_ends_in_the_ordinary_way(run):
    _, part, _ = run(
        """
        import os, sys
        climb(20)
        pid = os.fork()
        if pid == 0:
            climb(80)
            sys.exit(0)
        os.waitpid(pid, 0)
        """
    )
    assert near(part.live, 20)


def test_interpreters(run):
    run(
        """
        try:
            import _interpreters
        except ImportError:
            import _xxsubinterpreters as _interpreters
        other = _interpreters.create()
        (_interpreters.exec if hasattr(_interpreters, 'exec') else _interpreters.run_string)(
            other, "kept = [bytes(1000) for _ in range(30_000)]")
        climb(40)
        _interpreters.destroy(other)
        """
    )


def test_threads_in_malloc(run):
    _, part, _ = run(
        """
        import allocate, os
        allocate.hammer(3)
        climb(60, stay=2)
        """,
        env=clean_environment(PYTHONPATH=build_on_path("allocate.c")),
    )
    assert part.live > 50 * MIB


def test_tracker(script):
    name = script(
        CLIMB
        + """
import os, weigh
for i in range(3):
    with weigh.Tracker('out.weigh', heap='peak', overwrite=True):
        climb(30)
        climb(10)
    with open('/proc/self/status') as file:
        print([line.split()[1] for line in file if line.startswith('Threads:')])
with weigh.Tracker('both.weigh', heap='both'):
    climb(30)
print(sorted(os.listdir()))
"""
    )
    ending = execute([sys.executable, name])
    assert (ending.status, ending.err) == (0, "")
    assert ending.out == "['1']\n" * 3 + "['both.weigh', 'out.weigh', 'script.py']\n"
    part = Capture("out.weigh").parts["peak"]
    assert near(part.live, 30)
    assert read_snapshot("out.weigh", part).when == PEAK
    both = Capture("both.weigh").parts
    assert near(both["peak"].live, 30)
    assert both["end"].live < 10 * MIB


def test_killed_program_leaves_its_peak(weigh, script):
    name = script(CLIMB + "climb(50)\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    ending = weigh("run", "-f", "-o", "out.weigh", "--heap=both", "--python", sys.executable, name)
    assert ending.status == -9
    parts = Capture("out.weigh").parts
    assert near(parts["peak"].live, 50)
    read_snapshot("out.weigh", parts["peak"])
    assert "no snapshot of the objects at the end: the program did not come to it" in ending.err
    assert "no snapshot of the objects at the peak" not in ending.err
