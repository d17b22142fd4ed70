"""Small programs in pairs for tests of advice: NAME, and NAME_changed as the advice says; others it must not touch.

advice_pairs.py NAME    makes the structure, which lives to the end.
"""

import sys
import weakref
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


kept = globals()[sys.argv[1]]()
