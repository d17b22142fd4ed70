"""Runs the patterns under weigh for many seeds, and under other tools for a few.

Of each seed and moment (peak, end, total) it keeps what is needed to say how
often an interval held the truth, and how much of the bytes went to the wrong
place. The seeds that a build has run are kept, so that a run that was cut off
goes on where it was; another build, or another pattern, starts anew.
"""

import hashlib
import inspect
import json
import subprocess
import sys
import time

from harness import measure, store, tools
from harness import place as places

from accuracy import patterns

CHILD = places.BENCH / "accuracy" / "child.py"
PEERS = places.BENCH / "accuracy" / "peers.py"
MOMENTS = ("peak", "end", "total")
LIMIT = 300
SEEDS_AT_ONCE = 10


def lines_of(place, command, environment):
    """What a command prints, as JSON, line by line; None when it fails."""
    done = subprocess.run(
        [str(word) for word in command], env=environment, cwd=place.scratch, capture_output=True, text=True
    )
    if done.returncode:
        print(f"accuracy: {command[1]}: {done.stderr.strip()[-200:]}", file=sys.stderr)
        return None
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def misplaced(truth, found):
    """The part of the bytes that a tool does not have where they are."""
    whole = sum(truth.values())
    if not whole:
        return None
    return sum(abs(found.get(name, 0) - truth.get(name, 0)) for name in {*truth, *found}) / whole


def judge(truth, rows, whole):
    """One seed at one moment; intervals are [estimate, low, high] in whole bytes."""
    held = cases = certain = wrong = 0
    for name, (estimate, low, high) in rows.items():
        true = truth.get(name, 0)
        if low == high:
            certain += 1
            wrong += estimate != true
        else:
            cases += 1
            held += low <= true <= high
    return {
        "truth": sum(truth.values()),
        "whole": whole,
        "cases": cases,
        "held": held,
        "certain": certain,
        "wrong": wrong,
        "unseen": sum(size for name, size in truth.items() if name not in rows),
        "misplaced": misplaced(truth, {name: row[0] for name, row in rows.items()}),
    }


def build_of(place):
    """A digest of what is measured: the program and the package."""
    digest = hashlib.sha256(place.weigh.read_bytes())
    for path in sorted(place.package.rglob("*")):
        if path.suffix in (".py", ".so"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def known_row(pattern, build):
    """What was measured of a pattern before, as far as it holds still."""
    row = (store.load("accuracy") or {"rows": {}})["rows"].get(pattern, {})
    source = inspect.getsource(patterns.PATTERNS[pattern])
    if row.get("source") != source:
        row = {"source": source}
    if row.get("build") != build or "weigh" not in row:
        row |= {"build": build, "weigh": {moment: [] for moment in MOMENTS}}
    row.setdefault("peers", {})
    return row


def run_weigh(place, pattern, first, count):
    """{moment: [judged seed]} of so many seeds from the first on."""
    environment = place.environment()
    environment["PYTHONPATH"] += f":{place.package.parent}"
    command = [place.python, CHILD, "weigh", pattern, first, count, place.weigh, place.scratch / "seed.weigh"]
    answers = lines_of(place, command, environment) or []
    return {
        moment: [judge(answer["truth"][moment], answer["rows"][moment], answer["sum"][moment]) for answer in answers]
        for moment in MOMENTS
    }


def run_peer(place, tool, pattern, seed):
    """{moment: {function: bytes}} as far as the tool says it; None when it failed."""
    environment = place.environment()
    environment["PYTHONPATH"] += f":{places.BENCH / 'accuracy'}"
    if tool.name.startswith("tracemalloc"):
        found = lines_of(place, [place.python, "-X", "tracemalloc", CHILD, "tracemalloc", pattern, seed], environment)
        return found[-1] if found else None
    out = place.scratch / tool.name
    out.mkdir(exist_ok=True)
    command = tool.command(place, out, [CHILD, "plain", pattern, str(seed)])
    if measure.run(place, command, environment, LIMIT, place.scratch / "peer.log").failed:
        return None
    file = next(out.iterdir())
    found = lines_of(place, [place.python, PEERS, tool.name.partition("-")[0], file], environment)
    return found[-1] if found else None


def run_peers(place, names, pattern, seeds):
    """{tool: {moment: [misplaced part for each seed]}}."""
    kept = {}
    for name in names:
        for seed in range(seeds):
            found = run_peer(place, tools.TOOLS[name], pattern, seed)
            if found is None:
                continue
            truth = patterns.truth(patterns.events(pattern, seed))
            for moment, said in found.items():
                kept.setdefault(name, {}).setdefault(moment, []).append(misplaced(truth[moment], said))
    return kept


def progress(done, start):
    print(f"accuracy: {done}, {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)


def main(place, names, seeds, peer_names, peer_seeds):
    place.compile_module(places.BENCH / "accuracy" / "slots.c")
    patterns.write_sites(place.helpers() / "sites.py")
    versions = place.versions(tools.PACKAGES)
    present = [name for name in peer_names if not tools.TOOLS[name].package or versions[tools.TOOLS[name].package]]
    about = {"machine": store.machine()}
    build = build_of(place)
    for number, pattern in enumerate(names, 1):
        start = time.monotonic()
        row = known_row(pattern, build)
        for first in range(len(row["weigh"]["peak"]), seeds, SEEDS_AT_ONCE):
            found = run_weigh(place, pattern, first, min(SEEDS_AT_ONCE, seeds - first))
            for moment in MOMENTS:
                row["weigh"][moment] += found[moment]
            store.save("accuracy", about, {pattern: row})
            progress(f"{number}/{len(names)} {pattern}: {len(row['weigh']['peak'])} of {seeds} seeds", start)
        row["peers"] |= run_peers(place, present, pattern, peer_seeds)
        store.save("accuracy", about, {pattern: row})
        progress(f"{number}/{len(names)} {pattern}: with {len(row['peers'])} other tools", start)
