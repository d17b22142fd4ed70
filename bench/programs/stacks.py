"""Ever new stacks: random chains of calls, each of which keeps a little."""

import random
import sys

from marks import profiled

FUNCTIONS = 400
DEPTH = 12

kept = []


def descend(chain, at):
    if at == len(chain):
        kept.append(f"block {len(kept)}")
    else:
        chain[at](chain, at + 1)


def make_functions():
    """Functions alike, each with a code object of its own."""
    names = {"descend": descend}
    for number in range(FUNCTIONS):
        exec(f"def call_{number}(chain, at):\n    descend(chain, at)\n", names)
    return [names[f"call_{number}"] for number in range(FUNCTIONS)]


@profiled
def work(units):
    functions = make_functions()
    chance = random.Random(9)
    for _ in range(units * 2_000):
        descend(chance.choices(functions, k=DEPTH), 0)
        if len(kept) > 100_000:
            del kept[:50_000]
    return len(kept)


print(work(int(sys.argv[1])))
