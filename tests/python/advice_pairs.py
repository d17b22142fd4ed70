"""Small programs in pairs for tests of advice: NAME, and NAME_changed as the advice says; others it must not touch.

advice_pairs.py NAME    makes the structure, which lives to the end.
"""

import sys
import weakref
from array import array
from collections import namedtuple
from dataclasses import dataclass
from functools import lru_cache

MANY = 50_000

Point = namedtuple("Point", "x y z")


@dataclass
class Pair:
    x: int
    y: int


class Subject:
    def __init__(self):
        self.listeners = []


class Window:
    def __init__(self, number):
        self.text = bytearray(2000 + number % 7)

    def on_change(self):
        return len(self.text)


def rows_with_an_odd_key():
    """As csv.DictReader makes them of lines with more fields than names."""
    return [{"a": None, "b": None, "c": None, "d": None, None: None} for _ in range(MANY)]


def rows_with_an_odd_key_changed():
    return [{"a": None, "b": None, "c": None, "d": None, "rest": None} for _ in range(MANY)]


def one_odd_key():
    table = {f"key {i}": None for i in range(MANY)}
    table[0] = None
    return table


def one_odd_key_changed():
    table = {f"key {i}": None for i in range(MANY)}
    table["0"] = None
    return table


def keys_of_two_kinds():
    return [{"a": None, 1: None, 2: None} for _ in range(MANY)]


def listeners():
    subject = Subject()
    for i in range(3000):
        window = Window(i)
        subject.listeners.append(window.on_change)
    return subject


def listeners_changed():
    subject = Subject()
    for i in range(3000):
        window = Window(i)
        subject.listeners.append(weakref.WeakMethod(window.on_change, subject.listeners.remove))
    return subject


def listeners_of_what_is_held():
    subject = Subject()
    windows = [Window(i) for i in range(3000)]
    subject.listeners = [window.on_change for window in windows]
    return subject, windows


def closures():
    def watch(text):
        return lambda: len(text)

    return [watch(bytearray(2000 + i % 7)) for i in range(3000)]


def points():
    return [
        Point(i, i + 1, i + 2)  # made here
        for i in range(MANY)
    ]


def pairs():
    return [
        Pair(i, i + 1)  # made here
        for i in range(MANY)
    ]


@lru_cache(maxsize=None)
def describe(number):
    return f"the number {number} in words"


@lru_cache(maxsize=1024)
def describe_some(number):
    return f"the number {number} in words"


def cache():
    return sum(len(describe(i)) for i in range(MANY))


def cache_changed():
    return sum(len(describe_some(i)) for i in range(MANY))


def cache_that_is_asked_again():
    return sum(len(describe(i % 10_000)) for i in range(MANY))


def messages():
    """One character of each is beyond the first 65,536, so all of it takes four bytes each."""
    return [f"message {i} {'text ' * 20}\U0001f600" for i in range(MANY)]


def messages_changed():
    return [f"message {i} {'text ' * 20}\U0001f600".encode() for i in range(MANY)]


def messages_in_chinese():
    """Two bytes each as str, three as UTF-8."""
    return [chr(0x4E00 + i % 5000) * 100 + chr(0x4E00 + i // 5000) for i in range(MANY)]


def addresses():
    return (f"https://example.org/{i % 97}/article-{i * 7919}.html" for i in range(4 * MANY))


def set_of_texts():
    return set(addresses())


def frozenset_of_texts():
    return frozenset(addresses())


def set_of_texts_changed():
    return __import__("marisa_trie").Trie(addresses())


def set_of_texts_filtered():
    members = __import__("rbloom").Bloom(4 * MANY, 0.01)
    members.update(addresses())
    return members


def numbers_of_texts():
    return {text: i for i, text in enumerate(addresses())}


class Packets:
    def __init__(self, data, size, view=False):
        self.data, self.parts = data, []
        data = memoryview(data) if view else data
        for at in range(0, len(self.data), size):
            self.parts.append(data[at : at + size])


def slices():
    return Packets(bytes(range(256)) * 64_000, 4096)


def slices_changed():
    return Packets(bytes(range(256)) * 64_000, 4096, view=True)


def short_slices():
    return Packets(bytes(range(256)) * 8000, 48)


def slices_of_what_is_gone():
    data = bytes(range(256)) * 64_000
    parts = []
    for at in range(0, len(data), 4096):
        parts.append(data[at : at + 4096])
    return parts


def counts():
    return __import__("numpy").arange(1_000_000) % 1000


def counts_changed():
    return (__import__("numpy").arange(1_000_000) % 1000).astype("uint16")


def days():
    return array("q", (i % 365 - 100 for i in range(1_000_000)))


def days_changed():
    return array("h", (i % 365 - 100 for i in range(1_000_000)))


def halves():
    return __import__("numpy").arange(1_000_000) * 0.5


def halves_changed():
    return (__import__("numpy").arange(1_000_000) * 0.5).astype("float32")


def zeros_to_be_filled():
    numbers = __import__("numpy").zeros(1_000_000, dtype="int64")
    numbers[::10] = 7
    return numbers


def thirds():
    return __import__("numpy").arange(1_000_000) / 3


def large_ints():
    return __import__("numpy").arange(1_000_000) * 10**12


kept = globals()[sys.argv[1]]()
