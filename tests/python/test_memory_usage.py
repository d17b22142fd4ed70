"""weigh.memory_usage: the memory of processes and of calls, against bytes known by construction."""

import io
import mmap
import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

import weigh

MIB = 1 << 20


def touch(mib, held=0.0):
    """Make so many MiB resident, then let go of them."""
    block = mmap.mmap(-1, mib * MIB)
    for at in range(0, mib * MIB, mmap.PAGESIZE):
        block[at] = 1
    time.sleep(held)
    block.close()
    return mib


def populate(mib):
    """The same within a few milliseconds: the kernel makes all pages at once."""
    time.sleep(0.5)
    mmap.mmap(-1, mib * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x8000).close()
    time.sleep(0.2)


def program(text):
    return subprocess.Popen([sys.executable, "-c", text])


def test_this_process():
    (mem,) = weigh.memory_usage()
    resident = int(open("/proc/self/statm").read().split()[1]) * mmap.PAGESIZE / MIB
    assert mem == pytest.approx(resident, abs=1)
    assert weigh.memory_usage(str(os.getpid()), max_usage=True) == pytest.approx(resident, abs=1)


def test_over_time():
    before = time.time()
    readings = weigh.memory_usage(-1, interval=0.05, timeout=0.3, timestamps=True)
    assert len(readings) == 6
    times = [now for _, now in readings]
    assert before <= times[0] and times == sorted(times)
    assert times[-1] - times[0] >= 0.25
    assert isinstance(weigh.memory_usage(-1, interval=0.05, timeout=0.1, max_usage=True), float)


def test_of_another_thread():
    base = []

    def work():
        # Just before: the kernel may take cold pages from a large process at any time.
        base.extend(weigh.memory_usage())
        touch(64, 0.05)

    thread = threading.Timer(0.1, work)
    thread.start()
    highest = weigh.memory_usage(timeout=1, interval=0.5, max_usage=True)
    thread.join()
    assert highest - base[0] == pytest.approx(64, abs=2)


def test_call():
    mem, returned = weigh.memory_usage((touch, (64,), {"held": 0.3}), interval=0.05, retval=True)
    assert returned == 64
    assert max(mem) - mem[0] == pytest.approx(64, abs=2)
    assert mem[-1] == pytest.approx(mem[0], abs=2)
    # 0.3 s and what the touching takes, and one in front and behind.
    assert len(mem) >= 6
    highest = weigh.memory_usage((touch, [64]), max_usage=True)
    assert highest - mem[0] == pytest.approx(64, abs=2)


def test_short_call_has_readings_enough():
    calls = []
    mem = weigh.memory_usage(lambda: (calls.append(1), time.sleep(0.05)), interval=1)
    assert len(mem) > 4
    assert len(calls) == 1


def test_many_readings():
    readings = weigh.memory_usage((time.sleep, (0.4,)), interval=0.0002, timestamps=True)
    assert len(readings) > 300
    times = [now for _, now in readings]
    assert times == sorted(times) and 0.4 <= times[-1] - times[0] < 2


@pytest.mark.parametrize("attempt", range(4))
def test_peak_between_readings(attempt):
    mem = weigh.memory_usage((populate, (64,)), interval=10)
    assert max(mem) - mem[0] == pytest.approx(64, abs=2)
    assert mem[-1] - mem[0] < 32


def test_peak_before_does_not_count():
    touch(160)
    (base,) = weigh.memory_usage()
    assert weigh.memory_usage((touch, (32,)), max_usage=True) - base == pytest.approx(32, abs=2)


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
def test_exception(kind):
    def fall():
        raise kind("here")

    with pytest.raises(kind, match="here"):
        weigh.memory_usage((fall,))
    assert "weigh-gauge" not in [
        open(f"/proc/self/task/{task}/comm").read().strip() for task in os.listdir("/proc/self/task")
    ]


def test_call_within_call():
    inner = []
    mem = weigh.memory_usage(lambda: inner.extend(weigh.memory_usage((touch, (32, 0.1)), interval=0.02)))
    assert max(inner) - inner[0] == pytest.approx(32, abs=2)
    assert max(mem) >= max(inner) - 1


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_fork_within_call():
    parent = os.getpid()
    mem = weigh.memory_usage((os.fork,), retval=True)[1]
    if os.getpid() != parent:
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(mem, 0)[1]) == 7


def test_signals_stay_with_the_program():
    seen = []
    before = signal.signal(signal.SIGALRM, lambda *_: seen.append(threading.current_thread()))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        weigh.memory_usage((time.sleep, (0.2,)))
    finally:
        signal.signal(signal.SIGALRM, before)
    assert seen == [threading.main_thread()]


HOLDS = "b = bytearray(64 << 20); b[::4096] = b'1' * 16384; import time; time.sleep(1)"


def test_program_until_it_ends():
    # What is resident for a moment is counted by the kernel.
    text = "import time; time.sleep(0.3); b = b'1' * (64 << 20); del b; time.sleep(0.5)"
    assert weigh.memory_usage(program(text), interval=0.4, max_usage=True) >= 64


def test_program_that_has_ended():
    ended = program("pass")
    ended.wait()
    assert weigh.memory_usage(ended) == []


def test_children():
    parent = program(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLDS!r}])")
    time.sleep(0.6)
    alone = weigh.memory_usage(parent.pid)[0]
    together = weigh.memory_usage(parent.pid, include_children=True)[0]
    nested = weigh.memory_usage(parent.pid, multiprocess=True)
    parent.wait()
    assert alone < 40 < 64 < together
    assert len(nested) == 1 and len(nested[0]) == 2
    assert nested[0][1] > 64 and nested[0][0] == pytest.approx(alone, abs=4)


def test_children_of_a_call():
    def call():
        subprocess.run([sys.executable, "-c", HOLDS])

    (base,) = weigh.memory_usage()
    assert weigh.memory_usage((call,), include_children=True, max_usage=True) - base > 64


def test_stream():
    out = io.StringIO()
    assert weigh.memory_usage(program(HOLDS), interval=0.1, stream=out) is None
    lines = out.getvalue().splitlines()
    assert len(lines) >= 5
    assert all(re.fullmatch(r"MEM \d+\.\d{6} \d+\.\d{4}", line) for line in lines)
    out = io.StringIO()
    assert weigh.memory_usage((touch, (32,)), stream=out, retval=True) is None
    assert out.getvalue().startswith("MEM ")


def test_stream_of_children():
    out = io.StringIO()
    parent = program(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLDS!r}])")
    weigh.memory_usage(parent, interval=0.1, stream=out, multiprocess=True)
    child = re.findall(r"^CHLD (\d+) (\d+\.\d{6}) \d+\.\d{4}$", out.getvalue(), re.MULTILINE)
    assert max(float(mem) for _, mem in child) > 64
    assert len({pid for pid, _ in child}) == 1


def test_other_figures():
    rss = weigh.memory_usage(backend="psutil")[0]
    pss = weigh.memory_usage(backend="psutil_pss")[0]
    uss = weigh.memory_usage(backend="psutil_uss")[0]
    assert 0 < uss <= pss <= rss + 1
    before, *_, peak = sorted(weigh.memory_usage((touch, (32, 0.3)), interval=0.01, backend="psutil_uss"))
    assert peak - before == pytest.approx(32, abs=2)


@pytest.mark.parametrize(
    "arguments, error, says",
    [
        ({"proc": "name"}, ValueError, "no process"),
        ({"proc": ()}, ValueError, "function"),
        ({"proc": (1, 2)}, ValueError, "function"),
        ({"proc": None}, ValueError, "no process"),
        ({"interval": -1}, ValueError, "interval"),
        ({"backend": "other"}, KeyError, "other"),
        ({"backend": "tracemalloc"}, weigh.WeighError, "tracemalloc"),
        ({"proc": 2**22 + 1}, weigh.WeighError, "no such process"),
    ],
)
def test_wrong_arguments(arguments, error, says):
    with pytest.raises(error, match=says):
        weigh.memory_usage(**arguments)
