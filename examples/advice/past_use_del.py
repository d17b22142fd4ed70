"""The same, but the text goes when it was counted."""

import sys


def mark(path):
    text = open(path).read()
    lines = text.count("\n")
    del text
    table = bytearray(200 * lines)
    table[::200] = b"x" * lines
    return table.count(b"x")


print(mark(sys.argv[1]))
