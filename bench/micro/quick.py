"""The few figures that guard against a slowdown, against those kept in bench/baseline.json.

Ratios and instruction counts only. A ratio is worse when even the fastest of
its rounds is beyond what was kept and its tolerance; so other work on the
machine does not raise an alarm, and a real slowdown does. Exit status 1 when a
figure is worse.
"""

import json
import statistics
import sys

from harness import measure, programs, tools
from harness import place as places
from heap import measure as heap
from overhead.measure import run_tool

from micro.measure import measure_all, name_of

BASELINE = places.BENCH / "baseline.json"
DEPTHS = (5, 100, 500)
# Work in units of two to three seconds.
PROGRAMS = {"rows": 0.2, "temporaries": 0.2, "fib": 0.2, "deep": 0.1}
# A heap of 500,000 objects.
HEAP_SCALE = 0.1
TOLERANCE_RATIO = 0.10
TOLERANCE_INSTRUCTIONS = 0.03


def pair_ratios(rows):
    for depth in DEPTHS:
        bare = rows[name_of("bare", "object", depth)]
        for mode in ("sampled", "exact"):
            found = rows[name_of(mode, "object", depth)]
            yield f"pair, {depth} frames, {mode}", [one / without for one, without in zip(found, bare)]


def program_ratios(place, rounds):
    chosen = [tools.TOOLS[name] for name in ("bare", "weigh", "weigh-exact")]
    for name, scale in PROGRAMS.items():
        words = programs.command(place, programs.PROGRAMS[name], scale)
        seconds = {tool.name: [] for tool in chosen}
        for order in measure.orders(chosen, rounds):
            for tool in order:
                seconds[tool.name].append(run_tool(place, tool, words, 120)["cpu"])
        for tool in chosen[1:]:
            yield f"{name}, {tool.name}", [one / without for one, without in zip(seconds[tool.name], seconds["bare"])]


def heap_ratios(place, rounds):
    """What a look at a heap takes, over what the program took to build it."""
    found = {"snapshot": [], "weigh heap": []}
    for _ in range(rounds):
        steps = heap.one(place, "weigh", "rows", HEAP_SCALE)
        found["snapshot"].append(steps["snapshot"]["seconds"] / steps["built"]["seconds"])
        found["weigh heap"].append(steps["report"]["seconds"] / steps["built"]["seconds"])
    yield from found.items()


def figures(place, rounds):
    """Name of a figure -> {"value", "best"}; instruction counts are their own best."""
    rows = measure_all(place, rounds, kinds=("object",), depths=DEPTHS, counted=(5, 500))
    found = {}
    for name, ratios in [*pair_ratios(rows), *program_ratios(place, rounds), *heap_ratios(place, rounds)]:
        found[name] = {"value": round(statistics.median(ratios), 3), "best": round(min(ratios), 3)}
    for depth in (5, 500):
        for mode, count in rows.get(f"object {depth} instructions", {}).items():
            if mode != "bare":
                found[f"instructions of a pair, {depth} frames, {mode}"] = {
                    "value": round(count),
                    "best": round(count),
                }
    return found


def is_worse(name, now, kept):
    tolerance = TOLERANCE_INSTRUCTIONS if name.startswith("instructions") else TOLERANCE_RATIO
    return kept is not None and now["best"] > kept["value"] * (1 + tolerance)


def main(place, rounds, keep):
    known = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    # What is kept holds for one version of Python.
    kept = known.get(place.version, {})
    found = figures(place, rounds)
    worse = 0
    print(f"{'figure':48} {'now':>9} {'best':>9} {'kept':>9}")
    for name, now in found.items():
        before = kept.get(name)
        mark = ""
        if is_worse(name, now, before):
            worse += 1
            mark = "  worse"
        shown = before["value"] if before else "-"
        print(f"{name:48} {now['value']:>9} {now['best']:>9} {shown:>9}{mark}")
    if keep:
        known[place.version] = found
        BASELINE.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    if worse and not keep:
        sys.exit(f"bench: {BASELINE.name}: {worse} figures are worse than those kept: find the cause, or --keep")
