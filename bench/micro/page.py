"""The part of docs/benchmarks.md on what one allocation costs."""

import statistics

from harness import measure, store, tables

from micro.measure import DEPTHS, KINDS, name_of

MODES = {"sampled": "sampled mode", "first": "every block sampled", "exact": "exact mode"}
CALLS = {"object": "PyObject_Malloc and PyObject_Free", "malloc": "malloc and free"}


def times(rows, kind, depth):
    bare = rows[name_of("bare", kind, depth)]
    cells = [f"{depth}", f"{statistics.median(bare):.1f}"]
    for mode in MODES:
        found = rows[name_of(mode, kind, depth)]
        added = measure.spread([(one - without) / 2 for one, without in zip(found, bare)])
        ratio = statistics.median(one / without for one, without in zip(found, bare))
        cells.append(f"{added.median:.1f} ({added.low:.1f}-{added.high:.1f}), x{tables.ratio(ratio)}")
    return cells


def instructions(rows, kind, depth):
    found = rows.get(f"{kind} {depth} instructions")
    if not found:
        return None
    added = [f"{(found[mode] - found['bare']) / 2:.0f}" for mode in ("unsampled", "sampled", "exact")]
    return [f"{depth}", f"{found['bare'] / 2:.0f}", *added]


def section():
    known = store.load("micro")
    if not known:
        return ""
    rows = known["rows"]
    text = "## One allocation\n\n" + tables.text(
        f"""A loop in C allocates 64 bytes and frees them, below so many Python frames. Half of what a pair costs more
        than the bare pair: nanoseconds added to one event, and the ratio of the pairs; each process is compared with
        the bare one of its round. Sampled mode is timed after the sampler has settled; "every block sampled" is the
        first moment of a recording, before it does. `bench/run.py micro`,
        {len(rows[name_of('bare', 'object', DEPTHS[0])])} rounds."""
    )
    for kind in KINDS:
        lines = [times(rows, kind, depth) for depth in DEPTHS if name_of("bare", kind, depth) in rows]
        text += f"\n**{CALLS[kind]}**, ns\n\n"
        text += tables.table(["frames", "bare pair", *MODES.values()], lines)
    text += (
        "\n### In instructions\n\nCounted by callgrind, for one event; the same on any machine that runs this binary.\n"
    )
    for kind in KINDS:
        lines = [line for depth in DEPTHS if (line := instructions(rows, kind, depth))]
        if lines:
            text += f"\n**{CALLS[kind]}**\n\n"
            text += tables.table(["frames", "bare", "+ not sampled", "+ sampled", "+ exact mode"], lines)
    return text
