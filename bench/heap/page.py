"""The part of docs/benchmarks.md on heaps."""

import statistics

from harness import store, tables

from heap.measure import TOOLS

TITLES = {
    "rows": "5 million objects: 3 million str, 1.5 million instances, dicts and lists that hold them in no order",
    "rows, four times": "20 million objects of the same kinds",
    "documents": "json.loads of 200,000 flat records",
}
PEERS = {
    "guppy": ("guppy3", {"heap": "hp.heap()", "byrcs": "its .byrcs", "byvia": "its .byvia"}),
    "objgraph": ("objgraph", {"most_common_types": "most_common_types()"}),
}


def median(rounds, figure):
    """Of the rounds that say, None without any."""
    found = [figure(one["weigh"]) for one in rounds if "weigh" in one]
    return statistics.median(found) if found else None


def pause(steps):
    """How much longer the program stood still than for a bare fork, in seconds."""
    return max(0.0, steps["pause"]["pause"] - steps["fork"]["pause"])


def extra(steps):
    """Memory beside the heap at the worst moment, as a part of it."""
    return max(steps["snapshot"]["extra"], steps["report"]["extra"]) / steps["built"]["heap"]


def whole(steps):
    """Seconds from asking for a snapshot to the summary on the screen."""
    return steps["snapshot"]["seconds"] + steps["report"]["seconds"]


def per_object(steps):
    return steps["file"]["bytes"] / steps["file"]["objects"]


def answer(steps):
    """What the objects occupy that came between two snapshots, over the growth of resident memory."""
    return steps["built"]["gross"] / steps["built"]["heap"]


def step_line(title, found, heap, objects=None):
    return [
        title,
        tables.seconds(found["seconds"]),
        f"{found['extra'] / heap:.2f}",
        f"{objects:,}" if objects is not None else "",
    ]


def of_weigh(rounds):
    middle = sorted((one["weigh"] for one in rounds), key=whole)[(len(rounds) - 1) // 2]
    heap = middle["built"]["heap"]
    yield step_line("weigh: the snapshot", middle["snapshot"], heap, middle["file"]["objects"])
    yield step_line("weigh heap: dominators, retained bytes, types and holders", middle["report"], heap)


def advice_rounds(name):
    rows = (store.load("advice") or {"rows": {}})["rows"]
    return sorted(rows.get(name, {"rounds": ()})["rounds"], key=lambda one: one["seconds"])


def of_advice(name):
    rounds = advice_rounds(name)
    if rounds:
        middle = rounds[(len(rounds) - 1) // 2]
        yield step_line("weigh advise: all rules, reading included", middle, middle["heap"])


def of_peer(rounds, tool):
    title, steps = PEERS[tool]
    first = next((one[tool] for one in rounds if tool in one), None)
    if not first:
        return
    objects = (first.get("heap") or first.get("seen") or {}).get("objects")
    for name, what in steps.items():
        if name in first:
            yield step_line(f"{title}: {what}", first[name], first["built"]["heap"], objects)
            objects = None
        else:
            yield [f"{title}: {what}", "> 600", "", ""]


def words(rounds):
    """What stands beside the table: pause and file."""
    figures = {
        "fork": median(rounds, lambda steps: 1000 * steps["fork"]["pause"]),
        "pause": median(rounds, lambda steps: 1000 * pause(steps)),
        "disk": median(rounds, per_object),
        "answer": 100 * median(rounds, answer),
    }
    return tables.text(
        """The heap is {heap} MiB of resident memory, of which weigh finds {answer:.1f} % in objects. A bare fork stops the program for {fork:.0f} ms, a snapshot for
        {pause:.0f} ms beyond that; on disk it takes {disk:.1f} bytes for each object.""".format(
            heap=tables.mebibytes(median(rounds, lambda steps: steps["built"]["heap"])), **figures
        )
    )


def dicts_seen(rounds):
    """How many dicts objgraph counts; empty when it was not there."""
    seen = next((one["objgraph"]["seen"]["dicts"] for one in rounds if "objgraph" in one), None)
    return "" if seen is None else f"objgraph counts {seen:,} dicts, untracked ones not among them.\n"


def section():
    known = store.load("heap")
    if not known:
        return ""
    text = "## Heaps\n\n" + tables.text(
        """Time and memory for a look at all objects of a program. Memory is what a tool takes beside the heap at its
        peak, as a part of the heap: of weigh's snapshot the pages that the writing child alone has, or what the program
        itself grew by, of `weigh heap` all of its resident memory, of tools that run within the program the growth of
        its resident memory. The program stands still while guppy3 or objgraph look. guppy3 has no dominators and says
        no retained bytes; objgraph sees the objects that garbage collection tracks. `bench/run.py heap`"""
    )
    for name, row in known["rows"].items():
        rounds = row["rounds"]
        lines = [*of_weigh(rounds), *of_advice(name)]
        for tool in TOOLS[1:]:
            lines += of_peer(rounds, tool)
        times = "1 round" if len(rounds) == 1 else f"{len(rounds)} rounds"
        text += f"\n**{TITLES[name]}**, {times}\n\n" + words(rounds) + "\n"
        text += tables.table(["what", "seconds", "extra memory", "objects"], lines)
        text += "\n" + dicts_seen(rounds)
    return text
