"""The goals, each with what was measured: the first table of docs/benchmarks.md."""

import statistics

from accuracy import page as accuracy
from heap import page as heap
from lines import page as profiled
from overhead import page as overhead
from sizes import page as sizes
from tracing import page as tracing

from . import measure, store, tables, tools
from . import place as places

NOTES = places.BENCH / "notes.md"
MIB = 1 << 20


def line(goal, shown, met):
    return [goal, shown, "yes" if met else "no"]


def time_lines(rows):
    """By the wall clock and by processor time; a goal is met when both are."""
    for name, title, median_goal, worst_goal in (("weigh", "sampled", 1.03, 1.10), ("weigh-exact", "exact", 1.35, 2.0)):
        suite = [overhead.medians(rows, name, key, lambda program: not program.ours) for key in ("wall", "cpu")]
        every = [overhead.medians(rows, name, key) for key in ("wall", "cpu")]
        if all(suite):
            found = [statistics.median(part) for part in suite]
            shown = " / ".join(map(tables.ratio, found))
            yield line(f"{title}: median of the suite <= {median_goal}", shown, max(found) <= median_goal)
        if all(every):
            found = [max(part) for part in every]
            shown = " / ".join(map(tables.ratio, found))
            yield line(f"{title}: worst of all programs <= {worst_goal}", shown, max(found) <= worst_goal)


def memory_lines(rows):
    found = []
    for name, row in rows.items():
        added = overhead.added_memory(row, "weigh")
        if added is not None:
            peak = row["runs"]["weigh"][0]["bare"]["rss"]
            found.append((added - 0.02 * peak, name))
    if found:
        most, name = max(found)
        yield line(
            "sampled: memory <= 16 MiB + 2 % of the peak",
            f"{most / MIB:.1f} MiB + 2 % ({name})",
            most <= 16 * MIB,
        )
    each = [
        ((overhead.added_memory(row, "weigh-exact") or 0) / row["live_blocks"]["weigh-exact"], name)
        for name, row in rows.items()
        # With fewer blocks the fixed parts are most of it.
        if row.get("live_blocks", {}).get("weigh-exact", 0) > 500_000
    ]
    if each:
        most, name = max(each)
        yield line("exact: memory <= 60 bytes for each live block", f"{most:.0f} ({name})", most <= 60)


# Tools that record the same blocks as ours do in the mode.
SAME_BLOCKS = {"weigh": ("scalene",), "weigh-exact": ("memray-python", "fil")}


def time_of(row, name):
    found = overhead.ratios(row, name, "cpu")
    return found.median if isinstance(found, measure.Spread) else None


def few(names, shown=3):
    return ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")


def ahead_lines(rows):
    """In which rows a tool that records the same blocks takes less than ours: none should."""
    measures = (
        ("time", time_of),
        ("memory", overhead.added_memory),
        ("first report", overhead.report_seconds),
    )
    for ours, peers in SAME_BLOCKS.items():
        for what, figure in measures:
            pairs = [
                (f"{name}: {tools.TOOLS[peer].title}", figure(row, ours), figure(row, peer))
                for name, row in rows.items()
                for peer in peers
            ]
            pairs = [(name, own, other) for name, own, other in pairs if own is not None and other is not None]
            behind = [name for name, own, other in pairs if own >= other]
            if pairs:
                shown = f"{len(pairs) - len(behind)} of {len(pairs)}" + (f"; not {few(behind)}" if behind else "")
                title = tools.TOOLS[ours].title
                yield line(f"{title}: {what} ahead of what records the same blocks, in every row", shown, not behind)


def size_lines(rows):
    sizes = [size for row in rows.values() if (size := overhead.capture(row, "weigh")) is not None]
    if sizes:
        yield line("sampled: capture <= 8 MiB", f"{max(sizes) / MIB:.1f} MiB", max(sizes) <= 8 * MIB)
    for name, title in (("weigh", "sampled"), ("weigh-exact", "exact")):
        reports = [spent for row in rows.values() if (spent := overhead.report_seconds(row, name)) is not None]
        if reports:
            yield line(f"{title}: report <= 0.2 s", f"{tables.seconds(max(reports))} s", max(reports) <= 0.2)


def startup_lines():
    known = store.load("startup")
    if known and "weigh" in known["rows"]:
        pairs = zip(known["rows"]["weigh"], known["rows"]["bare"])
        added = statistics.median(1000 * (run["wall"] - bare["wall"]) for run, bare in pairs)
        yield line("start-up <= 40 ms over bare", f"{added:.0f} ms", added <= 40)


def micro_lines():
    known = store.load("micro")
    if not known:
        return
    for kind in ("object", "malloc"):
        found, bare = known["rows"].get(f"{kind} 5 sampled"), known["rows"].get(f"{kind} 5 bare")
        if found and bare:
            added = measure.spread([(one - without) / 2 for one, without in zip(found, bare)]).median
            yield line(f"an event that is not sampled ({kind}): <= 7 ns", f"{added:.1f} ns", added <= 7)


def accuracy_lines():
    known = store.load("accuracy")
    if not known:
        return
    seeds = [part for row in known["rows"].values() for part in row["weigh"].values()]
    for title, judge in (("sums", accuracy.whole_held), ("rows", accuracy.rows_held)):
        held, cases = map(sum, zip(*map(judge, seeds)))
        if cases:
            met = 0.93 <= held / cases <= 0.97
            yield line(f"truth in the interval in 93 to 97 %, {title}", accuracy.share(held, cases), met)
    biases = [
        (abs(found[0]), found[1], pattern, moment)
        for pattern, row in known["rows"].items()
        for moment, part in row["weigh"].items()
        if (found := accuracy.bias_of(part))
    ]
    if biases:
        bias, error, pattern, moment = max(biases)
        shown = f"{100 * bias:.2f} ± {100 * error:.2f} % ({pattern}, {moment})"
        yield line("bias below 0.5 %", shown, bias < 0.005)


def sizes_lines():
    known = store.load("sizes")
    for shape, row in (known or {"rows": {}})["rows"].items():
        what = sizes.WHAT[shape]
        if all("pympler" in one for one in row["rounds"]):
            times = sizes.speed(row["rounds"], "pympler")
            yield line(f"sizeof of {what}: >= 30 times as fast as pympler", f"{times:.0f} times", times >= 30)
        part = sizes.extra(row["rounds"], "weigh")
        yield line(f"sizeof of {what}: extra memory <= 0.15 of it", f"{part:.3f}", part <= 0.15)


def heap_lines():
    rows = (store.load("heap") or {"rows": {}})["rows"]
    for name, title in heap.TITLES.items():
        rounds = rows.get(name, {"rounds": ()})["rounds"]
        if not rounds:
            continue
        what = title.partition(":")[0]
        found = heap.median(rounds, heap.answer)
        yield line(f"{what}: bytes within 2 % of resident memory", tables.percent(found), abs(found - 1) <= 0.02)
        if name == "rows":
            found = heap.median(rounds, heap.whole)
            yield line(f"{what}: snapshot, dominators, retained bytes <= 5 s", f"{tables.seconds(found)} s", found <= 5)
            found = heap.median(rounds, heap.pause)
            yield line(f"{what}: pause <= 50 ms beyond the fork", f"{1000 * found:.0f} ms", found <= 0.05)
            advice = heap.advice_rounds(name)
            if advice:
                found = advice[(len(advice) - 1) // 2]["seconds"]
                yield line(f"{what}: advice <= 3 s", f"{tables.seconds(found)} s", found <= 3)
        if name != "documents":
            found = heap.median(rounds, heap.extra)
            yield line(f"{what}: extra memory <= the heap", f"{found:.2f}", found <= 1)
        found = heap.median(rounds, heap.per_object)
        yield line(f"{what}: on disk <= 16 bytes for each", f"{found:.1f}", found <= 16)


def tracing_lines():
    rows = (store.load("tracing") or {"rows": {}})["rows"]
    for program, what in tracing.WHAT.items():
        rounds = rows.get(program, ())
        if rounds:
            found = tracing.ratio(rounds, "weigh 25").median
            library = tracing.ratio(rounds, "library 25").median
            shown = f"{tables.ratio(found)} (tracemalloc {tables.ratio(library)})"
            yield line(f"traced with 25 frames, {what}: <= 1.6", shown, found <= 1.6)


def lines_lines():
    rows = (store.load("lines") or {"rows": {}})["rows"]
    for shape, what in profiled.WHAT.items():
        if shape not in rows:
            continue
        found = profiled.ratio(rows[shape]["rounds"], "weigh")
        yield line(f"lines, {what}: <= 1.5", tables.ratio(found), found <= 1.5)


def notes():
    """What is known of the causes: the one part of the page that people write."""
    return "\n" + NOTES.read_text(encoding="utf-8") if NOTES.exists() else ""


def section():
    rows = (store.load("overhead") or {"rows": {}})["rows"]
    lines = [
        *time_lines(rows),
        *memory_lines(rows),
        *ahead_lines(rows),
        *size_lines(rows),
        *startup_lines(),
        *micro_lines(),
        *accuracy_lines(),
        *sizes_lines(),
        *heap_lines(),
        *tracing_lines(),
        *lines_lines(),
    ]
    if not lines:
        return ""
    return (
        "## Goals\n\nTime ratios are by the wall clock / by processor time.\n\n"
        + tables.table(["goal", "measured", "met"], lines)
        + notes()
    )
