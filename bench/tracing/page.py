"""The part of docs/benchmarks.md on tracing from inside a program."""

import statistics

from harness import measure, store, tables

from tracing.measure import BLOCKS, FRAMES, PROGRAMS

WHAT = {
    "tuples": "tuples of two new numbers, kept",
    "lists": "lists of one new number, kept",
    "strings": "numbers as text, kept",
    "instances": "instances with slots, kept",
    "temporaries": "a dict, a list and a tuple, dropped at once",
}
TITLES = {"weigh": "weigh.compat.tracemalloc", "library": "tracemalloc"}


def ratio(rounds, name):
    return measure.spread([one[name]["traced"] / one[name]["bare"] for one in rounds])


def time_table(rows):
    columns = [(tool, frames) for frames in FRAMES for tool in TITLES]
    head = ["program", *(f"{TITLES[tool]}, {frames} frame{'s'[: frames > 1]}" for tool, frames in columns)]
    lines = [
        [WHAT[program], *(tables.spread(ratio(rows[program], f"{tool} {frames}")) for tool, frames in columns)]
        for program in PROGRAMS
    ]
    return tables.table(head, lines)


def figure(rounds, name, of):
    return statistics.median(one[name][of] for one in rounds)


def memory_table(rounds):
    head = ["tool", "added by tracing, MiB", "by a snapshot, MiB", "snapshot and its top lines, s"]
    lines = []
    for tool, title in TITLES.items():
        for frames in FRAMES:
            name = f"{tool} {frames}"
            added = statistics.median(one[name]["added"] - one["bare"]["added"] for one in rounds)
            lines.append(
                [
                    f"{title}, {frames} frame{'s'[: frames > 1]}",
                    tables.mebibytes(added),
                    tables.mebibytes(figure(rounds, name, "snapshot")),
                    tables.seconds(figure(rounds, name, "seconds")),
                ]
            )
    return tables.table(head, lines)


def section():
    known = store.load("tracing")
    if not known:
        return ""
    rows = known["rows"]
    rounds = len(rows["tuples"])
    text = "## Tracing from inside a program\n\n" + tables.text(
        f"""What `weigh.compat.tracemalloc` costs, beside the standard library's module: programs that do nothing but
        allocate and free, 30 calls deep, on CPython {known["about"]["python"]}. Processor time over that of the same
        process before tracing, {rounds} rounds; real programs also work, and pay a part of it. `bench/run.py tracing`"""
    )
    text += "\n" + time_table(rows)
    text += "\n" + tables.text(f"{BLOCKS / 1e6:g} million small blocks, all live:") + "\n"
    return text + memory_table(rows["memory"])
