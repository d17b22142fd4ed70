"""A table larger than you would like in memory: numpy.memmap, its rows touched one after the other."""

import sys
import tempfile

import numpy as np

import weigh

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000


def show(what, held):
    gross, touched = weigh.sizeof(held), weigh.measure(held).resident
    print(f"{what:24} occupies {gross:12,}   in memory {touched:12,}")


with tempfile.TemporaryDirectory() as folder:
    table = np.memmap(folder + "/table", dtype="f8", mode="w+", shape=(ROWS, 8))
    show("made, 8 numbers a row", table)
    table[: ROWS // 10] = 1
    show("a tenth written", table)
    print("the sum of a row is", table[0].sum())
    table.flush()
    show("flushed", table)
    again = np.memmap(folder + "/table", dtype="f8", mode="r", shape=(ROWS, 8))
    show("opened again", again)
    again[:, 0].max()
    show("one column read", again)
    show("the first 1000 rows", np.array(again[:1000]))
