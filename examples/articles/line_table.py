"""How much does each line of a function take? Two lists, and one of them deleted."""

import sys

from weigh import profile

SCALE = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000


@profile
def work():
    small = [None] * SCALE
    large = [None] * (10 * SCALE)
    del large
    return small


work()
