"""The reconciliation of resident memory: what is recorded against what the kernel says."""

import json

MIB = 1 << 20

UNTOUCHED = """
import mmap, time
whole = mmap.mmap(-1, 400 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for start in range(0, 100 << 20, 4096):
    whole[start] = 1
rows = [bytes(1000) for _ in range(20_000)]
time.sleep(0.3)
more = bytes(30 << 20)
time.sleep(0.1)
"""

RESERVED = """
import mmap, time
NORESERVE = 0x4000
space = mmap.mmap(-1, 1 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NORESERVE)
for start in range(0, 50 << 20, 4096):
    space[start] = 1
time.sleep(1)
rows = [bytes(1000) for _ in range(40_000)]
time.sleep(0.1)
"""


def resident_of(weigh, run_quiet, tmp_path, source):
    script = tmp_path / "program.py"
    script.write_text(source)
    done = run_quiet(script)
    assert done.status == 0, done.err
    report = json.loads(weigh("report", tmp_path / "out.weigh", "--json").out)
    return report, {part["name"]: part["bytes"] for part in report["rss"]["parts"]}


def assert_explained(report, share):
    assert abs(report["rss"]["unexplained"]) < share * report["rss"]["peak"]


def test_untouched_pages_are_told_apart(weigh, run_quiet, tmp_path):
    report, parts = resident_of(weigh, run_quiet, tmp_path, UNTOUCHED)
    assert report["peak"]["footprint"] > 450 * MIB
    assert report["rss"]["peak"] < 250 * MIB
    assert -330 * MIB < parts["never touched"] < -270 * MIB
    assert_explained(report, 0.05)


def test_a_reservation_is_no_block_until_it_is_used(weigh, run_quiet, tmp_path):
    report, parts = resident_of(weigh, run_quiet, tmp_path, RESERVED)
    assert report["peak"]["footprint"] < 100 * MIB
    assert 49 * MIB < parts["used of reservations"] < 52 * MIB
    assert_explained(report, 0.05)


def test_a_heap_of_small_objects_is_explained(weigh, run_quiet, tmp_path):
    source = "rows = [{'a': str(i), 'b': [i]} for i in range(200_000)]\n"
    for options in ((), ("--exact",)):
        (tmp_path / "heap.py").write_text(source)
        done = run_quiet(tmp_path / "heap.py", options=options)
        assert done.status == 0, done.err
        report = json.loads(weigh("report", tmp_path / "out.weigh", "--json").out)
        assert report["rss"]["peak"] > 60 * MIB
        assert_explained(report, 0.05)
