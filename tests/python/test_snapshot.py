"""Snapshots of the objects: taken at the end, on request and by a Tracker, and the program does not notice."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import weigh
from capture_reader import ASKED, COMPLETE, END, HERE, PART, PARTS_AT, TAKEN, WANTED, Capture, read_parts, read_snapshot
from conftest import WEIGH, clean_environment, execute
from native_build import build_on_path

# Objects enough for a child to write for a good while.
MANY = "kept = [[str(i)] for i in range(1_500_000)]"


def files():
    return sorted(name for name in os.listdir() if "weigh" in name or "heap" in name)


def end_part():
    capture = Capture("out.weigh")
    part = capture.parts["end"]
    assert part.state == HERE
    found = read_snapshot("out.weigh", part)
    assert found.when == END and found.pid == capture.pid
    return found


def wait_until(true, seconds=60):
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit, "it does not come"
        time.sleep(0.01)


def writer():
    """The process that writes the end of the run that goes on, once there is one."""
    with contextlib.suppress(OSError):
        part = read_parts("out.weigh")["end"]
        if part.state == TAKEN:
            return part.writer
    return None


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def parent(pid):
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(") ")[2].split()[1])


def test_end(run_quiet, script):
    assert run_quiet(script("kept = [str(i) for i in range(1000)]"), options=["--heap"]).status == 0
    found = end_part()
    assert found.live > 50_000 and found.rss > found.anonymous > found.live
    assert found.recording_ns < found.taken_ns
    assert 0 < found.pause_ns
    assert files() == ["out.weigh"]


def test_default(weigh, script):
    """With the summary there is one, without it there is none."""
    command = ["run", "-f", "-o", "out.weigh", "--python", sys.executable]
    ending = weigh(*command, script("print(1)"))
    assert ending.status == 0 and "weigh heap out.weigh" in ending.err
    end_part()
    weigh(*command, "-q", script("print(1)"))
    assert Capture("out.weigh").parts["end"].state == 0
    weigh(*command, "--heap=no", script("print(1)"))
    assert Capture("out.weigh").parts["end"].state == 0
    weigh(*command, "-q", script("print(1)"), env=clean_environment(WEIGH_HEAP="end"))
    end_part()


ENDINGS = {
    "status": "import sys; sys.exit(3)",
    "exception": "raise KeyError(1)",
    "thread": "import threading, time; threading.Thread(target=time.sleep, args=(0.1,)).start()",
    "daemon": "import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    "exit": "import atexit; atexit.register(print, 'bye')",
}


@pytest.mark.parametrize("how", ENDINGS)
@pytest.mark.parametrize("heap", ["end", "both"])
def test_ends_alike(script, how, heap):
    name = script(ENDINGS[how])
    bare = execute([sys.executable, name])
    weighed = execute([WEIGH, "run", "-q", "-f", "-o", "out.weigh", f"--heap={heap}", "--python", sys.executable, name])
    assert weighed == bare
    end_part()


ABRUPT = {
    "left": ("import os; os._exit(3)", 3),
    "killed": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
    "replaced": ("import os, sys; os.execv(sys.executable, [sys.executable, '-c', 'pass'])", 0),
}


@pytest.mark.parametrize("how", ABRUPT)
def test_abrupt_end(weigh, script, how):
    source, status = ABRUPT[how]
    ending = weigh("run", "-f", "-o", "out.weigh", "--python", sys.executable, script(source))
    assert ending.status == status
    part = Capture("out.weigh").parts["end"]
    assert (part.state, part.error) == (WANTED, 0)
    assert "no snapshot of the objects at the end: the program did not come to it" in ending.err
    assert files() == ["out.weigh"]


NOTICING = """
import os, signal, sys, threading, time
import weigh
seen = []
signal.signal(signal.SIGCHLD, lambda *_: seen.append('SIGCHLD'))
sys.settrace(lambda *a: None)
threading.settrace(lambda *a: seen.append('thread'))
def state():
    with open('/proc/self/status') as file:
        count = [line for line in file if line.startswith('Threads:')]
    return sorted(os.listdir('/proc/self/fd')), count, threading.enumerate()
kept = [[str(i)] for i in range(200_000)]
before = state()
reading, writing = os.pipe()
def take():
    weigh.snapshot('a.heap')
taking = threading.Thread(target=take)
threading.settrace(None)
taking.start()
while not os.path.exists('a.heap.tmp') and not os.path.exists('a.heap'):
    pass
try:
    os.waitpid(-1, 0)
    print('a child')
except ChildProcessError:
    print('no child')
os.close(writing)
late = time.monotonic()
print(os.read(reading, 1), time.monotonic() - late < 0.1, os.path.exists('a.heap'))
os.close(reading)
taking.join()
limit = time.monotonic() + 10
while state() != before and time.monotonic() < limit:  # join() is back before the thread is gone
    time.sleep(0.01)
print(state() == before, seen)
"""


def test_program_does_not_notice(script):
    """The pipe that the program closes is closed, while the child still writes."""
    ending = execute([sys.executable, script(NOTICING)])
    assert ending.out == "no child\nb'' True False\nTrue []\n", ending.err
    assert read_snapshot("a.heap").when == ASKED


def test_threads_in_malloc(script):
    """Whatever lock another thread held at the fork, the child does not need it."""
    name = script(
        """
import allocate, os, weigh
kept = [[str(i)] for i in range(20_000)]
allocate.hammer(4)
with weigh.Tracker('out.weigh', heap=True):
    for i in range(8):
        weigh.snapshot('a.heap', overwrite=True)
os._exit(0)
"""
    )
    ending = execute([sys.executable, name], env=clean_environment(PYTHONPATH=build_on_path("allocate.c")))
    assert (ending.status, ending.err) == (0, "")
    read_snapshot("a.heap")
    end_part()


def test_threads_that_run_python(script):
    name = script(
        """
import threading, weigh
stop = threading.Event()
def busy():
    while not stop.is_set():
        {str(i): [i] for i in range(1000)}
threads = [threading.Thread(target=busy) for _ in range(3)]
for t in threads: t.start()
for i in range(20):
    weigh.snapshot('a.heap', overwrite=True)
stop.set()
for t in threads: t.join()
"""
    )
    assert execute([sys.executable, name]) == (0, "", "")


def test_asked_for():
    path = "a.heap"
    assert weigh.snapshot(path) is None
    first = read_snapshot(path)
    assert (first.when, first.pid, first.mode) == (ASKED, os.getpid(), 0)
    with pytest.raises(weigh.WeighError, match="the file exists"):
        weigh.snapshot(path)
    weigh.snapshot(os.fsencode(path), overwrite=True)
    assert read_snapshot(path).taken_ns > first.taken_ns
    assert files() == ["a.heap"]


def test_in_place():
    weigh.snapshot("a.heap", in_place=True)
    assert read_snapshot("a.heap").when == ASKED
    assert files() == ["a.heap"]


@pytest.mark.parametrize("in_place", [False, True])
def test_refused(in_place, tmp_path):
    with pytest.raises(weigh.WeighError, match="nowhere/a.heap: .*: "):
        weigh.snapshot("nowhere/a.heap", in_place=in_place)
    os.mkdir("folder")
    with pytest.raises(weigh.WeighError, match="not a regular file"):
        weigh.snapshot("folder", overwrite=True, in_place=in_place)
    os.symlink("elsewhere", "link")
    with pytest.raises(weigh.WeighError, match="not a regular file"):
        weigh.snapshot("link", overwrite=True, in_place=in_place)
    with pytest.raises(TypeError):
        weigh.snapshot(7)
    with pytest.raises(TypeError):
        weigh.snapshot("a.heap", True)


@pytest.mark.parametrize("in_place", [False, True])
def test_full_disk(script, in_place):
    name = script(
        f"""
import os, resource, weigh
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
try:
    weigh.snapshot('a.heap', in_place={in_place})
except weigh.WeighError as error:
    print(error)
"""
    )
    ending = execute([sys.executable, name])
    assert ending == (0, "a.heap: no snapshot: File too large: choose another place\n", "")
    assert files() == []


# Every clone without a signal is refused, as a system does that has no memory or processes left.
REFUSE = """
import ctypes, struct
def refuse():
    def word(code, jt, jf, k):
        return struct.pack('HBBI', code, jt, jf, k)
    LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
    rules = b''.join([
        word(LOAD, 0, 0, 0), word(EQUAL, 0, 3, 56),      # the system call is clone
        word(LOAD, 0, 0, 16), word(EQUAL, 0, 1, 0),      # and its flags are none
        word(RETURN, 0, 0, 0x00050000 | 11), word(RETURN, 0, 0, 0x7fff0000)])
    libc = ctypes.CDLL(None, use_errno=True)
    kept = ctypes.create_string_buffer(rules)
    program = ctypes.create_string_buffer(struct.pack('HxxxxxxQ', len(rules) // 8, ctypes.addressof(kept)))
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    if libc.prctl(22, 2, program, 0, 0) != 0:
        raise SystemExit(77)
"""


def test_fork_refused(script):
    name = script(
        REFUSE
        + """
refuse()
import weigh
try:
    weigh.snapshot('a.heap')
except weigh.WeighError as error:
    print(error)
weigh.snapshot('a.heap', in_place=True)
"""
    )
    ending = execute([sys.executable, name])
    if ending.status == 77:
        pytest.skip("this system knows no filters of system calls")
    assert ending.status == 0, ending.err
    assert ending.out.startswith("a.heap: the program cannot be forked: Resource temporarily unavailable: ")
    read_snapshot("a.heap")


@pytest.mark.parametrize("when", ["end", "peak"])
def test_run_where_fork_is_refused(weigh, script, when):
    command = ["run", "-f", "-o", "out.weigh", "--python", sys.executable, f"--heap={when}"]
    name = script(REFUSE + "refuse()")
    ending = weigh(*command, name)
    if ending.status == 77:
        pytest.skip("this system knows no filters of system calls")
    assert ending.status == 0
    assert f"no snapshot of the objects at the {when}: Resource temporarily unavailable" in ending.err
    assert Capture("out.weigh").parts[when].state == WANTED
    assert weigh(*command, "--heap-in-place", name).status == 0
    part = Capture("out.weigh").parts[when]
    assert (part.state, part.writer) == (HERE, 0)
    read_snapshot("out.weigh", part)


def test_interrupted(script):
    """Ctrl-C while the child writes: it is ended, and nothing stays."""
    name = script(
        MANY
        + """
import os, signal, threading, time, weigh
def interrupt():
    while not os.path.exists('a.heap.tmp'):
        time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt).start()
try:
    weigh.snapshot('a.heap')
except KeyboardInterrupt:
    print('interrupted')
"""
    )
    assert execute([sys.executable, name]).out == "interrupted\n"
    assert files() == []


def test_program_killed_while_it_is_written(script):
    """The child goes on to its end."""
    name = script(
        MANY
        + """
import os, signal, threading, time, weigh
threading.Thread(target=weigh.snapshot, args=('a.heap',)).start()
while not os.path.exists('a.heap.tmp'):
    time.sleep(0.001)
time.sleep(0.1)
print(os.path.exists('a.heap'), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    )
    ending = execute([sys.executable, name])
    assert (ending.status, ending.out) == (-signal.SIGKILL, "False\n")
    wait_until(lambda: os.path.exists("a.heap"))
    read_snapshot("a.heap")
    assert files() == ["a.heap"]


# When the interpreter takes its modules apart the fork has been, a moment ago.
STOP_THE_WRITER = """
import gc, os, struct
gc.disable()
class Stop:
    def __del__(self, os=os, unpack=struct.unpack):
        file = os.open('out.weigh', os.O_RDONLY)
        state, _, writer = unpack('III', os.pread(file, 12, {at}))
        if state == 2:
            os.kill(writer, 19)
            os.open('stopped', os.O_CREAT)
_stop = Stop()
"""


@pytest.fixture
def stopped(script):
    """A run whose program has ended while its snapshot is stopped half-way; the run and the writer."""
    name = script(MANY + STOP_THE_WRITER.format(at=PARTS_AT + PART.size))
    command = [WEIGH, "run", "-f", "-o", "out.weigh", "--python", sys.executable, name]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=clean_environment())
    wait_until(lambda: os.path.exists("stopped"))
    pid = writer()
    # The kernel has the stopped orphans of a process go on when it ends.
    program = parent(pid)
    while parent(pid) == program:
        os.kill(pid, signal.SIGSTOP)
    os.kill(pid, signal.SIGSTOP)
    yield run, pid
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    run.kill()
    run.wait()


def test_waits_for_the_writer(stopped):
    run, pid = stopped
    with pytest.raises(subprocess.TimeoutExpired):
        run.wait(3)
    os.kill(pid, signal.SIGCONT)
    assert run.wait(60) == 0
    end_part()


def test_waiting_given_up(stopped):
    run, pid = stopped
    time.sleep(2)
    run.send_signal(signal.SIGINT)
    assert run.wait(10) == 0
    assert not is_alive(pid)
    assert files() == ["out.weigh"]
    assert Capture("out.weigh").parts["end"].state == WANTED
    assert "no snapshot of the objects at the end: it was not waited for" in run.stderr.read()


def test_writer_killed(stopped):
    """By the kernel for want of memory, for instance: the run says so and is none the worse."""
    run, pid = stopped
    os.kill(pid, signal.SIGKILL)
    assert run.wait(10) == 0
    assert files() == ["out.weigh"]
    assert "no snapshot of the objects at the end: the process that wrote it was ended" in run.stderr.read()


def test_launcher_killed(stopped):
    """The snapshot stays beside the capture, whole."""
    run, pid = stopped
    run.kill()
    run.wait()
    os.kill(pid, signal.SIGCONT)
    wait_until(lambda: os.path.exists("out.weigh.heap-end"))
    assert read_snapshot("out.weigh.heap-end").state == COMPLETE
    assert files() == ["out.weigh", "out.weigh.heap-end"]


@pytest.mark.parametrize("heap", [True, "end", "both"])
def test_tracker(heap):
    with weigh.Tracker("out.weigh", heap=heap):
        kept = [[i] for i in range(1000)]
    del kept
    assert end_part().live > 50_000
    assert files() == ["out.weigh"]


def test_tracker_without():
    for heap in (False, None):
        with weigh.Tracker("out.weigh", heap=heap, overwrite=True):
            pass
        assert Capture("out.weigh").parts["end"].state == 0
    with pytest.raises(ValueError, match="heap: 'start'"):
        weigh.Tracker("out.weigh", heap="start")


def test_tracker_that_cannot(tmp_path):
    """The capture is whole; what it lacks is an error of its own."""
    os.mkdir("out.weigh.heap-end.tmp")
    with pytest.raises(weigh.WeighError, match="out.weigh: no snapshot: Is a directory"), weigh.Tracker(
        "out.weigh", heap=True
    ):
        pass
    assert Capture("out.weigh").parts["end"].state == WANTED


def test_tracker_of_a_function():
    @weigh.Tracker("out.weigh", heap=True, overwrite=True)
    def work():
        return [[i] for i in range(1000)]

    work()
    first = end_part()
    work()
    assert end_part().taken_ns > first.taken_ns


def test_forked_child_takes_none(run_quiet, script):
    """The functions at exit that it inherits are its parent's business."""
    name = script(
        """
import os, sys
pid = os.fork()
if pid == 0:
    sys.exit(0)
os.waitpid(pid, 0)
assert not os.path.exists('out.weigh.heap-end.tmp') and not os.path.exists('out.weigh.heap-end')
"""
    )
    assert run_quiet(name, options=["--heap=both"]).status == 0
    part = Capture("out.weigh").parts["end"]
    assert part.taken == 1
    end_part()


def test_pause(script):
    """Beside the fork itself the program hardly stands still."""
    name = script(
        MANY
        + """
from weigh import _weigh
pauses = [_weigh.snapshot('a.heap', False) for _ in range(3)]
print(min((whole - fork) / 1e6 for whole, fork in pauses))
"""
    )
    ending = execute([sys.executable, name])
    assert float(ending.out) < 50, ending


def test_many_threads_wait_for_one_each():
    failures = []

    def take(i):
        try:
            weigh.snapshot(f"{i}.heap")
        except weigh.WeighError as error:
            failures.append(error)

    threads = [threading.Thread(target=take, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    for i in range(4):
        read_snapshot(f"{i}.heap")
