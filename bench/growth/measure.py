"""Runs programs with 1, 10 and 100 times the work; and one long run under weigh alone."""

import sys
import time

from harness import measure, programs, store, tools
from harness import place as places
from overhead.measure import run_report, run_tool

# Script and the units of its smallest run.
PROGRAMS = {"temporaries": ("temporaries.py", 1), "held": ("held.py", 1), "stacks": ("stacks.py", 1)}
FACTORS = (1, 10, 100)
TOOLS = ("bare", "weigh", "weigh-exact", "memray-python")
LIMIT = 600


def recorder_bytes(place, capture):
    """What the recorder says that it occupies itself, of the resident memory at the end."""
    report = tools.said_by(place, capture)
    parts = (report or {}).get("rss", {}).get("parts", ())
    return sum(part["bytes"] for part in parts if "recorder" in part["name"] or "weigh" in part["name"]) or None


def one_round(place, words, chosen):
    """{tool: one run, with what its capture says}."""
    found = {}
    for tool in chosen:
        run = run_tool(place, tool, words, LIMIT)
        if not run["status"] and tool.report:
            run["report"] = run_report(place, tool, words, LIMIT)
        if not run["status"] and tool.name.startswith("weigh"):
            run["recorder"] = recorder_bytes(place, place.scratch / tool.name / "capture")
        found[tool.name] = run
    return found


def main(place, names, rounds):
    versions = place.versions(tools.PACKAGES)
    chosen = [tools.TOOLS[name] for name in TOOLS if name in (*names, "bare")]
    chosen = [tool for tool in chosen if tool.package is None or versions[tool.package]]
    for name, (script, units) in PROGRAMS.items():
        start = time.monotonic()
        row = {}
        for factor in FACTORS:
            words = [programs.PROGRAMS_FOLDER / script, str(units * factor)]
            orders = measure.orders(chosen, max(1, rounds if factor < 100 else rounds // 2))
            row[factor] = [one_round(place, words, order) for order in orders]
        store.save("growth", {"machine": store.machine()}, {name: row})
        print(f"growth: {name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)


def long_run(place, minutes, millions):
    """One run under weigh, sampled; the pace is the program's own."""
    place.compile_module(places.BENCH / "micro" / "pairs.c")
    words = [programs.PROGRAMS_FOLDER / "long.py", str(millions), str(60 * minutes)]
    tool = tools.TOOLS["weigh"]
    run = run_tool(place, tool, words, 60 * minutes * 4 + 600)
    if run["status"]:
        places.fail("long.py", "the long run failed", run.get("said", "over the limit"))
    capture = place.scratch / tool.name / "capture"
    run["report"] = run_report(place, tool, words, 60)
    run["recorder"] = recorder_bytes(place, capture)
    report = tools.said_by(place, capture, "--timeline")
    run["blocks"] = report["total"]["blocks"]
    run["points"] = len(report["timeline"])
    run["minutes"] = minutes
    store.save("long", {"machine": store.machine()}, {"weigh": run})
    print("growth: long run: done", file=sys.stderr)
