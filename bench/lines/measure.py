"""What profiling line by line costs: loops of ten million line events, bare and with @profile, interleaved."""

import sys

from harness import measure, store

LINES = 10_000_000
# memory_profiler takes some 20 us a line: it runs a part, and its time is scaled up.
PART = 500
TOOLS = ("bare", "weigh", "memory-profiler")
SHAPES = ("short", "usual", "other", "raises")
LIMIT = 600


def one(place, tool, shape, lines):
    answer = place.ask_child("lines", tool, shape, lines, trouble=f"cannot profile {shape}", limit=LIMIT)
    return answer["seconds"] * (LINES / lines)


def main(place, rounds, scale):
    versions = place.versions(["memory-profiler"])
    tools = [tool for tool in TOOLS if tool != "memory-profiler" or versions["memory-profiler"]]
    for shape in SHAPES:
        found = []
        for order in measure.orders(tools, rounds):
            profiled = shape in ("short", "usual")
            parts = {
                tool: int(LINES * scale / (PART if tool == "memory-profiler" and profiled else 1)) for tool in order
            }
            found.append({tool: one(place, tool, shape, parts[tool]) for tool in order})
        about = {"machine": store.machine(), "python": place.version}
        store.save("lines", about, {shape: {"rounds": found, "versions": versions}})
        print(f"lines: {shape}: done", file=sys.stderr, flush=True)
