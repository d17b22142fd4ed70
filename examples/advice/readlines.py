"""The longest line of a file, found in a list of all its lines."""

import sys


def longest(path):
    best = 0
    with open(path) as file:
        for line in file.readlines():
            best = max(best, len(line))
    return best


print(longest(sys.argv[1]))
