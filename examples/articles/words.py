"""Words for word_sets.py: invented, all different, the same on every machine; 500,000, or WORDS=20000."""

import os
import random

COUNT = int(os.environ.get("WORDS", 500_000))
LONGEST = 20
SYLLABLES = [c + v + e for c in "bdfghklmnprstvw" for v in "aeiou" for e in ("", "n", "r", "st")]


def invent(count, seed=1):
    """Words of two to five syllables."""
    chance, seen = random.Random(seed), {}
    while len(seen) < count:
        seen["".join(chance.choices(SYLLABLES, k=chance.randint(2, 5)))] = None
    return list(seen)


def write(folder):
    """The words in order, a line each; and as many that are not among them, to ask for in vain."""
    words = invent(2 * COUNT)
    for name, part in ("words", sorted(words[:COUNT])), ("others", words[COUNT:]):
        with open(os.path.join(folder, name), "w") as file:
            file.writelines(word + "\n" for word in part)


def read(folder, name="words"):
    """One word after the other."""
    with open(os.path.join(folder, name)) as file:
        for line in file:
            yield line.rstrip("\n")
