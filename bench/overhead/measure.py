"""Runs every tool on every program, interleaved, and keeps every single run.

A round runs each tool once on a program, and the bare interpreter twice, in a
random order; a tool's ratio is its time over the mean of that round's two bare
runs. The second bare run over the first shows what the machine alone does.
A tool that fails or passes the limit is not run again on that program.
"""

import shutil
import statistics
import sys
import time

from harness import measure, programs, store, tools

# A run may take this many times what the bare one took, but always this many seconds.
LIMIT_RATIO = 40
LIMIT_SECONDS = 15


def run_tool(place, tool, words, limit):
    """One run: a row of plain values for the results."""
    out = place.scratch / tool.name
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    log = place.scratch / f"{tool.name}.log"
    run = measure.run(place, tool.command(place, out, words), place.environment(), limit, log)
    row = run._asdict()
    if run.failed and not run.late:
        row["said"] = tools.said(log)
    if not run.failed and tool.writes:
        row["capture"] = tools.capture_bytes(out)
    return row


def run_report(place, tool, words, limit):
    """Seconds and peak bytes of a tool's first report on the capture that the last run left."""
    out = place.scratch / tool.name
    if tool.report is None:
        return None
    out.mkdir(exist_ok=True)
    log = place.scratch / f"{tool.name}.report.log"
    run = measure.run(place, tool.report(place, out, words), place.environment(), limit, log)
    if run.failed:
        return {"said": "over the limit" if run.late else tools.said(log)}
    if not tool.writes:
        return {"wall": float((out / "seconds").read_text()), "inside": True}
    return {"wall": run.wall, "rss": run.rss}


def live_blocks(place, names):
    """Blocks live at the peak, by those of our tools that ran."""
    found = {}
    for name in names:
        if name.startswith("weigh"):
            report = tools.said_by(place, place.scratch / name / "capture", "--limit", "1")
            if report:
                found[name] = report["peak"]["blocks"]
    return found


def compare(runs):
    """Gives each run what it is compared with: the mean of its round's two bare runs; the second, the first."""
    for name, rows in runs.items():
        for number, row in enumerate(rows):
            bare = [runs[other][number] for other in ("bare", "again")]
            against = bare[:1] if name == "again" else bare
            row["bare"] = {key: statistics.mean(one[key] for one in against) for key in ("wall", "cpu", "rss")}


def measure_program(place, program, chosen, rounds, scale):
    words = programs.command(place, program, scale)
    by_name = {tool.name: tool for tool in chosen}
    # Warms the caches of files, and tells how long a run may take.
    bare = run_tool(place, tools.TOOLS["bare"], words, 600)
    if bare["status"]:
        print(f"  {program.name}: bare run failed: {bare.get('said', 'over the limit')}", file=sys.stderr)
        return None
    limit = max(LIMIT_SECONDS, LIMIT_RATIO * bare["wall"])
    runs = {name: [] for name in by_name}
    given_up = set()
    for order in measure.orders(list(by_name), rounds):
        for name in order:
            if name in given_up:
                continue
            row = run_tool(place, by_name[name], words, limit)
            runs[name].append(row)
            if row["status"]:
                given_up.add(name)
                print(f"  {program.name}: {name}: {row.get('said', 'over the limit')}", file=sys.stderr)
    compare(runs)
    reports = {name: run_report(place, tool, words, limit) for name, tool in by_name.items() if name not in given_up}
    return {
        "runs": runs,
        "reports": reports,
        "live_blocks": live_blocks(place, [name for name in by_name if name not in given_up]),
        "work": {name: {"limit": limit, "rounds": rounds, "scale": scale} for name in runs},
    }


def merged(known, row):
    """What was known of a program, with the tools measured now in place of the same before."""
    return {key: {**(known or {}).get(key, {}), **part} for key, part in row.items()}


def main(place, chosen_programs, chosen_tools, rounds, scale):
    ends = [tools.TOOLS["bare"], tools.TOOLS["again"]]
    chosen = ends + [tool for tool in chosen_tools if tool not in ends]
    versions = place.versions(tools.PACKAGES)
    chosen = [tool for tool in chosen if tool.package is None or versions[tool.package]]
    about = {
        "python": place.ask("import platform; print(platform.python_version())"),
        "versions": versions,
        "machine": store.machine(),
    }
    for number, program in enumerate(chosen_programs, 1):
        start = time.monotonic()
        row = measure_program(place, program, chosen, rounds, scale)
        if row:
            known = (store.load("overhead") or {"rows": {}})["rows"].get(program.name)
            store.save("overhead", about, {program.name: merged(known, row)})
        print(
            f"overhead: {number}/{len(chosen_programs)} {program.name}: {time.monotonic() - start:.0f} s",
            file=sys.stderr,
            flush=True,
        )
