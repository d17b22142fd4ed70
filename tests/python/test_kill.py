"""A program that counts its own bytes is killed at any moment: the capture agrees with it.

WEIGH_TEST_KILLS sets how often (20), WEIGH_TEST_SEED which moments.
"""

import json
import mmap
import os
import random
import signal
import struct
import subprocess
import sys
import time

import pytest
from conftest import WEIGH, clean_environment

KILLS = int(os.environ.get("WEIGH_TEST_KILLS", "20"))
SEED = int(os.environ.get("WEIGH_TEST_SEED", "1"))

# Counts what its blocks occupy (malloc's chunks: 8 bytes of header, 16-aligned) and what they hold.
PROGRAM = """
import contextlib, mmap, os, random, struct, sys
choose = random.Random(int(sys.argv[1]))
with open('count', 'r+b') as file:
    shared = mmap.mmap(file.fileno(), 4096)
struct.pack_into('Q', shared, 24, os.getpid())
blocks = []
footprint = requested = 0
if len(sys.argv) > 2:
    import weigh
    weigh.Tracker('out.weigh', exact=sys.argv[2] == 'exact').__enter__()
struct.pack_into('Q', shared, 32, sys.modules['weigh._weigh'].live_bytes())
def put():
    global footprint, requested
    size = choose.randrange(1000, 8000)
    blocks.append(bytes(size - 33))
    requested += size
    footprint += (size + 8 + 15) // 16 * 16
def take():
    global footprint, requested
    at = choose.randrange(len(blocks))
    blocks[at], blocks[-1] = blocks[-1], blocks[at]
    size = len(blocks.pop()) + 33
    requested -= size
    footprint -= (size + 8 + 15) // 16 * 16
def note():
    # Into the one of two places that is not in force: a kill may cut a number in half.
    place = 1 - shared[0]
    struct.pack_into('QQ', shared, 64 + 64 * place, footprint, requested)
    shared[0] = place
while footprint < 40_000_000:
    put()
    note()
struct.pack_into('Q', shared, 8, 1)
while True:
    for _ in range(choose.randrange(10)):
        put() if footprint < 45_000_000 else take()
    if choose.randrange(3) == 0:
        take()
    note()
"""


class Count:
    """What the program writes of itself."""

    def __init__(self):
        with open("count", "wb") as file:
            file.write(bytes(4096))
        with open("count", "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 4096)

    def field(self, offset):
        return struct.unpack_from("Q", self.memory, offset)[0]

    @property
    def ready(self):
        return self.field(8)

    @property
    def pid(self):
        return self.field(24)

    @property
    def before(self):
        """Footprint of what was recorded before the program began to count."""
        return self.field(32)

    @property
    def blocks(self):
        """Footprint and requested bytes."""
        return struct.unpack_from("QQ", self.memory, 64 + 64 * self.memory[0])

    def wait(self, process):
        for _ in range(20_000):
            if self.ready:
                return
            assert process.poll() is None, process.communicate()
            time.sleep(0.001)
        raise TimeoutError


def check_report(weigh, count, exact):
    found = weigh("report", "out.weigh", "--json", "--at", "end")
    assert found.status == 0, found.err
    report = json.loads(found.out)
    assert report["capture"]["complete"] is False
    assert report["capture"]["mode"] == ("exact" if exact else "sampled")
    assert report["lost"]["blocks"] == 0
    footprint, requested = count.blocks
    before = count.before
    assert report["end"]["footprint"] - before == pytest.approx(footprint, rel=0.01)
    if exact:
        assert 0.99 * requested <= report["end"]["bytes"] < 1.01 * requested + before
    else:
        spread = report["end"]["bytes_high"] - report["end"]["bytes_low"]
        assert abs(report["end"]["bytes"] - requested) < spread + 0.01 * requested + before
    assert report["peak"]["footprint"] >= report["end"]["footprint"]


@pytest.mark.parametrize("mode", ["exact", "sampled"])
@pytest.mark.parametrize("number", range((KILLS + 1) // 2))
def test_killed(weigh, script, mode, number):
    """Every second time under `weigh run`, else with nobody watching: the file is as the program left it."""
    choose = random.Random(f"{SEED} {mode} {number}")
    watched = number % 2 == 1
    name = script(PROGRAM)
    count = Count()
    seed = str(choose.randrange(10**9))
    if watched:
        command = [WEIGH, "run", "-q", "-o", "out.weigh", "--python", sys.executable]
        command += ["--exact"] * (mode == "exact") + [name, seed]
    else:
        command = [sys.executable, name, seed, mode]
    process = subprocess.Popen(command, env=clean_environment(), stderr=subprocess.PIPE)
    try:
        count.wait(process)
        time.sleep(choose.random() * 0.05)
        os.kill(count.pid, signal.SIGKILL)
        process.communicate(timeout=60)
    finally:
        process.kill()
    check_report(weigh, count, mode == "exact")


@pytest.mark.parametrize("mode", ["exact", "sampled"])
def test_launcher_and_program_killed(weigh, script, mode):
    count = Count()
    command = [WEIGH, "run", "-q", "-o", "out.weigh", "--python", sys.executable]
    command += ["--exact"] * (mode == "exact") + [script(PROGRAM), "7"]
    process = subprocess.Popen(command, env=clean_environment())
    count.wait(process)
    process.kill()
    process.wait()
    os.kill(count.pid, signal.SIGKILL)
    while not is_gone(count.pid):
        time.sleep(0.001)
    check_report(weigh, count, mode == "exact")


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True
