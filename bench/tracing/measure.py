"""Runs programs that only allocate, 30 calls deep, traced by weigh and by the library; interleaved processes."""

import sys

from harness import measure, store

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
    return place.ask_child("tracing", *words, trouble=f"tracing failed: {' '.join(map(str, words))}", limit=LIMIT)


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
    store.save("tracing", {"machine": store.machine(), "python": place.version}, rows)
