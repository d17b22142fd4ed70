"""Programs that fork: both sides go on, and no byte of the capture changes through the child."""

import sys
import textwrap

import pytest
from capture_reader import Capture
from conftest import clean_environment, execute
from native_build import build_on_path
from recording import record  # noqa: F401: a fixture

# Nothing watches a Tracker from outside, and the parent waits: whatever changes, the child did.
UNCHANGED = """
import os, sys, time, weigh
def contents():
    with open('out.weigh', 'rb') as file:
        return file.read()
with weigh.Tracker('out.weigh', exact={exact}):
    kept = [str(i) for i in range(1000)]
    pid = os.fork()
    if pid == 0:
        time.sleep(0.2)
        before = contents()
        more = [bytearray(i) for i in range(20_000)]
        del kept, more
        exec("def made(): return [object() for _ in range(1000)]\\nmade()")
        if True:
{child}
        after = contents()
        os._exit(len(after) > 1 << 20 and before == after)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""

CHILDREN = {
    "plain": "pass",
    "threads": """
    import threading
    def work():
        for i in range(2000): bytearray(i)
    made = [threading.Thread(target=work) for _ in range(4)]
    for t in made: t.start()
    for t in made: t.join()""",
    "grandchild": """
    second = os.fork()
    if second == 0:
        [str(i) for i in range(10_000)]
        os._exit(0)
    os.waitpid(second, 0)""",
}


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("kind", CHILDREN)
def test_child_leaves_the_capture_alone(script, kind, exact):
    child = textwrap.indent(textwrap.dedent(CHILDREN[kind]), " " * 12)
    ending = execute([sys.executable, script(UNCHANGED.format(child=child, exact=exact))])
    assert (ending.status, ending.out) == (0, "1\n"), ending.err


@pytest.mark.parametrize("kind", CHILDREN)
def test_child_is_not_recorded(record, kind):
    source = (
        """
import os, sys
kept = [str(i) for i in range(1000)]  # LINE kept
pid = os.fork()
if pid == 0:
    more = [bytearray(i) for i in range(20_000)]  # LINE child
    del kept, more
"""
        + textwrap.indent(textwrap.dedent(CHILDREN[kind]), "    ")
        + """
    os._exit(7)
_, status = os.waitpid(pid, 0)
print(os.waitstatus_to_exitcode(status))
later = [str(i) for i in range(2000)]  # LINE later
"""
    )
    capture, lines, ending = record(source)
    assert ending.out == "7\n"
    assert capture.lost == 0
    assert capture.sum("total", line=lines["child"]).blocks == 0
    assert capture.sum("live", domain="object", line=lines["kept"]).blocks >= 990
    assert capture.sum("live", domain="object", line=lines["later"]).blocks >= 1990


def test_fork_in_a_loop_with_threads(run_alike, script):
    name = script(
        """
import os, threading, warnings
warnings.simplefilter('ignore')
stop = threading.Event()
def busy():
    while not stop.is_set():
        [bytes(i * 10) for i in range(200)]
threads = [threading.Thread(target=busy) for _ in range(3)]
for t in threads: t.start()
statuses = set()
for i in range(60):
    pid = os.fork()
    if pid == 0:
        made = [str(j) for j in range(500)]
        os._exit(len(made) % 256)
    statuses.add(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
stop.set()
for t in threads: t.join()
print(statuses)
"""
    )
    assert run_alike(name).out == "{244}\n"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(run_alike, script, method):
    name = script(
        f"""
import multiprocessing
def work(n):
    return len([str(i) for i in range(n)])
if __name__ == '__main__':
    multiprocessing.set_start_method({method!r})
    with multiprocessing.Pool(2) as pool:
        print(pool.map(work, [1000, 2000, 3000]))
    p = multiprocessing.Process(target=work, args=(10,))
    p.start()
    p.join()
    print(p.exitcode)
"""
    )
    assert run_alike(name).out == "[1000, 2000, 3000]\n0\n"


def test_subprocess_is_not_recorded(record):
    capture, _, ending = record(
        """
        import os, subprocess, sys
        child = 'import os, sys; print("weigh._weigh" in sys.modules, any("WEIGH" in k for k in os.environ))'
        print(subprocess.run([sys.executable, '-c', child], capture_output=True, text=True).stdout)
        os.system('true')
        """
    )
    assert ending.out == "False False\n\n"


def test_child_that_ends_in_the_ordinary_way(record):
    """Its functions at exit are the parent's: they must not end the parent's recording."""
    capture, lines, ending = record(
        """
        import os, sys
        pid = os.fork()
        if pid == 0:
            sys.exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        later = [str(i) for i in range(2000)]  # LINE later
        """
    )
    assert ending.out == "7\n"
    assert capture.sum("live", domain="object", line=lines["later"]).blocks >= 1990


def test_tracker_in_a_child(run_quiet, script):
    """A child may record for itself, into a file of its own."""
    name = script(
        """
import os, sys, weigh
kept = [str(i) for i in range(1000)]
pid = os.fork()
if pid == 0:
    with weigh.Tracker('child.weigh', exact=True):
        more = [bytes(1000) for _ in range(500)]
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
last = [str(i) for i in range(1000)]
"""
    )
    ending = run_quiet(name, options=["--exact"])
    assert ending.out == "0\n", ending.err
    child = Capture("child.weigh")
    parent = Capture("out.weigh")
    assert child.sum("live", domain="object", line=7).blocks >= 500
    assert parent.sum("total", line=7).blocks == 0
    assert parent.sum("live", domain="object", line=10).blocks >= 990
    assert child.pid != parent.pid


def test_trackers_in_children_of_a_busy_parent(run_quiet, script):
    """A child may find every lock of the recorder held by a thread that it does not have."""
    name = script(
        """
import os, sys, weigh, warnings, allocate
warnings.simplefilter('ignore')
allocate.hammer(4)
for i in range(25):
    pid = os.fork()
    if pid == 0:
        with weigh.Tracker('child.%d.weigh' % i, exact=True):
            more = [bytes(1000) for _ in range(500)]
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
os._exit(0)
"""
    )
    ending = run_quiet(name, env=clean_environment(PYTHONPATH=build_on_path("allocate.c")))
    assert (ending.status, ending.err) == (0, "")
    for i in range(25):
        child = Capture(f"child.{i}.weigh")
        assert child.lost == 0
        assert child.sum("live", domain="object", line=9).blocks >= 500


def test_vfork_like_spawns_among_threads(run_alike, script):
    name = script(
        """
import subprocess, threading
def work():
    for _ in range(5):
        subprocess.run(['true'], check=True)
        [bytes(i) for i in range(1000)]
threads = [threading.Thread(target=work) for _ in range(4)]
for t in threads: t.start()
for t in threads: t.join()
print('end')
"""
    )
    assert run_alike(name).out == "end\n"
