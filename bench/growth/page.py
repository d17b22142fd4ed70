"""The growth part of docs/benchmarks.md."""

import statistics

from harness import measure, store, tables, tools

TITLES = {
    "temporaries": "small temporaries: only the time grows",
    "held": "rows that stay: the memory grows too",
    "stacks": "ever new stacks: what there is to tell grows too",
}


def median_of(runs, name, value):
    found = [value(one) for one in runs if name in one and not one[name]["status"]]
    found = [one for one in found if one is not None]
    return statistics.median(found) if found else None


def figures(runs, name):
    """(processor time ratio, bytes added, recorder's own bytes, capture, report seconds) of one amount of work."""
    return (
        median_of(runs, name, lambda one: one[name]["cpu"] / one["bare"]["cpu"]),
        median_of(runs, name, lambda one: one[name]["rss"] - one["bare"]["rss"]),
        median_of(runs, name, lambda one: one[name].get("recorder")),
        median_of(runs, name, lambda one: one[name].get("capture")),
        median_of(runs, name, lambda one: (one[name].get("report") or {}).get("wall")),
    )


SHOWN = (tables.ratio, tables.mebibytes, tables.mebibytes, tables.mebibytes, tables.seconds)
HEAD = ["work", "time ratio", "memory added, MiB", "recorder's own, MiB", "capture, MiB", "report, s"]


def slope_text(points):
    points = [(factor, value) for factor, value in points if value is not None and value > 0]
    return f"{measure.slope(points):+.2f}" if len(points) > 1 else "-"


def tool_table(row, name):
    lines, known = [], []
    for factor in sorted(row, key=int):
        found = figures(row[factor], name)
        known.append((int(factor), found))
        lines.append([f"{factor}x", *(show(value) for show, value in zip(SHOWN, found))])
    slopes = [slope_text([(factor, found[column]) for factor, found in known]) for column in range(len(SHOWN))]
    return tables.table(HEAD, [*lines, ["slope", *slopes]])


def long_text():
    known = store.load("long")
    if not known:
        return ""
    run = known["rows"]["weigh"]
    return "\n### A long run\n\n" + tables.text(
        f"""{run['minutes']:g} minutes and {run['blocks'] / 1e6:,.0f} million allocations under weigh, sampled: the
        capture is {tables.mebibytes(run['capture'])} MiB, the recorder's own memory
        {tables.mebibytes(run['recorder'])} MiB, the peak of the process {tables.mebibytes(run['rss'])} MiB, the
        timeline has {run['points']} points, and the first report takes {tables.seconds(run['report']['wall'])} s.
        `bench/run.py long`"""
    )


def section():
    known = store.load("growth")
    if not known:
        return long_text()
    text = "## Growth\n\n" + tables.text(
        """The same program with 1, 10 and 100 times the work. A slope of 0 is flat and 1 in proportion to the work
        (least squares on logarithms); the time ratio is of processor time, and at 1x mostly start-up. `bench/run.py
        growth`"""
    )
    for program, row in known["rows"].items():
        text += f"\n### {TITLES[program][0].upper()}{TITLES[program][1:]}\n"
        for name in ("weigh", "weigh-exact", "memray-python"):
            if any(name in one for runs in row.values() for one in runs):
                text += f"\n**{tools.TOOLS[name].title}**\n\n" + tool_table(row, name)
    return text + long_text()
