"""A text of which one number is wanted stays, while that many bytes and more are taken."""

import sys


def mark(path):
    text = open(path).read()
    lines = text.count("\n")
    table = bytearray(200 * lines)
    table[::200] = b"x" * lines
    return table.count(b"x")


print(mark(sys.argv[1]))
