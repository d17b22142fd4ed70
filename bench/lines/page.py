"""The part of docs/benchmarks.md on profiling line by line."""

import statistics

from harness import store, tables

TITLES = {"weigh": "weigh, @profile", "memory-profiler": "memory_profiler, @profile"}
WHAT = {
    "short": "profiled: a loop of four of the shortest lines",
    "usual": "profiled: a loop that calls, branches, fills a dict and makes lists",
    "other": "the latter, not profiled, while another function is",
    "raises": "an exception a round, not profiled, while another function is",
}


def ratio(rounds, tool):
    """Time over that of the bare program in the same round."""
    return statistics.median(one[tool] / one["bare"] for one in rounds)


def section():
    known = store.load("lines")
    if not known:
        return ""
    text = "## Line by line\n\n" + tables.text(
        f"""On CPython {known["about"]["python"]}: processor time of ten million line events over that of the bare program in the same round. memory_profiler
        runs a five-hundredth of the lines of a loop that it profiles, and its time is scaled up. `bench/run.py lines`"""
    )
    shapes = [shape for shape in WHAT if shape in known["rows"]]
    lines = [
        [
            WHAT[shape],
            *(
                tables.ratio(ratio(known["rows"][shape]["rounds"], tool))
                if tool in known["rows"][shape]["rounds"][0]
                else ""
                for tool in TITLES
            ),
        ]
        for shape in shapes
    ]
    return text + "\n" + tables.table(["", *TITLES.values()], lines)
