"""The accuracy part of docs/benchmarks.md."""

import statistics

from harness import store, tables, tools

from accuracy.measure import MOMENTS
from accuracy.patterns import PATTERNS

TITLES = {
    "alternate": "two sites in turn, 1,000,000 and 100,000 bytes",
    "rare_huge": "rare huge blocks among small ones",
    "power_law": "1,000 sites, power law",
    "other_thread": "freed by another thread",
    "realloc_growth": "growth by realloc",
    "brief_peak": "a peak of about 1 ms",
    "near_peaks": "two peaks 0.5 % apart",
    "temporaries": "temporaries only",
}


def whole_held(seeds):
    """Of the seeds whose sum is an estimate: how many intervals held it; and how many there were."""
    estimates = [seed for seed in seeds if seed["truth"] and seed["whole"][1] != seed["whole"][2]]
    # A sum of nothing, where there is something, is a miss.
    blind = sum(1 for seed in seeds if seed["truth"] and seed["whole"][2] == 0)
    held = sum(seed["whole"][1] <= seed["truth"] <= seed["whole"][2] for seed in estimates)
    return held, len(estimates) + blind


def rows_held(seeds):
    """The same of the rows of one line each; a row that is said to be exact and is not is a miss."""
    held = sum(seed["held"] for seed in seeds)
    return held, sum(seed["cases"] + seed["wrong"] for seed in seeds)


def wilson(held, cases):
    """The 95 % interval of a share (Wilson's), in per cent."""
    z = 1.96
    middle = (held + z * z / 2) / (cases + z * z)
    half = z * (held * (cases - held) / cases + z * z / 4) ** 0.5 / (cases + z * z)
    return 100 * (middle - half), 100 * (middle + half)


def share(held, cases):
    if not cases:
        return "-"
    low, high = wilson(held, cases)
    return f"{100 * held / cases:.1f} % ({low:.1f}-{high:.1f}) of {cases}"


def bias_of(seeds):
    """The mean relative error of the sum and its standard error; None without anything to estimate."""
    errors = [(seed["whole"][0] - seed["truth"]) / seed["truth"] for seed in seeds if seed["truth"]]
    if not errors:
        return None
    error = statistics.stdev(errors) / len(errors) ** 0.5 if len(errors) > 1 else float("inf")
    return statistics.mean(errors), error


def bias(seeds):
    found = bias_of(seeds)
    return f"{100 * found[0]:+.2f} ± {100 * found[1]:.2f} %" if found else "-"


def unseen(seeds):
    parts = [seed["unseen"] / seed["truth"] for seed in seeds if seed["truth"]]
    return tables.percent(statistics.mean(parts), 2) if parts else "-"


def weigh_line(pattern, moment, seeds):
    certain = sum(seed["certain"] for seed in seeds)
    wrong = sum(seed["wrong"] for seed in seeds)
    return [
        TITLES[pattern],
        moment,
        share(*whole_held(seeds)),
        bias(seeds),
        share(*rows_held(seeds)),
        f"{certain}" + (f" ({wrong} wrong)" if wrong else ""),
        unseen(seeds),
    ]


def misplaced_text(values):
    values = [value for value in values or () if value is not None]
    return tables.percent(statistics.median(values)) if values else "-"


def peers_table(rows, moment):
    names = sorted({name for row in rows.values() for name in row["peers"]}, key=list(tools.TOOLS).index)
    lines = []
    for pattern in PATTERNS:
        if pattern not in rows:
            continue
        row = rows[pattern]
        ours = misplaced_text([seed["misplaced"] for seed in row["weigh"][moment]])
        peers = [misplaced_text(row["peers"].get(name, {}).get(moment)) for name in names]
        lines.append([TITLES[pattern], ours, *peers])
    return tables.table(["pattern", "weigh, sampled", *(tools.TOOLS[name].title for name in names)], lines)


def section():
    known = store.load("accuracy")
    if not known:
        return ""
    rows = known["rows"]
    counts = sorted({len(row["weigh"]["peak"]) for row in rows.values()})
    text = "## Accuracy\n\n" + tables.text(
        f"""Programs made of blocks whose sizes, lines and lifetimes are known, so that the truth is arithmetic.
        Sampled mode; {' or '.join(map(str, counts))} seeds each, and each recording draws its own samples. "Sum" is
        what all lines of the program hold together; "rows" are its lines one by one, as far as they are estimates. An
        interval of 95 % should hold the truth in 93 to 97 % of the cases; in parentheses stands what the number of
        cases allows to say of that share, with 95 % certainty. The bias is the mean error of the sum, ± its standard
        error. "Exact rows" are those whose interval has no width. "Unseen" are bytes of lines that have no row. `bench/run.py accuracy`"""
    )
    text += "\n"
    lines = [
        weigh_line(pattern, moment, rows[pattern]["weigh"][moment])
        for pattern in PATTERNS
        if pattern in rows
        for moment in MOMENTS
        if any(seed["truth"] for seed in rows[pattern]["weigh"][moment])
    ]
    head = [
        "pattern",
        "bytes",
        "sum: truth in interval",
        "bias of the sum",
        "rows: truth in interval",
        "exact rows",
        "unseen",
    ]
    text += tables.table(head, lines)
    for moment, title in (("peak", "live at the peak"), ("end", "live at the end"), ("total", "allocated in all")):
        text += f"\n### Beside other tools: bytes {title}\n\n" + tables.text(
            """The part of the bytes that a tool does not have at the line where they are: the sum of all differences
            over the truth, median of the seeds; "-" where it does not say."""
        )
        text += "\n" + peers_table(rows, moment)
    return text
