"""The ways of word_sets.py: each function holds the words of a folder, and returns what says whether it has a word."""

import mmap
import os
from bisect import bisect_left

import words

STATED = {"Bloom filter": 0.01, "HyperLogLog": 0.013}
FIXED = f"S{words.LONGEST}"


def in_list(folder):
    held = list(words.read(folder))
    return lambda word: held[min(bisect_left(held, word), len(held) - 1)] == word


def in_lines(text, word):
    """Whether a line of a text in order is the word, by halves."""
    low, high = 0, len(text)
    while low < high:
        start = text.rfind(b"\n", 0, (low + high) // 2) + 1
        end = text.find(b"\n", start)
        if text[start:end] == word:
            return True
        low, high = (end + 1, high) if text[start:end] < word else (low, start)
    return False


def in_bytes(folder):
    with open(os.path.join(folder, "words"), "rb") as file:
        held = file.read()
    return lambda word: in_lines(held, word.encode())


def in_mmap(folder):
    with open(os.path.join(folder, "words"), "rb") as file:
        held = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return lambda word: in_lines(held, word.encode())


def in_array(held):
    return lambda word: held[min(held.searchsorted(word.encode()), len(held) - 1)] == word.encode()


def in_numpy(folder):
    import numpy as np

    return in_array(np.fromiter(words.read(folder), FIXED, words.COUNT))


def in_memmap(folder):
    import numpy as np

    path = os.path.join(folder, "words.array")
    np.fromiter(words.read(folder), FIXED, words.COUNT).tofile(path)
    return in_array(np.memmap(path, FIXED, "r"))


def in_marisa_trie(folder):
    import marisa_trie

    return marisa_trie.Trie(words.read(folder)).__contains__


def in_dawg(folder):
    import dawg

    return dawg.DAWG(words.read(folder)).__contains__


def in_bloom(folder):
    import rbloom

    held = rbloom.Bloom(words.COUNT, STATED["Bloom filter"])
    held.update(words.read(folder))
    return held.__contains__


def count_distinct(folder):
    from datasketches import hll_sketch

    held = hll_sketch(12)
    for word in words.read(folder):
        held.update(word)
    return held.get_estimate


# The function, and the module that is imported before anything is measured.
WAYS = {
    "list": (in_list, "sys"),
    "set": (lambda folder: set(words.read(folder)).__contains__, "sys"),
    "dict": (lambda folder: dict.fromkeys(words.read(folder)).__contains__, "sys"),
    "bytes": (in_bytes, "sys"),
    "numpy": (in_numpy, "numpy"),
    "marisa-trie": (in_marisa_trie, "marisa_trie"),
    "DAWG": (in_dawg, "dawg"),
    "mmap": (in_mmap, "sys"),
    "memmap": (in_memmap, "numpy"),
    "Bloom filter": (in_bloom, "rbloom"),
    "HyperLogLog": (count_distinct, "datasketches"),
}
