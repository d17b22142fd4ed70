"""The same, one line at a time."""

import sys


def longest(path):
    best = 0
    with open(path) as file:
        for line in file:
            best = max(best, len(line))
    return best


print(longest(sys.argv[1]))
