"""memory_usage(): how much memory a process has while time goes by or a function runs."""

import os
import subprocess
import time

from weigh import _weigh

_MIB = 2.0**20
_KINDS = {"psutil": 0, "posix": 0, "psutil_pss": 1, "psutil_uss": 2}
BACKENDS = ("psutil", "psutil_pss", "psutil_uss", "posix", "tracemalloc")


def choose_backend(new_backend=None):
    """The name of the figure to measure: `new_backend` itself, or "psutil" for None.

    "psutil" and "posix" are resident bytes (RSS), "psutil_pss" divides shared
    pages by those who share them, "psutil_uss" leaves them out. All are read
    from the kernel. Raises KeyError for any other name.
    """
    if new_backend is None:
        return "psutil"
    if new_backend not in BACKENDS:
        raise KeyError(new_backend)
    return new_backend


def kind_of(backend):
    """The figure of a backend, as the recorder numbers them."""
    if backend == "tracemalloc":
        raise _weigh.WeighError(
            "memory_usage: backend 'tracemalloc' counts by source file and there is none here: "
            "use it with profile, or leave it out"
        )
    return _KINDS[backend]


def _refused(pid, error):
    if isinstance(error, ProcessLookupError):
        return _weigh.WeighError(f"process {pid}: there is no such process: check its number")
    return _weigh.WeighError(f"process {pid}: its memory cannot be read: {error.strerror}: ask as its owner")


def mib_of(pid, kind, include_children=False):
    """MiB of a process. Raises WeighError when it has ended or is not ours to look at."""
    try:
        bytes_ = _weigh.process_memory(pid, kind)
    except OSError as error:
        raise _refused(pid, error) from None
    if include_children:
        bytes_ += sum(more for _, more in _weigh.process_descendants(pid, kind))
    return bytes_ / _MIB


class _Watch:
    """Readings of a process from outside it, one at a time."""

    def __init__(self, pid, kind, include_children, multiprocess):
        self.pid = pid
        self.kind = kind
        self.include_children = include_children
        self.multiprocess = multiprocess
        self.exact = kind == 0 and not include_children
        self.before = 0.0
        self.highest = _weigh.process_highest(pid) if self.exact else 0

    def read(self):
        """(MiB, time, MiB of each child). A peak since the reading before counts when it was above both."""
        mem = mib_of(self.pid, self.kind, self.include_children)
        now = time.time()
        value = mem
        if self.exact:
            highest = _weigh.process_highest(self.pid)
            if highest > self.highest and highest / _MIB > max(mem, self.before):
                value = highest / _MIB
            self.highest = max(highest, self.highest)
        self.before = mem
        children = []
        if self.multiprocess:
            children = [(pid, more / _MIB) for pid, more in _weigh.process_descendants(self.pid, self.kind)]
        return value, now, children


class _Answer:
    """What memory_usage() returns, as it comes together."""

    def __init__(self, timestamps, max_usage, multiprocess, stream):
        self.timestamps = timestamps
        self.multiprocess = multiprocess
        self.stream = stream
        self.highest = -1
        self.max_usage = max_usage
        self.values = []
        self.written = 0

    def add(self, mem, now, children=()):
        if self.max_usage:
            self.highest = max(self.highest, mem)
        elif self.stream is not None:
            self._write(mem, now, children)
        else:
            value = (mem, now) if self.timestamps else mem
            self.values.append([value, *(more for _, more in children)] if self.multiprocess else value)

    def _write(self, mem, now, children):
        self.stream.write(f"MEM {mem:.6f} {now:.4f}\n")
        for pid, more in children:
            self.stream.write(f"CHLD {pid} {more:.6f} {now:.4f}\n")
        self.written += 1
        # Whoever follows the file while it grows sees it grow.
        if self.written % 50 == 0:
            self.stream.flush()

    def result(self):
        if self.stream is not None:
            return None
        return self.highest if self.max_usage else self.values


def _call_parts(proc):
    if callable(proc):
        return proc, (), {}
    if not 1 <= len(proc) <= 3 or not callable(proc[0]):
        raise ValueError("proc: give (function, arguments, keywords), the last two may be left out")
    return proc[0], proc[1] if len(proc) > 1 else (), proc[2] if len(proc) > 2 else {}


def _measure_call(proc, interval, kind, include_children, answer):
    function, args, kw = _call_parts(proc)
    gauge = _weigh.gauge_start(interval, kind, include_children)
    try:
        returned = function(*args, **kw)
    finally:
        readings = _weigh.gauge_stop(gauge)
    for bytes_, now in readings:
        answer.add(bytes_ / _MIB, now)
    return returned


def _measure_process(watch, interval, count, ended, answer):
    taken = 0
    while not (taken and ended()):
        try:
            mem, now, children = watch.read()
        except _weigh.WeighError:
            if not taken and not ended():
                raise
            break
        if not mem and ended():
            break
        answer.add(mem, now, children)
        taken += 1
        if count == 1:
            break
        time.sleep(interval)
        if taken == count:
            break


def _count_of(timeout, interval):
    if timeout is None:
        return None
    return max(1, round(timeout / interval)) if interval > 0 else None


def memory_usage(
    proc=-1,
    interval=0.1,
    timeout=None,
    timestamps=False,
    include_children=False,
    multiprocess=False,
    max_usage=False,
    retval=False,
    stream=None,
    backend=None,
    max_iterations=None,
):
    """Memory in MiB (2**20 bytes) of a process, now or over time, or while a function runs.

    `proc` is -1 for this process, a process number, a `subprocess.Popen`, a
    function, or `(function, arguments, keywords)`. A process is read once, or
    every `interval` seconds until `timeout` seconds are over, a Popen until it
    ends; a function from before its call until after it, more often where it
    is over within four intervals. The function is called once, whatever
    `max_iterations` and `timeout` say.

    Returns a list of numbers, of `(number, time)` with `timestamps`, of
    `[number, number of each child, ...]` with `multiprocess` (of a process).
    With `max_usage` the highest number alone; with `retval` a function's answer
    comes second: `(memory, answer)`. With `stream`, a text file open for
    writing, lines `MEM MiB time` go there and None is returned.
    `include_children` adds the memory of all descendants.

    Resident memory of a process without its children is as the kernel counts
    it, and so is its peak: what was higher between two readings than both
    stands for the later one. For that the kernel's count is begun anew when this
    process is read more than once: ru_maxrss of getrusage() begins anew with
    it. All other figures are what the readings saw.

    `backend` is "psutil" or "posix" for resident bytes, "psutil_pss" or
    "psutil_uss". Raises WeighError for a process that is not there or may not
    be looked at, ValueError for wrong arguments, and what the function raises.
    """
    kind = kind_of(choose_backend(backend))
    if interval < 0:
        raise ValueError(f"interval: {interval} is less than no time: give seconds")
    answer = _Answer(timestamps, max_usage, multiprocess, stream)
    if callable(proc) or isinstance(proc, (list, tuple)):
        answer.multiprocess = False
        returned = _measure_call(proc, interval, kind, include_children, answer)
        return (answer.result(), returned) if retval and stream is None else answer.result()
    count = _count_of(timeout, interval)
    if isinstance(proc, subprocess.Popen):
        watch = _Watch(proc.pid, kind, include_children, multiprocess)
        _measure_process(watch, interval, count, lambda: proc.poll() is not None, answer)
        return answer.result()
    try:
        pid = int(proc)
    except (TypeError, ValueError):
        raise ValueError(f"proc: {proc!r} is no process: give a number, a Popen or a function") from None
    pid = os.getpid() if pid == -1 else pid
    if pid == os.getpid() and count and count > 1:
        _weigh.forget_highest()
    watch = _Watch(pid, kind, include_children, multiprocess)
    _measure_process(watch, interval, count or 1, lambda: False, answer)
    return answer.result()
