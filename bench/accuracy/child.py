"""A process of the accuracy benchmark.

    child.py weigh PATTERN FIRST SEEDS WEIGH CAPTURE   records each seed; prints a line of JSON for each
    child.py plain PATTERN SEED                        only runs, for a tool outside
    child.py tracemalloc PATTERN SEED                  the same, and prints what tracemalloc says

The modules `sites` and `slots` are found through PYTHONPATH.
"""

import json
import subprocess
import sys

import patterns
import sites
import slots


def report(weigh, capture, at, by):
    done = subprocess.run(
        [weigh, "report", capture, "--json", "--limit", "0", "--at", at, "--by", by],
        check=True,
        capture_output=True,
    )
    return json.loads(done.stdout)


def rows_of(found):
    return {
        row["function"]: [row["bytes"], row["bytes_low"], row["bytes_high"]]
        for row in found["rows"]
        if patterns.is_site(row["function"])
    }


def sum_of(found):
    """The row of the file of sites, which holds all that is known the truth of."""
    return next(
        ([row["bytes"], row["bytes_low"], row["bytes_high"]] for row in found["rows"] if row["file"] == sites.__file__),
        [0, 0, 0],
    )


def weigh_seed(pattern, seed, weigh, capture):
    import weigh as package

    listed = patterns.events(pattern, seed)
    with package.Tracker(capture, overwrite=True):
        patterns.run(listed, sites, slots)
    patterns.clear(slots)
    answer = {"seed": seed, "truth": patterns.truth(listed), "rows": {}, "sum": {}}
    for at in ("peak", "end", "total"):
        found = report(weigh, capture, at, "function")
        answer["rows"][at] = rows_of(found)
        answer["sum"][at] = sum_of(report(weigh, capture, at, "file"))
        answer["period"] = found["capture"]["sampling_period"]
    return answer


def tracemalloc_seed(pattern, seed):
    import tracemalloc

    patterns.run(patterns.events(pattern, seed), sites, slots)
    snapshot = tracemalloc.take_snapshot()
    lines = {}
    for statistic in snapshot.statistics("lineno"):
        frame = statistic.traceback[0]
        if frame.filename == sites.__file__:
            lines[frame.lineno] = statistic.size
    functions = {
        code.co_firstlineno + 1: name
        for name, code in ((name, getattr(value, "__code__", None)) for name, value in vars(sites).items())
        if code
    }
    print(json.dumps({"end": {functions[line]: size for line, size in lines.items() if line in functions}}))


what, pattern, seed, *rest = sys.argv[1:]
if what == "weigh":
    count, weigh, capture = rest
    for number in range(int(seed), int(seed) + int(count)):
        print(json.dumps(weigh_seed(pattern, number, weigh, capture)), flush=True)
elif what == "tracemalloc":
    tracemalloc_seed(pattern, int(seed))
else:
    patterns.run(patterns.events(pattern, int(seed)), sites, slots)
