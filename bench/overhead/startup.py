"""Start-up: an empty script under each tool, against the bare interpreter."""

import sys

from harness import measure, programs, store, tools

from overhead.measure import run_tool

TOOLS = ("bare", "again", "weigh", "weigh-exact", "memray", "memray-python", "scalene", "fil", "tracemalloc-1")


def main(place, chosen, rounds):
    words = [programs.PROGRAMS_FOLDER / "empty.py"]
    versions = place.versions(tools.PACKAGES)
    names = [tool.name for tool in chosen if tool.name in TOOLS and (tool.package is None or versions[tool.package])]
    names = ["bare", *(name for name in names if name != "bare")]
    rows = {name: [] for name in names}
    for name in names:
        run_tool(place, tools.TOOLS[name], words, 60)
    for order in measure.orders(names, rounds):
        for name in order:
            rows[name].append(run_tool(place, tools.TOOLS[name], words, 60))
    store.save("startup", {"machine": store.machine()}, rows)
    print("startup: done", file=sys.stderr)
