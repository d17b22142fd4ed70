"""Runs programs that only allocate, 30 calls deep, traced by weigh and by the library; interleaved processes."""

import json
import subprocess
import sys

from harness import measure, store
from harness import place as places

TOOLS = ("weigh", "library")
FRAMES = (1, 25)
PROGRAMS = {
    "tuples": 100_000,
    "lists": 100_000,
    "strings": 100_000,
    "instances": 100_000,
    "temporaries": 100_000,
}
BLOCKS = 2_000_000
LIMIT = 600


def one(place, *words):
    environment = place.environment()
    environment["PYTHONPATH"] = f"{place.package.parent}:{environment['PYTHONPATH']}"
    command = [place.python, places.BENCH / "tracing" / "child.py", *map(str, words)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT)
    if done.returncode:
        places.fail(" ".join(map(str, words)), "tracing failed", done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout)


def name_of(tool, frames):
    return f"{tool} {frames}" if frames else tool


def main(place, rounds, scale):
    rows = {}
    cases = [(tool, frames) for tool in TOOLS for frames in FRAMES]
    for program, count in PROGRAMS.items():
        rows[program] = [
            {name_of(*case): one(place, "time", *case, program, int(count * scale)) for case in order}
            for order in measure.orders(cases, rounds)
        ]
        print(f"tracing: {program}: done", file=sys.stderr, flush=True)
    rows["memory"] = [
        {name_of(*case): one(place, "memory", *case, int(BLOCKS * scale)) for case in order}
        for order in measure.orders([*cases, ("bare", 0)], max(1, rounds // 3))
    ]
    store.save("tracing", {"machine": store.machine()}, rows)
