"""The overhead part of docs/benchmarks.md, with its plot."""

import statistics

from harness import measure, plot, programs, store, tables, tools
from harness import place as places

PLOT = "benchmarks-overhead.svg"
TOOL_NAMES = [name for name in tools.TOOLS if name != "bare"]
WEIGH = ("weigh", "weigh-exact")


def ratios(row, name, key="wall"):
    """The Spread of a tool's paired ratios; None when it did not run; text when it could not."""
    runs = row["runs"].get(name)
    if not runs:
        return None
    if runs[-1]["status"] == -1:
        return f"over {row['work'][name]['limit'] / runs[0]['bare']['wall']:.0f}"
    if runs[-1]["status"]:
        return "failed"
    return measure.spread([run[key] / run["bare"][key] for run in runs])


def added_memory(row, name):
    runs = row["runs"].get(name)
    if not runs or runs[-1]["status"]:
        return None
    return statistics.median(run["rss"] - run["bare"]["rss"] for run in runs)


def capture(row, name):
    sizes = [run["capture"] for run in row["runs"].get(name, ()) if "capture" in run]
    return max(sizes) if sizes else None


def report_seconds(row, name):
    return (row["reports"].get(name) or {}).get("wall")


def shown(found):
    return found if isinstance(found, str) else tables.spread(found)


def measured(rows):
    """The programs that have results, in the order of the table of programs."""
    return [program for name, program in programs.PROGRAMS.items() if name in rows]


def names_in(rows):
    return [name for name in TOOL_NAMES if any(row["runs"].get(name) for row in rows.values())]


def by_program(rows, names, cell):
    lines = [[program.title, *(cell(rows[program.name], name) for name in names)] for program in measured(rows)]
    return tables.table(["program", *(tools.TOOLS[name].title for name in names)], lines)


def medians(rows, name, key="wall", keep=lambda program: True):
    found = [ratios(rows[program.name], name, key) for program in measured(rows) if keep(program)]
    return [one.median for one in found if isinstance(one, measure.Spread)]


def summary(rows, names):
    """Median and worst over each set of programs, by the wall clock and by processor time."""
    sets = (lambda program: not program.ours, lambda program: program.ours)
    lines = []
    for name in names:
        found = [[medians(rows, name, key, keep) for key in ("wall", "cpu")] for keep in sets]
        lines.append(
            [tools.TOOLS[name].title, tools.TOOLS[name].sees]
            + [
                " / ".join(tables.ratio(rule(part)) if part else "-" for part in both)
                for both in found
                for rule in (statistics.median, max)
            ]
        )
    head = ["wall clock / processor time", "records", "suite: median", "suite: worst", "own: median", "own: worst"]
    return tables.table(head, lines)


def rounds_text(rows, names, who):
    """How often and how long these tools ran."""
    work = [row["work"][name] for row in rows.values() for name in names if name in row["work"]]
    bare = [row["runs"][name][0]["bare"]["wall"] for row in rows.values() for name in names if row["runs"].get(name)]
    if not work:
        return ""
    rounds = sorted({one["rounds"] for one in work})
    scales = sorted({one["scale"] for one in work})
    return (
        f"{who}: {' or '.join(map(str, rounds))} rounds of {' or '.join(f'{scale:g}' for scale in scales)} units of work "
        f"(a bare run takes {min(bare):.1f} to {max(bare):.1f} s)."
    )


def write_plot(rows, names):
    shown_rows = []
    for program in measured(rows):
        found = {name: ratios(rows[program.name], name) for name in names}
        values = {tools.TOOLS[name].title: one.median for name, one in found.items() if isinstance(one, measure.Spread)}
        shown_rows.append((program.title, values))
    titles = [tools.TOOLS[name].title for name in names]
    ticks = (0.9, 1, 1.5, 2, 3, 5, 10, 20, 40)
    text = plot.dots("Time with the tool over time without (logarithmic)", "", titles, shown_rows, ticks)
    (places.TOP / "docs" / PLOT).write_text(text, encoding="utf-8")


def startup():
    known = store.load("startup")
    if not known:
        return ""
    rows = known["rows"]
    lines = []
    for name in ("again", *WEIGH, *TOOL_NAMES):
        if name not in rows or any(line[0] == tools.TOOLS[name].title for line in lines):
            continue
        pairs = [(run["wall"], bare["wall"]) for run, bare in zip(rows[name], rows["bare"]) if not run["status"]]
        if not pairs:
            continue
        added = measure.spread([1000 * (run - bare) for run, bare in pairs])
        lines.append(
            [
                tools.TOOLS[name].title,
                f"{added.median:.0f} ({added.low:.0f} to {added.high:.0f})",
                tables.ratio(statistics.median(run / bare for run, bare in pairs)),
            ]
        )
    return (
        "\n### Start-up: an empty script\n\n"
        f"Milliseconds over the bare interpreter, and the ratio; {len(rows['bare'])} rounds. `bench/run.py startup`\n\n"
        + tables.table(["tool", "ms added", "ratio"], lines)
    )


def section():
    known = store.load("overhead")
    if not known:
        return ""
    rows = known["rows"]
    names = names_in(rows)
    plotted = [name for name in names if name != "again"]
    write_plot(rows, plotted)
    real = [name for name in names if name not in ("again", "memory_profiler")]
    writing = [name for name in real if tools.TOOLS[name].writes]
    reporting = [name for name in real if tools.TOOLS[name].report]
    return (
        "## Overhead\n\n"
        + tables.text(f"""The whole process, from its start to its end, with what the tool writes. The programs of the
            pyperformance suite are those of Scalene's paper. {rounds_text(rows, WEIGH, "weigh")}
            {rounds_text(rows, [name for name in real if name not in WEIGH], "The other tools")}""")
        + "\n`bench/run.py overhead` repeats the tables; `--programs`, `--tools`, `--rounds` and `--scale` narrow them.\n\n"
        + summary(rows, names)
        + f"\n![time ratio by program and tool]({PLOT})\n"
        + "\n### Time ratio, wall clock\n\n"
        '"no tool, a second time" is the bare interpreter against itself: what the machine does to any ratio.\n\n'
        + by_program(rows, names, lambda row, name: shown(ratios(row, name)))
        + "\n### Time ratio, processor time\n\n"
        "User and system time of all processes, which other work on the machine disturbs less.\n\n"
        + by_program(rows, names, lambda row, name: shown(ratios(row, name, "cpu")))
        + "\n### Peak resident memory added, MiB\n\n"
        "The largest process with the tool, less the same without. The mapped capture counts.\n\n"
        + by_program(rows, real, lambda row, name: tables.mebibytes(added_memory(row, name)))
        + "\n### Capture, MiB\n\n"
        + by_program(rows, writing, lambda row, name: tables.mebibytes(capture(row, name)))
        + "\n### First report, seconds\n\n"
        + tables.text("""The command that prints the lines: `weigh report`, `memray summary`, `scalene view --cli`; for
            tracemalloc the snapshot and its ten largest lines, inside the program. Fil reports while it runs.""")
        + "\n"
        + by_program(rows, reporting, lambda row, name: tables.seconds(report_seconds(row, name)))
        + startup()
    )
