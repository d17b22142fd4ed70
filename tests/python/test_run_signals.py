"""Signals around `weigh run`: each reaches the program as it would without."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
from conftest import ENDED, EXIT_SIGNAL, RECORDING, WEIGH, clean_environment

# Counts what it receives until it is told to end, or for ten seconds.
COUNTER = """
import os, signal, sys, time
seen = []
for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT,
          signal.SIGALRM, signal.SIGWINCH, signal.SIGRTMIN):
    signal.signal(n, lambda n, f: seen.append(int(n)))
print('ready', os.getpid(), flush=True)
end = time.monotonic() + 10
while time.monotonic() < end and not os.path.exists('end'):
    time.sleep(0.005)
print(sorted(seen))
"""


class Running:
    """A program under weigh in a process group of its own, ready when made."""

    def __init__(self, name, *options, bare=False, **more):
        words = [WEIGH, "run", "-f", "-o", "out.weigh", "--python", sys.executable, *options]
        self.process = subprocess.Popen(
            [*([sys.executable] if bare else words), name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=clean_environment(),
            start_new_session=True,
            **more,
        )
        self.pid = self.process.pid
        word, self.program = self.process.stdout.readline().split()
        self.program = int(self.program)
        assert word == "ready"

    def end(self):
        open("end", "w").close()
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@pytest.fixture
def start(script):
    running = []

    def start(text=COUNTER, *options, **more):
        running.append(Running(script(text), *options, **more))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            os.killpg(one.pid, signal.SIGKILL)
            one.process.communicate()


SENT = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT", "SIGALRM", "SIGWINCH", "SIGRTMIN"]


@pytest.mark.parametrize("name", SENT)
def test_sent_to_the_launcher(name, start):
    number = getattr(signal, name)
    program = start()
    os.kill(program.pid, number)
    time.sleep(0.1)
    status, out, err = program.end()
    assert (status, out) == (0, f"[{int(number)}]\n")


@pytest.mark.parametrize("name", SENT)
def test_sent_to_the_group(name, start):
    """The program has it from the sender: once, not twice."""
    number = getattr(signal, name)
    program = start()
    os.killpg(program.pid, number)
    time.sleep(0.1)
    status, out, err = program.end()
    assert (status, out) == (0, f"[{int(number)}]\n")


def test_sent_to_group_and_launcher_in_turn(start):
    program = start()
    for send in (os.killpg, os.kill, os.killpg, os.kill):
        send(program.pid, signal.SIGUSR1)
        time.sleep(0.1)
    assert program.end()[1] == f"{[int(signal.SIGUSR1)] * 4}\n"


def test_sent_by_the_program_to_its_group(start):
    program = start(COUNTER.replace("end = time", "os.kill(0, signal.SIGUSR1); end = time"))
    time.sleep(0.1)
    assert program.end()[1] == f"{[int(signal.SIGUSR1)]}\n"


SLEEPER = """
import os, time
print('ready', os.getpid(), flush=True)
try:
    time.sleep(30)
finally:
    [x for x in range(100000)]
"""


def test_keyboard_interrupt(start):
    """The same end as without weigh, and the summary still comes."""
    bare = start(SLEEPER, bare=True)
    time.sleep(0.1)
    os.killpg(bare.pid, signal.SIGINT)
    status, out, err = bare.end()
    weighed = start(SLEEPER)
    time.sleep(0.1)
    os.killpg(weighed.pid, signal.SIGINT)
    found = weighed.end()
    assert found[:2] == (status, out) == (-signal.SIGINT, "")
    assert found[2].startswith(err)
    assert "out.weigh" in found[2]


def test_keyboard_interrupt_of_the_launcher_alone(start, header):
    program = start(SLEEPER)
    time.sleep(0.1)
    os.kill(program.pid, signal.SIGINT)
    status, out, err = program.end()
    assert status == -signal.SIGINT
    assert err.count("KeyboardInterrupt") == 1
    # Python ran its exit functions before it killed itself by the signal.
    assert (header().state, header().exit, header().exit_value) == (ENDED, EXIT_SIGNAL, signal.SIGINT)


def test_program_killed(start, header):
    program = start(SLEEPER)
    os.kill(program.program, signal.SIGKILL)
    status, out, err = program.end()
    assert status == -signal.SIGKILL
    assert (header().state, header().exit, header().exit_value) == (RECORDING, EXIT_SIGNAL, signal.SIGKILL)


def test_launcher_killed(start, tmp_path):
    """The program goes on, and its capture is there as it stood."""
    program = start(COUNTER.replace("os.path.exists('end')", "os.path.exists('end2')"))
    os.kill(program.pid, signal.SIGKILL)
    program.process.wait()
    time.sleep(0.1)
    os.kill(program.program, 0)
    (tmp_path / "end2").touch()
    assert program.process.stdout.read() == "[]\n"
    assert (tmp_path / "out.weigh").read_bytes()[:8] == b"WEIGHCAP"


def process_state(pid):
    with open(f"/proc/{pid}/status") as file:
        return re.search(r"^State:\s(.)", file.read(), re.M).group(1)


def wait_for_state(pid, wanted):
    end = time.monotonic() + 5
    while process_state(pid) not in wanted:
        assert time.monotonic() < end, (process_state(pid), wanted)
        time.sleep(0.01)


def test_stopped_and_continued(start):
    program = start()
    os.kill(program.program, signal.SIGSTOP)
    wait_for_state(program.program, "T")
    time.sleep(0.05)
    assert process_state(program.pid) in "SR", "a debugger's stop is not the launcher's"
    os.kill(program.pid, signal.SIGCONT)
    wait_for_state(program.program, "SR")
    assert program.end()[:2] == (0, "[]\n")


def test_whole_group_stopped(start):
    program = start()
    os.killpg(program.pid, signal.SIGSTOP)
    wait_for_state(program.pid, "T")
    time.sleep(0.3)
    os.killpg(program.pid, signal.SIGCONT)
    wait_for_state(program.program, "SR")
    os.kill(program.pid, signal.SIGUSR1)
    time.sleep(0.1)
    assert program.end()[:2] == (0, f"[{int(signal.SIGUSR1)}]\n")


def test_timeline_goes_on_after_a_stop(start, weigh):
    program = start()
    os.kill(program.program, signal.SIGSTOP)
    time.sleep(0.3)
    os.kill(program.program, signal.SIGCONT)
    time.sleep(0.1)
    assert program.end()[0] == 0


def test_job_control(tmp_path, script):
    """In a terminal: ^Z stops program and launcher, fg continues both, ^C interrupts once."""
    import pty

    name = script(COUNTER)
    shell, terminal = pty.fork()
    if shell == 0:
        os.environ["PS1"] = "$ "
        os.execvp("bash", ["bash", "--norc", "--noediting", "-i"])

    def read_until(pattern):
        text = ""
        end = time.monotonic() + 20
        while not re.search(pattern, text):
            assert time.monotonic() < end, text
            text += os.read(terminal, 4096).decode()
        return re.search(pattern, text)

    os.write(terminal, f"{WEIGH} run -q -o out.weigh --python {sys.executable} {name}\n".encode())
    program = int(read_until(r"ready (\d+)\s").group(1))
    os.write(terminal, b"\x1a")
    read_until("Stopped")
    assert process_state(program) == "T"
    os.write(terminal, b"fg\n")
    wait_for_state(program, "SR")
    os.write(terminal, b"\x03")
    time.sleep(0.1)
    (tmp_path / "end").touch()
    assert read_until(r"\[[0-9, ]*\]\s").group().strip() == f"[{int(signal.SIGINT)}]"
    os.write(terminal, b"exit\n")
    os.waitpid(shell, 0)
    os.close(terminal)


def test_no_process_is_left_behind(start):
    program = start()
    group = program.pid
    assert program.end()[0] == 0
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


def test_no_core_of_the_launcher(start, tmp_path):
    import resource

    raise_limit = lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)  # noqa: E731
    before = set(os.listdir())
    program = start("import os; print('ready', os.getpid(), flush=True); os.abort()", preexec_fn=raise_limit)
    assert program.end()[0] == -signal.SIGABRT
    cores = [name for name in set(os.listdir()) - before if "core" in name]
    assert not any(str(program.pid) in name for name in cores)
