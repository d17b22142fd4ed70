"""The deep size of three million objects by weigh.sizeof and by the tools that people use for it, interleaved."""

import sys

from harness import measure, store

TOOLS = ("weigh", "pympler", "guppy")
PACKAGES = {"pympler": "pympler", "guppy": "guppy3"}
# Rows of about three new objects each: row, date and number.
SHAPES = {"dicts": 1_000_000, "instances": 1_000_000}
LIMIT = 600


def one(place, tool, shape, rows):
    return place.ask_child("sizes", tool, shape, rows, trouble=f"cannot tell the size of {shape}", limit=LIMIT)


def main(place, rounds, scale):
    versions = place.versions(PACKAGES.values())
    tools = [tool for tool in TOOLS if tool not in PACKAGES or versions[PACKAGES[tool]]]
    for shape, rows in SHAPES.items():
        found = []
        for order in measure.orders(tools, rounds):
            found.append({tool: one(place, tool, shape, int(rows * scale)) for tool in order})
        row = {"rows": int(rows * scale), "rounds": found, "versions": versions}
        store.save("sizes", {"machine": store.machine()}, {shape: row})
        print(f"sizes: {shape}: done", file=sys.stderr, flush=True)
