"""Snapshots of real programs that were damaged: one clear line, never a report, never a crash."""

import random
import re
import subprocess
import sys

import pytest

PROGRAM = """
import weigh
rows = [{"route": str(i % 20), "count": i} for i in range(2000)]
weigh.snapshot("whole.heap")
"""


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    folder = tmp_path_factory.mktemp("damage")
    subprocess.run([sys.executable, "-c", PROGRAM], cwd=folder, check=True)
    return (folder / "whole.heap").read_bytes()


@pytest.fixture
def refusal(weigh, tmp_path):
    """What weigh heap says about these bytes; fails when it takes them for a snapshot, or ends by a signal."""

    def refuse(content):
        path = tmp_path / "damaged.heap"
        path.write_bytes(content)
        done = weigh("heap", path)
        assert done.status == 1, done.err
        assert done.out == ""
        assert re.fullmatch(r"weigh: .*damaged\.heap: [^\n]+\n", done.err)
        return done.err

    return refuse


def test_whole(weigh, tmp_path, snapshot):
    (tmp_path / "whole.heap").write_bytes(snapshot)
    done = weigh("heap", tmp_path / "whole.heap")
    assert done.status == 0 and "__main__.rows" in done.out


def test_flipped_bits(refusal, snapshot):
    dice = random.Random(6)
    places = [dice.randrange(len(snapshot)) for _ in range(60)] + [0, 8, 16, 20, 24, 32]
    for place in places:
        content = bytearray(snapshot)
        content[place] ^= 1 << dice.randrange(8)
        refusal(content)


def test_cut_short(refusal, snapshot):
    dice = random.Random(7)
    for size in [0, 1, 7, 8, 100] + [dice.randrange(len(snapshot)) for _ in range(20)]:
        said = refusal(snapshot[:size])
        assert "cut short" in said or size < 8


def test_longer(refusal, snapshot):
    assert "damaged" in refusal(snapshot + b"\0")


def test_newer(refusal, snapshot):
    content = bytearray(snapshot)
    content[8] += 1
    assert "newer weigh" in refusal(content)
