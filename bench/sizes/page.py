"""The part of docs/benchmarks.md on deep sizes."""

import statistics

from harness import store, tables

from sizes.measure import TOOLS

TITLES = {"weigh": "weigh.sizeof", "pympler": "pympler.asizeof", "guppy": "guppy3, iso(x).domisize"}
WHAT = {"dicts": "a list of dicts", "instances": "a list of plain instances"}


def median(rounds, tool, figure):
    return statistics.median(figure(one[tool], one) for one in rounds)


def speed(rounds, tool):
    """How many times as long as weigh, in the same round."""
    return median(rounds, tool, lambda own, one: own["seconds"] / one["weigh"]["seconds"])


def extra(rounds, tool):
    """Memory that the answer took at its peak, as a part of what is measured."""
    return median(rounds, tool, lambda own, one: own["extra"] / own["heap"])


def line(rounds, tool):
    return [
        TITLES[tool],
        tables.ratio(speed(rounds, tool)),
        f"{median(rounds, tool, lambda own, one: own['answer'] / own['heap']):.3f}",
        f"{extra(rounds, tool):.2f}",
        tables.mebibytes(median(rounds, tool, lambda own, one: own["left"])),
        f"{median(rounds, tool, lambda own, one: own['left_blocks']):,.0f}",
    ]


def section():
    known = store.load("sizes")
    if not known:
        return ""
    text = "## Deep sizes\n\n" + tables.text(
        """How long a tool takes for the size of everything that a list holds, over what weigh takes in the same round;
        its answer over the growth of resident memory while the list was built; the memory it takes at its peak, as a
        part of that growth; and what stays behind. `bench/run.py sizes`"""
    )
    head = ["tool", "time", "answer / RSS", "extra memory", "left behind, MiB", "blocks left"]
    for shape, row in known["rows"].items():
        rounds = row["rounds"]
        lines = [line(rounds, tool) for tool in TOOLS if all(tool in one for one in rounds)]
        text += f"\n**{WHAT[shape]}, {row['rows']:,} rows of three new objects**, {len(rounds)} rounds\n\n"
        text += tables.table(head, lines)
    return text
