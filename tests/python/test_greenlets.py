"""Stacks that are switched: what is remembered of one greenlet's frames is not followed into another's."""

import sys

import pytest
from conftest import execute

pytest.importorskip("greenlet")

# Sixty stacks of up to forty calls, taken turns with at random, while the limit of calls changes under them.
PROGRAM = """
import random
import sys

import greenlet

if "traced" in sys.argv:
    from weigh.compat import tracemalloc

    tracemalloc.start(25)
kept = []


def deep(depth, rng):
    if depth == 0:
        kept.append([object() for _ in range(rng.randrange(20))])
        if rng.random() < 0.5:
            greenlet.getcurrent().parent.switch()
        return str(rng.random()) * 3
    if rng.random() < 0.1:
        sys.setrecursionlimit(rng.randrange(900, 1400))
    made = deep(depth - 1, rng)
    if rng.random() < 0.2:
        greenlet.getcurrent().parent.switch()
    both = [made, made + "x"]
    return deep(depth - 1, rng) if depth < 4 and rng.random() < 0.7 else both[1]


def run(seed):
    rng = random.Random(seed)
    for _ in range(6):
        deep(rng.randrange(2, 40), rng)


rng = random.Random({seed})
alive = [(greenlet.greenlet(run), number) for number in range(60)]
switches = 0
while alive:
    one, number = rng.choice(alive)
    one.switch(*() if one else (number,))
    switches += 1
    alive = [each for each in alive if not each[0].dead]
if "traced" in sys.argv:
    assert len(tracemalloc.take_snapshot().traces) > len(kept)
print(switches, len(kept))
"""


@pytest.mark.parametrize("seed", [7, 8])
def test_stacks_that_take_turns(run_quiet, script, seed):
    name = script(PROGRAM.replace("{seed}", str(seed)))
    bare = execute([sys.executable, name])
    assert bare.status == 0, bare.err
    for options in [], ["--exact"]:
        assert run_quiet(name, options=options) == bare
    assert execute([sys.executable, name, "traced"]) == bare
