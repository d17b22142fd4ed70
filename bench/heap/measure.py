"""A heap of five million objects, and of twenty, looked at by weigh, guppy3 and objgraph, interleaved."""

import json
import os
import pathlib
import subprocess
import sys
import threading
import time

from harness import measure, store
from harness import place as places

TOOLS = ("weigh", "guppy", "objgraph")
PACKAGES = {"guppy": "guppy3", "objgraph": "objgraph"}
# Scales of a shape, and which tools look at it.
CASES = {
    "rows": ("rows", 1, TOOLS),
    "rows, four times": ("rows", 4, ("weigh", "objgraph")),
    "documents": ("documents", 1, TOOLS),
}
LIMIT = 600


class Watch:
    """The most memory of their own that the children of a process have: pages that no other process maps."""

    def __init__(self, pid):
        self.pid = pid
        self.most = 0
        self.running = True
        self.thread = threading.Thread(target=self._look)
        self.thread.start()

    def _look(self):
        while self.running:
            self.most = max(self.most, sum(map(private_bytes, children_of(self.pid))))
            time.sleep(0.1)

    def end(self):
        self.running = False
        self.thread.join()
        return self.most


def children_of(pid):
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(words[1]) == pid:
            found.append(int(folder.name))
    return found


def private_bytes(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            return sum(int(line.split()[1]) * 1024 for line in file if line.startswith("Private_"))
    except OSError:
        return 0


def look(place, tool, shape, scale, out):
    """The steps of one look, by name; a step that took too long is not among them."""
    command, environment = place.child_command("heap", tool, shape, scale, out)
    child = subprocess.Popen(command, env=environment, cwd=place.scratch, stdout=subprocess.PIPE, text=True)
    late = threading.Timer(LIMIT, child.kill)
    late.start()
    steps = {}
    watch = None
    for line in child.stdout:
        step = json.loads(line)
        steps.setdefault(step.pop("step"), {}).update(step)
        if "begin" in steps and watch is None:
            watch = Watch(child.pid)
        if "snapshot" in steps and watch:
            steps["snapshot"]["extra"] = max(steps["snapshot"]["extra"], watch.end())
    child.wait()
    late.cancel()
    if child.returncode and "done" not in steps and child.returncode != -9:
        places.fail(tool, f"cannot look at {shape}", f"run {' '.join(map(str, command))}")
    return steps


def report(place, out, verb="heap"):
    """What `weigh heap`, or another verb, takes."""
    log = place.scratch / "heap.txt"
    run = measure.run(place, [place.weigh, verb, out], place.environment(), LIMIT, log)
    if run.failed:
        places.fail(f"weigh {verb}", f"exit status {run.status}", log.read_text(errors="replace")[-300:])
    return {"seconds": run.wall, "extra": run.rss}


def gross(place, out):
    """Bytes of all objects in a snapshot."""
    done = subprocess.run([place.weigh, "heap", out, "--json"], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["gross"]


def one(place, tool, shape, scale):
    out = place.scratch / "snapshot.weigh"
    before = place.scratch / "snapshot.weigh.before"
    for old in (out, before):
        old.unlink(missing_ok=True)
    steps = look(place, tool, shape, scale, out)
    if tool == "weigh":
        steps["report"] = report(place, out)
        steps["built"]["gross"] = gross(place, out) - gross(place, before)
        out.unlink()
    return steps


def main(place, rounds, scale):
    versions = place.versions(PACKAGES.values())
    for name, (shape, times, wanted) in CASES.items():
        tools = [tool for tool in wanted if tool not in PACKAGES or versions[PACKAGES[tool]]]
        found = []
        for number, order in enumerate(measure.orders(tools, rounds)):
            # What takes minutes is looked at once.
            found.append({tool: one(place, tool, shape, scale * times) for tool in order if tool != "guppy" or not number})
        row = {"rounds": found, "versions": versions}
        store.save("heap", {"machine": store.machine()}, {name: row})
        print(f"heap: {name}: done", file=sys.stderr, flush=True)


def advice(place, rounds, scale):
    """What `weigh advise` takes on the same heaps, the reading of the snapshot included."""
    for name, (shape, times, _) in CASES.items():
        out = place.scratch / "snapshot.weigh"
        for old in (out, place.scratch / "snapshot.weigh.before"):
            old.unlink(missing_ok=True)
        heap = look(place, "weigh", shape, scale * times, out)["built"]["heap"]
        found = [{"heap": heap, **report(place, out, "advise")} for _ in range(rounds)]
        out.unlink()
        store.save("advice", {"machine": store.machine()}, {name: {"rounds": found}})
        print(f"advice: {name}: done", file=sys.stderr, flush=True)
