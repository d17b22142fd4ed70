"""The measured process of the micro benchmark; prints its answer as JSON.

    child.py steady KIND DEPTH COUNT        ns per pair, after the sampler has settled
    child.py first KIND DEPTH BURSTS FILE   ns per pair while everything is sampled
    child.py count KIND DEPTH COUNT MODE FILE   one loop, for a counter of instructions outside

KIND is object (PyObject_Malloc of 64 bytes) or malloc; DEPTH is the number of
Python frames below the loop.
"""

import json
import statistics
import sys

import pairs

BYTES = 64
REPEATS = 7
# Below the number of samples after which the sampler first looks at its rate.
BURST = 300

LOOPS = {"object": pairs.object_pairs, "malloc": pairs.malloc_pairs}


def at_depth(depth, loop, count, bytes_each=BYTES):
    if depth > 1:
        return at_depth(depth - 1, loop, count, bytes_each)
    return loop(count, bytes_each)


def steady(kind, depth, count):
    # A plain loop: a generator's frame in the stack would be a case of its own.
    best = at_depth(depth, LOOPS[kind], count)
    for _ in range(REPEATS):
        best = min(best, at_depth(depth, LOOPS[kind], count))
    return best


def first(kind, depth, bursts, file):
    """Each burst in a recording of its own; a hundred pairs of the same stack go before it."""
    import weigh

    found = []
    for _ in range(bursts):
        with weigh.Tracker(file, overwrite=True):
            for pairs_now in (100, BURST):
                mean = at_depth(depth, LOOPS[kind], pairs_now)
        found.append(mean)
    return statistics.median(found)


def count(kind, depth, number, mode, file):
    """Mode "unsampled": many live samples widen the period, and the smallest blocks are hardly ever sampled."""
    bytes_each = 1 if mode == "unsampled" else BYTES
    if mode == "bare":
        return at_depth(depth, LOOPS[kind], number, bytes_each)
    import weigh

    with weigh.Tracker(file, exact=mode == "exact", overwrite=True):
        held = [bytes(64) for _ in range(90_000)] if mode == "unsampled" else []
        at_depth(depth, LOOPS[kind], number, bytes_each)
    return len(held)


sys.setrecursionlimit(10_000)
what, kind, depth, number, *rest = sys.argv[1:]
answer = {"steady": steady, "first": first, "count": count}[what](kind, int(depth), int(number), *rest)
print(json.dumps(answer))
