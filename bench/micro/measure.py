"""Runs the micro benchmark in interleaved processes and counts instructions by callgrind."""

import json
import re
import shutil
import subprocess
import sys

from harness import measure, store
from harness import place as places

CHILD = places.BENCH / "micro" / "child.py"
SOURCE = places.BENCH / "micro" / "pairs.c"
KINDS = ("object", "malloc")
DEPTHS = (5, 30, 100, 500)
COUNT = {"bare": 500_000, "sampled": 500_000, "exact": 100_000, "first": 30}
FEW_PAIRS = (2_000, 12_000)
MANY_PAIRS = 200_000
# The chance that a block of one byte is sampled with the period that child.py brings about.
SELDOM = 1 / 256


def ask(place, command, environment):
    """What a child prints last, as JSON."""
    done = subprocess.run(
        [str(word) for word in command], env=environment, cwd=place.scratch, capture_output=True, text=True
    )
    if done.returncode:
        places.fail(command[0], f"exit status {done.returncode}", done.stderr.strip()[-300:])
    return json.loads(done.stdout.strip().splitlines()[-1])


def with_package(place):
    """For a child that starts the recorder itself: the copy of weigh is importable."""
    environment = place.environment()
    environment["PYTHONPATH"] += f":{place.package.parent}"
    return environment


def nanoseconds(place, mode, kind, depth):
    """One process: ns per pair of allocation and free."""
    script = [CHILD, "first" if mode == "first" else "steady", kind, depth, COUNT[mode]]
    if mode == "first":
        return ask(place, [place.python, *script, place.scratch / "first.weigh"], with_package(place))
    if mode == "bare":
        return ask(place, [place.python, *script], place.environment())
    options = ["--exact"] if mode == "exact" else []
    command = [place.weigh, "run", "-q", "-f", "-o", place.scratch / "pairs.weigh", *options, *script]
    return ask(place, command, place.environment())


def callgrind(place, mode, kind, depth, count):
    """Instructions inside the loop of one process, and how many blocks the process sampled."""
    out = place.scratch / "callgrind.out"
    command = [
        "valgrind",
        "--tool=callgrind",
        "--compress-strings=no",
        f"--toggle-collect={kind}_pairs",
        f"--callgrind-out-file={out}",
        place.python,
        CHILD,
        "count",
        kind,
        depth,
        count,
        mode,
        place.scratch / "count.weigh",
    ]
    ask(place, command, with_package(place))
    text = out.read_text()
    total = int(re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)[1])
    drawn = re.findall(r"^cfn=weigh_event_sampled\ncalls=(\d+)", text, re.MULTILINE)
    return total, sum(map(int, drawn))


def growth(place, mode, kind, depth, short, long):
    """
    Instructions and samples per pair, from two lengths of the loop: what the
    first pairs cost cancels, and so do the samples taken outside the loop.
    """
    before = callgrind(place, mode, kind, depth, short)
    after = callgrind(place, mode, kind, depth, long)
    return [(b - a) / (long - short) for a, b in zip(before, after)]


def instructions(place, kind, depth):
    """Instructions per pair: {"bare", "unsampled", "sampled", "exact"}."""
    bare, _ = growth(place, "bare", kind, depth, *FEW_PAIRS)
    exact, _ = growth(place, "exact", kind, depth, *FEW_PAIRS)
    total, _ = callgrind(place, "unsampled", kind, depth, MANY_PAIRS)
    unsampled = (total / MANY_PAIRS - SELDOM * exact) / (1 - SELDOM)
    often, drawn = growth(place, "sampled", kind, depth, *FEW_PAIRS)
    return {
        "bare": bare,
        "unsampled": unsampled,
        "sampled": unsampled + (often - unsampled) / drawn,
        "exact": exact,
    }


def cases(kinds, depths):
    for kind in kinds:
        for depth in depths:
            for mode in ("bare", "sampled", "first", "exact"):
                yield mode, kind, depth


def name_of(mode, kind, depth):
    return f"{kind} {depth} {mode}"


def measure_all(place, rounds, kinds=KINDS, depths=DEPTHS, counted=DEPTHS):
    """Rows of the results: times in ns of each process, instructions per pair."""
    place.compile_module(SOURCE)
    chosen = list(cases(kinds, depths))
    rows = {name_of(*case): [] for case in chosen}
    for order in measure.orders(chosen, rounds):
        for case in order:
            rows[name_of(*case)].append(nanoseconds(place, *case))
    if not shutil.which("valgrind"):
        print("micro: valgrind is not installed: no instructions counted", file=sys.stderr)
        return rows
    for kind in kinds:
        for depth in counted:
            rows[f"{kind} {depth} instructions"] = instructions(place, kind, depth)
    return rows


def main(place, rounds):
    store.save("micro", {"machine": store.machine()}, measure_all(place, rounds))
    print("micro: done", file=sys.stderr)
