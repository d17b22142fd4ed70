"""Objects that the tests of sizes make, and what each is by itself."""

import weigh


class Node:
    __slots__ = ("next", "value")


class Tree:
    def __init__(self, parent, text):
        self.parent = parent
        self.children = []
        self.text = text


def fresh(text, length=100):
    return (text * length)[:length]


def flat(obj):
    return int(weigh.flat(obj))
