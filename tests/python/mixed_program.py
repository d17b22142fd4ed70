"""A random program that keeps, grows and drops objects, with tracemalloc beside the recorder.

Run as `mixed_program.py SEED OUT`: what tracemalloc holds for each line marked
EXACT goes to OUT at the end. On those lines hardly an object is made that Python
may take from a free list, of which tracemalloc hears and an allocator does not.
"""

import json
import os
import random
import sys
import tracemalloc

choose = random.Random(int(sys.argv[1]))


class Slotted:
    __slots__ = ("text",)


kept = []
lists = [[] for _ in range(20)]
dicts = [{} for _ in range(20)]
words = [str(i) for i in range(1000, 6000)]
buffers = [bytearray() for _ in range(20)]


def text():
    return "text" * choose.randrange(1, 300)  # EXACT


def wide():
    return "é日" * choose.randrange(10, 500)  # EXACT


def raw_bytes():
    return bytes(choose.randrange(2, 5000))  # EXACT


def large_bytes():
    return bytes(choose.randrange(100_000, 1_000_000))  # EXACT


def array():
    return bytearray(choose.randrange(1, 2000))  # EXACT


def slotted():
    made = Slotted()  # EXACT
    made.text = words[choose.randrange(5000)] * 3  # EXACT
    return made


def many():
    return set(words[: choose.randrange(400)])  # EXACT


def frozen():
    first = choose.randrange(4000)
    return frozenset(words[first : first + 50])  # EXACT


def number():
    power = choose.randrange(20, 400)
    return 3**power  # EXACT


def joined():
    return " ".join(words[: choose.randrange(2, 200)])  # EXACT


def encoded():
    made = words[choose.randrange(5000)]
    return made.encode()  # EXACT


def grow():
    kind = choose.randrange(3)
    at = choose.randrange(20)
    amount = choose.randrange(200)
    if kind == 0:
        lists[at].extend(words[:amount])  # EXACT
        del lists[at][: amount // 2]  # EXACT
    elif kind == 1:
        for word in words[:amount]:
            dicts[at][word] = word  # EXACT
    else:
        buffers[at] += raw  # EXACT
        del buffers[at][:amount]  # EXACT


raw = bytes(300)
KINDS = [text, wide, raw_bytes, large_bytes, array, slotted, many, frozen, number, joined, encoded]


def step():
    if len(kept) > 500 or (kept and choose.randrange(3) == 0):
        at = choose.randrange(len(kept))
        kept[at] = kept[-1]
        kept.pop()
    else:
        kept.append(choose.choice(KINDS)())
    grow()


with open(__file__) as file:
    exact = {number for number, line in enumerate(file, 1) if line.endswith("# EXACT\n")}
tracemalloc.start()
for _ in range(6000):
    step()
snapshot = tracemalloc.take_snapshot()
lines = {}
for found in snapshot.statistics("lineno"):
    if found.traceback[0].filename == __file__ and found.traceback[0].lineno in exact:
        lines[found.traceback[0].lineno] = [found.size, found.count]
with open(sys.argv[2], "w") as out:
    json.dump(lines, out)
os._exit(0)
